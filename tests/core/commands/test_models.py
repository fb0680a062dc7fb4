"""``refit models``: what a folder has and lacks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.commands.cli import main
from tests.core.files.bodies.model_file_arrays import builtin_matrix, model_arrays
from tests.transfer_files import write_correspondence


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("downloads")
    (root / "body_models/smplh/female").mkdir(parents=True)
    (root / "later").mkdir()
    np.savez(root / "body_models/smplh/female/model.npz", **model_arrays("smplh", columns=16))
    np.savez(root / "later/SMPLX_FEMALE.npz", **model_arrays("smplx", columns=20))
    np.savez(root / "later/SMPLX_MALE.npz", **(model_arrays("smplx") | {"weights": np.zeros((5, 5))}))
    write_correspondence(root / "later/smplh2smplx_deftrafo_setup.pkl", builtin_matrix("smplh", "smplx"))
    return root


def test_all_is_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    models = {(row["family"], row["gender"]): row for row in told["models"]}
    assert models["smplh", "female"]["path"] == "body_models/smplh/female/model.npz"
    assert (models["smplh", "female"]["betas"], models["smplh", "female"]["used"]) == (16, True)
    assert (models["smplx", "female"]["betas"], models["smplx", "female"]["expression"]) == (10, 10)
    assert not models["smplx", "male"]["used"]
    assert "5 joints" in models["smplx", "male"]["problem"]
    missing = {row["what"]: row for row in told["missing"]}
    assert set(missing) == {
        "SMPL neutral, female and male",
        "SMPL-H neutral and male",
        "SMPL-X neutral and male",
        "correspondence, SMPL-X to SMPL-H",
        "valid vertices, smplx_mask_ids.npy",
    }
    assert all(row["where"].startswith("https://") for row in missing.values())
    assert told["transfer"][0][:2] == [
        "correspondence, SMPL-H to SMPL-X",
        "later/smplh2smplx_deftrafo_setup.pkl",
    ]


def test_a_correspondence_that_cannot_be_right_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    order = np.random.default_rng(0).permutation(6890)
    path = copy / "later/smplh2smplx_deftrafo_setup.pkl"
    write_correspondence(path, builtin_matrix("smplh", "smplx")[:, order])
    for place, wrong in ((folder, 0), (copy, 1)):
        assert main(["models", str(place), "--json"]) == 0
        assert len(json.loads(capsys.readouterr().out)["problems"]) == wrong
    assert main(["models", str(copy)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"{path}: has " in said
    assert "it is for vertices in another order than those of model.npz and SMPLX_FEMALE.npz" in said


def test_the_table_says_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", str(folder)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    for word in ("SMPL-H female", "smplh/female", "Not there", "SMPL-H neutral and male"):
        assert word in said


def test_the_environment_names_the_folder(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFIT_MODELS", str(tmp_path))
    assert main(["models"]) == 1
    assert "No model is in it" in capsys.readouterr().out
    monkeypatch.delenv("REFIT_MODELS")
    assert main(["models"]) == 1
    assert "No folder of models is given" in capsys.readouterr().err
    assert main(["models", str(tmp_path / "none")]) == 1
    assert "no such folder" in capsys.readouterr().err
