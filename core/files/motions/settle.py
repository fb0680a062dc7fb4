"""What a motion is taken to mean: what the user says, then the file, the tool that wrote it, the numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import FileError
from core.files.assumption import (
    COORDINATES,
    DEFAULT,
    FILE,
    FIT,
    FRAME_RATE,
    NUMBERS,
    TOOL,
    USER,
    Assumption,
    Doubt,
)
from core.model.motion import FIELD_OF_QUANTITY, Reading

Claim = tuple[Any, str]
"""A value, and why it should be that."""

_SAID, _AS_MADE = "as you say", "as when the fit was made"
NOT_TOLD_APART = "the file does not tell those of the world and of a camera apart"

REFUSE, TELL, STRICT, AS_MADE = "refuse", "tell", "strict", "as made"
"""What becomes of doubts: the grave ones are refused, all are told, or every guess is refused. The motion of
a fit that there is is taken as it was when the fit was made, whatever speaks against it: that is told."""


class Doubtful(FileError):
    """A file was not read because its numbers speak against what would be taken.

    Attributes:
        doubts: what speaks against it.
    """

    def __init__(self, path: Path, doubts: tuple[Doubt, ...], words: str) -> None:
        super().__init__(path, words)
        self.doubts = doubts


class Settling:
    """Takes one quantity after another, and keeps what was taken and which claims went against each other.

    Args:
        said: by quantity, what the user says; this wins over the file.
        otherwise: by quantity, what was said for files that do not say it themselves; what was taken when the
            fit was made, where the motion is read as then.
        known: what the tool is known to mean.
        doubts: as in `judge`.

    Attributes:
        assumed: what was taken, in the order in which it was asked for.
        notes: sentences on claims that went against each other, and on what was said and changes nothing.
        trusted: Refit wrote the file: whatever its numbers, they mean what it means.
        mattered: the quantities of which the user says what neither file nor tool say.
        unclear: doubts that have a note of their own; only who refuses every guess refuses them.
    """

    def __init__(
        self,
        said: Mapping[str, Any],
        otherwise: Mapping[str, Any],
        known: Iterable[Assumption],
        doubts: str = REFUSE,
    ) -> None:
        self._said = said
        self._otherwise: Mapping[str, Any] = {} if doubts == AS_MADE else otherwise
        self._made: Mapping[str, Any] = otherwise if doubts == AS_MADE else {}
        self._how_to_doubt = doubts
        self._known = {one.quantity: one for one in known}
        self.assumed: list[Assumption] = []
        self.notes: list[str] = []
        self.mattered: set[str] = set()
        self.doubts: list[Doubt] = []
        self.unclear: list[Doubt] = []
        self.trusted = False

    def doubt(self, quantity: str, look: Callable[[], Doubt | None]) -> None:
        """Looks whether the numbers speak against what will be taken, unless the user says it."""
        found = None if self.trusted or self._said.get(quantity) is not None else look()
        if found is not None and (not found.likely or found.likely != self._made.get(quantity)):
            self.doubts.append(found)

    def judge(self, path: Path) -> None:
        """Notes on what speaks against what was taken, or refuses it.

        Args:
            path: the file, for messages.

        Raises:
            Doubtful: there is one that is refused.
        """
        doubts, taken = self._how_to_doubt, {one.quantity: one for one in self.assumed}
        refused = [one for one in self.doubts if doubts == STRICT or (doubts == REFUSE and one.grave)]
        guessed = [one for one in self.assumed if one.how == NUMBERS and doubts == STRICT]
        if refused:
            one = refused[0]
            has = taken[one.quantity].value or "what the file says"
            values = " or ".join(_say(one.quantity, value) for value in (one.likely, has) if value)
            raise Doubtful(path, tuple(refused), f"is doubtful: {one.sentence}; say {values}")
        if guessed:
            option = _say(guessed[0].quantity, guessed[0].value)
            words = f"does not say its {guessed[0].quantity}, and guesses are refused: say {option}"
            raise Doubtful(path, (), words)
        if self.unclear and doubts == STRICT:
            one = self.unclear[0]
            option = _say(one.quantity, taken[one.quantity].value)
            words = f"does not say its {one.quantity}, {one.sentence}, and guesses are refused: say {option}"
            raise Doubtful(path, (one,), words)
        for one in self.doubts:
            rather = f", {one.likely} is likelier ({_say(one.quantity, one.likely)})" if one.likely else ""
            said = f"{one.quantity} {taken[one.quantity].value} is taken{rather}"
            self.notes.append(f"{one.sentence[0].upper()}{one.sentence[1:]}: {said}.")

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
        made = None if said is not None else self._made.get(quantity)
        if made is not None and (claim is None or show(claim[0]) != show(made)):
            if claim is not None:
                today = f"today {show(claim[0])} would be: {claim[1]}"
                self.notes.append(f"{quantity.capitalize()}: {show(made)} is taken, {_AS_MADE}; {today}.")
            how, claim = FIT, (made, _AS_MADE)
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
    }
    # What was said otherwise chose no coordinates: a source was asked for those of the reading.
    kept["coordinates"] = reading.coordinates if COORDINATES in settling.mattered else None
    return replace(reading, **kept)


def option_flag(name: str) -> str:
    """The option of the command line that says a field of `Reading`."""
    return f"--{name.replace('_', '-')}"


def option_words(name: str, value: str) -> str:
    """The option with its value, or with several parted by ``|``."""
    parts = "=" if any(one.startswith("-") for one in value.split("|")) else " "
    return f"{option_flag(name)}{parts}{value}"


def _say(quantity: str, value: str) -> str:
    return option_words(FIELD_OF_QUANTITY[quantity], value)
