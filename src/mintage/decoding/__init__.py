"""Turns what a language model says into tokens and text: which token, when to stop, in what form, shown how."""
