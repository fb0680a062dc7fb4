"""Results open elsewhere: with the keys that other programs ask for, and where they are installed, in them.

The keys are those that aitviewer's ``SMPLSequence.from_amass`` and the SMPL-X add-on for Blender ("Add
Animation", format AMASS) read. With the package itself: ``pip install aitviewer``, which is no part of Refit.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import smplx
import torch

from core.correspond.load_bodies import reversed_bodies
from core.fitting.reference.smplx_layer import write_model
from core.model.body import BodyModel
from core.model.fit_result import FitResult
from core.model.joints import JOINT_NAMES
from core.model.posing import posed
from core.outputs.results import save_result
from tests.core.clip_fits import bodies, fit, fitted_clip
from tests.smplx_layers import arguments
from tests.variants import MANY_BETAS, body_pair

RATE = 59.94
# The add-on's "Shape000" ... keys.
BLENDER_SHAPES = 300


def result_in(family: str) -> tuple[FitResult, BodyModel]:
    """A short fit in a family, with the body it is of."""
    _, pair, found = fitted_clip("dance", 100, 106)
    if family == "smplx":
        return replace(found, frame_rate=RATE), pair.target
    back = fit(found.as_motion(), reversed_bodies(pair))
    return replace(back, frame_rate=RATE), pair.source


@pytest.fixture(scope="module", params=["smplx", "smplh"])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("results") / f"dance_{request.param}.npz"
    save_result(path, result_in(request.param)[0])
    return path


def test_what_aitviewer_reads_is_there(saved: Path) -> None:
    with np.load(saved, allow_pickle=False) as data:
        assert data["gender"].item() in ("neutral", "female", "male")
        assert data["mocap_framerate"].tolist() == pytest.approx(RATE)
        poses, trans, betas = data["poses"], data["trans"], data["betas"]
    assert poses.ndim == trans.ndim == 2
    assert len(poses) == len(trans)
    assert betas.ndim == 1


def test_what_the_blender_add_on_reads_is_there(saved: Path) -> None:
    with np.load(saved) as data:
        for key in ("trans", "gender", "betas", "poses"):
            assert key in data
        assert str(data["gender"]) in ("neutral", "female", "male")
        for key in ("mocap_frame_rate", "mocap_framerate"):
            assert int(data[key]) == int(RATE)
        joints = data["poses"].reshape(len(data["poses"]), -1, 3)
        assert joints.shape[1] in (len(JOINT_NAMES["smplx"]), len(JOINT_NAMES["smplh"]))
        assert data["trans"].shape == (len(joints), 3)
        assert data["betas"].ndim == 1
        assert len(data["betas"]) <= BLENDER_SHAPES


def test_without_a_frame_rate_there_is_none_to_be_read(tmp_path: Path) -> None:
    save_result(tmp_path / "a.npz", replace(result_in("smplx")[0], frame_rate=None))
    with np.load(tmp_path / "a.npz") as data:
        assert not {"mocap_frame_rate", "mocap_framerate"} & set(data.files)


def test_the_smplx_package_takes_the_first_betas_and_all_of_them(tmp_path: Path) -> None:
    body, result = body_pair(MANY_BETAS).target, result_in("smplx")[0]
    betas = np.random.default_rng(4).normal(size=100).astype(np.float32)
    save_result(tmp_path / "dance_stageii.npz", replace(result, betas=betas))
    model = str(write_model(body, tmp_path))
    with np.load(tmp_path / "dance_stageii.npz") as data:
        poses, frames = torch.as_tensor(data["poses"]).unflatten(1, (-1, 3)), len(data["poses"])
        for key, count in (("betas", 16), ("refit_betas", 100)):
            layer = smplx.SMPLX(model, batch_size=frames, num_betas=count, use_pca=False, flat_hand_mean=True)
            assert layer.num_betas == data[key].shape[0] == count
            with torch.no_grad():
                found = layer(
                    betas=torch.as_tensor(data[key]).expand(frames, -1),
                    transl=torch.as_tensor(data["trans"]),
                    expression=torch.as_tensor(data["expression"]),
                    **arguments("smplx", poses),
                )
            whole = np.where(np.arange(100) < count, betas, 0)
            ours = posed(replace(result, betas=whole).as_motion(), body, slice(None))[0]
            np.testing.assert_allclose(found.vertices, ours, atol=2e-5)


@pytest.fixture
def aitviewer(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The package, pointed at the built-in bodies in the layout that it expects."""
    pytest.importorskip("aitviewer.renderables.smpl", reason="aitviewer is not installed")
    from aitviewer.configuration import CONFIG

    pair = bodies("built-in")
    write_model(pair.target, tmp_path / "smplx")
    # Of SMPL-H it takes the female model for the neutral one.
    write_model(replace(pair.source, gender="female"), tmp_path / "smplh")
    CONFIG.update_conf({"smplx_models": str(tmp_path), "device": "cpu"})
    return CONFIG


def test_smplh_results_open_in_aitviewer(aitviewer, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from aitviewer.models.smpl import SMPLLayer
    from aitviewer.renderables.smpl import SMPLSequence

    result, body = result_in("smplh")
    save_result(tmp_path / "dance_smplh.npz", result)
    layer = SMPLLayer("smplh", "neutral", num_betas=body.num_betas, device="cpu", ext="npz")
    found = SMPLSequence.from_amass(
        str(tmp_path / "dance_smplh.npz"), smpl_layer=layer, device="cpu", z_up=False, log=True
    )
    ours = posed(result.as_motion(), body, slice(None))[0]
    np.testing.assert_allclose(found.vertices, ours, atol=2e-5)


def test_smplx_results_open_in_aitviewer(aitviewer, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from aitviewer.models.smpl import SMPLLayer
    from aitviewer.renderables.smpl import SMPLSequence

    result, body = result_in("smplx")
    save_result(tmp_path / "dance_stageii.npz", result)
    layer = SMPLLayer("smplx", "neutral", num_betas=body.num_betas, device="cpu", ext="npz")
    with np.load(tmp_path / "dance_stageii.npz") as data:
        # Its `from_amass` knows no face between body and hands; the pieces of a pose do.
        found = SMPLSequence(
            data["pose_body"],
            layer,
            poses_root=data["root_orient"],
            betas=data["betas"],
            trans=data["trans"],
            poses_left_hand=data["pose_hand"][:, :45],
            poses_right_hand=data["pose_hand"][:, 45:],
            poses_jaw=data["pose_jaw"],
            poses_leye=data["pose_eye"][:, :3],
            poses_reye=data["pose_eye"][:, 3:],
            expression=data["expression"],
            device="cpu",
        )
    ours = posed(result.as_motion(), body, slice(None))[0]
    np.testing.assert_allclose(found.vertices, ours, atol=2e-5)
