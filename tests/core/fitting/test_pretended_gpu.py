"""Whatever is fitted stays on its device, and is the same fit there."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch

from core.correspond.load_bodies import load_bodies
from core.fitting.frame_steps import frame_steps
from core.fitting.objective.objective import FitSkin
from core.fitting.recipe.recipe import ACCURATE, FAST, Recipe
from core.fitting.recipe.settings import FitSettings
from core.fitting.run import FitRun
from core.fitting.stage.far_off import LOOKED_AT
from core.fitting.stage.frame_chunks import USUAL_BYTES, cuda_chunk
from core.model.body_pair import BodyPair
from core.model.fit_result import FitResult
from core.model.joints import PARTS
from core.model.motion import Motion, motion_of_meshes
from core.model.posing import posed
from core.model.vertex_errors import frame_errors
from core.problems.second_opinion import SecondOpinion
from tests.core.fitting import pretended_gpu as pretended_gpu_module
from tests.core.fitting.judged import clip
from tests.core.fitting.pretended_gpu import on_gpu, pretended_gpu
from tests.variants import body_pair

FRAMES = 6
# Where skin shows little of what is left, and each device takes its own way there.
TO_THE_END = FitSettings(tolerance=1e-6, iterations=60)
CASES: dict[str, Recipe | FitSettings] = {
    "accurate": ACCURATE,
    "fast": FAST,
    "edges, translation, vertices": Recipe(
        (FitSettings(stage="edge", iterations=4), FitSettings(stage="translation"), FitSettings())
    ),
    "down the chain": FitSettings(stage="edge", order="chain", iterations=1, free_left_hand=False),
    "from body parts": Recipe((FitSettings(),), start="parts"),
    "smooth": FitSettings(smoothness=0.3),
    "even": FitSettings(acceleration=0.1),
    "like the frame before": FitSettings(pose_prior=1e-3, pose_prior_to="previous"),
    "towards zero": FitSettings(pose_prior=1e-3, pose_prior_to="zero"),
    "robust by part": FitSettings(robust="huber", robust_scale=1.5, edge_weight=1.0),
    "robust by vertex": FitSettings(robust="geman-mcclure", robust_by="vertex", robust_scale=5.0),
    "own shape and expression": FitSettings(shape="per-frame", expression="per-frame"),
    "shared expression, face": FitSettings(expression="shared", free_jaw=True, free_eyes=True),
    "held": FitSettings(free_transl=False, free_global_orient=False, free_left_hand=False, pose_prior=1e-2),
    "fixed shape": replace(TO_THE_END, shape="fixed"),
}
LATER = ("fast", "like the frame before", "towards zero", "shared expression, face", "held", "fixed shape")


def fit(motion: Motion, pair: BodyPair, recipe: Recipe | FitSettings, device: str) -> FitResult:
    run = FitRun(motion, pair, recipe, device=device, threads=1, first_frame=2, measure_start=True)
    for _ in run:
        pass
    return run.result()


# What a figure may differ by where other steps led there, millimetres, and a rotation, radians: what skin
# hardly shows is where the last step left it.
SAME_MM, SAME_MOST_MM, SAME_RADIANS = 0.01, 0.05, 0.05


def same(one: FitResult, other: FitResult) -> None:
    """Both, up to where steps end: a device takes them in another order."""
    for field in fields(FitResult):
        value = getattr(one, field.name)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            allowed = SAME_MM if field.name in ("mean_mm", "median_mm") else SAME_RADIANS
            allowed = SAME_MOST_MM if field.name in ("p95_mm", "max_mm", "part_mm") else allowed
            # A bound, by a matrix of all vertices or of few.
            share = 0.3 if field.name == "left_degrees" else 0.0
            assert np.allclose(value, getattr(other, field.name), share, allowed, equal_nan=True), (
                field.name,
                np.nanmax(np.abs(value - getattr(other, field.name))),
            )
        elif isinstance(value, np.ndarray):
            assert np.array_equal(value, getattr(other, field.name)), field.name


def test_the_pretence_refuses_what_a_gpu_would() -> None:
    with pretended_gpu():
        there, here = torch.ones(3, device="cuda"), torch.ones(3)
        assert there.device.type == "cuda"
        assert on_gpu(2 * there[here > 0] + torch.tensor(1.0))
        assert not on_gpu(there.cpu() + here)
        for mix in (
            lambda: there + here,
            lambda: here[there > 0],
            lambda: there.__setitem__(slice(0, 2), here[:2]),
            lambda: torch.cat((there, here)),
            lambda: here.index_add_(0, torch.tensor([0], device="cuda"), here[:1]),
        ):
            with pytest.raises(RuntimeError, match="same device"):
                mix()
        with pytest.raises(TypeError, match="numpy"):
            there.numpy()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in LATER else ()) for name in CASES]
)
def test_every_setting_stays_on_its_device(name: str) -> None:
    motion, pair = clip("dance", 100, FRAMES), load_bodies()
    here = fit(motion, pair, CASES[name], "cpu")
    with pretended_gpu():
        there = fit(motion, pair, CASES[name], "cuda")
    same(here, there)
    assert there.provenance["device"] == "cuda"


@pytest.mark.parametrize(
    "variant",
    [
        "dense correctives",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("strong correctives", "other shape basis")),
    ],
)
def test_harder_bodies_too(variant: str) -> None:
    motion, pair = clip("backflip", 30, 2 * FRAMES), body_pair(variant)
    recipe = TO_THE_END if variant == "strong correctives" else ACCURATE
    here = fit(motion, pair, recipe, "cpu")
    with pretended_gpu():
        same(here, fit(motion, pair, recipe, "cuda"))


def test_sources_of_every_kind() -> None:
    walk, pair = clip("walk", 0, FRAMES), load_bodies()
    own = np.repeat(walk.betas[None], FRAMES, 0) + 0.1 * np.arange(FRAMES, dtype=np.float32)[:, None]
    meshes = motion_of_meshes("smplh", posed(walk, pair.source, slice(None))[0], frame_rate=60.0)
    for motion in (replace(walk, frame_betas=own), meshes):
        here = fit(motion, pair, ACCURATE, "cpu")
        with pretended_gpu():
            same(here, fit(motion, pair, ACCURATE, "cuda"))


def test_what_leaves_the_device_is_the_result_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    placed = pretended_gpu_module._placed

    def weighing(value: object, goes: bool, crossing: bool) -> object:
        if crossing and not goes and isinstance(value, torch.Tensor):
            left.append(value.numel() * value.element_size())
        return placed(value, goes, crossing)

    monkeypatch.setattr(pretended_gpu_module, "_placed", weighing)
    motion = clip("walk", 0, 60)
    with pretended_gpu():
        fit(motion, load_bodies(), ACCURATE, "cuda")
    # Beside it how far every vertex of some frames is off, from which rows that are far off are found.
    looked_at = (4 * LOOKED_AT + 2) * load_bodies().target.num_vertices
    assert 500 * len(motion) < sum(left) < 2_000 * len(motion) + looked_at, (
        "a residual alone is a hundred thousand bytes a frame"
    )


@pytest.mark.parametrize("vertices", [1, 2, 19, 500])
def test_errors_there_are_those_of_the_processor(vertices: int) -> None:
    generator = np.random.default_rng(vertices)
    residual = torch.as_tensor(generator.normal(size=(vertices, 3, 7)).astype(np.float32))
    # Of the last part there is no vertex.
    parts = generator.integers(0, len(PARTS) - 1, vertices)
    here = frame_errors(residual, parts)
    with pretended_gpu():
        there = frame_errors(residual.to("cuda"), parts)
    assert np.isnan(here.part[:, -1]).all()
    for field in fields(here):
        assert np.allclose(getattr(here, field.name), getattr(there, field.name), rtol=1e-5, equal_nan=True)


@pytest.mark.parametrize(("gigabytes", "frames", "large"), [(1, 512, 128), (8, 2048, 512), (100, 4096, 4096)])
def test_a_larger_device_gets_more_frames_at_once(gigabytes: int, frames: int, large: int) -> None:
    with pretended_gpu(gigabytes << 30):
        assert cuda_chunk(torch.device("cuda"), USUAL_BYTES) == frames
        assert cuda_chunk(torch.device("cuda"), 4 * USUAL_BYTES) == large, "each needs more"
    with pretended_gpu(0, gigabytes << 30):
        assert cuda_chunk(torch.device("cuda"), USUAL_BYTES) == frames, (
            "what torch keeps is there for the next fit"
        )


TOGETHER = FitSettings(smoothness=0.3)
OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory")
CUBLAS = RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`")
CUSOLVER = torch.linalg.LinAlgError("cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR")
NO_KERNEL = RuntimeError("CUDA error: no kernel image is available for execution on the device\nCompile")
LOST = RuntimeError("CUDA error: unspecified launch failure")


@pytest.mark.parametrize(
    ("recipe", "error", "words"),
    [
        pytest.param(ACCURATE, OUT_OF_MEMORY, "ran out of memory", id="memory"),
        pytest.param(ACCURATE, CUBLAS, "cublasSgemm", id="cublas"),
        pytest.param(ACCURATE, CUSOLVER, "cusolver", id="cusolver"),
        pytest.param(ACCURATE, NO_KERNEL, "no kernel", id="no kernel"),
        pytest.param(ACCURATE, LOST, "launch failure", id="lost"),
        pytest.param(TOGETHER, OUT_OF_MEMORY, "ran out of memory", id="memory, together"),
        pytest.param(TOGETHER, LOST, "launch failure", id="lost, together"),
        pytest.param(TOGETHER, CUBLAS, "cublasSgemm", id="cublas, together", marks=pytest.mark.slow),
        pytest.param(TOGETHER, CUSOLVER, "cusolver", id="cusolver, together", marks=pytest.mark.slow),
        pytest.param(TOGETHER, NO_KERNEL, "no kernel", id="no kernel, together", marks=pytest.mark.slow),
    ],
)
def test_a_device_that_fails_is_left_for_the_processor(
    recipe: Recipe | FitSettings, error: RuntimeError, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    motion, pair = clip("walk", 0, FRAMES), load_bodies()
    here, inner = fit(motion, pair, recipe, "cpu"), FitSkin.derivatives
    when = iter([0] + [1] * 1000)

    def fails(skin: FitSkin, *args: Any, **options: Any) -> object:
        if skin.body.device.type == "cuda" and next(when):
            raise error
        return inner(skin, *args, **options)

    monkeypatch.setattr(FitSkin, "derivatives", fails)
    with pretended_gpu():
        run = FitRun(motion, pair, recipe, device="cuda", threads=2)
        told = [step.note for step in run if step.note]
    assert len(told) == 1
    assert words in told[0]
    assert told[0].endswith("the fit goes on on the processor.")
    found = run.result()
    assert found.provenance["device"] == "cpu"
    assert found.converged.all()
    assert np.abs(here.mean_mm - found.mean_mm).max() < 0.01


def test_an_error_that_is_none_of_the_devices_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> object:
        raise RuntimeError("expected all tensors to be on the same device, (3,) on the cpu")

    monkeypatch.setattr(FitSkin, "derivatives", fails)
    with pretended_gpu(), pytest.raises(RuntimeError, match="same device"):
        fit(clip("walk", 0, FRAMES), load_bodies(), ACCURATE, "cuda")


def test_frame_steps_and_second_opinions_stay_on_the_device() -> None:
    motion, pair = clip("dance", 100, FRAMES), load_bodies()
    found = fit(motion, pair, ACCURATE, "cpu")
    here = frame_steps(motion, pair, ACCURATE, 2, found, device="cpu")
    opinions = [SecondOpinion(motion, pair, found, [1, 4], device="cpu", threads=1).verdicts()]
    with pretended_gpu():
        there = frame_steps(motion, pair, ACCURATE, 2, found, device="cuda")
        opinions.append(SecondOpinion(motion, pair, found, [1, 4], device="cuda", threads=1).verdicts())
    assert there.result.provenance["device"] == "cuda"
    assert abs(here.steps[-1].mean_mm - there.steps[-1].mean_mm) < 0.01
    one, other = ([(each.frame, each.verdict) for each in judged] for judged in opinions)
    assert one == other
