"""Draws small pictures of clips in a process of its own, behind everything else: asked for by lines of json,
answered by a line each. ``python -m gui_app.library.picture_process`` is started by `pictures`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import psutil

from core.errors import RefitError

if TYPE_CHECKING:
    import pyvista as pv

    from gui_app.scene.scene import Scene

SIZE = (150, 168)
SAMPLES = 8
LAST = 19
"""Niceness of what is to wait for all else."""
MARK = "refit-picture "
"""Begins an answer: whoever else writes is not listened to."""


class Drawer:
    """Draws the fits of clips, coloured by their errors, with one window that nobody sees."""

    def __init__(self) -> None:
        self._window: tuple[pv.Plotter, Scene] | None = None

    def draw(self, file: Path, frame: int, models: str | None, picture: Path) -> None:
        """Writes a picture, whole or not.

        Args:
            file: a fit or a session.
            frame: that is shown.
            models: folder of licensed models, or what stands for the built-in bodies.
            picture: JPEG file to write.

        Raises:
            RefitError: the fit or its bodies cannot be read, or the picture cannot be written.
        """
        from core.exporting.subject import open_subject
        from core.files.containers.atomic import atomic_write
        from core.fitting.posed_frames import PosedFrames
        from gui_app.document.opened import Opened
        from gui_app.export.offscreen import off_screen
        from gui_app.export.picture_file import as_jpeg
        from gui_app.files.open import describe_subject

        subject = open_subject(file, models)
        motion, bodies = subject.source, subject.bodies
        posed = PosedFrames(motion, bodies, subject.result)
        described = describe_subject(motion, bodies)
        frame = min(max(frame, 0), len(motion) - 1)
        if self._window is None:
            opened = Opened(motion, bodies, posed, described, builtin_motion=False)
            self._window = off_screen(opened, SIZE, SAMPLES)
            self._window[1].set_layout("fit")
        plotter, scene = self._window
        scene.build(described)
        scene.show(frame, posed.frame(frame))
        scene.show_view("home")
        _hide_captions(plotter)
        plotter.render()
        drawn = BytesIO()
        plotter.screenshot(drawn)
        picture.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(picture, overwrite=True) as written:
            written.write(as_jpeg(drawn.getvalue()))


def _hide_captions(plotter: pv.Plotter) -> None:
    """At this size nobody reads them."""
    for renderer in plotter.renderers:
        props: Any = renderer.GetViewProps()
        for index in range(props.GetNumberOfItems()):
            prop = props.GetItemAsObject(index)
            if prop.IsA("vtkActor2D"):
                prop.VisibilityOff()


def serve(asked: Iterable[str], answers: TextIO) -> None:
    """Draws what is asked for until nothing more is.

    Args:
        asked: a line of json for each picture: the arguments of `Drawer.draw`.
        answers: where a line is written for each: ``done`` is true, or ``why`` says that none can be drawn.
    """

    def answer(**told: object) -> None:
        answers.write(f"{MARK}{json.dumps(told)}\n")
        answers.flush()

    from gui_app.export.can_draw import quietly, why_not

    with quietly():
        if reason := why_not():
            answer(done=False, why=reason)
            return
        from gui_app.tasks.job_thread import pose_on_one_thread

        pose_on_one_thread()
        drawer = Drawer()
        for line in asked:
            told = json.loads(line)
            try:
                drawer.draw(Path(told["file"]), told["frame"], told["models"], Path(told["picture"]))
            except (RefitError, OSError) as error:
                logging.getLogger(__name__).debug("%s is not drawn: %s", told["file"], error)
                answer(done=False)
            else:
                answer(done=True)


def _wait_for_others() -> None:
    with suppress(psutil.Error, OSError):
        last = getattr(psutil, "IDLE_PRIORITY_CLASS", LAST)
        psutil.Process().nice(last)


if __name__ == "__main__":
    _wait_for_others()
    serve(sys.stdin, sys.stdout)
