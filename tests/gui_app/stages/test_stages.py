"""The stages panel: what is shown is what runs, and what a run did is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPolygonF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.fitting.recipe.recipe import ACCURATE, FAST
from core.fitting.recipe.setting_rules import SETTINGS
from core.fitting.recipe.settings import FitSettings
from core.model.joints import PARTS
from core.outputs.recipes import read_recipe
from gui_app.app.main_window import MainWindow
from gui_app.stages import recipe_buttons
from gui_app.stages.card import ADVANCED, rows_of
from gui_app.stages.free_groups import CHIPS, PLACES
from gui_app.stages.group_picture import GROUPS, GroupPicture
from gui_app.stages.panel import ALL_OFF, RUNNING, StagesPanel
from gui_app.stages.setting_rows import NumberField
from gui_app.widgets.save_dialog import Place
from tests.gui_app.conftest import FIT_MS
from tests.variants import MANY_BETAS, body_pair

MakeWindow = Callable[..., MainWindow]
FRAME = 7


def opened_panel(window: MainWindow) -> StagesPanel:
    window.actions_.stages.setChecked(True)
    window.state.playback.set_frame(FRAME)
    return window.panels.stages.panel


def wait(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.state.activity.run.active, timeout=FIT_MS)


def type_into(qtbot: QtBot, field: QWidget, text: str) -> None:
    qtbot.mouseClick(field.lineEdit(), Qt.MouseButton.LeftButton)
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def centre(picture: GroupPicture, name: str) -> QPointF:
    return dict(picture.pieces())[name].boundingRect().center()


def scope(panel: StagesPanel, number: int) -> None:
    panel.scopes.button(number).click()


def click_group(picture: GroupPicture, name: str) -> None:
    """In the middle of a group, or of the first piece of it."""
    path = dict(picture.pieces())[name]
    place = next(QPolygonF(polygon).boundingRect().center() for polygon in path.toSubpathPolygons())
    assert picture.name_at(place) == name
    QTest.mouseClick(picture, Qt.MouseButton.LeftButton, pos=place.toPoint())


def test_one_stage_on_one_frame(fitted: MainWindow, qtbot: QtBot) -> None:
    panel, before = opened_panel(fitted), fitted.state.document.result
    panel.add.menu().actions()[0].trigger()
    edge = panel.cards[1]
    assert edge.is_open
    assert edge.title.text() == "2  Edge"
    type_into(qtbot, edge.rows.fields["iterations"], "5")
    click_group(edge.groups.picture, "jaw")
    assert edge.rows.dots["iterations"].shown
    assert fitted.recipes.recipe().stages[1].free_jaw
    edge.alone.click()
    assert fitted.state.activity.run.frames_total == 1
    assert not panel.cards[0].alone.isEnabled()
    assert panel.cards[0].alone.toolTip() == RUNNING
    wait(fitted, qtbot)
    after = fitted.state.document.result
    others = np.arange(len(before)) != FRAME
    assert np.array_equal(after.poses[others], before.poses[others])
    assert not np.array_equal(after.poses[FRAME], before.poses[FRAME])
    assert fitted.actions_.undo.text() == "Undo edge stage on frame 7"
    was, now = before.mean_mm[FRAME], after.mean_mm[FRAME]
    assert edge.millimetres.text() == panel.outcome.text() == f"{was:.2f} → {now:.2f} mm"
    assert "iteration" in edge.figure_words.words
    assert panel.outcome_of.words == "Frame 7"
    assert panel.cards[0].report is None
    stages = after.provenance["recipe"]["stages"]
    assert [(stage["stage"], stage["iterations"]) for stage in stages] == [("edge", 5)]
    fitted.actions_.undo.trigger()
    assert np.array_equal(fitted.state.document.result.poses, before.poses)

    # From the first on: both, in one step.
    panel.cards[0].onwards.click()
    wait(fitted, qtbot)
    assert fitted.actions_.undo.text() == "Undo vertex and edge stages on frame 7"
    assert [card.report.kind for card in panel.cards] == ["vertex", "edge"]


def test_no_more_betas_than_the_body_has(window: MainWindow, qtbot: QtBot) -> None:
    panel = opened_panel(window)
    card = panel.cards[0]
    card.advanced.click()
    field = card.more_rows.fields["num_betas"]
    assert window.recipes.draft.entries[0].settings.num_betas == 100
    assert (field.text(), field.maximum()) == ("10", 10)
    assert not card.more_rows.dots["num_betas"].shown
    assert "1 to 10, which the body has" in field.toolTip()
    assert card.more_rows.fields["num_expression"].maximum() == 10
    type_into(qtbot, field, "50")
    assert field.text() == "10"
    type_into(qtbot, field, "4")
    assert window.recipes.draft.entries[0].settings.num_betas == 4
    card.more_rows.resets["num_betas"].click()
    card.set_body(body_pair(MANY_BETAS).target)
    assert (field.text(), field.maximum()) == ("100", 300)
    type_into(qtbot, field, "200")
    assert window.recipes.draft.entries[0].settings.num_betas == 200


def test_half_of_advanced_stays_folded_but_for_what_was_changed(
    window: MainWindow, make_window: MakeWindow, qtbot: QtBot
) -> None:
    card = opened_panel(window).cards[0]
    card.advanced.click()
    more, folded = card.more_rows, set(ADVANCED) & set(rows_of("vertex")[1])

    def seen() -> set[str]:
        return {name for name, field in more.fields.items() if field.isVisible()}

    assert len(folded) == len(more.fields) / 2
    qtbot.waitUntil(lambda: seen() == set(more.fields) - folded)
    hidden = [more.dots, more.labels, more.resets]
    assert not any(widgets[name].isVisible() for widgets in hidden for name in folded)
    height = more.sizeHint().height()
    card.rest.click()
    assert seen() == set(more.fields)
    assert more.sizeHint().height() > 1.8 * height
    type_into(qtbot, more.fields["edge_weight"], "2")
    card.rest.click()
    assert seen() == {*more.fields} - folded | {"edge_weight"}
    # What goes back to what it was does not go away under the hand that does it.
    more.resets["edge_weight"].click()
    assert "edge_weight" in seen()
    card.rest.click()
    card.rest.click()
    assert seen() == set(more.fields) - folded
    # Also one that is changed elsewhere.
    entry = window.recipes.draft.entries[0]
    window.recipes.put(0, replace(entry, settings=replace(entry.settings, jaw_prior=0.5)))
    assert seen() == {*more.fields} - folded | {"jaw_prior"}
    card.rest.click()
    other = make_window(None, wait=False)
    other.actions_.stages.setChecked(True)
    again = other.panels.stages.panel.cards[0]
    again.open_up(True)
    again.advanced.click()
    assert again.rest.isChecked()
    assert all(field.isVisible() for field in again.more_rows.fields.values())


def test_what_is_shown_is_what_runs(window: MainWindow, qtbot: QtBot) -> None:
    panel = opened_panel(window)
    vertex = panel.cards[0]
    vertex.weights.fields["hands"].setValue(3)
    window.recipes.edit(window.recipes.draft.added("edge").moved(1, -1))
    assert [card.title.text() for card in panel.cards] == ["1  Edge", "2  Vertex"]
    scope(panel, 3)
    assert panel.run.text() == "Fit all frames"
    window.actions_.fit.trigger()
    wait(window, qtbot)
    recipe = window.state.document.result.provenance["recipe"]
    assert recipe["name"] == "accurate (changed)"
    assert [stage["stage"] for stage in recipe["stages"]] == ["edge", "vertex"]
    assert recipe["stages"][1]["part_weights"] == [1, 1, 1, 3, 1, 1]
    assert all(card.report.over for card in panel.cards)
    assert panel.cards[1].report.before_mm == panel.cards[0].report.now_mm
    assert panel.outcome.text() == f"{window.state.document.result.mean_mm.mean():.2f} mm"
    # A stage that is off is left out; all of a motion goes on from the fit and keeps every frame.
    panel.cards[0].on.click()
    panel.cards[1].alone.click()
    wait(window, qtbot)
    assert window.state.document.result.fitted.all()
    assert not window.state.document.result.partial
    assert window.actions_.undo.text() == "Undo vertex stage on all frames"
    assert "→" in panel.outcome.text()
    panel.cards[1].on.click()
    assert not panel.run.isEnabled()
    assert panel.run.toolTip() == ALL_OFF
    with qtbot.waitSignal(window.state.activity.failed):
        window.actions_.fit.trigger()


def test_controls_keep_to_their_limits_and_go_back(window: MainWindow, qtbot: QtBot) -> None:
    panel = opened_panel(window)
    card = panel.cards[0]

    def settings() -> object:
        return window.recipes.draft.entries[0].settings

    card.advanced.click()
    card.rest.click()
    rows, more = card.rows, card.more_rows
    assert set(rows.fields) | set(more.fields) == set().union(*rows_of("vertex"))
    for name, typed, found in (
        ("iterations", "500", 200),
        ("pose_prior", "5e-3", 5e-3),
        ("smoothness", "0,5", 0.5),
        ("smoothness", "99", 10.0),
    ):
        type_into(qtbot, rows.fields[name], typed)
        assert getattr(settings(), name) == found, name
    assert rows.resets["iterations"].toolTip() == "Back to 40 iterations"
    rows.resets["iterations"].click()
    assert settings().iterations == 40
    assert not rows.dots["iterations"].shown
    # Nothing would be fitted: the control goes back.
    type_into(qtbot, more.fields["vertex_weight"], "0")
    assert settings().vertex_weight is None
    assert more.fields["vertex_weight"].text() == "auto"
    assert not more.fields["robust_scale"].isEnabled()
    rows.fields["robust"].setCurrentIndex(1)
    rows.fields["robust"].activated.emit(1)
    assert settings().robust == "huber"
    assert more.fields["robust_scale"].isEnabled()
    card.groups.chips["shape"].click()
    assert settings().shape == "fixed"
    assert not more.fields["shape_prior"].isEnabled()
    card.reset.trigger()
    assert window.recipes.recipe() == ACCURATE
    assert not window.recipes.is_changed

    # Cards: twice, up, away.
    card.double.trigger()
    type_into(qtbot, card.rows.fields["iterations"], "3")
    panel.cards[1].up.trigger()
    assert panel.cards[1] is card
    assert [entry.settings.iterations for entry in window.recipes.draft.entries] == [40, 3]
    panel.cards[0].remove.trigger()
    assert panel.cards == [card]
    assert not card.remove.isEnabled()
    assert window.recipes.recipe().stages[0].iterations == 3


def test_free_groups_on_the_picture_of_the_body(window: MainWindow, qtbot: QtBot) -> None:
    panel = opened_panel(window)
    panel.add.menu().actions()[0].trigger()
    edge = panel.cards[1]
    groups = edge.groups
    picture = groups.picture
    assert set(PLACES) == set(GROUPS) == {name for name, _ in picture.pieces()}
    for _, path in picture.pieces():
        assert picture.rect().contains(path.boundingRect().toAlignedRect())

    def now() -> FitSettings:
        return window.recipes.draft.entries[1].settings

    # Left is the body's own: it looks at us.
    assert centre(picture, "left hand").x() > centre(picture, "body").x() > centre(picture, "right hand").x()
    states = []
    for _ in range(3):
        click_group(picture, "left hand")
        states.append((now().free_left_hand, picture.groups["left hand"].state))
    assert states == [(True, "free"), (False, "held"), (None, "auto")]
    assert not picture.groups["left hand"].changed
    for name in ("body", "right hand", "eyes"):
        click_group(picture, name)
    assert (now().free_body, now().free_right_hand, now().free_eyes) == (False, True, True)
    assert picture.groups["body"].changed
    assert "body: held" in picture.tip("body")
    assert "A click: free" in picture.tip("body")
    assert picture.name_at(QPointF(1, 1)) == ""
    free = window.recipes.recipe().stages[1]
    assert not free.free_body
    assert free.free_eyes

    # Keys, which are the window's elsewhere.
    frame, playing = window.state.playback.frame, window.state.playback.playing
    picture.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Space):
        qtbot.keyClick(picture, key)
    assert picture.at == "right hand"
    assert now().free_right_hand is False
    assert "right hand: held" in picture.accessibleDescription()
    qtbot.keyClick(picture, Qt.Key.Key_Left)
    assert picture.at == "eyes"
    qtbot.keyClick(picture, Qt.Key.Key_Return)
    assert not now().free_eyes
    assert (window.state.playback.frame, window.state.playback.playing) == (frame, playing)

    # What is no place on a body; edges do not see where it is.
    assert list(groups.chips) == list(CHIPS.values())
    assert not groups.chips["free_transl"].isEnabled()
    groups.chips["shape"].click()
    assert now().shape == "fixed"
    assert groups.chips["shape"].text() == "betas •"
    edge.reset.trigger()
    assert not any(group.changed for group in picture.groups.values())
    assert [group.state for group in picture.groups.values()] == ["free", "auto", "auto", "held", "held"]


def test_weights_on_the_picture_of_the_body(window: MainWindow, qtbot: QtBot) -> None:
    panel = opened_panel(window)
    weights = panel.cards[0].weights
    picture = weights.picture
    middles: dict[str, list[QPointF]] = {}
    for part, path in picture.pieces():
        middles.setdefault(part, []).append(path.boundingRect().center())
        assert picture.rect().contains(path.boundingRect().toAlignedRect())
    assert {part: len(places) for part, places in middles.items()} == {
        "head": 1, "torso": 1, "arms": 2, "hands": 2, "legs": 2, "feet": 2
    }  # fmt: skip

    def click(part: str, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        place = middles[part][-1].toPoint()
        QTest.mouseClick(picture, Qt.MouseButton.LeftButton, keys, place)

    def now() -> dict[str, float]:
        return dict(zip(PARTS, window.recipes.draft.entries[0].settings.part_weights, strict=True))

    click("hands")
    click("hands")
    assert now()["hands"] == weights.fields["hands"].number() == 3
    assert picture.tip("hands").startswith("hands ×3")
    click("torso", Qt.KeyboardModifier.ShiftModifier)
    click("torso", Qt.KeyboardModifier.ShiftModifier)
    click("torso", Qt.KeyboardModifier.ShiftModifier)
    assert now() == {"head": 1, "torso": 0, "arms": 1, "hands": 3, "legs": 1, "feet": 1}
    assert window.recipes.recipe().stages[0].part_weights == (1, 0, 1, 3, 1, 1)
    weights.fields["feet"].setValue(4)
    click("feet")
    assert now()["feet"] == 5
    assert picture.name_at(QPointF(1, 1)) == ""
    picture.repaint()
    weights.reset.click()
    assert set(now().values()) == {1}
    window.actions_.preset_published.trigger()
    card = panel.cards[0]
    card.open_up(True)
    before = window.recipes.draft
    QTest.mouseClick(card.weights.picture, Qt.MouseButton.LeftButton, pos=middles["head"][0].toPoint())
    # The published method minds them too.
    assert window.recipes.draft.entries[0].settings.part_weights[0] > 1
    assert window.recipes.draft.entries[1:] == before.entries[1:]


def test_presets_and_recipes_of_ones_own(
    window: MainWindow,
    make_window: MakeWindow,
    motion_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
) -> None:
    panel, actions = opened_panel(window), window.actions_
    actions.preset_fast.trigger()
    assert panel.recipe.text() == "fast ▾"
    assert panel.cards[0].summary.words == "2 iterations"
    actions.preset_published.trigger()
    assert [card.title.text() for card in panel.cards] == ["1  Edge", "2  Translation", "3  Vertex"]
    assert not panel.cards[0].alone.isEnabled()
    actions.preset_fast.trigger()
    panel.cards[0].open_up(True)
    panel.cards[0].weights.fields["hands"].setValue(3)
    assert panel.recipe.text() == "fast • ▾"
    assert not actions.preset_fast.isChecked()
    place = Place(window.recipes.folder / "hands & feet.toml")
    monkeypatch.setattr(recipe_buttons, "ask_recipe_place", lambda *_: place)
    panel.recipe.ask_save()
    assert read_recipe(place.path).recipe().stages[0].part_weights == (1, 1, 1, 3, 1, 1)
    assert panel.recipe.text() == "hands & feet ▾"
    scope(panel, 3)

    # Found again by the next window, changes and all.
    panel.cards[0].weights.fields["feet"].setValue(2)
    again = make_window(motion_file)
    assert again.recipes.draft == window.recipes.draft
    other = opened_panel(again)
    assert other.recipe.text() == "hands & feet • ▾"
    assert other.scope_name == "all"
    again.actions_.preset_accurate.trigger()
    other.recipe.menu().aboutToShow.emit()
    own = next(action for action in other.recipe.menu().actions() if action.text() == "hands && feet")
    own.trigger()
    assert again.recipes.recipe().stages[0].part_weights == (1, 1, 1, 3, 1, 1)
    assert again.recipes.recipe().stages[0].iterations == FAST.stages[0].iterations
    place.path.write_text("[[stages]]\niterations = 500\n")
    with qtbot.waitSignal(again.state.activity.failed) as failed:
        other.recipe.load(place.path)
    assert "'iterations' of stage 1 is 500" in failed.args[0]
    assert again.recipes.name == "hands & feet"


def test_editing_while_a_run_goes_on(make_window: MakeWindow, long_walk: Path, qtbot: QtBot) -> None:
    window = make_window(long_walk)
    panel = opened_panel(window)
    card = panel.cards[0]
    scope(panel, 3)
    panel.run.click()
    qtbot.waitUntil(lambda: card.report is not None, timeout=FIT_MS)
    assert panel.run.text() == "Cancel"
    assert card.property("busy")
    card.rows.fields["iterations"].setValue(3)
    window.recipes.edit(window.recipes.draft.added("edge"))
    qtbot.waitUntil(lambda: window.state.activity.run.frames_done > 0, timeout=FIT_MS)
    assert len(card.sparkline.values) > 1
    panel.run.click()
    wait(window, qtbot)
    assert window.state.document.result.provenance["recipe"] == ACCURATE.as_dict()
    assert not card.property("busy")
    assert panel.run.text() == "Fit all frames"
    assert "cancelled fit" in window.actions_.undo.text()


def test_numbers_step_by_their_size(qtbot: QtBot) -> None:
    field = NumberField("pose_prior")
    qtbot.addWidget(field)
    field.show_number(1e-3)
    assert field.text() == "0.001 m²/rad²"
    steps = []
    for way in (1, 1, 1, -1, -1, -1, -1):
        field.stepBy(way)
        steps.append(field.number())
    assert steps == pytest.approx([2e-3, 5e-3, 1e-2, 5e-3, 2e-3, 1e-3, 5e-4])
    for _ in range(5):
        field.stepBy(-1)
    assert field.number() == 0
    field.stepBy(1)
    assert field.number() == pytest.approx(1e-4)
    weight = NumberField("vertex_weight")
    qtbot.addWidget(weight)
    weight.show_number(None)
    assert weight.number() is None
    weight.stepBy(1)
    assert weight.number() == 0
    weight.stepBy(-1)
    assert weight.number() is None
    # Every number can be shown without losing any of it.
    for name, item in SETTINGS.items():
        if "range" in item.metadata and isinstance(item.default, float):
            field = NumberField(name)
            qtbot.addWidget(field)
            for value in (item.default, *item.metadata["range"]):
                field.show_number(value)
                assert field.number() == pytest.approx(value, rel=1e-9)
