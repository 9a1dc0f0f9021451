"""Every error Mintage raises on purpose; the command line prints its message in a line and exits 2.

    MintageError
    ├── ConfigError       a recipe, an override or a name that does not fit
    ├── DataError         data that cannot be read, or too much of it damaged
    ├── SpecError         a model that cannot make data of this shape
    ├── RunError          a run directory or a checkpoint that is missing, damaged or in use
    └── TrainingDiverged  losses or weights that stopped being finite; the last good state is kept

A message says what is, what was needed, and what to do.
"""

from __future__ import annotations


class MintageError(Exception):
    """The root of the tree; catch it to catch everything that Mintage raises on purpose."""


class ConfigError(MintageError, ValueError):
    """A recipe, an override or a name that does not fit."""


class DataError(MintageError):
    """Data that cannot be read, or too much of it damaged."""


class SpecError(MintageError, ValueError):
    """A model was given data of a shape it cannot make."""


class RunError(MintageError):
    """A run directory or a checkpoint that is missing, damaged or in use."""


class TrainingDiverged(MintageError):
    """Losses or weights that stopped being finite; the last good state is kept."""
