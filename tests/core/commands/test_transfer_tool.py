"""People who come from the published transfer tool: its files, its options, its configurations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import refit
from core.commands.cli import main
from core.correspond.load_bodies import load_bodies
from core.measure.vertex_mask import measured_mask
from core.outputs.meshes import write_mesh, write_meshes
from core.outputs.results import load_result
from core.outputs.transfer_config import read_transfer_config
from tests.core.clip_files import clip_arrays
from tests.core.clip_fits import bodies, clip
from tests.transfer_files import write_correspondence, write_mask

FAST = ["--preset", "fast", "--threads", "1"]
CONFIG = """
datasets:
    mesh_folder:
        data_folder: 'meshes/smpl'
deformation_transfer_path: 'transfer_data/smpl2smplx_deftrafo_setup.pkl'
mask_ids_fname: 'smplx_mask_ids.npy'
summary_steps: 100

edge_fitting:
    per_part: False

optim:
    type: 'trust-ncg'
    maxiters: 100
    gtol: 1e-06

body_model:
    model_type: "smplx"
    gender: "neutral"
    use_compressed: False
    smplx:
        betas:
            num: 10
        expression:
            num: 10
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A short motion, and the correspondence and mask of the built-in bodies in their official forms."""
    pair = load_bodies()
    made = {
        "motion": tmp_path / "walk_poses.npz",
        "transfer": tmp_path / "smplh2smplx_deftrafo_setup.pkl",
        "mask": tmp_path / "smplx_mask_ids.npy",
        "exclude": tmp_path / "headbun.npy",
    }
    np.savez(made["motion"], **clip_arrays("walk", slice(0, 12)))
    write_correspondence(made["transfer"], pair.correspondence.matrix)
    valid = pair.correspondence.valid.copy()
    valid[np.flatnonzero(valid)[::3]] = False
    write_mask(made["mask"], valid)
    np.save(made["exclude"], np.flatnonzero(valid)[:500])
    return made


def convert(files: dict[str, Path], out: Path, *more: str) -> int:
    return main(["convert", str(files["motion"]), "-o", str(out), *FAST, *more])


def test_the_folders_files_can_be_given_by_name(files: dict[str, Path], tmp_path: Path) -> None:
    plain, given = tmp_path / "plain.npz", tmp_path / "given.npz"
    assert convert(files, plain) == 0
    assert convert(files, given, f"--transfer={files['transfer']}") == 0
    np.testing.assert_allclose(load_result(given).poses, load_result(plain).poses, atol=1e-5)
    told, own = (load_result(path).provenance["correspondence"] for path in (given, plain))
    assert told["file"] == files["transfer"].name
    assert told["sha256"] != own["sha256"]


def test_mask_and_exclude_lists_count_in_fit_and_errors(files: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    assert convert(files, out, f"--mask={files['mask']}", f"--exclude={files['exclude']}") == 0
    result, own = load_result(out), load_bodies().correspondence
    wanted = np.zeros(len(own.valid), dtype=bool)
    wanted[np.load(files["mask"])] = True
    wanted[np.load(files["exclude"])] = False
    np.testing.assert_array_equal(measured_mask(result, own), wanted)
    named = refit.load_bodies("builtin", mask=files["mask"], exclude=[files["exclude"]])
    np.testing.assert_array_equal(named.correspondence.valid, wanted)
    # With them it is another fit, and one that is there says so.
    assert convert(files, out) == 1


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--transfer={motion}", "expected a correspondence"),
        ("--mask={transfer}", "expected a list of vertices"),
        ("--exclude={everything}", "leaves no vertex that is valid"),
        ("--mask={nowhere}", "there is no such file"),
    ],
)
def test_files_that_do_not_fit_are_refused_before_the_fit(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, words: str
) -> None:
    np.save(tmp_path / "all.npy", np.arange(10475))
    places = files | {"everything": tmp_path / "all.npy", "nowhere": tmp_path / "nowhere.npy"}
    assert convert(files, tmp_path / "out.npz", option.format(**places)) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert words in said
    assert not (tmp_path / "out.npz").exists()


def test_its_configuration_is_a_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Run as the tool is run, from the folder that the paths are of, with nothing else on the line."""
    motion, pair = clip("walk", 30, 33), bodies("built-in")
    (tmp_path / "meshes").mkdir()
    write_meshes(tmp_path / "meshes" / "smpl", "walk", motion, pair.source, np.arange(3), suffix=".obj")
    (tmp_path / "transfer_data").mkdir()
    write_correspondence(
        tmp_path / "transfer_data" / "smpl2smplx_deftrafo_setup.pkl", pair.correspondence.matrix
    )
    # Where its own page has it put.
    write_mask(tmp_path / "transfer_data" / "smplx_mask_ids.npy", pair.correspondence.valid)
    (tmp_path / "config_files").mkdir()
    config = tmp_path / "config_files" / "smpl2smplx.yaml"
    config.write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    assert main(["convert", "--recipe", str(config), "--threads", "1", "--verbose"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Without a counterpart, and not used: body_model.use_compressed, optim.gtol, optim.type" in said
    assert "edge · pose 1 · 3 of 3 frames · objective" in said
    result = load_result(tmp_path / "output" / "smpl_stageii.npz")
    stages = result.provenance["recipe"]["stages"]
    assert [stage["stage"] for stage in stages] == ["edge", "translation", "vertex"]
    assert (stages[2]["num_betas"], stages[2]["shape"], stages[2]["iterations"]) == (10, "per-frame", 100)
    assert result.converged.all()
    # As the tool's own objective: closer than with one shape and priors.
    assert result.mean_mm.max() < 3.5
    other = tmp_path / "other"
    meshes = str(tmp_path / "meshes" / "smpl")
    assert main(["convert", meshes, "-o", str(other), "--recipe", str(config)]) == 0
    assert (other / "smpl_stageii.npz").exists()


def test_a_single_mesh_is_a_motion_of_one_frame(tmp_path: Path) -> None:
    motion, pair = clip("walk", 30, 31), bodies("built-in")
    path = tmp_path / "person.obj"
    write_mesh(path, motion, pair.source, 0)
    assert main(["convert", str(path), "-o", str(tmp_path / "out.npz"), *FAST]) == 0
    assert len(load_result(tmp_path / "out.npz")) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("optim:\n  maxiters: many\n", "'optim.maxiters' is 'many', expected a whole number, 1 or more"),
        ("body_model:\n  model_type: star\n", "'body_model.model_type' is 'star', expected one of"),
        ("edge_fitting:\n  per_part: 3\n", "'edge_fitting.per_part' is neither true nor false"),
        ("mask_ids_fname: [1]\n", "'mask_ids_fname' is [1], expected a path"),
        ("a: [1", "is no YAML in line 1: expected"),
        ("optim: {maxiters: 0}\n", "is 0, expected a whole number, 1 or more"),
        ("use_cuda: maybe\n", "'use_cuda' is neither true nor false"),
        ("- 1\n", "holds no table of settings"),
        ("body_model: {smplx: {betas: {num: 400}}}\n", "asks for what there is not: num_betas is 400"),
        ("x: !!python/object/apply:os.mkdir [made]\n", "is no YAML"),
        ("[" * 3000, "is no YAML"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refuses: Callable[..., str],
    text: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert words in refuses(read_transfer_config, path)
    assert not (tmp_path / "made").exists()


def test_aliases_without_end_are_refused(tmp_path: Path, refuses: Callable[..., str]) -> None:
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{" + ", ".join(f"k{m}: *a{n - 1}" for m in range(9)) + "}" for n in range(1, 12)]
    path = tmp_path / "a.yaml"
    path.write_text("\n".join(lines))
    assert "holds more than any configuration" in refuses(read_transfer_config, path)


def test_parts_are_fitted_down_the_chain_where_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("edge_fitting: {per_part: true}\nuse_cuda: false\noptim: {maxiters: 500}\n")
    found = read_transfer_config(path)
    assert [stage.order for stage in found.recipe.stages] == ["chain", "together", "together"]
    assert (found.device, found.recipe.stages[0].iterations) == ("cpu", 200)
    assert any("200 are the most" in note for note in found.notes)


def test_without_inputs_or_output_there_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", "-o", "out"]) == 2
    assert "There is nothing to convert" in capsys.readouterr().err
    assert main(["convert", "a.npz"]) == 2
    assert "give -o OUT" in capsys.readouterr().err


def test_a_motion_keeps_its_gender_and_python_takes_configurations_too(
    files: dict[str, Path], tmp_path: Path
) -> None:
    config = tmp_path / "a.yaml"
    config.write_text("body_model: {model_type: smplx, gender: neutral}\noptim: {maxiters: 3}\n")
    arrays = dict(np.load(files["motion"])) | {"gender": np.array("male")}
    np.savez(files["motion"], **arrays)
    (outcome,) = refit.convert(
        files["motion"], tmp_path / "out", recipe=config, exclude=files["exclude"], frames=(0, 1), threads=1
    )
    assert outcome.fit == "written", outcome.error
    assumed = outcome.meaning["assumed"]
    assert {one["value"] for one in assumed if one["quantity"] == "gender"} == {"male"}
    assert outcome.result is not None
    assert outcome.result.provenance["recipe"]["name"] == "a"
