"""Every option and argument of the command line that takes a path, given one that is no file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.commands.cli import main, parser
from core.files.builtin_files import builtin_folder, default_motion
from tests.core.files.odd_places import odd_places

NEEDED = {"convert": ["inputs", "output"], "info": ["file"], "correspond": ["source", "target"]}


def path_options() -> Iterator[tuple[str, argparse.Action]]:
    commands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        for action in command._actions:
            if action.type is Path:
                yield name, action


OPTIONS = [pytest.param(name, action, id=f"{name}-{action.dest}") for name, action in path_options()]


def usual(dest: str, folder: Path) -> str:
    body = builtin_folder() / "bodies" / "smplh" / "neutral" / "model.npz"
    places = {"inputs": default_motion(), "file": default_motion(), "source": body, "target": body}
    return str(places.get(dest, folder / "out.npz"))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("command", "action"), OPTIONS)
def test_odd_places_are_refused_in_one_sentence(
    command: str,
    action: argparse.Action,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    commands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    with odd_places(tmp_path) as places:
        for name in ("pipe", "zero"):
            if name not in places:
                continue
            words = [command]
            for other in commands.choices[command]._actions:
                needed = other.type is Path and (other.required or other.dest in NEEDED.get(command, ()))
                if other.dest == action.dest or needed:
                    place = str(places[name]) if other.dest == action.dest else usual(other.dest, tmp_path)
                    words += [*other.option_strings[-1:], place]
            if (command, action.dest) == ("inspect", "joint_set"):
                words += [usual("file", tmp_path), "--out", "joints.npz"]
            if (command, action.dest) == ("inspect", "out"):
                joints = tmp_path / "joints.json"
                joints.write_text('{"family": "smplh", "joints": [{"joint": "pelvis"}]}')
                words += [usual("file", tmp_path), "--joint-set", str(joints)]
            if command == "convert":
                words += ["--frames", "0:2", "--preset" if action.dest != "recipe" else "--device"]
                words += ["fast" if action.dest != "recipe" else "cpu"]
            if action.dest in ("output", "out", "report"):
                words += ["--force"]
            code = main(words)
            said = capsys.readouterr()
            assert code in (1, 2), (words, said)
            assert "Traceback" not in said.err + said.out
