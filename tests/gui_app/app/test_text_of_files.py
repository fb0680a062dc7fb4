"""Whatever a file says, the window shows it as text: no widget, tip, menu, title or list is fooled."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from core.correspond.load_bodies import load_bodies
from core.files.builtin_files import builtin_folder
from core.files.motions.load_motion import Person, Survey, load_motion
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.recipe import PRESETS
from core.model.motion import Motion
from core.outputs.recipes import write_recipe
from core.outputs.sessions import save_session
from core.problems.accepted import Accepted
from core.session.session import Session, SessionStep, SourceFile
from core.shown_text import shown as as_shown
from gui_app.app.main_window import MainWindow
from gui_app.document.opened import Opened
from gui_app.files.open_question import NOTHING_SAID, OpenQuestion, Unanswered
from gui_app.session.crash_recovery import _offer
from gui_app.widgets.message_box import message_box
from gui_app.widgets.text import BREAK
from tests.gui_app.conftest import FIT_MS, cut_file

FRAMES = 8
EVIL = "<img src=x>\x1b[31m\u202eevil&amp;\nfake"
TOLD = "<img src=x>\\x1b[31m\\u202eevil&amp;\\nfake"
# Written by Refit itself: lines of tips, places where a line may end, and where letters are not parted.
OURS = f"\n\t{BREAK}\u00a0\u2060"
PLACES = (
    "text", "toolTip", "statusTip", "whatsThis", "windowTitle", "title", "accessibleName", "placeholderText",
    # Of what paints itself.
    "words", "reason", "figures",
)  # fmt: skip
ROLES = (
    Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.StatusTipRole,
    Qt.ItemDataRole.WhatsThisRole, Qt.ItemDataRole.EditRole,
)  # fmt: skip
PANELS = ("problems", "runs", "joints", "inspector", "mask", "parameters", "stages")
PAGES = ("joints", "vertices", "sets", "regressor", "map")

Texts = list[tuple[str, str]]


def cells(model: QAbstractItemModel, parent: QModelIndex | None = None) -> Iterator[tuple[str, str]]:
    """Every text of a model, and where it is."""
    parent = QModelIndex() if parent is None else parent
    for row in range(min(model.rowCount(parent), 400)):
        for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)):
            index = model.index(row, column, parent)
            for role in ROLES:
                value = model.data(index, role)
                if isinstance(value, str):
                    yield f"{type(model).__name__} {role.name}", value
        yield from cells(model, model.index(row, 0, parent))


def texts(root: QWidget) -> Iterator[tuple[str, str]]:
    """Every text of a window that is or may be shown, and where it is."""
    for menu in root.findChildren(QMenu):
        menu.aboutToShow.emit()
    for thing in [root, *root.findChildren(QWidget), *root.findChildren(QAction)]:
        for place in PLACES:
            found = getattr(thing, place, None)
            value = found() if callable(found) else found
            if isinstance(value, str) and value:
                name = f"{type(thing).__name__}.{place}"
                if isinstance(thing, QLabel) and place == "text":
                    value = QLabel.text(thing)
                    name += f" ({thing.textFormat().name})"
                yield name, value
        if isinstance(thing, QAbstractItemView | QComboBox) and thing.model() is not None:
            yield from cells(thing.model())


def taken_for_markup(where: str, text: str) -> bool:
    """Qt shows it so, there."""
    if "(PlainText)" in where:
        return False
    if "(RichText)" in where:
        return True
    may = "(AutoText)" in where or re.search(r"toolTip|whatsThis|ToolTipRole|WhatsThisRole", where)
    return bool(may) and Qt.mightBeRichText(text)


def faults(found: Texts) -> Texts:
    """Where a text of a file is taken for markup, or holds what is no letter."""
    bad = []
    for where, text in found:
        said = "".join(letter for letter in text if letter not in OURS)
        if (
            (taken_for_markup(where, text) and "<img" in text)
            or as_shown(said, 10**6) != said
            or re.search(r"(\n|<br>)\s*fake", text)
        ):
            bad.append((where, text))
    return list(dict.fromkeys(bad))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Texts:
    """What widgets that paint themselves have painted since."""
    seen: Texts = []
    draw = QPainter.drawText

    def spied(painter: QPainter, *arguments: Any) -> Any:
        seen.extend(("drawText", word) for word in arguments if isinstance(word, str))
        return draw(painter, *arguments)

    monkeypatch.setattr(QPainter, "drawText", spied)
    return seen


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / f"captures {EVIL}"
    folder.mkdir()
    return folder


@pytest.fixture
def motion(walk: Path, folder: Path) -> Motion:
    """One whose name, person and notes say more than they should."""
    motion = load_motion(cut_file(walk, folder / f"{EVIL}.npz", FRAMES))
    return replace(motion, notes=(f"a note of {EVIL}",), reading=replace(motion.reading, person=EVIL))


@pytest.fixture
def session(motion: Motion, shown: Opened, folder: Path) -> Path:
    """A session of it with fits in whose every text there is something."""
    fit = shown.result or shown.posed.result
    assert fit is not None
    told = json.loads(json.dumps(fit.provenance))
    told["recipe"]["name"] = told["source"]["file"] = told["made_by"] = EVIL
    told["correspondence"]["file"] = told["correspondence"]["mask_file"] = EVIL
    fit = replace(fit, source_name=EVIL, failure=f"failed, {EVIL}", provenance=told)
    accepted = (Accepted("part_mm", "hands", 1, 3, 31.5, EVIL), Accepted(EVIL, EVIL, 1, 3, 31.5, EVIL))
    steps = (
        SessionStep(),
        *(SessionStep(fit, 30.0, f"step {number} {EVIL}", accepted=accepted) for number in range(3)),
    )
    draft = replace(Draft.of(PRESETS["accurate"]), name=EVIL).as_dict()
    view = {"recipe": {"preset": "", "draft": draft, "taken_up": draft}, "layout": EVIL}
    path = folder / f"{EVIL}.refit"
    save_session(path, Session(SourceFile.of(motion), motion, steps, 2, view))
    return path


def test_the_window_shows_it_as_text(
    make_window: Callable[..., MainWindow], session: Path, folder: Path, qtbot: QtBot, drawn: Texts
) -> None:
    window = make_window(session)
    found: Texts = []

    def look() -> None:
        QApplication.processEvents()
        window.grab()
        found.extend(texts(window))

    for panel in PANELS:
        getattr(window.actions_, panel).setChecked(True)
        look()
    assert drawn
    inspector = window.panels.inspector.panel
    (folder / f"{EVIL}.json").write_text(
        json.dumps(
            {
                "joint_set": EVIL,
                "family": "smplx",
                "joints": [{"name": EVIL, "vertex": 3}, {"name": f"=1 {EVIL}", "joint": "left_hip"}],
            }
        )
    )
    assert inspector.sets.sets.open(folder / f"{EVIL}.json")
    np.save(folder / f"{EVIL}.npy", load_bodies().target.J_regressor)
    window.inspection.set_page("regressor")
    inspector.regressors.open(folder / f"{EVIL}.npy")
    known = builtin_folder() / "bodies" / "transfer" / "smplh2smplx_deftrafo_setup.pkl"
    shutil.copyfile(known, folder / f"{EVIL}.pkl")
    inspector.maps.open(folder / f"{EVIL}.pkl")
    qtbot.waitUntil(lambda: len(inspector.maps.entries) == 2, timeout=FIT_MS)
    np.savetxt(folder / f"{EVIL}.txt", np.arange(9000), fmt="%d")
    window.painting.load(folder / f"{EVIL}.txt")
    for page in PAGES:
        window.inspection.set_page(page)
        look()
    window.recipes.folder.mkdir(parents=True, exist_ok=True)
    own = window.recipes.folder / f"{EVIL}.toml"
    write_recipe(own, replace(Draft.of(PRESETS["fast"]), name=EVIL))
    window.recipes.load(own)
    window.history.undo()
    look()
    window.state.activity.fail(f"{folder / EVIL}: cannot be read")
    look()
    window.state.activity.say(f"Read {EVIL}")
    window.left_over.words.setText(_offer(session, 0))
    window.left_over.show()
    look()
    assert faults([*found, *drawn]) == []
    # It was there to be seen, in titles, tips, lists and labels.
    whole = [(where.partition(" (")[0], text.replace(BREAK, "").replace("&&", "&")) for where, text in found]
    seen = {where for where, text in whole if TOLD in text}
    assert seen >= {"MainWindow.windowTitle", "QAction.text", "WrappedLabel.text", "SetRows DisplayRole"}
    assert any("&lt;img" in text for where, text in found if where.endswith("toolTip"))


def test_questions_show_it_as_text(
    window: MainWindow, folder: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    people = (Person(EVIL, 240, 24),)
    asked = Unanswered(folder / f"{EVIL}.npz", Survey(people, ("world", "camera"), True, True), True)
    boxes = [
        OpenQuestion(asked, NOTHING_SAID, window),
        message_box(window, "Replace", f"Replace {EVIL}?", f"It is in {folder}."),
    ]
    for box in boxes:
        box.show()
        QApplication.processEvents()
        assert faults(list(texts(box))) == []
        box.close()
    window.export_dialog.open_for()
    assert faults(list(texts(window.export_dialog))) == []
    window.export_dialog.close()
