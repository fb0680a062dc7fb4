"""The clips of a folder in order, and what is known of some of them. No Qt: it is asked in one thread."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RefitError
from gui_app.library.clip_folder import ClipFolder

if TYPE_CHECKING:
    from core.catalogue.catalogue import Catalogue, Clip, Group
    from core.catalogue.journals_read import Progress

TRIES = 3


@dataclass(frozen=True)
class Order:
    """Which clips are listed, and how.

    Attributes:
        filters: as `core.catalogue.filters.condition` takes them.
        sort: as `core.catalogue.filters.order` does.
        by_subject: in groups, by whose shape they hold.
    """

    filters: tuple[str, ...] = ()
    sort: tuple[str, ...] = ("max",)
    by_subject: bool = False


@dataclass(frozen=True)
class Arranged:
    """Clips in order.

    Attributes:
        ids: their numbers.
        groups: and how many clips each has, in order; none without groups.
        states: how many clips there are in each state, listed or not.
        waiting: how many of those listed wait.
        unreadable: because the index is damaged and could be built anew: a sentence; ''.
    """

    ids: array[int] = field(default_factory=lambda: array("q"))
    groups: tuple[Group, ...] = ()
    states: dict[str, int] = field(default_factory=dict)
    waiting: int = 0
    unreadable: str = ""

    @property
    def clips(self) -> int:
        """How many there are, listed or not."""
        return sum(self.states.values())


class ClipList:
    """The list of one folder.

    Args:
        folder: what there is.
        rebuild: the index that is there is thrown away.
    """

    def __init__(self, folder: ClipFolder, *, rebuild: bool = False) -> None:
        self._folder, self._rebuild = folder, rebuild
        self._opened: Catalogue | None = None

    @property
    def _catalogue(self) -> Catalogue:
        from core.catalogue.catalogue import Catalogue

        if self._opened is None:
            folder = self._folder
            # Nothing is written where there are no fits.
            place = folder.results if folder.results is not None and folder.fitted else folder.opened
            self._opened = Catalogue(place, rebuild=self._rebuild, kept=folder.fitted)
            self._opened.expect(folder.waiting)
        return self._opened

    def arrange(self, order: Order) -> Arranged:
        """The numbers of clips, in order.

        Raises:
            RefitError: a filter makes no sense, or another process holds the index.
        """
        from core.catalogue.store import Unreadable

        try:
            catalogue = self._catalogue
        except Unreadable as error:
            return Arranged(unreadable=str(error))
        states = {str(state): count for state, count in catalogue.states().items()}
        waiting = catalogue.states(order.filters)["waiting"]
        if not order.by_subject:
            return Arranged(array("q", catalogue.ids(order.filters, order.sort)), (), states, waiting)
        for _ in range(TRIES):
            ids = catalogue.ids(order.filters, ("subject", *order.sort))
            groups = _merged(catalogue.groups("subject", order.filters))
            if sum(group.clips for group in groups) == len(ids):
                return Arranged(array("q", ids), groups, states, waiting)
        raise RefitError("The clips change faster than they can be listed.")

    def rows(self, ids: Sequence[int]) -> list[Clip]:
        """What is known of clips, as far as they are there.

        Raises:
            RefitError: the index cannot be read.
        """
        return self._catalogue.clips(ids)

    def to_fit(self, wanted: Sequence[int] | Order) -> tuple[list[Clip], int]:
        """Clips that are to be fitted, and how many of them are already.

        Args:
            wanted: their numbers; or for all that wait of a list, how it is asked for.

        Raises:
            RefitError: as `arrange` and `rows`.
        """
        if isinstance(wanted, Order):
            wanted = self._catalogue.ids((*wanted.filters, "state=waiting"), ("output",))
        clips = [clip for clip in self._catalogue.clips(wanted) if clip.source and clip.state != "running"]
        return clips, sum(clip.frames is not None for clip in clips)

    def close(self) -> None:
        """Lets go of the index."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def _merged(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Groups in the order in which clips are sorted: large and small letters are the same there, and those
    without a name come last."""
    found: dict[str, Group] = {}
    for group in groups:
        key = group.name.casefold()
        other = found.get(key)
        found[key] = group if other is None else _both(other, group)
    blank = found.pop("", None)
    return (*found.values(), *([] if blank is None else [blank]))


def _both(one: Group, other: Group) -> Group:
    from core.catalogue.catalogue import Group

    worst = [value for value in (one.max, other.max) if value is not None]
    known = [(group.mean, group.done) for group in (one, other) if group.mean is not None]
    fits = sum(done for _, done in known)
    mean = sum(value * done for value, done in known) / fits if fits else None
    return Group(
        one.name,
        one.clips + other.clips,
        one.done + other.done,
        one.failed + other.failed,
        mean,
        max(worst, default=None),
    )


def bring_up_to_date(results: Path, progress: Progress) -> list[str]:
    """Reads what is new among the results, in a thread of its own.

    Returns:
        Sentences on what could not be read.

    Raises:
        RefitError: the index cannot be written.
        Cancelled: ``progress`` raised it.
    """
    from core.catalogue.catalogue import Catalogue

    with Catalogue(results) as catalogue:
        found = catalogue.refresh(progress)
        return [*([catalogue.told] if catalogue.told else []), *found.told]
