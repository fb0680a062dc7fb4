"""What all tests of the library share."""

from __future__ import annotations

import pytest

from gui_app.library import pictures


@pytest.fixture(autouse=True)
def nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of clips are asked for and do not come, unless a test says otherwise."""
    monkeypatch.setattr(pictures, "PROGRAM", ["-c", "import sys; sys.stdin.read()"])
