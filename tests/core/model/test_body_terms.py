"""What a file tells in terms of the body: where a joint lands, and how the hands are, on every way in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

import refit
from core.commands.cli import main
from core.commands.inspecting.inspect_subject import inspect_file
from core.correspond.load_bodies import load_bodies
from core.files.motions.load_motion import load_motion
from core.model.body import BodyModel
from core.model.body_pair import in_body
from core.model.motion import BodyTerms, Motion, Reading
from core.model.posing import posed
from core.model.resample import resampled
from core.outputs.results import load_result
from core.session.fit_origin import find_motion, find_source
from core.session.session import SourceFile
from gui_app.files.open import open_fit, open_motion
from gui_app.files.open_question import Answer
from tests.core.files.containers.joblib_writer import joblib_bytes
from tests.core.files.motions.sources.example import standing
from tests.core.files.motions.sources.examples import gvhmr, torch_bytes, wham
from tests.variants import NAMES, body_pair

PLACE = np.array([[0.3, 1.0, -0.2], [0.3, 1.0, -0.2]], np.float32)
LYING = Rotation.from_euler("zx", [90, 20], degrees=True).as_rotvec()


def result_of_wham(folder: Path) -> Path:
    """Somebody upright, then lying, his hips at one place; a shape for each frame."""
    poses = np.random.default_rng(3).normal(scale=0.1, size=(2, 72)).astype(np.float32)
    poses[:, :3] = standing(1)[0], LYING
    path = folder / "wham_output.pkl"
    path.write_bytes(joblib_bytes(wham((0,), 2, pose_world=poses, trans_world=PLACE, frame_ids=None)))
    return path


def middle_of_hips(motion: Motion, body: BodyModel) -> np.ndarray:
    """(T, 3) from nothing but the arrays of the model."""
    found = []
    for frame in range(len(motion)):
        betas = motion.betas_of(np.array([frame])).reshape(-1)[: body.num_betas]
        rest = body.J_regressor @ (body.v_template + body.shapedirs[..., : len(betas)] @ betas)
        about = rest[1:3].mean(0) - rest[0]
        turned = Rotation.from_rotvec(motion.poses[frame, 0]).apply(about)
        found.append(rest[0] + turned + motion.trans[frame])
    return np.array(found)


@pytest.mark.parametrize("variant", NAMES)
def test_the_hips_land_where_wham_has_them(variant: str, tmp_path: Path) -> None:
    motion = load_motion(result_of_wham(tmp_path))
    body = body_pair(variant, "smpl").source
    assert np.abs(middle_of_hips(motion, body) - PLACE).max() > 0.15  # as translations they are far off
    found = in_body(motion, body)
    assert found.body_terms is None
    np.testing.assert_allclose(middle_of_hips(found, body), PLACE, atol=1e-5)
    _, joints = posed(found, body, slice(None))
    np.testing.assert_allclose(joints[:, 1:3].mean(1), PLACE, atol=1e-5)
    assert in_body(found, body) is found
    # Half of it is the same half.
    np.testing.assert_array_equal(in_body(motion.cut(1, 2), body).trans, found.trans[1:])


def test_before_the_camera_it_is_a_translation(tmp_path: Path) -> None:
    path = result_of_wham(tmp_path)
    motion = load_motion(path, Reading(coordinates="camera"))
    assert motion.body_terms is None
    assert motion.reading.in_body is None


def test_on_every_way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFIT_MODELS", raising=False)
    path, output = result_of_wham(tmp_path), tmp_path / "out.npz"
    pair = load_bodies(source="smpl")

    def lands(motion: Motion | None) -> bool:
        assert motion is not None
        assert motion.body_terms is None
        return bool(np.abs(middle_of_hips(motion, pair.source) - PLACE).max() < 1e-5)

    assert lands(inspect_file(path, None).motion)
    assert lands(open_motion(path, None, Answer(final=True)).motion)
    assert main(["convert", str(path), "-o", str(output), "--preset", "fast", "--session"]) == 0
    result = load_result(output)
    opened = open_fit(output, None)
    assert lands(opened.motion)
    assert lands(inspect_file(output, None).motion)
    session = refit_session(output.with_suffix(".refit"))
    assert lands(session)
    # Python, with the motion as it was read.
    motion = refit.load_motion(path)
    skin = pair.source.vertices_of(motion)
    np.testing.assert_allclose(skin, posed(opened.motion, pair.source, slice(None))[0], atol=1e-5)
    again = refit.fit(motion, preset="fast", device="cpu", threads=1, progress=False)
    np.testing.assert_allclose(again.transl, result.transl, atol=1e-3)
    assert np.nanmax(refit.measure(again, motion).mean_mm) < 2 * np.nanmax(again.mean_mm)
    hips = pair.target.joints(*map(pair.target.tensor, (again.poses, again.betas, again.transl)))[:, 1:3]
    assert np.abs(hips.mean(1).numpy() - PLACE).max() < 0.05
    # A fit of an older version keeps the motion that it was made from.
    told = dict(result.provenance["source"])
    assert told["reading"] == {"in_body": True}
    old = replace(result, provenance={**result.provenance, "source": told | {"reading": {}}})
    assert np.array_equal(find_motion(output, old).trans, PLACE)
    source = SourceFile.of(motion)
    assert find_source(output, replace(source, reading=Reading()), path).body_terms is None
    assert find_source(output, source, path).body_terms is not None


def refit_session(path: Path) -> Motion | None:
    from core.outputs.sessions import load_session

    return load_session(path).motion


def test_what_is_told_of_a_body_is_posed_by_none_without_it(tmp_path: Path) -> None:
    motion = load_motion(result_of_wham(tmp_path))
    with pytest.raises(ValueError, match="in terms of its body"):
        posed(motion, load_bodies(source="smpl").source, slice(None))


def test_gvhmr_has_the_mean_pose_of_the_models_hands(tmp_path: Path) -> None:
    path = tmp_path / "hmr4d_results.pt"
    path.write_bytes(torch_bytes(gvhmr()))
    motion = load_motion(path)
    for variant in ("built-in", "strong correctives"):
        body = body_pair(variant, "smplx").source
        assert body.hands_mean is not None
        found = in_body(motion, body)
        hands = found.poses[:, 25:].reshape(5, 90)
        np.testing.assert_allclose(hands, np.tile(body.hands_mean, (5, 1)), atol=1e-6)
        assert np.array_equal(found.poses[:, :25], motion.poses[:, :25])
        bare = in_body(motion, replace(body, hands_mean=None))
        assert not bare.poses[:, 25:].any()
        assert any("no mean pose of hands" in note for note in bare.notes)


@pytest.mark.parametrize("family", ["smplh", "smplx"])
def test_hands_by_components_are_those_of_the_smplx_package(family: str) -> None:
    body = load_bodies(source=family, target="smpl").source
    random = np.random.default_rng(4)
    components = random.normal(scale=0.3, size=(2, 45, 45)).astype(np.float32)
    body = replace(body, hands_components=components)
    assert body.hands_mean is not None
    coefficients = random.normal(size=(3, 2, 6)).astype(np.float32)
    motion = _motion(body, 3, hands_mean=True, hand_components=coefficients)
    hands = in_body(motion, body).poses[:, -30:].reshape(3, 2, 45)
    for side in range(2):
        wanted = coefficients[:, side] @ components[side, :6] + body.hands_mean.reshape(2, 45)[side]
        np.testing.assert_allclose(hands[:, side], wanted, atol=1e-5)
    none = in_body(motion, replace(body, hands_components=None))
    assert any("no principal components" in note for note in none.notes)
    between = resampled(replace(motion, frame_rate=10.0), 20.0)
    assert between.body_terms is not None
    assert between.body_terms.hand_components is not None
    np.testing.assert_allclose(between.body_terms.hand_components[1], coefficients[:2].mean(0), atol=1e-6)
    picked = motion.some(np.array([2]))
    assert picked.body_terms is not None
    assert picked.body_terms.hand_components is not None
    np.testing.assert_array_equal(picked.body_terms.hand_components, coefficients[2:])


def _motion(body: BodyModel, frames: int, **terms: Any) -> Motion:
    poses = np.zeros((frames, body.num_joints, 3), np.float32)
    place = np.zeros((frames, 3), np.float32)
    return Motion(body.family, poses, place, np.zeros(10, np.float32), body_terms=BodyTerms(**terms))
