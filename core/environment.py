"""What the environment may say, and words that stand for a choice. Cheap to import."""

from __future__ import annotations

MODELS_VARIABLE = "REFIT_MODELS"
"""Environment variable with the folder of licensed models."""

THREADS_VARIABLE = "REFIT_THREADS"
"""Environment variable with the number of fitting threads."""

BUILTIN = "builtin"
"""In place of a folder of models: the built-in bodies, whatever the environment says."""
