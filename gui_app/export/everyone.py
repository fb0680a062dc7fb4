"""The fits of all people of a scene, to be written to a file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.outputs.export_format import ExportJob
from core.outputs.people_folder import PersonFile, apart
from core.shown_text import shown
from gui_app.export.kinds import Choice, default_place

if TYPE_CHECKING:
    from core.model.body_pair import BodyPair
    from core.model.fit_result import FitResult
    from core.model.motion import Motion


@dataclass(frozen=True, eq=False)
class PersonsFit:
    """The fit of one person.

    Attributes:
        stem: how the names of their files begin.
        result: the fit; some of its frames are fitted.
        rate: frames a second that the user gave; None where nothing was given.
        load: gives the motion and the bodies of source and fit, away from the window.
        file: told that the whole fit is in a file now.
    """

    stem: str
    result: FitResult
    rate: float | None
    load: Callable[[], tuple[Motion, BodyPair]]
    file: Callable[[Path], None]

    def frames(self, choice: Choice) -> np.ndarray:
        """The frames that are written."""
        ids = np.arange(0, len(self.result), choice.settings.get("step", 1))
        return ids[self.result.fitted[ids]] if choice.fitted_only else ids


@dataclass(frozen=True, eq=False)
class Everyone:
    """Attributes:
    fitted: those of whom there is a fit, in the order of the file.
    without: names of the others, as they are shown.
    """

    fitted: tuple[PersonsFit, ...]
    without: tuple[str, ...]

    @property
    def left_out(self) -> str:
        """A sentence on those who are not fitted; '' where all are."""
        if not self.without:
            return ""
        names = ", ".join(map(shown, self.without))
        return f"Not fitted, and so left out: {names}"

    def files(self, choice: Choice) -> list[PersonFile]:
        """What is written for each who is fitted."""
        # As they would be called one by one.
        alone = replace(choice, everyone=False)
        wanted = [default_place(Path(), one.stem, alone, one.result.family).name for one in self.fitted]
        return [
            PersonFile(name, len(one.frames(choice)), partial(_job, one, choice))
            for name, one in zip(apart(wanted), self.fitted, strict=True)
        ]

    def file(self, choice: Choice, folder: Path) -> None:
        """All is written to a folder."""
        for written, one in zip(self.files(choice), self.fitted, strict=True):
            one.file(folder / written.name)


def nobody() -> Everyone | None:
    """Of a file of one person."""
    return None


def _job(one: PersonsFit, choice: Choice) -> ExportJob:
    motion, bodies = one.load()
    job = ExportJob(Path(), one.stem, one.frames(choice), motion, bodies, one.result, frame_rate=one.rate)
    return replace(job, settings=choice.settings)
