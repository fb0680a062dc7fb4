"""Pictures of every view, panel and dialog: ``python -m tests.show.screenshots [FOLDER]``.

On a machine without a screen: ``xvfb-run -s "-screen 0 1920x1200x24 +extension GLX" python -m
tests.show.screenshots``. The README and the manual show those in assets/readme.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from core.correspond.build_settings import BuildSettings
from core.inspection.joint_set import KINDS, members_of_kind
from core.model.joints import PARTS
from gui_app.app.application import make_application
from gui_app.app.main_window import MainWindow
from gui_app.document.inspect_selection import PAGES_OF, JointKey
from gui_app.problems.rows import Row
from tests.show import drive

SETTLE_SECONDS = 0.9
HAND_M = 0.16
MOST_OFF = 9
"""Of 255: a dot that is further off its colour is seen by itself."""


def _dialog(window: MainWindow, action: str) -> Callable[[], None]:
    def show() -> None:
        getattr(window.actions_, action).trigger()

    return show


def _menu(button: str, window: MainWindow) -> Callable[[], None]:
    """Opens a menu of the toolbar by the words of its button."""

    def show() -> None:
        for widget in window.findChildren(QWidget):
            text = getattr(widget, "text", None)
            menu = getattr(widget, "menu", None)
            # In a narrow window some have no words to be seen.
            words = f"{text()} {widget.accessibleName()}" if callable(text) else ""
            if callable(menu) and button in words and isinstance(menu(), QMenu):
                menu().popup(widget.mapToGlobal(QPoint(0, widget.height())))
                return
        raise LookupError(button)

    return show


def scenes(window: MainWindow) -> dict[str, list[Callable[[], None]]]:
    """What to do for each picture, after the window has been put back as it was."""
    actions, state = window.actions_, window.state

    def frame(number: int) -> Callable[[], None]:
        return lambda: state.playback.set_frame(number)

    def part(name: str) -> Callable[[], None]:
        return lambda: drive.focus_part(window, name)

    def parameters_of(name: str) -> Callable[[], None]:
        tree = window.panels.parameters.panel.pose.tree
        return lambda: tree.choose(tree.model.names.index(name))

    def tuned() -> None:
        """Edges first, then hands that count three times; run on all frames."""
        recipes, panel = window.recipes, window.panels.stages.panel
        recipes.edit(recipes.draft.added("edge").moved(1, -1))
        edge, vertex = panel.cards
        edge.open_up(False)
        vertex.open_up(True)
        vertex.rows.fields["pose_prior"].setValue(0.0005)
        vertex.weights.fields["hands"].setValue(3)
        panel.scopes.button(3).click()
        panel.run.click()
        drive.wait(lambda: not state.activity.run.active)
        drive.wait(lambda: state.document.analysis is not None)

    def all_settings() -> None:
        """Every setting of a stage."""
        card = window.panels.stages.panel.cards[0]
        card.open_up(True)
        card.advanced.setChecked(True)
        card.rest.setChecked(True)

    def stepped() -> None:
        """The body after the edges of an edge, a translation and a vertex stage."""
        recipes, panel = window.recipes, window.panels.stages.panel
        recipes.edit(recipes.draft.added("edge").moved(1, -1).added("translation").moved(2, -1))
        for card in panel.cards:
            card.open_up(False)
        actions.steps.setChecked(True)
        drive.wait(lambda: panel.stepping.found is not None)
        assert panel.stepping.found is not None
        panel.stepping.show(panel.stepping.found.ends[0])

    def joint(name: str) -> Callable[[], None]:
        def show() -> None:
            window.inspection.go_to_joint(JointKey(name, "kinematic"))
            drive.wait(lambda: window.panels.joints.panel.motion.regressed() is not None)

        return show

    def vertex() -> None:
        """One that feeds as many joints of the chain as any."""
        assert state.document.opened is not None
        chosen = int((state.document.opened.bodies.target.J_regressor != 0).sum(0).argmax())
        window.inspection.set_page("vertices")
        window.inspection.hold("fit", chosen)
        window.viewport.focus_on(window.inspection.posed("fit")[0][chosen], HAND_M)
        window.rest.want()
        drive.wait(lambda: window.rest.found is not None)

    def own_set() -> None:
        """Vertex joints and the joints of SMPL, one of them chosen."""
        window.inspection.set_page("sets")
        page = window.panels.inspector.panel.sets
        assert state.document.opened is not None
        for kind in (KINDS[2], KINDS[0]):
            page.sets.add(members_of_kind(state.document.opened.bodies.target, kind), kind)
        drive.wait(lambda: window.panels.looked_into.motion.means("fit") is not None)
        page.table.marked.emit((0,))
        page.refresh()

    def regressor() -> None:
        """The matrix, a knee in it, and a smaller one in its place."""
        window.inspection.set_page("regressor")
        assert state.document.opened is not None
        body, regressors = state.document.opened.bodies.target, window.panels.inspector.panel.regressors
        knee = body.joint_names.index("left_knee")
        window.inspection.choose_joint(JointKey("left_knee", "kinematic"))
        for vertex in np.argsort(-np.abs(body.J_regressor[knee]))[16:32]:
            regressors.set_weight(knee, int(vertex), 0.0)
        regressors.renormalise(knee)
        drive.wait(lambda: regressors.figures() is not None)

    def map_() -> None:
        """One built from the bodies, against the one in use."""
        window.inspection.set_page("map")
        maps = window.panels.inspector.panel.maps
        maps.build(BuildSettings())
        drive.wait(lambda: not maps.building)
        drive.wait(lambda: maps.comparison() is not None and maps.rows() is not None)

    def painted() -> None:
        """The ears, a stroke over the chest, and the brush where it ended."""
        painting, opened = window.painting, state.document.opened
        assert opened is not None
        drive.wait(lambda: painting.tools is not None and painting.tools.complete)
        picture, rest = opened.posed.frame(state.playback.frame), opened.bodies.target.v_template
        assert painting.tools is not None
        assert picture.fit_vertices is not None
        torso = opened.bodies.target.vertex_part == PARTS.index("torso")
        chest = int(np.flatnonzero(torso)[np.argmax(rest[torso] @ (0.0, 0.6, 1.0))])
        window.viewport.focus_on(picture.fit_vertices[chest], 0.36)
        painting.use_region("ears")
        actions.mask_brush.setChecked(True)
        painting.begin_stroke()
        around = painting.tools.graph.brush(chest, 0.19)
        painting.dab([int(vertex) for vertex in around[rest[around, 1] < rest[chest, 1] + 0.05]])
        painting.point_at(int(around[np.argmin(rest[around, 1])]))
        drive.wait(lambda: window.panels.masks.preview.at_rest)

    def weighed() -> None:
        """Hands that weigh more, a chest that weighs less, and the brush on it."""
        painting, opened = window.painting, state.document.opened
        assert opened is not None
        drive.wait(lambda: painting.tools is not None and painting.tools.complete)
        assert painting.tools is not None
        window.panels.masks.panel.modes.button(2).click()
        painting.set_weight(10.0)
        painting.use_part("hands")
        painting.set_weight(3.0)
        painting.use_region("ears")
        painting.set_weight(0.2)
        rest, torso = (
            opened.bodies.target.v_template,
            opened.bodies.target.vertex_part == PARTS.index("torso"),
        )
        chest = int(np.flatnonzero(torso)[np.argmax(rest[torso] @ (0.0, 0.6, 1.0))])
        actions.mask_brush.setChecked(True)
        painting.begin_stroke()
        painting.dab([int(vertex) for vertex in painting.tools.graph.brush(chest, 0.1)])
        painting.point_at(chest)
        drive.wait(lambda: window.panels.masks.preview.at_rest)

    def problems() -> None:
        """A hand that is spoiled and fitted again, with what is left to do."""
        panel, model = window.panels.problems.panel, window.panels.problems.panel.table.model_
        actions.problems.setChecked(True)
        drive.spoil(window)
        drive.wait(lambda: bool(model.rows) and all(row.kind for row in model.rows))
        hands = next(row for row in model.rows if row.problem.part == "hands")
        panel.table.choose({hands.key})
        panel.sought.emit(hands.problem)
        drive.wait(lambda: window.problem_choice.rows == [hands] and actions.refit_rows.isEnabled())
        spoiled = state.document.result
        actions.refit_rows.trigger()
        drive.wait(lambda: state.document.result is not spoiled and not state.activity.run.active)
        drive.wait(
            lambda: (
                state.document.analysis is not None
                and state.document.analysis.result is state.document.result
            )
        )
        drive.wait(lambda: all(row.kind or row.status != "open" for row in window.desk.rows))

    def standing_elsewhere() -> list[Row]:
        """Open rows of whole bodies."""
        rows = window.panels.problems.panel.table.model_.rows
        return [row for row in rows if row.problem.metric == "mean_mm" and row.status == "open"]

    def fixes() -> None:
        """What the strategies give on a frame that stands elsewhere."""
        actions.problems.setChecked(True)
        drive.rest(0.3)
        if not standing_elsewhere():
            problems()
            drive.rest(0.3)
        body = standing_elsewhere()[0]
        window.panels.problems.panel.table.choose({body.key})
        window.panels.problems.panel.sought.emit(body.problem)
        drive.wait(lambda: window.problem_choice.rows == [body])
        drive.rest(0.2)
        actions.fix_rows.trigger()
        drive.wait(lambda: window.fixing.open and not window.fixing.running)

    return {
        "window": [frame(137)],
        "problem": [frame(186), actions.show_part.trigger],
        "overlay": [frame(90), actions.layout_overlay.trigger],
        "source": [frame(90), actions.layout_source.trigger],
        "fit": [frame(90), actions.layout_fit.trigger],
        "not_compared": [frame(90), actions.colour_invalid.trigger, part("head")],
        "parts": [frame(90), actions.colour_parts.trigger],
        "plain": [frame(90), actions.colour_plain.trigger],
        "skeleton": [frame(90), actions.layer_skeleton.trigger, actions.layer_trajectory.trigger],
        "wireframe": [frame(90), actions.layer_wireframe.trigger, part("head")],
        "parameters": [frame(137), actions.parameters.trigger, parameters_of("left_elbow")],
        "light": [
            frame(137),
            actions.theme_light.trigger,
            actions.parameters.trigger,
            parameters_of("left_elbow"),
        ],
        "selection": [frame(120), lambda: state.playback.set_selection((100, 160))],
        "joints": [frame(90), actions.joints.trigger, joint("left_knee"), part("legs")],
        "joint_vertices": [frame(90), actions.joints.trigger, joint("right_elbow"), part("arms")],
        "correspondence": [frame(90), actions.colour_correspondence.trigger],
        "vertex": [frame(137), actions.joints.trigger, vertex],
        "joint_sets": [frame(137), actions.inspector.trigger, own_set],
        "regressor": [frame(90), actions.inspector.trigger, regressor, part("legs")],
        "map": [frame(90), actions.inspector.trigger, map_],
        "mask_all": [
            frame(90),
            actions.mask.trigger,
            lambda: window.panels.masks.panel.sets.more.setChecked(True),
        ],
        "weights": [frame(90), actions.mask.trigger, weighed],
        "mask": [frame(90), actions.mask.trigger, painted],
        "layers_menu": [_menu("Layers", window)],
        "colour_menu": [_menu("Colour", window)],
        "camera_menu": [_menu("Camera", window)],
        "fit_menu": [_menu("Fit all", window)],
        "export": [frame(137), _dialog(window, "export")],
        "palette": [_dialog(window, "palette")],
        "manual": [_dialog(window, "manual")],
        "shortcuts": [_dialog(window, "shortcuts")],
        "about": [_dialog(window, "about")],
        "log": [_dialog(window, "log")],
        "start_page": [_dialog(window, "start_page")],
        "stages": [frame(186), actions.stages.trigger, tuned],
        "stages_all": [frame(90), actions.stages.trigger, all_settings],
        "steps": [frame(90), stepped],
        "problems": [problems],
        "fixes": [fixes],
        "groups": [actions.problems.trigger, window.panels.problems.panel.groups.choices["part"].trigger],
        "history": [frame(186), actions.runs.trigger],
    }


def put_back(window: MainWindow) -> None:
    """Closes what was opened and shows the plain window again."""
    for widget in QApplication.topLevelWidgets():
        if widget is not window and widget.isVisible():
            widget.close()
    actions = window.actions_
    for name in ("layer_skeleton", "layer_trajectory", "layer_wireframe"):
        if getattr(actions, name).isChecked():
            getattr(actions, name).trigger()
    actions.parameters.setChecked(False)
    actions.stages.setChecked(False)
    window.fixing.leave()
    actions.problems.setChecked(False)
    window.panels.problems.panel.groups.choices["none"].trigger()
    actions.runs.setChecked(False)
    window.recipes.choose("accurate")
    for panel, pages in PAGES_OF.items():
        actions.panel(panel).setChecked(True)
        for page in reversed(pages):
            window.inspection.set_page(page)
            window.inspection.choose_nothing()
    window.inspection.set_body("fit")
    window.panels.inspector.panel.regressors.use_own()
    actions.joints.setChecked(False)
    actions.inspector.setChecked(False)
    for card in window.panels.stages.panel.cards if "stages" in window.panels.made else ():
        if card.more_rows is not None:
            card.rest.setChecked(False)
            card.advanced.setChecked(False)
    window.painting.drop_stroke()
    if "masks" in window.panels.made:
        window.panels.masks.panel.sets.more.setChecked(False)
    if actions.mask.isChecked():
        for weighs in (True, False):
            window.painting.set_weighs(weighs)
            window.painting.reset()
    actions.mask.setChecked(False)
    actions.theme_dark.trigger()
    window.state.playback.set_selection(None)
    actions.layout_side.trigger()
    actions.colour_error.trigger()
    window.show_bodies()
    actions.home.trigger()


def take(window: MainWindow, steps: list[Callable[[], None]], settle: float = SETTLE_SECONDS) -> QPixmap:
    """The window after some steps."""
    put_back(window)
    for step in steps:
        drive.rest(0.1)
        step()
    drive.rest(0.1 + settle)
    return drive.picture(window)


def in_few_colours(path: Path) -> None:
    """A third of the size: 256 colours that cover all of a picture, and what lies between them in dots; none
    of them stands out."""
    whole = Image.open(path).convert("RGB")
    few = whole.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=8)
    found = whole.quantize(palette=few, dither=Image.Dither.FLOYDSTEINBERG)
    nearest = whole.quantize(palette=few, dither=Image.Dither.NONE)
    off = np.abs(np.asarray(whole, int) - np.asarray(found.convert("RGB"), int)).max(-1)
    found.paste(nearest, mask=Image.fromarray(off > MOST_OFF))
    found.save(path, optimize=True)


def main(argv: list[str]) -> int:
    """Writes the pictures as ``NAME.png``."""
    folder = Path(argv[0]) if argv else Path("assets/readme")
    wanted = set(argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    drive.own_settings()
    app = make_application()
    with tempfile.TemporaryDirectory() as place:
        window = drive.fitted_window(drive.faulty(Path(place)))
        for name, steps in scenes(window).items():
            if wanted and name not in wanted:
                continue
            path = folder / f"{name}.png"
            take(window, steps).save(str(path))
            in_few_colours(path)
            print(path, flush=True)
        put_back(window)
        window.state.document.set_saved()
        window.close()
        drive.wait(lambda: not window.isVisible())
    app.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
