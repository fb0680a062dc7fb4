"""Sentences on stdout and stderr, one line each whatever a file says; without rich, slow to import."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from core.errors import RefitError
from core.shown_text import shown


def say(sentence: object) -> None:
    """Prints it, at once."""
    print(shown(str(sentence)), flush=True)


def say_error(error: object) -> None:
    """Prints ``refit: `` and the sentence to stderr."""
    print(f"refit: {shown(str(error))}", file=sys.stderr)


class Parser(argparse.ArgumentParser):
    """What it says of wrong arguments is one line, too."""

    def error(self, message: str) -> NoReturn:
        """Says what is wrong, and ends with exit code 2."""
        super().error(shown(message))


def named(text: str) -> Path:
    """A file or folder. An empty name would be the current folder: it comes of a variable that is not set."""
    if not text:
        raise argparse.ArgumentTypeError("the name is empty, expected that of a file or folder")
    return Path(text)


class ProgramsParser(Parser):
    """For programs: what is wrong is raised, and nothing printed."""

    def error(self, message: str) -> NoReturn:
        """Raises RefitError."""
        raise RefitError(f"{message}.")
