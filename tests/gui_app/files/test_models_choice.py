"""Which bodies are used, and what is remembered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.environment import MODELS_VARIABLE
from gui_app.document.preferences import Preferences
from gui_app.files.models_choice import ModelsChoice


def test_the_command_line_wins_over_the_environment_and_that_over_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preferences = Preferences()
    assert ModelsChoice(preferences).folder is None
    preferences.models = Path("remembered")
    assert ModelsChoice(preferences).folder == Path("remembered")
    monkeypatch.setenv("REFIT_MODELS", "environment")
    assert ModelsChoice(preferences).folder == Path("environment")
    assert ModelsChoice(preferences, Path("given")).folder == Path("given")


def test_a_choice_in_the_window_wins_and_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFIT_MODELS", "environment")
    choice = ModelsChoice(Preferences(), Path("given"))
    choice.choose(Path("chosen"))
    assert Preferences().models is None
    choice.keep()
    assert choice.folder == Path("chosen")
    assert Preferences().models == Path("chosen")
    choice.choose(Path("broken"))
    choice.revert()
    assert choice.folder == Path("chosen")
    choice.use_builtin()
    choice.keep()
    assert choice.folder is None
    assert Preferences().models is None
    assert ModelsChoice(Preferences()).folder == Path("environment")


def test_a_second_choice_that_fails_goes_back_to_the_one_that_worked() -> None:
    choice = ModelsChoice(Preferences(), Path("good"))
    choice.choose(Path("not opened yet"))
    choice.choose(Path("broken"))
    choice.revert()
    assert choice.folder == Path("good")


def test_built_in_bodies_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, "environment")
    choice = ModelsChoice(Preferences())
    assert choice.models == Path("environment")
    choice.use_builtin()
    assert choice.models == "builtin"
    assert os.environ[MODELS_VARIABLE] == "environment"


def test_recent_files_are_those_that_exist(tmp_path: Path) -> None:
    preferences = Preferences()
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    for path in (first, second):
        path.touch()
        preferences.add_recent(path)
    preferences.add_recent(first)
    assert preferences.recent == [first, second]
    second.unlink()
    assert Preferences().recent == [first]
    preferences.clear_recent()
    assert preferences.recent == []
