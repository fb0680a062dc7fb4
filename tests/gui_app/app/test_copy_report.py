"""Help ▸ Copy report: versions and the last error, and nothing of whose machine it is."""

from __future__ import annotations

import logging
import sys

import pytest
from PySide6.QtGui import QGuiApplication

from core import __version__
from gui_app.app import copy_report, log_buffer
from gui_app.app.copy_report import COPIED, NO_ERROR, without_places
from gui_app.app.main_window import MainWindow

NAMES = {"anna": "(user)", "box7": "(host)"}


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("/home/anna/data/walk.npz: there is no such file", "…/walk.npz: there is no such file"),
        ("'/home/anna/my data/a walk.npz' is none", "'…/a walk.npz' is none"),
        (r"C:\Users\anna\walk.npz: is no motion", "…/walk.npz: is no motion"),
        (r"\\box7\share\walk.npz: is no motion", "…/walk.npz: is no motion"),
        ("~/walk.npz, ~anna/walk.npz", "…/walk.npz, …/walk.npz"),
        ("Reading clips/anna/walk.npz stopped", "Reading walk.npz stopped"),
        ("(/tmp/a/b.npz)", "(…/b.npz)"),
        ("/a/anna k/b.npz and /c/d.npz, ~/e~1/f.npz", "…/b.npz and …/d.npz, …/f.npz"),
        ("Anna's fit on box7", "(user)'s fit on (host)"),
        ("4 mm/frame² of SMPL/SMPL-H, 3 / 4, https://a.org", "4 mm/frame² of SMPL/SMPL-H, 3 / 4, https://a.org"),
        ('  File "/home/anna/w/core/fitting/run.py", line 3', '  File "core/fitting/run.py", line 3'),
        ('  File "/v/lib/site-packages/torch/nn/a.py", line 3', '  File "torch/nn/a.py", line 3'),
        ('  File "/home/refit/anna/core/public/refit/_fits.py"', '  File "refit/_fits.py"'),
        ('  File "/usr/lib/python3/threading.py", line 3', '  File "threading.py", line 3'),
        ("the root joint, annabel", "the root joint, annabel"),
    ],
)  # fmt: skip
def test_places_and_names_are_left_out(told: str, left: str) -> None:
    assert without_places(told, NAMES | {"root": "(user)", "": "(user)"}) == left


def test_a_report_has_versions_and_the_last_error(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_buffer, "recent_log", log_buffer.RecentLog())
    monkeypatch.setattr(copy_report, "own_names", lambda: NAMES)
    said: list[str] = []
    window.state.activity.said.connect(said.append)
    window.actions_.report.trigger()
    first = QGuiApplication.clipboard().text()
    lines = dict(line.split(None, 1) for line in first.partition("\n\n")[0].splitlines())
    assert lines["Refit"] == __version__
    assert lines["Device"].startswith("cpu: cpu, ")
    assert lines["Bodies"] == "built-in"
    assert {"Python", "PySide6-Essentials", "vtk", "torch", "System"} <= lines.keys()
    assert first.endswith(f"Last error\n\n{NO_ERROR}\n")
    assert said == [COPIED]

    try:
        raise ValueError("no room in /home/anna/walk.npz")
    except ValueError:
        error = sys.exc_info()
    record = ("gui_app", logging.ERROR, "", 1, "Writing %s stopped", ("/home/anna/walk.npz",), error)
    log_buffer.recent_log.emit(logging.LogRecord(*record))
    log_buffer.recent_log.emit(logging.LogRecord("core", logging.WARNING, "", 1, "only a warning", (), None))
    window.state.activity.fail("/home/anna/walk.npz: cannot be written")
    window.actions_.report.trigger()
    told = QGuiApplication.clipboard().text().partition("Last error\n\n")[2]
    assert told.startswith("…/walk.npz: cannot be written\n\n")
    assert "Writing …/walk.npz stopped" in told
    assert "ValueError: no room in …/walk.npz" in told
    assert 'File "gui_app/app/test_copy_report.py"' in told
    assert "anna" not in told
    assert "only a warning" not in told
