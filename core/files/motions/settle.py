"""What a motion is taken to mean: what the user says, then the file, the tool that wrote it, the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from core.files.assumption import COORDINATES, DEFAULT, FILE, FRAME_RATE, NUMBERS, TOOL, USER, Assumption
from core.model.motion import FIELD_OF_QUANTITY, Reading

Claim = tuple[Any, str]
"""A value, and why it should be that."""

_SAID = "as you say"


class Settling:
    """Takes one quantity after another, and keeps what was taken and which claims went against each other.

    Args:
        said: by quantity, what the user says; this wins over the file.
        otherwise: by quantity, what was said for files that do not say it themselves.
        known: what the tool is known to mean.

    Attributes:
        assumed: what was taken, in the order in which it was asked for.
        notes: sentences on claims that went against each other, and on what was said and changes nothing.
        mattered: the quantities of which the user says what neither file nor tool say.
    """

    def __init__(
        self, said: Mapping[str, Any], otherwise: Mapping[str, Any], known: Iterable[Assumption]
    ) -> None:
        self._said, self._otherwise = said, otherwise
        self._known = {one.quantity: one for one in known}
        self.assumed: list[Assumption] = []
        self.notes: list[str] = []
        self.mattered: set[str] = set()

    def take(
        self,
        quantity: str,
        *,
        file: Claim | None = None,
        numbers: Claim | None = None,
        default: Claim | None = None,
        tool: Claim | None = None,
    ) -> Any:
        """The value to take; None where nobody knows.

        Args:
            quantity: of `core.files.assumption.QUANTITIES`.
            file: what the file says, and where.
            numbers: what can be guessed from the numbers, and how.
            default: what is taken where nobody says anything.
            tool: what the tool is known to mean, where `known` does not have it.
        """
        otherwise, said = self._otherwise.get(quantity), self._said.get(quantity)
        claims: dict[str, Claim | None] = {
            FILE: file,
            TOOL: tool,
            USER: None if otherwise is None else (otherwise, _SAID),
            NUMBERS: numbers,
            DEFAULT: default,
        }
        known = self._known.get(quantity)
        if known is not None:
            claims[known.how] = (float(known.value) if quantity == FRAME_RATE else known.value, known.why)
        how, claim = next(((how, one) for how, one in claims.items() if one is not None), (DEFAULT, None))
        if how == USER:
            self.mattered.add(quantity)
        if said is not None:
            firm = claim is not None and how in (FILE, TOOL)
            if not firm or claim is None or claim[0] != said:
                self.mattered.add(quantity)
            if firm and claim is not None:
                found = f"{quantity.capitalize()}: {show(said)} is taken, as you say, not {show(claim[0])}"
                if claim[0] == said:
                    found = f"Saying the {quantity} changes nothing"
                self.notes.append(f"{found}: {claim[1]}.")
            how, claim = USER, (said, _SAID)
        value, why = claim if claim is not None else (None, "the file does not say")
        self.assumed.append(Assumption(quantity, show(value), why, how))
        return value

    def does_not_apply(self, quantity: str, why: str) -> None:
        """There is nothing of which the quantity could say something; told where the user says it."""
        if self._said.get(quantity) is not None:
            self.notes.append(f"Saying the {quantity} changes nothing: {why}.")


def show(value: Any) -> str:
    """A value as the command line takes it; nothing for None."""
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def reading_kept(reading: Reading, settling: Settling, otherwise: Reading) -> Reading:
    """What the file has to be read with once more: all of it that changed something."""
    kept = {
        name: (getattr(reading, name) or getattr(otherwise, name)) if quantity in settling.mattered else None
        for quantity, name in FIELD_OF_QUANTITY.items()
        if quantity != COORDINATES
    }
    return replace(reading, **kept)
