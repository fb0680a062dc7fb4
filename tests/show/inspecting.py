"""Walks through looking closely and tuning, to be looked at: ``python -m tests.show.inspecting [FILM]``.

A joint and its vertices on both bodies; a vertex and its joints; a joint over the motion; the mask painted
while the frame is fitted again; vertices by what they correspond to; a stage with other settings on one
frame; a failed hand found, fitted again, compared; strategies tried on a frame that stands elsewhere; the
session saved. Recorded as `flows` is.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from core.model.joints import PARTS
from gui_app.document.inspect_selection import PAGES_OF
from gui_app.scene.picking import projected
from gui_app.scene.subject import upright
from gui_app.session import save
from gui_app.widgets.save_dialog import Place
from tests.show import drive
from tests.show.recording import click, point_at
from tests.show.walking import Walk, film

FRAME, WILD_HAND = 90, 186
STROKE = ((-0.09, 0.02), (-0.03, 0.03), (0.03, 0.03), (0.09, 0.02))


class Inspecting(Walk):
    """The flows of the panels."""

    def parts(self) -> Sequence[Callable[[], None]]:
        """In their order."""
        return (
            self.joint, self.vertex, self.over_time, self.mask, self.correspondence,
            self.tune, self.problems, self.fixes, self.keep,
        )  # fmt: skip

    def type_into(self, field: QLineEdit, words: str) -> None:
        """Letter by letter."""
        click(field)
        field.clear()
        for letter in words:
            QTest.keyClick(field, letter)
            drive.rest(0.05)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def on_view(self, vertex: int) -> QPoint:
        """Where a vertex of the fit is on the 3D widget."""
        opened, plotter = self.state.document.opened, self.window.viewport.plotter
        assert opened is not None
        vertices = opened.posed.frame(self.state.playback.frame).fit_vertices
        assert vertices is not None
        point = upright(vertices[vertex], opened.subject.up_axis)
        x, y = projected(plotter.renderers[1], point[None])[0]
        scale = plotter.devicePixelRatioF()
        return QPoint(round(x / scale), round(plotter.height() - 1 - y / scale))

    def nearest(self, place: tuple[float, float, float], part: str) -> int:
        """The vertex of a part that is nearest to a place of the rest pose, metres."""
        opened = self.state.document.opened
        assert opened is not None
        rest = opened.bodies.target.v_template
        far = opened.bodies.target.vertex_part != PARTS.index(part)
        return int(np.argmin(np.linalg.norm(rest - place, axis=1) + far))

    def joint(self) -> None:
        """Choose a joint, see its vertices and their weights on both bodies."""
        self.state.playback.set_frame(FRAME)
        self.caption.say("J: joints, and the vertices that regress them")
        click(self.button("joints"))
        drive.wait(self.window.panels.joints.panel.isVisible)
        page = self.window.panels.joints.panel.joints
        self.type_into(page.tree.search, "left elbow")
        drive.wait(lambda: page.table.rows.vertices != [])
        self.caption.say("Left elbow: weight by size and colour, on both bodies")
        drive.focus_part(self.window, "arms")
        drive.rest(2.0)
        page.tree.search.clear()

    def over_time(self) -> None:
        """The chosen joint, source against fit, over the motion."""
        panel = self.window.panels.joints.panel
        panel.tabs.button(PAGES_OF["joints"].index("joints")).click()
        drive.wait(lambda: panel.motion.regressed() is not None)
        self.caption.say("How far that joint is off, over the whole motion")
        point_at(self.window.timeline.curves.viewport())
        drive.rest(2.0)
        self.press(Qt.Key.Key_Escape)

    def vertex(self) -> None:
        """Point at a vertex, see every joint that it feeds."""
        panel = self.window.panels.joints.panel
        self.caption.say("Point at a vertex: every joint it feeds")
        click(panel.tabs.button(PAGES_OF["joints"].index("vertices")))
        elbow = self.nearest((0.45, 0.1, 0.0), "arms")
        plotter = self.window.viewport.plotter
        click(plotter, self.on_view(elbow))
        drive.wait(lambda: self.window.inspection.vertex is not None)
        drive.rest(1.8)

    def mask(self) -> None:
        """Paint the mask, watch the frame fitted again under the brush."""
        window, plotter = self.window, self.window.viewport.plotter
        self.caption.say("N paints the mask; the frame is fitted again")
        click(self.button("mask"))
        drive.wait(lambda: window.painting.tools is not None and window.painting.tools.complete)
        opened = self.state.document.opened
        assert opened is not None
        body = opened.bodies.target
        torso = body.v_template[body.vertex_part == PARTS.index("torso")]
        front = (0.0, float(np.quantile(torso[:, 1], 0.75)), float(torso[:, 2].max()))
        vertices = opened.posed.frame(self.state.playback.frame).fit_vertices
        assert vertices is not None
        window.viewport.focus_on(vertices[self.nearest(front, "torso")], 0.26)
        drive.rest(0.6)
        self.press(Qt.Key.Key_N)
        assert window.painting.brush_on
        before = int(window.state.document.valid.sum()) if window.state.document.valid is not None else 0
        places = [
            self.on_view(self.nearest((front[0] + x, front[1] + y, front[2]), "torso")) for x, y in STROKE
        ]
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(plotter, left, pos=point_at(plotter, places[0]))
        for start, end in itertools.pairwise(places):
            for step in range(1, 9):
                place = start + (end - start) * step / 8
                QCursor.setPos(plotter.mapToGlobal(place))
                QTest.mouseMove(plotter, place)
                drive.rest(0.07)
        QTest.mouseRelease(plotter, left, pos=places[-1])
        drive.wait(lambda: window.panels.masks.preview.at_rest)
        assert window.state.document.valid is not None
        assert int(window.state.document.valid.sum()) < before
        drive.rest(1.5)
        self.press(Qt.Key.Key_N)
        window.painting.reset()
        click(self.button("mask"))

    def correspondence(self) -> None:
        """The source by place, the fit by what it corresponds to."""
        if self.window.panels.joints.isVisible():
            click(self.button("joints"))
        self.caption.say("Equal colours correspond")
        self.window.actions_.colour_correspondence.trigger()
        self.press(Qt.Key.Key_0)
        drive.rest(2.5)
        self.window.actions_.colour_error.trigger()

    def tune(self) -> None:
        """Change a stage's setting, run just that stage on this frame."""
        window, state = self.window, self.state
        state.playback.set_frame(WILD_HAND)
        self.caption.say("S: the stages of a fit. Hands three times, on this frame")
        click(self.button("stages"))
        drive.wait(window.panels.stages.panel.isVisible)
        card = window.panels.stages.panel.cards[-1]
        card.open_up(True)
        card.weights.fields["hands"].setValue(3)
        drive.focus_part(window, "hands")
        drive.rest(0.8)
        window.panels.stages.panel.scopes.button(0).click()
        before = state.document.result
        click(window.panels.stages.panel.run)
        drive.wait(lambda: not state.activity.run.active and state.document.result is not before)
        drive.wait(self.idle)
        drive.rest(1.6)

    def problems(self) -> None:
        """Find the failed frames, fit them again, see before and after."""
        state, panel, actions = self.state, self.window.panels.problems.panel, self.window.actions_
        click(self.button("stages"))
        drive.spoil(self.window)
        self.caption.say("T: what is wrong, where, and why")
        click(self.button("problems"))
        model, table = panel.table.model_, panel.table
        drive.wait(lambda: bool(model.rows) and all(row.kind for row in model.rows))
        hand = next(row for row in range(len(model.rows)) if model.rows[row].problem.part == "hands")
        index = model.index(hand, 0)
        table.scrollTo(index)
        click(table.viewport(), table.visualRect(index).center())
        drive.rest(1.5)
        self.caption.say("R fits these frames again")
        drive.wait(actions.refit_rows.isEnabled)
        before = state.document.result
        self.press(Qt.Key.Key_R)
        drive.wait(lambda: state.document.result is not before and self.idle())
        drive.rest(1.2)
        self.caption.say("Hold A: as it was before")
        for _ in range(2):
            QTest.keyPress(self.window, Qt.Key.Key_A)
            drive.rest(0.7)
            QTest.keyRelease(self.window, Qt.Key.Key_A)
            drive.rest(0.7)

    def fixes(self) -> None:
        """Try the strategies on a frame, apply the best."""
        state, panel = self.state, self.window.panels.problems.panel
        drive.wait(lambda: all(row.kind or row.status != "open" for row in self.window.desk.rows))
        rows = panel.table.model_.rows
        index = next(
            panel.table.model_.index(number, 0)
            for number, row in enumerate(rows)
            if row.problem.metric == "mean_mm" and row.status == "open"
        )
        panel.table.scrollTo(index)
        click(panel.table.viewport(), panel.table.visualRect(index).center())
        drive.rest(0.8)
        self.caption.say("X tries strategies, and says what each gives")
        self.press(Qt.Key.Key_X)
        drive.wait(lambda: self.window.fixing.open and not self.window.fixing.running)
        drive.rest(1.8)
        before = state.document.result
        click(panel.fixes.apply)
        drive.wait(lambda: state.document.result is not before and self.idle())
        drive.rest(0.8)

    def keep(self) -> None:
        """The recipe and the session go into files."""
        target = self.folder / "dance.refit"
        # Nobody is there to answer the dialog.
        save.ask_where = lambda *_: Place(target, False)  # type: ignore[assignment]
        self.caption.say("Ctrl+S: everything into one session, to go on with elsewhere")
        self.window.actions_.save_session_as.trigger()
        drive.wait(target.is_file)
        drive.rest(1.5)


if __name__ == "__main__":
    sys.exit(film(Inspecting, sys.argv[1:], drive.faulty))
