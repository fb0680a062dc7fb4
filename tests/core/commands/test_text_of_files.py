"""Whatever a file says in whatever name, a command's words are lines of text, a CSV has cells of text, and
json has it as it is."""

from __future__ import annotations

import csv
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.commands.cli import main
from core.files.builtin_files import builtin_folder
from core.fitting.recipe.draft import Draft
from core.fitting.recipe.recipe import PRESETS
from core.outputs.recipes import recipe_text
from core.shown_text import MOST_LETTERS
from tests.core.clip_files import clip_arrays
from tests.core.files.motions.sources.examples import three_dpw, wham

EVIL = "=HYPERLINK(1)[red]\x1b]0;owned\x07\x1b[2J\u202e\u2066\x9b\r\nfake"
"""May be the name of a file."""
NAME = f"{EVIL}[/x]"
TOLD = "=HYPERLINK(1)[red]\\x1b]0;owned\\x07\\x1b[2J\\u202e\\u2066\\x9b\\r\\nfake[/x]"
LONG = NAME + "x" * 5000
BODIES = builtin_folder() / "bodies"


@dataclass(frozen=True)
class World:
    """Files that hold it, below a folder whose name holds it, too."""

    folder: Path

    def __truediv__(self, name: str) -> str:
        return str(self.folder / name)


def changed(source: Path, target: Path, **changes: Any) -> None:
    with np.load(source) as archive:
        arrays = {key: archive[key] for key in archive.files}
    np.savez(target, **(arrays | changes))


def session_with(source: Path, target: Path) -> None:
    """A session, every text of which that may be anything is NAME."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "session.json":
                told = json.loads(data)
                told["made_by"] = told["source"]["name"] = told["source"]["path"] = NAME
                told["motion"]["notes"] = [NAME, LONG]
                told["source"]["reading"] = {"person": NAME}
                for step in told["steps"]:
                    step["name"] = NAME
                    if step["result"]:
                        step["result"]["source_name"] = step["result"]["failure"] = NAME
                        step["result"]["provenance"] |= {"bodies": NAME, "made_by": NAME}
                data = json.dumps(told).encode()
            new.writestr(name, data)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world") / f"captures {EVIL}"
    folder.mkdir()
    walk = clip_arrays("walk", slice(2))
    np.savez(folder / f"{EVIL}_poses.npz", **walk)
    np.savez(folder / "keys.npz", **{NAME: np.zeros(3), LONG[:3000]: np.zeros(2)})
    np.savez(folder / "gender.npz", **(walk | {"gender": np.array(NAME)}))
    np.savez(folder / "family.npz", **(walk | {"surface_model_type": np.array(NAME)}))
    (folder / "people.pkl").write_bytes(pickle.dumps(dict(wham((NAME, LONG), frames=2))))  # type: ignore[arg-type]
    (folder / "genders.pkl").write_bytes(pickle.dumps({**three_dpw(), "genders": [NAME, NAME]}, 2))
    (folder / "global.pkl").write_bytes(b"\x80\x02c" + b"a\x1b[31mb\nfake\n.")
    (folder / "keys.pkl").write_bytes(pickle.dumps({NAME: 1, LONG: 2}))
    (folder / "matrix.pkl").write_bytes(pickle.dumps({"mtx": NAME}))
    draft = Draft.of(PRESETS["fast"])
    (folder / "recipe.toml").write_text(recipe_text(draft).replace('"fast"', json.dumps(NAME), 1))
    (folder / "setting.toml").write_text(f"[[stages]]\nstage = 'vertex'\n{json.dumps(NAME)} = 1\n")
    (folder / "wrong.toml").write_text(f"{NAME}")
    joints = [{"name": NAME, "vertex": 3}, {"name": f"+1;{NAME}", "joint": "left_hip"}]
    (folder / "set.json").write_text(json.dumps({"joint_set": NAME, "family": "smplh", "joints": joints}))
    (folder / "wrong.json").write_text(json.dumps({"joint_set": "a", "family": NAME, "joints": ["pelvis"]}))
    np.save(folder / f"{EVIL}.npy", np.zeros((3, 4)))
    changed(BODIES / "smplx" / "SMPLX_NEUTRAL.npz", folder / "model.npz", gender=np.array(NAME))
    (folder / "models" / EVIL).mkdir(parents=True)
    shutil.copyfile(BODIES / "smplx" / "SMPLX_NEUTRAL.npz", folder / "models" / EVIL / "SMPLX_NEUTRAL.npz")
    (folder / "models" / "SMPLH_MALE.npz").write_bytes(b"none")
    (folder / f"link {EVIL}.npz").symlink_to(EVIL)
    words = ["--session", "--preset", "fast", "--threads", "1"]
    made = folder / "made"
    assert main(["convert", str(folder / f"{EVIL}_poses.npz"), "-o", str(made), *words]) == 0
    (fit,) = made.glob("*.npz")
    (session,) = made.glob("*.refit")
    session_with(session, folder / f"{EVIL}.refit")
    with np.load(fit) as archive:
        told = json.loads(str(archive["refit_provenance"]))
    told["bodies"] = told["recipe"]["name"] = NAME
    told["source_body"]["name"] = told["target_body"]["name"] = NAME
    said = {"refit_provenance": np.array(json.dumps(told)), "refit_source_name": np.array(NAME)}
    said |= {"refit_failed": np.array(True), "refit_failure": np.array(NAME)}
    changed(fit, folder / f"{EVIL}_stageii.npz", **said)
    return World(folder)


COMMANDS: dict[str, Callable[[World], list[str]]] = {
    **{
        f"info {name}": lambda world, name=name: ["info", world / name]
        for name in (
            "keys.npz", "gender.npz", "family.npz", "people.pkl", "genders.pkl", "global.pkl", "keys.pkl",
            "matrix.pkl", "recipe.toml", "setting.toml", "wrong.toml", "set.json", "wrong.json", "model.npz",
            f"{EVIL}_poses.npz", f"{EVIL}.npy", f"{EVIL}.refit", f"{EVIL}_stageii.npz", "none\x1b[31m\nfake",
            f"link {EVIL}.npz",
        )
    },
    "folder": lambda world: ["info", world / ""],
    "models": lambda world: ["models", world / "models"],
    "models of none": lambda world: ["models", world / EVIL],
    "correspond": lambda world: [
        "correspond", world / "model.npz", world / "keys.npz", "-o", world / "c.npz",
    ],
    "correspond to": lambda world: [
        "correspond", world / f"models/{EVIL}/SMPLX_NEUTRAL.npz", world / "model.npz", "-o", world / "c.npz",
    ],
    "inspect": lambda world: ["inspect", world / f"{EVIL}_poses.npz", "--joint", NAME],
    "inspect a person": lambda world: ["inspect", world / "people.pkl"],
    "inspect a fit": lambda world: ["inspect", world / f"{EVIL}_stageii.npz"],
    "inspect with": lambda world: ["inspect", "--compare", world / "matrix.pkl"],
    "inspect a regressor": lambda world: ["inspect", "--regressor", world / f"{EVIL}.npy"],
    "a set": lambda world: [
        "inspect", world / f"{EVIL}_poses.npz", "--body", "source", "--joint-set", world / "set.json",
        "--out", world / f"{EVIL}.csv", "--force",
    ],
    "convert people": lambda world: ["convert", world / "people.pkl", "-o", world / "out"],
    "convert all": lambda world: [
        "convert", world / "people.pkl", "-o", world / "out", "--person", "all", "--preset", "fast",
        "--threads", "1", "--force",
    ],
    "convert again": lambda world: [
        "convert", world / f"{EVIL}_poses.npz", "-o", world / "made", "--preset", "fast", "--threads", "1",
    ],
    "convert a folder": lambda world: [
        "convert", str(world.folder), "-o", world / "out", "--recipe", world / "recipe.toml", "--frames=5:",
    ],
    "convert with": lambda world: [
        "convert", "a.npz", "-o", world / "out", "--recipe", world / "setting.toml",
    ],
    "a shape": lambda world: ["convert", "a.npz", "-o", world / "out", "--betas", world / "keys.npz"],
    "a setting": lambda world: ["convert", "a.npz", "-o", world / "out", "--set", NAME],
    "a wrong word": lambda world: ["convert", "a.npz", "-o", world / "out", "--to", NAME],
    "no models": lambda world: ["convert", "a.npz", "-o", world / "out", "--models", world / EVIL],
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_says_is_lines_of_text(
    name: str, world: World, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    main(COMMANDS[name](world))
    out, err = capfd.readouterr()
    lines = [*out.split("\n"), *err.split("\n")]
    assert any(lines)
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if line.strip().startswith("fake")] == []
    assert [line for line in lines if len(line) > 2 * MOST_LETTERS] == []


def test_the_names_are_there_to_be_read(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    for name in ("info people.pkl", "info set.json", f"info {EVIL}.refit", "info recipe.toml"):
        assert main(COMMANDS[name](world)) == 0
        assert TOLD in capsys.readouterr().out


def test_cells_of_a_csv_are_no_formulas(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(COMMANDS["a set"](world)) == 0
    text = (world.folder / f"{EVIL}.csv").read_text()
    rows = list(csv.reader(text.splitlines()))
    assert {row[2] for row in rows[1:]} == {f"'{TOLD}", f"'+1;'{TOLD}"}
    assert all(len(row) == 6 for row in rows)


def test_json_has_it_as_it_is(world: World, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main([*COMMANDS["a set"](world), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["joint_set"]["name"] == NAME
    assert told["joint_set"]["joints"] == [NAME, f"+1;{NAME}"]
    report = tmp_path / "report.json"
    assert main([*COMMANDS["convert all"](world), "--report", str(report)]) == 0
    entries = json.loads(report.read_text())["inputs"]
    assert {entry["person"] for entry in entries} == {NAME, LONG}
    assert entries[0]["source"] == world / "people.pkl"
