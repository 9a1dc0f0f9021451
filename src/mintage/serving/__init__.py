"""Generators over HTTP: one thread a model, a bounded queue, batches that change no answer."""
