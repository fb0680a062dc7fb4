"""Small pictures of the clips of the library: drawn by a process of their own, kept on the disk, shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QProcess
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.files.kept.array_store import trim
from core.files.kept.kept_files import PICTURES, kept_files
from gui_app.app.main_window import MainWindow
from gui_app.library import hang_watch, pictures
from gui_app.library.panel import LibraryPanel
from gui_app.library.picture_process import MARK, SIZE
from gui_app.library.rows import NAME, PICTURE
from gui_app.library.table import ROW, TALL_ROW
from tests.core.catalogue.results import put, walk, worse
from tests.gui_app.conftest import FIT_MS, end

MakeWindow = Callable[..., MainWindow]
RED = QColor(200, 30, 30)
ANSWERS = """
import json, shutil, sys
for line in sys.stdin:
    told = json.loads(line)
    print("what libraries say", flush=True)
    with open({log!r}, "a") as log:
        log.write(line)
    done = "/b_stageii" not in told["file"]
    if done:
        import pathlib
        pathlib.Path(told["picture"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy({picture!r}, told["picture"])
    print({mark!r} + json.dumps({{"done": done}}), flush=True)
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Three results, each worst at a frame of its own."""
    folder = tmp_path / "results"
    for name, frame, millimetres in (("a", 5, 20.0), ("b", 11, 40.0), ("c", 17, 30.0)):
        put(folder, f"{name}_stageii.npz", worse(walk(), frame, millimetres))
    return folder


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, object]]]:
    """In place of what draws: gives a red picture of all but the clip b, and notes what it is asked for."""
    picture, log, program = tmp_path / "red.jpg", tmp_path / "asked", tmp_path / "answers.py"
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    image.fill(RED)
    image.save(str(picture))
    program.write_text(ANSWERS.format(log=str(log), picture=str(picture), mark=MARK))
    monkeypatch.setattr(pictures, "PROGRAM", [str(program)])
    return lambda: [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def listed(window: MainWindow, results: Path, qtbot: QtBot) -> LibraryPanel:
    """Shows a folder of three clips."""
    window.files.open_path(results)
    qtbot.waitUntil(lambda: len(window.library.listed.ids) == 3, timeout=FIT_MS)
    qtbot.waitUntil(lambda: "library" in window.panels.made, timeout=FIT_MS)
    panel: LibraryPanel = window.panels.library.panel
    qtbot.waitUntil(lambda: panel.table.rows.index(0, NAME).data(PICTURE) is not None, timeout=FIT_MS)
    return panel


def colour_of(panel: LibraryPanel, row: int) -> QColor:
    """In the middle of where the picture of a row is."""
    place = panel.table.visualRect(panel.table.rows.index(row, NAME))
    return panel.table.viewport().grab().toImage().pixelColor(25, place.center().y() - 6)


def is_red(colour: QColor) -> bool:
    """Nearly: pictures are kept as JPEG."""
    return abs(colour.red() - RED.red()) < 12 and colour.green() < 60


def test_a_process_draws_fits_and_goes_on_after_one_that_cannot_be_read(
    results: Path, tmp_path: Path, own_settings: Path
) -> None:
    (results / "torn_stageii.npz").write_bytes(b"torn")
    asked = [
        {"file": str(results / name), "frame": frame, "models": "builtin", "picture": str(tmp_path / picture)}
        for name, frame, picture in (
            ("torn_stageii.npz", 0, "none.jpg"),
            ("a_stageii.npz", 5, "p/a.jpg"),
            ("c_stageii.npz", 999, "c.jpg"),
        )
    ]
    lines = "".join(f"{json.dumps(one)}\n" for one in asked)
    command = [sys.executable, "-m", "gui_app.library.picture_process"]
    told = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, timeout=120)
    answers = [json.loads(line.removeprefix(MARK)) for line in told.stdout.splitlines() if MARK in line]
    assert answers == [{"done": False}, {"done": True}, {"done": True}]
    assert not (tmp_path / "none.jpg").exists()
    image = QImage(str(tmp_path / "p" / "a.jpg"))
    assert (image.width(), image.height()) == SIZE
    # A body, warm from its errors, before a dark ground.
    middle = [image.pixelColor(SIZE[0] // 2, row) for row in range(20, SIZE[1] - 20, 4)]
    assert sum(one.red() > 90 for one in middle) > 5
    assert image.pixelColor(3, 3).lightness() < 60


def test_pictures_come_into_the_rows_and_from_the_disk_the_next_time(
    window: MainWindow,
    results: Path,
    drawn: Callable[[], list[dict[str, object]]],
    qtbot: QtBot,
    make_window: MakeWindow,
) -> None:
    panel = listed(window, results, qtbot)
    assert panel.table.visualRect(panel.table.rows.index(0, NAME)).height() == TALL_ROW
    qtbot.waitUntil(lambda: is_red(colour_of(panel, 1)) and is_red(colour_of(panel, 2)), timeout=FIT_MS)
    qtbot.waitUntil(lambda: len(drawn()) == 3, timeout=FIT_MS)
    # The worst frame of each, and the uppermost row first; b cannot be drawn, and is not asked for again.
    assert [(Path(str(one["file"])).name[0], one["frame"]) for one in drawn()] == [
        ("b", 11), ("c", 17), ("a", 5)
    ]  # fmt: skip
    assert not is_red(colour_of(panel, 0))
    assert next(kept.count for kept in kept_files() if kept.name == PICTURES) == 2
    # A new fit has a picture of its own; of what could not be drawn it is tried once more.
    put(results, "a_stageii.npz", worse(walk(), 9, 21.0))
    panel.again.click()
    qtbot.waitUntil(lambda: any(one["frame"] == 9 for one in drawn()), timeout=FIT_MS)
    assert {one["frame"] for one in drawn()[3:]} <= {11, 5, 9}
    before = len(drawn())
    end(window, qtbot)
    other = listed(make_window(results, wait=False), results, qtbot)
    qtbot.waitUntil(lambda: is_red(colour_of(other, 1)) and is_red(colour_of(other, 2)), timeout=FIT_MS)
    assert {one["frame"] for one in drawn()[before:]} <= {11}


def test_without_pictures_rows_are_low_nothing_is_drawn_and_that_is_remembered(
    window: MainWindow, results: Path, qtbot: QtBot, make_window: MakeWindow
) -> None:
    panel = listed(window, results, qtbot)
    made = panel.with_pictures.pictures
    qtbot.waitUntil(lambda: _of(made) is not None, timeout=FIT_MS)
    process = _of(made)
    panel.with_pictures.click()
    assert _of(made) is None
    assert process is not None
    given = process.processEnvironment()
    assert (given.value("LP_NUM_THREADS"), given.value("MALLOC_ARENA_MAX")) == ("0", "2")
    assert process.state() == QProcess.ProcessState.NotRunning
    assert panel.table.visualRect(panel.table.rows.index(0, NAME)).height() == ROW
    end(window, qtbot)
    other = listed(make_window(results, wait=False), results, qtbot)
    assert not other.with_pictures.isChecked()
    assert other.table.visualRect(other.table.rows.index(0, NAME)).height() == ROW
    other.with_pictures.click()
    qtbot.waitUntil(lambda: _of(other.with_pictures.pictures) is not None, timeout=FIT_MS)


def _of(made: pictures.ClipPictures) -> QProcess | None:
    """The process that draws, as far as there is one."""
    return next(iter(made.findChildren(QProcess)), None) if made._process is not None else None


@pytest.mark.parametrize("program", ["says", "ends"])
def test_where_nothing_can_be_drawn_the_rows_go_without(
    window: MainWindow, results: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    why = json.dumps({"done": False, "why": "OpenGL is not to be had here."})
    says = f"import sys; print({MARK + why!r}, flush=True); sys.stdin.read()"
    monkeypatch.setattr(pictures, "PROGRAM", ["-c", says if program == "says" else "import os; os._exit(3)"])
    panel = listed(window, results, qtbot)
    qtbot.waitUntil(lambda: not panel.with_pictures.isEnabled(), timeout=FIT_MS)
    words = "OpenGL is not to be had" if program == "says" else "does not start"
    assert words in panel.with_pictures.toolTip()
    assert panel.table.visualRect(panel.table.rows.index(0, NAME)).height() == ROW
    # What was wanted stays wanted, for a machine that can.
    assert panel.with_pictures.isChecked()


HANGS = """
import json, shutil, sys, time
for line in sys.stdin:
    told = json.loads(line)
    while {hangs}:
        {what}
    import pathlib
    pathlib.Path(told["picture"]).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy({picture!r}, told["picture"])
    print({mark!r} + json.dumps({{"done": True}}), flush=True)
"""


@pytest.mark.parametrize("what", ["time.sleep(0.5)", "pass"], ids=["sleeps", "works"])
@pytest.mark.parametrize("always", [False, True], ids=["one", "all"])
def test_a_process_that_hangs_is_ended_and_the_next_one_goes_on_unless_all_do(
    window: MainWindow,
    results: Path,
    drawn: Callable[[], list[dict[str, object]]],
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    always: bool,
) -> None:
    hangs = "True" if always else "'/b_stageii' in told['file']"
    program = tmp_path / "hangs.py"
    program.write_text(HANGS.format(hangs=hangs, what=what, picture=str(tmp_path / "red.jpg"), mark=MARK))
    monkeypatch.setattr(pictures, "PROGRAM", [str(program)])
    monkeypatch.setattr(hang_watch, "LOOK_MS", 50)
    monkeypatch.setattr(hang_watch, "STILL_LOOKS", 10)
    monkeypatch.setattr(hang_watch, "STILL_SECONDS", 0.01)
    monkeypatch.setattr(hang_watch, "BUSY_SECONDS", 0.3)
    panel = listed(window, results, qtbot)
    made = panel.with_pictures.pictures
    if always:
        qtbot.waitUntil(lambda: not panel.with_pictures.isEnabled(), timeout=FIT_MS)
        assert "hangs again and again" in panel.with_pictures.toolTip()
        assert _of(made) is None
    else:
        qtbot.waitUntil(lambda: is_red(colour_of(panel, 1)) and is_red(colour_of(panel, 2)), timeout=FIT_MS)
        assert not is_red(colour_of(panel, 0))
        assert panel.with_pictures.isEnabled()


def test_what_hangs_is_told_by_its_processor_time(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, told = [5.0], list[float]()
    monkeypatch.setattr(hang_watch, "processor_seconds", lambda _: used[0])
    parent = QObject()
    watch = hang_watch.HangWatch(parent)
    watch.hangs.connect(lambda: told.append(used[0]))

    def look(seconds: float, times: int) -> None:
        for _ in range(times):
            used[0] += seconds
            watch._look()

    # However long it takes, what gets a little of a busy machine does not hang.
    watch.begin(1)
    look(0.1, 100)
    assert told == []
    look(0.0, hang_watch.STILL_LOOKS - 1)
    look(0.1, 1)
    assert told == []
    look(0.0, hang_watch.STILL_LOOKS)
    assert len(told) == 1
    watch.begin(1)
    look(10.0, 6)
    assert len(told) == 1
    look(10.0, 1)
    assert len(told) == 2
    used[:] = [None]  # type: ignore[list-item]
    watch.begin(1)
    watch._look()
    assert not watch._timer.isActive()


def test_what_has_scrolled_away_is_not_waited_for(window: MainWindow, results: Path, qtbot: QtBot) -> None:
    panel = listed(window, results, qtbot)
    made, clip = panel.with_pictures.pictures, panel.table.rows.index(0, NAME).data(PICTURE)
    for number in range(1000):
        made.of(replace(clip, output=f"{number}_stageii.npz"), 1.0)
    assert len(made._waiting) == pictures.MOST_WAITING
    assert made.of(replace(clip, mean=None), 1.0) is None


def test_of_pictures_those_go_that_were_not_used_for_longest(tmp_path: Path) -> None:
    for number in range(6):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(bytes(1000))
        os.utime(path, (number, number))
    (tmp_path / "other.npz").write_bytes(bytes(1000))
    trim(tmp_path, 2500, "*.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["4.jpg", "5.jpg", "other.npz"]
