"""Walks through the five things that people do, to be looked at: ``python -m tests.show.flows [FILM]``.

Drop a file and watch; turn and compare; see a peak, go there, see why; fit, cancel, undo; export. With the
name of a film, ffmpeg records the screen meanwhile. Without a screen: ``xvfb-run -s "-screen 0 1280x720x24
+extension GLX" python -m tests.show.flows assets/readme/flows.mp4``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from gui_app.app.main_window import MainWindow
from tests.show import drive
from tests.show.recording import click, drag
from tests.show.walking import CONTROL, HEIGHT, PLAIN, WIDTH, Walk, film


def drop(window: MainWindow, file: Path) -> None:
    """As from a file manager."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    point, left = QPointF(WIDTH / 2, HEIGHT / 2), Qt.MouseButton.LeftButton
    # Qt delivers such an event only where the pointer really drags.
    window.dropEvent(QDropEvent(point, Qt.DropAction.CopyAction, data, left, PLAIN))


class Flows(Walk):
    """The five flows of every day."""

    def parts(self) -> Sequence[Callable[[], None]]:
        """In their order."""
        return self.watch, self.compare, self.find, self.fit, self.export

    def watch(self) -> None:
        """Drop a file, press space, watch: it is fitted meanwhile."""
        state = self.state
        self.caption.say("Drop a motion: it is fitted at once")
        drop(self.window, drive.faulty(self.folder))
        drive.wait(lambda: state.document.opened is not None and "faults" in state.document.opened.name)
        self.caption.say("Space plays it, while the fit goes on")
        first = state.playback.frame
        self.press(Qt.Key.Key_Space)
        drive.rest(2.5)
        assert state.playback.playing
        assert state.playback.frame != first
        self.press(Qt.Key.Key_Space)
        drive.wait(self.idle)

    def compare(self) -> None:
        """Orbit, zoom, side by side and overlaid, back."""
        view = self.window.viewport.plotter
        before = view.camera.position
        self.caption.say("Turn, zoom: both views move together")
        start = QPoint(view.width() // 4, view.height() // 2)
        drag(view, start, start + QPoint(170, -20))
        assert view.camera.position != before
        self.caption.say("Overlay: the fit over a ghost of the source")
        click(self.button("layout_overlay"))
        drive.rest(1.2)
        assert self.state.view.layout == "overlay"
        click(self.button("layout_side"))
        self.press(Qt.Key.Key_0)
        drive.rest(0.4)

    def find(self) -> None:
        """A peak in the curve; click; the line says why; G goes to the place."""
        state, curves = self.state, self.window.timeline.curves
        assert state.document.analysis is not None
        self.caption.say("A peak: click it, and read why")
        peak = state.document.analysis.next_worst(170)
        assert peak is not None
        click(curves.viewport(), QPoint(round(curves.time_scale().x_of(peak)), curves.height() // 3))
        drive.rest(1.2)
        assert state.playback.frame in state.document.analysis.frames
        self.caption.say("G shows where on the body")
        self.press(Qt.Key.Key_G)
        drive.rest(1.6)
        self.press(Qt.Key.Key_0)

    def fit(self) -> None:
        """Fit all, scrub meanwhile, cancel, undo."""
        state, curves = self.state, self.window.timeline.curves.viewport()
        before = state.document.result
        self.caption.say("Fit again, and scrub while it runs")
        click(self.button("fit"))
        drive.wait(lambda: state.activity.run.frames_done > 0)
        start = QPoint(curves.width() // 6, curves.height() // 2)
        drag(curves, start, start + QPoint(curves.width() // 3, 0), 1.0)
        if state.activity.run.active:
            self.caption.say("Cancel keeps what is fitted; Ctrl+Z takes it back")
            click(self.button("cancel"))
        drive.wait(lambda: not state.activity.run.active)
        drive.rest(0.8)
        if state.document.result is not before:
            self.press(Qt.Key.Key_Z, CONTROL)
            drive.wait(lambda: state.document.result is before)
        drive.rest(0.6)

    def export(self) -> None:
        """The result, and a film of a range."""
        state, dialog = self.state, self.window.export_dialog
        state.playback.set_selection((100, 140))
        for kind, name, words in (
            ("npz", "dance_stageii.npz", "Export the result…"),
            ("mp4", "dance.mp4", "… and a film of the selected frames"),
        ):
            self.caption.say(words)
            dialog.open_for(kind)  # type: ignore[arg-type]
            if kind == "mp4":
                dialog.form.range.setCurrentIndex(dialog.form.range.findData("selection"))
                dialog.form.speed.setValue(2.0)
            dialog.place.setText(str(self.folder / name))
            drive.rest(0.5)
            click(dialog.export)
            drive.wait(lambda: not self.window.exporting.status.active)
            drive.rest(0.8)
            assert (self.folder / name).stat().st_size > 1000
            dialog.hide()
        drive.rest(0.4)


if __name__ == "__main__":
    sys.exit(film(Flows, sys.argv[1:], lambda _folder: drive.clip("walk")))
