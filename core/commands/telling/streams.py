"""What is printed reaches whoever listens, or nobody: it never ends the work."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from core.commands.telling.sentences import say_error

_IN_LETTERS = {
    "✓": "done:", "✗": "failed:", "→": "->", "←": "<-", "–": "-", "—": "-", "−": "-", "·": "-", "…": "...",
    "×": "x", "±": "+-", "σ": "sigma", "²": "2", "³": "3", "⁴": "4", "°": " deg", "▸": ">", "━": "-",
    "╸": "-", "╺": "-", "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip
_PLAIN = "refit-plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_IN_LETTERS.get(letter, "?") for letter in letters), error.end


codecs.register_error(_PLAIN, _plain)


class LenientStream:
    """A text stream that writes what its encoding lacks in other letters, and drops what cannot be written.

    Args:
        stream: where it goes.

    Attributes:
        failure: why nothing reaches it any more, or None.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Writes it, as far as that is possible; how many letters were taken."""
        if self.failure is None:
            try:
                try:
                    self._stream.write(text)
                except UnicodeEncodeError:
                    encoding = self._stream.encoding or "ascii"
                    self._stream.write(text.encode(encoding, _PLAIN).decode(encoding))
            except OSError as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Hands on what is held back."""
        if self.failure is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError) -> None:
        self.failure = error
        # What is held back would be tried once more when Python ends, and say so.
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def lenient_output() -> Iterator[LenientStream | None]:
    """Within, nothing that is printed can fail; gives the stream of the output, None where there is none."""
    # Without a console there are none on Windows, and printing does nothing.
    out, err = sys.stdout, sys.stderr
    with contextlib.ExitStack() as stack:
        told = None if out is None else LenientStream(out)
        if told is not None:
            stack.enter_context(contextlib.redirect_stdout(told))  # type: ignore[type-var]
        if err is not None:
            stack.enter_context(contextlib.redirect_stderr(LenientStream(err)))  # type: ignore[type-var]
        yield told


def lost(told: LenientStream | None) -> bool:
    """Whether output was lost, which is then said in the error output."""
    if told is None:
        return False
    told.flush()
    if told.failure is None:
        return False
    say_error(f"the output could not be written ({told.failure.strerror}); what was to be done is done.")
    return True
