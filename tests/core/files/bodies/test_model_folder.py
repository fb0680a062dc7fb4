from __future__ import annotations

import pytest

from core.files.bodies.model_folder import find_correspondence, find_mask, find_model, model_files


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
    assert "looked for smplh/female/model.npz" in message
    assert "found neutral and male only" in message
    assert "looked for smpl/SMPL_MALE.npz" in refuses(find_model, folder, "smpl", "male")
    message = refuses(find_correspondence, folder, "smplx", "smplh")
    assert "transfer/smplx2smplh_deftrafo_setup.pkl and transfer/smplx2smpl_deftrafo_setup.pkl" in message


def test_no_folder(tmp_path, refuses, folder):
    assert "no such folder" in refuses(find_model, tmp_path / "none", "smplx", "neutral")
    assert "is a file, expected a folder" in refuses(find_mask, folder / "unrelated.txt", "smplx")


LAYOUTS = {
    # As the owners' archives unpack, and as other tools want them.
    "SMPL_python_v.1.1.0/smpl/models/basicmodel_m_lbs_10_207_0_v1.1.0.pkl": ("smpl", "male"),
    "SMPL_python_v.1.1.0/smpl/models/basicmodel_f_lbs_10_207_0_v1.1.0.pkl": ("smpl", "female"),
    "SMPL_python_v.1.1.0/smpl/models/basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl": ("smpl", "neutral"),
    "smpl/basicModel_neutral_lbs_10_207_0_v1.0.0.pkl": ("smpl", "neutral"),
    "body_models/smpl/SMPL_FEMALE.pkl": ("smpl", "female"),
    "mano_v1_2/models/SMPLH_male.pkl": ("smplh", "male"),
    "body_models/smplh/female/model.npz": ("smplh", "female"),
    "smplx_locked_head/SMPLX_NEUTRAL.npz": ("smplx", "neutral"),
    "models_smplx_v1_1/models/smplx/SMPLX_MALE.pkl": ("smplx", "male"),
    "smplx/neutral/model.npz": ("smplx", "neutral"),
}
OTHERS = (
    "smplx_mask_ids.npy", "transfer/smplh2smplx_deftrafo_setup.pkl", "mano_v1_2/models/MANO_LEFT.pkl",
    "smplx/SMPLX_to_J14.pkl", "smplx/smplx_parts_segm.pkl", "models/model.npz", "smplh_info.npz",
    "walk/smplx_male_motion/walk_stageii.npz", "smplx/version.txt", "smplify_neutral.npz",
)  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_found_wherever_it_lies(tmp_path, name):
    for file in (name, *OTHERS):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    family, gender = LAYOUTS[name]
    assert find_model(tmp_path, family, gender) == tmp_path / name
    assert [(file.family, file.gender) for file in model_files(tmp_path)] == [(family, gender)]


def test_of_several_the_usual_one_is_used(tmp_path):
    names = (
        "smplx/SMPLX_NEUTRAL.npz", "a/SMPLX_NEUTRAL.npz", "a/SMPLX_NEUTRAL.pkl", "a/b/SMPLX_NEUTRAL.npz",
        "a/locked_head/SMPLX_NEUTRAL.npz",
    )  # fmt: skip
    for file in names:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    order = [file.path for file in model_files(tmp_path)]
    wanted = [names[0], names[1], names[3], names[2], names[4]]
    assert [str(path.relative_to(tmp_path)) for path in order] == wanted
    for name in wanted:
        assert find_model(tmp_path, "smplx", "neutral") == tmp_path / name
        (tmp_path / name).unlink()


def test_transfer_files_are_found_wherever_they_lie(tmp_path):
    for name in (
        "x/y/SMPLH2SMPLX_deftrafo_setup.pkl",
        "z/smplx2smpl_def_transfer.pkl",
        "x/smplx_mask_ids.npy",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert find_correspondence(tmp_path, "smpl", "smplx").name == "SMPLH2SMPLX_deftrafo_setup.pkl"
    assert find_correspondence(tmp_path, "smplx", "smplh").name == "smplx2smpl_def_transfer.pkl"
    assert find_mask(tmp_path, "smplx") == tmp_path / "x/smplx_mask_ids.npy"
