"""Text that comes from files, as it may be shown: one line, of bounded length, without a code that a terminal
or a reader of the line would take for something else."""

from __future__ import annotations

import re
import unicodedata

MOST_LETTERS = 1500
"""Of one sentence or one cell; what is longer loses its middle."""

_LEFT_ALONE = "\u00a0\u00ad\u200c\u200d"
"""No-break space, soft hyphen, and what joins or parts letters in Persian, in Indian scripts and in emoji."""

_NOT_SHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
# In some countries semicolons part the cells of a table; wide signs count as well.
_FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")


def shown(text: str, most: int = MOST_LETTERS) -> str:
    """The text on one line, of at most ``most`` letters.

    Control characters (escape sequences, line breaks, tabs), those that turn the direction of writing or are
    not to be seen, and halves of letters stand as Python writes them: ``\\x1b``, ``\\n``, ``\\u202e``.
    """
    text = str(text)
    if len(text) > most:
        half = (most - 1) // 2
        text = f"{text[: most - 1 - half]}…{text[len(text) - half :]}"
    if text.isprintable():
        return text
    cut = "".join(map(_letter, text))
    return cut if len(cut) <= most else shown(cut, most)


def shown_lines(text: str) -> str:
    """The same of each line of a text that Refit itself broke into lines."""
    return "\n".join(shown(line) for line in text.split("\n"))


def spreadsheet_cell(text: str) -> str:
    """A cell of a CSV file that holds this text, and is nothing else to a spreadsheet.

    One line as `shown`, quoted where it must be; an apostrophe stands before what a spreadsheet would take
    for a formula.
    """
    cell = _FORMULA.sub(r"\1'", shown(text))
    return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in ',;"') else cell


def size_words(size: float) -> str:
    """``420 kB``, ``1.3 GB``."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _letter(letter: str) -> str:
    if letter in _LEFT_ALONE or unicodedata.category(letter) not in _NOT_SHOWN:
        return letter
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no Unicode
        return f"\\x{code - 0xDC00:02x}"
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(letter) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )
