"""Leaves the Keras networks out where there is no Keras to make them with."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [] if find_spec("keras") else ["own_keras_nets.py"]
