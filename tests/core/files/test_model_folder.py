from __future__ import annotations

import pytest

from core.files.model_folder import find_correspondence, find_mask, find_model


@pytest.fixture
def folder(tmp_path):
    for name in (
        "SMPLH/Male/MODEL.npz",
        "smplh/neutral/model.npz",
        "smplx/smplx_neutral.NPZ",
        "transfer/smpl2smplx_deftrafo_setup.pkl",
        "transfer/SMPLX_mask_ids.npy",
        "unrelated.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_any_case(folder):
    assert find_model(folder, "smplh", "male") == folder / "SMPLH/Male/MODEL.npz"
    assert find_model(folder, "smplh", "neutral") == folder / "smplh/neutral/model.npz"
    assert find_model(folder, "smplx", "neutral") == folder / "smplx/smplx_neutral.NPZ"
    assert find_mask(folder, "smplx") == folder / "transfer/SMPLX_mask_ids.npy"
    assert find_mask(folder, "smplh") is None


def test_smpl_and_smplh_share_their_surface(folder):
    expected = folder / "transfer/smpl2smplx_deftrafo_setup.pkl"
    assert find_correspondence(folder, "smplh", "smplx") == expected
    own = folder / "transfer/smplh2smplx_deftrafo_setup.pkl"
    own.touch()
    assert find_correspondence(folder, "smplh", "smplx") == own
    assert find_correspondence(folder, "smpl", "smplx") == expected


def test_what_is_missing_is_named(folder, refuses):
    message = refuses(find_model, folder, "smplh", "female")
    assert "looked for smplh/female/model.npz, found neutral and male only" in message
    assert "looked for smpl/SMPL_MALE.npz" in refuses(find_model, folder, "smpl", "male")
    message = refuses(find_correspondence, folder, "smplx", "smplh")
    assert "transfer/smplx2smplh_deftrafo_setup.pkl and transfer/smplx2smpl_deftrafo_setup.pkl" in message


def test_no_folder(tmp_path, refuses, folder):
    assert "no such folder" in refuses(find_model, tmp_path / "none", "smplx", "neutral")
    assert "is a file, expected a folder" in refuses(find_mask, folder / "unrelated.txt", "smplx")
