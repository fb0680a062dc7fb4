"""Correspondences that cannot be one between two bodies are refused before a fit; all that can be are not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial import cKDTree

from core.commands.cli import main
from core.correspond.load_bodies import load_bodies, reversed_bodies
from core.errors import FileError
from core.files.bodies.correspondence_check import judge, laid_on, rest_fit
from core.files.bodies.correspondences import read_correspondence
from core.files.builtin_files import builtin_folder
from core.geometry.mirror import mirror_map
from core.model.body import BodyModel
from core.model.body_pair import BodyPair
from core.model.correspondence import Correspondence
from tests.variants import NAMES, body_pair, with_other_rest_pose

FAMILIES = ("smpl", "smplh", "smplx")
TRANSFER = "transfer/smplh2smplx_deftrafo_setup.pkl"


@pytest.fixture(scope="module")
def pair() -> BodyPair:
    return load_bodies()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The built-in bodies as somebody's folder of models, without a mask."""
    copy = tmp_path / "models"
    shutil.copytree(builtin_folder() / "bodies", copy)
    (copy / "transfer/smplx_mask_ids.npy").unlink()
    return copy


def put(folder: Path, matrix: sparse.spmatrix) -> Path:
    """A matrix as the folder's correspondence from SMPL-H to SMPL-X."""
    (folder / TRANSFER).unlink(missing_ok=True)
    path = folder / "transfer/smplh2smplx.npz"
    sparse.save_npz(path, sparse.csr_matrix(matrix))
    return path


def nearest(pair: BodyPair) -> sparse.csr_matrix:
    """One source vertex for each of the target, as simple tools make them."""
    ids = cKDTree(pair.source.v_template).query(pair.target.v_template)[1]
    places = (np.ones(len(ids), np.float32), ids, np.arange(len(ids) + 1))
    return sparse.csr_matrix(places, shape=(len(ids), pair.source.num_vertices))


def odd_rows(pair: BodyPair, count: int) -> np.ndarray:
    """The lowest vertices that count."""
    valid = np.flatnonzero(pair.correspondence.valid)
    return valid[np.argsort(pair.target.v_template[valid, 1])[:count]]


def with_odd_rows(pair: BodyPair, matrix: sparse.csr_matrix, count: int) -> sparse.csr_matrix:
    """Some rows that lead to the other end of the body: those of the feet to the head."""
    highest = int(np.where(pair.correspondence.valid, pair.target.v_template[:, 1], -9).argmax())
    changed = matrix.tolil()
    changed[odd_rows(pair, count)] = matrix[np.full(count, highest)]
    return sparse.csr_matrix(changed)


def as_big(body: BodyModel, size: float, head: float = 1.0) -> BodyModel:
    """Another size, and of that another size of the head."""
    shape = size * body.v_template
    joint = body.joint_names.index("head")
    turned = [name in ("head", "jaw") or "eye" in name for name in body.joint_names]
    share = body.weights[:, turned].sum(1, keepdims=True)
    away = shape - body.J_regressor[joint] @ shape
    return replace(body, v_template=(shape + (head - 1) * share * away).astype(np.float32))


def shaped(body: BodyModel, number: int, sigmas: float) -> BodyModel:
    shape = body.v_template + sigmas * body.shapedirs[:, :, number]
    return replace(body, v_template=shape.astype(np.float32))


def with_other_joints(body: BodyModel, seed: int) -> BodyModel:
    """Joints of the skeleton some 3 cm elsewhere, as another model's regressor has them; fingers less."""
    rng = np.random.default_rng(seed)
    away = np.zeros((body.num_joints, 4))
    away[:22, :3], away[22:, :3] = rng.normal(scale=0.017, size=(22, 3)), 0.003
    spread = away @ np.linalg.pinv(np.column_stack((body.v_template, np.ones(body.num_vertices))))
    return replace(body, J_regressor=(body.J_regressor + spread).astype(np.float32))


def legitimate():  # type: ignore[no-untyped-def]
    for source in FAMILIES:
        for target in FAMILIES:
            yield f"{source} to {target}", load_bodies(source=source, target=target)
    for name in NAMES:
        yield name, body_pair(name)
        yield f"{name}, back", reversed_bodies(body_pair(name))
    pair = load_bodies()
    for degrees in (20, 60):
        yield f"arms lowered {degrees}°", replace(pair, source=with_other_rest_pose(pair.source, degrees))
        yield f"arms lowered {degrees}°", replace(pair, target=with_other_rest_pose(pair.target, degrees))
    for size, head in ((0.3, 1.0), (0.5, 2.0), (1.6, 1.0)):
        yield f"size {size}", replace(pair, source=as_big(pair.source, size, head))
        yield f"size {size}, target", replace(pair, target=as_big(pair.target, size, head))
    for seed in range(3):
        yield f"joints {seed}", replace(pair, target=with_other_joints(pair.target, seed))
    for number in range(3):  # as unlike as the shapes of the two genders, and more
        unlike = replace(pair, source=shaped(pair.source, number, 3), target=shaped(pair.target, number, -3))
        yield f"beta {number}", unlike
    for way in (pair, reversed_bodies(pair)):
        yield (
            "nearest vertices",
            replace(way, correspondence=Correspondence(nearest(way), np.ones(way.target.num_vertices, bool))),
        )


def test_no_legitimate_pair_is_refused_or_remarked_on() -> None:
    for name, pair in legitimate():
        assert judge(pair.correspondence, pair.source, pair.target) == ("", ""), name


def test_the_target_is_laid_on_the_source(pair: BodyPair) -> None:
    for source in (pair.source, with_other_rest_pose(pair.source, 20), as_big(pair.source, 0.5)):
        size = np.ptp(source.v_template, axis=0).max()
        found = rest_fit(pair.correspondence.matrix, source, pair.target, pair.correspondence.valid)
        assert np.nanmax(found.distance) < 0.03 * size
        # That is no matter of where it stands and faces.
        turned = source.v_template[:, [2, 0, 1]] + np.float32([3, -2, 1])
        away = laid_on(pair.target, replace(source, v_template=turned))
        np.testing.assert_allclose(away, laid_on(pair.target, source)[:, [2, 0, 1]] + [3, -2, 1], atol=1e-4)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("order", "vertices whose counterpart lies more than 26 cm off or across the body at rest"),
        ("one further", "tears the skin"),
        ("sides of the source", "exchanges left and right"),
        ("sides of the target", "exchanges left and right"),
        ("half of it", "vertices whose counterpart lies more than 26 cm off or across the body at rest"),
    ],
)
@pytest.mark.parametrize("simple", [False, True])
def test_what_no_fit_can_be_made_with(
    folder: Path, pair: BodyPair, fault: str, words: str, simple: bool
) -> None:
    matrix = nearest(pair) if simple else pair.correspondence.matrix
    order = {
        "order": np.random.default_rng(0).permutation(6890),
        "one further": np.roll(np.arange(6890), 1),
        "sides of the source": mirror_map(pair.source).vertices,
    }
    if fault in order:
        matrix = matrix[:, order[fault]]
    elif fault == "half of it":
        matrix = with_odd_rows(pair, matrix, 2000)
    else:
        matrix = matrix[mirror_map(pair.target).vertices]
    path = put(folder, matrix)
    with pytest.raises(FileError, match=words) as caught:
        load_bodies(folder)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_the_command_line_says_it_and_compares_it(
    folder: Path, pair: BodyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(folder, pair.correspondence.matrix[:, mirror_map(pair.source).vertices])
    assert main(["inspect", "--models", str(folder)]) == 1
    assert "exchanges left and right: 5550 of the 5594 vertices" in " ".join(capsys.readouterr().err.split())
    # Without a fit it can be looked at.
    assert main(["inspect", "--compare", str(path)]) == 0
    assert f"{path.name} exchanges left and right" in " ".join(capsys.readouterr().out.split())


def test_a_few_odd_rows_are_told_with_their_number(folder: Path, pair: BodyPair) -> None:
    path = put(folder, with_odd_rows(pair, pair.correspondence.matrix, 45))
    (note,) = [note for note in load_bodies(folder).notes if "across" in note]
    total = int(pair.correspondence.valid.sum())
    assert note == (
        f"{path.name} has 45 of {total} rows that lie more than 26 cm from their place at rest or across the "
        "body; a mask can leave them out."
    )
    valid = np.setdiff1d(np.flatnonzero(pair.correspondence.valid), odd_rows(pair, 45))
    np.save(folder / "transfer/smplx_mask_ids.npy", valid)
    assert not any("across" in note for note in load_bodies(folder).notes)


def test_a_row_of_both_legs_is_odd(pair: BodyPair) -> None:
    ankles = [
        pair.source.weights[:, pair.source.joint_names.index(f"{s}_ankle")].argmax()
        for s in ("left", "right")
    ]
    matrix = pair.correspondence.matrix.tolil()
    row = int(pair.target.weights[:, pair.target.joint_names.index("left_ankle")].argmax())
    matrix[row] = 0
    matrix[row, ankles] = 0.5
    found = rest_fit(sparse.csr_matrix(matrix), pair.source, pair.target, pair.correspondence.valid)
    assert np.flatnonzero(found.across).tolist() == [row]
    assert found.distance[row] < found.far


def test_bodies_that_share_a_topology_must_share_its_order(folder: Path) -> None:
    """SMPL and SMPL-H have no file between them: one of them in another order is as wrong."""
    with np.load(folder / "smplh/neutral/model.npz") as stored:
        arrays = dict(stored)
    body = load_bodies().source
    order = np.random.default_rng(1).permutation(6890)
    for key in ("v_template", "shapedirs", "posedirs", "weights"):
        arrays[key] = arrays[key][order]
    arrays["f"] = np.argsort(order)[body.faces].astype(np.uint32)
    arrays["J_regressor"] = body.J_regressor[:, order]
    del arrays["origin"]
    np.savez(folder / "smplh/neutral/model.npz", **arrays)
    smpl = load_bodies(source="smpl").source
    (folder / "smpl").mkdir()
    np.savez(
        folder / "smpl/SMPL_NEUTRAL.npz",
        **{
            key: getattr(smpl, key)
            for key in ("v_template", "shapedirs", "posedirs", "weights", "J_regressor")
        },
        f=smpl.faces,
        kintree_table=np.stack([smpl.parents, np.arange(24)]),
    )
    with pytest.raises(FileError, match=r"its vertices are in another order than those of model\.npz"):
        load_bodies(folder, source="smpl", target="smplh")
    with pytest.raises(FileError, match=r"it is for vertices in another order than those of model\.npz and"):
        load_bodies(folder, source="smplh", target="smplx")
    load_bodies(folder, source="smpl", target="smplx")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: 2 * m, r"'matrix' has \d+ of \d+ rows that sum to 2, expected one in each"),
        (lambda m: m / 3, "rows that sum to 0.333, expected one in each"),
        (lambda m: -1 * m, "rows with weights as low as -1, expected none below zero"),
        (lambda m: m * np.nan, "'matrix' holds weights that are not finite"),
        (lambda m: m[:-1], r"has shape \(10474, 6890\), expected \(10475, 6890\)"),
    ],
)
def test_rows_that_are_no_weights(folder: Path, pair: BodyPair, change, words: str) -> None:  # type: ignore[no-untyped-def]
    put(folder, change(pair.correspondence.matrix.copy()))
    with pytest.raises(FileError, match=words):
        load_bodies(folder)


def test_a_few_rows_that_are_no_weights_are_told(folder: Path, pair: BodyPair) -> None:
    matrix = pair.correspondence.matrix.tolil()
    rows = np.flatnonzero(pair.correspondence.valid)[:9]
    matrix[rows] = matrix[rows] * 0.5
    path = put(folder, matrix)
    total = int(pair.correspondence.valid.sum())
    said = (
        f"{path.name} has 9 of {total} rows that sum to 0.5, expected one in each; a mask can leave them out."
    )
    assert said in load_bodies(folder).notes


def test_half_precision_is_enough(folder: Path, pair: BodyPair, tmp_path: Path) -> None:
    (folder / TRANSFER).unlink()
    path = folder / "transfer/smplh2smplx.npz"
    np.savez(path, matrix=pair.correspondence.matrix.toarray().astype(np.float16))
    found = load_bodies(folder).correspondence
    assert abs(found.matrix - pair.correspondence.matrix).max() < 1e-3
    np.testing.assert_array_equal(found.filled, pair.correspondence.filled)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([0, 10475], "names vertices from 0 to 10475, expected 0 to 10474"),
        ([], "names no vertex"),
        ("empty", "leaves 0 vertices that count and have a counterpart, expected at least 3"),
    ],
)
def test_masks_that_leave_nothing(folder: Path, pair: BodyPair, ids, words: str) -> None:  # type: ignore[no-untyped-def]
    chosen = np.flatnonzero(~pair.correspondence.filled)[:50] if ids == "empty" else np.array(ids, int)
    mask = folder / "transfer/smplx_mask_ids.npy"
    np.save(mask, chosen)
    with pytest.raises(FileError, match=words) as caught:
        load_bodies(folder)
    assert str(caught.value).startswith(str(mask))


def test_a_kept_correspondence_that_is_spoiled_is_built_again(pair: BodyPair, tmp_path: Path) -> None:
    from core.correspond.built_cache import _read
    from core.files.bodies.correspondences import write_correspondence

    path = tmp_path / "built.npz"
    write_correspondence(path, pair.correspondence)
    assert _read(path, pair.source, pair.target) is not None
    order = np.random.default_rng(0).permutation(6890)
    spoiled = Correspondence(
        sparse.csr_matrix(pair.correspondence.matrix[:, order]), pair.correspondence.valid
    )
    write_correspondence(path, spoiled, overwrite=True)
    assert _read(path, pair.source, pair.target) is None
    read = read_correspondence(path, source_vertices=6890, target_vertices=10475)
    assert judge(read, pair.source, pair.target)[0]
