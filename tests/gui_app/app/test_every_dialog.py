"""Every dialog, and every tooltip, with names that look like markup and paths that are long."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QLockFile, QRect, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

import gui_app
from core.files.assumption import QUANTITIES, UNIT, Assumption, Doubt
from core.files.motions.load_motion import Person, Survey
from core.files.own_mesh import NothingLeads
from core.model.motion import Reading
from core.session.fit_origin import SourceMissing
from core.session.session import SourceFile
from gui_app.app.help import About, Shortcuts
from gui_app.app.log_buffer import LogSheet
from gui_app.app.main_window import MainWindow
from gui_app.document.document import Document
from gui_app.files.ask_lead import ask_lead
from gui_app.files.open_controller import OpenRequest
from gui_app.files.open_question import NOTHING_SAID, OpenQuestion, Unanswered
from gui_app.files.reading_question import ReadingQuestion, Taken
from gui_app.widgets.save_dialog import may_replace
from gui_app.widgets.text import MOST_LETTERS, breakable, plain_tip
from tests.gui_app.conftest import FRAMES, cut_file

NAME = "<b>walk<u>&amp;<img src=x>.npz"
# A name without a place where a line may end, and folders below folders.
LONG = "walk" * 30 + ".npz"
DEEP = Path("/data") / "/".join(f"a_folder_of_captures_{n}" for n in range(8)) / ("take" * 20)
SETTLED_MS = 5_000
MARKUP = ("<qt>", "</qt>", "&lt;", "&amp;amp;")
# What is asked by the system's own dialogs for files: each module, and what it asks for.
FILE_DIALOGS = {
    "gui_app.files.ask_lead",
    "gui_app.inspect.correspondence.page",
    "gui_app.export.dialog",
    "gui_app.history.side_by_side",
    "gui_app.mask.sets",
    "gui_app.files.open_actions",
    "gui_app.library.library",
    "gui_app.stages.recipe_buttons",
    "gui_app.inspect.regressor.page",
    "gui_app.widgets.save_dialog",
    "gui_app.inspect.joint_sets.page",
}
KINDS = {
    "QDialog", "QMessageBox", "QInputDialog", "QErrorMessage", "QProgressDialog", "QWizard", "QColorDialog",
    "QFontDialog", "QDialogButtonBox", "message_box",
}  # fmt: skip


def unsaved(window: MainWindow, name: str) -> object:
    named(window, name)
    return window.saving.may_lose_work("Open another file without saving this work?", lambda: None)


def written_elsewhere(window: MainWindow, name: str) -> None:
    file = window.sessions.file
    file.path, file._stamp = DEEP / name, None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(file), "written_by_others", True)
        window.sessions.save()
    file.path = None


def replaced(window: MainWindow, name: str) -> object:
    return may_replace(window, DEEP / name)


def fit_again(window: MainWindow, name: str) -> bool | None:
    clips = 12 * [SimpleNamespace(frames=8, output=name, source=str(DEEP / name))]
    return window.clip_fits._ask_again(clips, 4, DEEP)


def where_is_it(window: MainWindow, name: str) -> object:
    missing = SourceMissing(DEEP / f"fit of {name}", "is gone", SourceFile(name, str(DEEP / name), "", 0, 8))
    return window.files._ask_source(OpenRequest(0, DEEP / name, None), missing)


def open_question(window: MainWindow, name: str) -> object:
    people = Person(name, 240, 24)
    asked = Unanswered(DEEP / name, Survey((people,), ("world", "camera"), True, True), True)
    return OpenQuestion(asked, NOTHING_SAID, window).exec()


def reading_question(window: MainWindow, name: str) -> object:
    assumed = tuple(
        Assumption(one, "m" if one == UNIT else "", f"{name} says it", "user") for one in QUANTITIES
    )
    doubts = (Doubt(UNIT, f"the body of {name} is far above the ground", "cm", True),)
    taken = Taken(DEEP / name, assumed, doubts, f"{name}, more of {name}", Reading())
    return ReadingQuestion(taken, None, True, window).exec()


def export(window: MainWindow, name: str) -> object:
    named(window, name)
    dialog = window.export_dialog
    dialog.open_for()
    dialog.place.setText(str(DEEP / name))
    return dialog


def log(window: MainWindow, name: str) -> object:
    return LogSheet(window).exec()


def discard(window: MainWindow, name: str) -> None:
    locks = window.left_over._locks
    locks[DEEP / name] = QLockFile("nothing is locked")
    window.left_over.discard.click()
    del locks[DEEP / name]


DIALOGS: dict[str, list[Callable[[MainWindow, str], object]]] = {
    "gui_app.files.save_actions": [unsaved],
    "gui_app.session.save": [written_elsewhere],
    "gui_app.widgets.save_dialog": [replaced],
    "gui_app.library.clip_fits": [fit_again],
    "gui_app.files.open_actions": [where_is_it],
    "gui_app.files.ask_lead": [
        lambda window, name: ask_lead(NothingLeads(DEEP / name, 18439), str(DEEP), window)
    ],
    "gui_app.files.open_question": [open_question],
    "gui_app.files.reading_question": [reading_question],
    "gui_app.export.dialog": [export],
    "gui_app.session.crash_recovery": [discard],
    "gui_app.app.log_buffer": [log],
    "gui_app.app.help": [
        lambda window, _name: About(window.state.document, window).exec(),
        lambda window, _name: Shortcuts(window).exec(),
    ],
}
# Where all message boxes are made, and who shows the sheets of the others.
MAKERS = {"gui_app.widgets.message_box", "gui_app.app.help"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Each module of the window by its name."""
    folder = Path(gui_app.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        name = ".".join((folder.name, *path.relative_to(folder).with_suffix("").parts))
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def test_no_dialog_is_forgotten() -> None:
    trees = dict(modules())
    used = {
        module: {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        for module, tree in trees.items()
    }
    assert {module for module, names in used.items() if names & KINDS} == DIALOGS.keys() | MAKERS
    assert {module for module, names in used.items() if "QFileDialog" in names} == FILE_DIALOGS
    # A message box made elsewhere would have a format of its own.
    made = {
        module
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("QMessageBox")
    }
    assert made == {"gui_app.widgets.message_box"}


def named(window: MainWindow, name: str) -> None:
    """The open motion has this name."""
    state = window.state
    assert state.document.opened is not None
    state.document.opened = replace(
        state.document.opened, motion=replace(state.document.opened.motion, path=DEEP / name)
    )


def shown(label: QLabel) -> str:
    """What is to be read on a label."""
    # Of a label that hides where its lines may end.
    text = QLabel.text(label)
    rich = label.textFormat() == Qt.TextFormat.RichText or (
        label.textFormat() == Qt.TextFormat.AutoText and Qt.mightBeRichText(text)
    )
    if rich:
        return text.replace("<qt>", "").replace("</qt>", "").replace("&lt;", "<").replace("&gt;", ">")
    return text


def faults(dialog: QWidget) -> list[str]:
    """What is shown as markup or cut off."""
    found = []
    for label in dialog.findChildren(QLabel):
        words = shown(label)
        if not label.isVisible() or not words:
            continue
        found += [f"{words!r} holds {mark}" for mark in MARKUP if mark in words]
        room, wraps = label.contentsRect(), Qt.TextFlag.TextWordWrap if label.wordWrap() else 0
        needed = label.fontMetrics().boundingRect(QRect(0, 0, room.width(), 9999), int(wraps), words)
        if needed.width() > room.width() + 1 or needed.height() > room.height() + 1:
            found.append(f"{words!r} needs {needed.size().toTuple()} of {room.size().toTuple()}")
    return found


@pytest.mark.parametrize("theme", [0, 1], ids=["dark", "light"])
def test_dialogs_show_names_as_they_are_and_cut_nothing(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, theme: int
) -> None:
    window.actions_.themes[theme].trigger()
    seen: list[tuple[str, list[str], str]] = []

    def look(dialog: QDialog) -> int:
        dialog.show()
        qtbot.waitExposed(dialog)
        QApplication.processEvents()
        words = "\n".join(shown(label) for label in dialog.findChildren(QLabel))
        seen.append((dialog.windowTitle(), faults(dialog), words))
        dialog.hide()
        return 0

    # The window asks before it closes, at the end, as it always does.
    with monkeypatch.context() as patch:
        patch.setattr(QDialog, "exec", look)
        patch.setattr(QMessageBox, "exec", look)
        patch.setattr(Document, "loses_work", True)
        for module, openers in DIALOGS.items():
            for name in (NAME, LONG):
                for opener in openers:
                    before = len(seen)
                    found = opener(window, name)
                    if isinstance(found, QDialog):
                        look(found)
                    assert len(seen) == before + 1, module
                    title, wrong, words = seen[-1]
                    assert wrong == [], (module, title)
                    if module in ("save_actions", "saving", "open_actions", "open_question"):
                        assert name in words.replace("\u200b", ""), (module, words)


def test_what_went_wrong_is_never_cut_off(window: MainWindow, qtbot: QtBot) -> None:
    for name in (NAME, LONG):
        sentence = f"{DEEP / name} cannot be read"
        window.state.activity.fail(sentence)
        for bar in (window.message, window.left_over):
            bar.words.setText(sentence)
            bar.show()
        for bar in (window.message, window.left_over):
            # What is shown anew finds its height a moment later.
            qtbot.waitUntil(lambda bar=bar: faults(bar) == [], timeout=SETTLED_MS)
            assert bar.words.text() == sentence
        words = window.message.words
        words.setSelection(0, len(QLabel.text(words)))
        qtbot.keyClick(words, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert QGuiApplication.clipboard().text() == sentence


def test_words_of_any_length_can_be_broken_and_stay_what_they_are() -> None:
    for text in (NAME, LONG, f"It lay at {DEEP}.\nNext line", "", "short words stay"):
        assert breakable(text).replace("\u200b", "") == text
        pieces = [piece for word in breakable(text).split() for piece in word.split("\u200b")]
        assert all(len(piece) <= MOST_LETTERS for piece in pieces)
    assert breakable("short words stay") == "short words stay"
    assert plain_tip(NAME) == "<qt>&lt;b&gt;walk&lt;u&gt;&amp;amp;&lt;img src=x&gt;.npz</qt>"


def test_tooltips_show_names_as_they_are(
    make_window: Callable[..., MainWindow], walk: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "<i>captures"
    folder.mkdir()
    window = make_window(cut_file(walk, folder / NAME, FRAMES))
    step = "fit of <img src=x> & <b>all"
    for number in (1, 2):
        window.history.add(f"{step} {number}")
    window.history.undo()
    assert "<img" not in window.actions_.undo.toolTip()
    assert "<img" not in window.actions_.redo.toolTip()
    assert window.actions_.undo.text() == f"Undo {step.replace('&', '&&')} 1"
    for action in ("problems", "runs", "joints", "mask", "parameters", "stages"):
        if hasattr(window.actions_, action):
            getattr(window.actions_, action).setChecked(True)
    QApplication.processEvents()
    everything = [*window.findChildren(QWidget), *window.findChildren(QAction)]
    tips = {thing.toolTip() for thing in everything}
    assert any("&lt;img src=x&gt;" in tip for tip in tips)
    assert [tip for tip in tips if "<img" in tip or "<b>walk" in tip or "<i>captures" in tip] == []
    joint = window.timeline.curves.joint
    assert joint is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(joint, "_values", np.zeros(FRAMES))
        patch.setattr(joint, "_inspection", SimpleNamespace(joint=SimpleNamespace(name="<img src=x>")))
        assert "&lt;img src=x&gt;" in joint.words_of(3)
    labels = [label for label in window.findChildren(QLabel) if label.textFormat() != Qt.TextFormat.PlainText]
    assert [label.text() for label in labels if "<img" in label.text() or "<i>capt" in label.text()] == []
