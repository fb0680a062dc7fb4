"""Other methods on the same frames: ``python -m tests.bench.published [--bodies NAME] [CLIP ...]``.

The published three stages by autograd, with both of their optimisers, and smplfitter where it is installed
(``pip install .[bench]``) with its own regulariser of betas and without, each from the same targets. The cost
of a frame is given in seconds and in forward passes of the `smplx` package (batch 64, one thread), timed in
the same process. L-BFGS takes about a minute a frame, trust-ncg several.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import tempfile
import time
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.files.builtin_files import builtin_motions
from core.files.motions.load_motion import load_motion
from core.fitting.recipe.settings import FitSettings
from core.fitting.reference.published import OPTIMISERS, PublishedFit
from core.fitting.reference.smplx_layer import SmplxLayer, write_model
from core.fitting.run import FitRun
from core.fitting.stage.initial_pose import source_pose
from core.model.body_pair import BodyPair
from core.model.joints import PARTS
from core.model.motion import Motion
from core.model.skinning import rotation_matrices
from core.model.vertex_errors import frame_errors
from tests import variants
from tests.bench.fit_speed import forward_passes


@dataclass(frozen=True, eq=False)
class Frames:
    """What each method gets: (n, V, 3) targets relative to the source's trans, and its rotations."""

    motion: Motion
    pair: BodyPair
    targets: Tensor
    source: Tensor

    @property
    def valid(self) -> np.ndarray:
        """(V,) bool."""
        return self.pair.correspondence.valid


def frames_of(clip: Path, count: int, bodies: str) -> Frames:
    """Frames spread evenly over a clip."""
    pair, motion = variants.body_pair(bodies), load_motion(clip)
    chosen = np.linspace(0, len(motion) - 1, count + 2).round().astype(int)[1:-1]
    motion = replace(motion, poses=motion.poses[chosen], trans=motion.trans[chosen])
    betas = torch.as_tensor(motion.betas[: pair.source.num_betas])
    skin = pair.source.vertices(torch.as_tensor(motion.poses), betas, torch.zeros(count, 3))
    source = rotation_matrices(torch.as_tensor(source_pose(motion, pair, np.arange(count))))
    return Frames(motion, pair, pair.correspondence.apply(skin), source)


def report(
    label: str, figures: tuple[float, float, float], seconds: float, frames: int, a_pass: float
) -> None:
    """Prints one line of the table."""
    mean, p95, most = figures
    each = seconds / frames
    print(f"| {label} | {mean:.2f} | {p95:.2f} | {most:.1f} | {each:.3g} | {each / a_pass:.3g} |", flush=True)


def published(frames: Frames, optimiser: str, options: argparse.Namespace, a_pass: float) -> None:
    """The three stages; says after each frame how it went."""
    fit = PublishedFit(
        frames.pair.target,
        frames.targets.permute(1, 2, 0),
        frames.valid,
        frames.source,
        optimiser=optimiser,
        start=options.start,
        dtype=getattr(torch, options.dtype),
    )
    evaluations: dict[str, int] = {}
    started = time.perf_counter()
    for step in fit:
        if step.done:
            evaluations[step.stage] = evaluations.get(step.stage, 0) + step.evaluations
    seconds = time.perf_counter() - started
    figures = (fit.mean_mm.mean(), fit.p95_mm.mean(), fit.max_mm.max())
    report(f"published, {optimiser}", figures, seconds, len(fit), a_pass)
    each = ", ".join(f"{stage} {count / len(fit):.0f}" for stage, count in evaluations.items())
    each_mm = ", ".join(f"{mean:.2f}" for mean in fit.mean_mm)
    print(f"|  (gradients and products a frame: {each}; mean of each frame: {each_mm}) |||||")


def refit(frames: Frames, a_pass: float) -> None:
    """Refit itself on the same few frames; its preparations, which long motions share, are in the time."""
    run = FitRun(frames.motion, frames.pair, device="cpu", threads=1)
    started = time.perf_counter()
    for _ in run:
        pass
    seconds = time.perf_counter() - started
    result = run.result()
    figures = result.summary()
    report(
        "Refit, one shape",
        (figures["mean"], figures["p95"], figures["max"]),
        seconds,
        len(frames.source),
        a_pass,
    )


def completed(frames: Frames) -> Tensor:
    """(n, V, 3) targets with the vertices that have none (eyes, inner mouth) moved along with the head.

    smplfitter regresses joints from the targets, so that none may be missing.
    """
    target, valid = frames.pair.target, torch.as_tensor(frames.valid)
    head = torch.as_tensor(target.vertex_part == PARTS.index("head")) & valid
    rest, out = target.template, frames.targets.clone()
    middle = rest[head].mean(0)
    for points in out:
        there = points[head].mean(0)
        left, _, right = torch.linalg.svd((points[head] - there).T @ (rest[head] - middle))
        flip = torch.diag(torch.tensor([1.0, 1.0, float(torch.det(left @ right).sign())]))
        points[~valid] = (rest[~valid] - middle) @ (left @ flip @ right).T + there
    return out


def smplfitter(frames: Frames, iterations: int, share: bool, regulariser: float, a_pass: float) -> None:
    """Sárándi's smplfitter; ``regulariser`` of betas is 1 by default, and there may be none, 0."""
    from smplfitter.pt import BodyFitter, BodyModel  # type: ignore[import-not-found,unused-ignore]

    target, count = frames.pair.target, len(frames.targets)
    with tempfile.TemporaryDirectory() as folder:
        write_model(target, Path(folder))
        np.save(Path(folder) / "kid_template.npy", np.zeros((target.num_vertices, 3)))
        betas = min(target.num_betas, FitSettings().num_betas)
        body = BodyModel("smplx", target.gender, model_root=folder, num_betas=betas)
    fitter = BodyFitter(body)
    weights = torch.where(torch.as_tensor(frames.valid), 1.0, 1e-3).expand(count, -1)
    targets = completed(frames)
    wanted = ["pose_rotvecs", "shape_betas", "trans"]
    seconds = []
    with torch.no_grad():
        for _ in range(3):
            started = time.perf_counter()
            found = fitter.fit(
                targets,
                vertex_weights=weights,
                num_iter=iterations,
                share_beta=share,
                beta_regularizer=regulariser,
                requested_keys=wanted,
            )
            seconds.append(time.perf_counter() - started)
        poses = found["pose_rotvecs"].view(count, -1, 3)
        layer = SmplxLayer(target, torch.float32)
        found_betas = torch.nn.functional.pad(found["shape_betas"], (0, target.num_betas - betas))
        vertices, _ = layer(poses, found_betas, found["trans"])
    valid = torch.as_tensor(frames.valid)
    residual = (vertices - frames.targets)[:, valid].permute(1, 2, 0)
    errors = frame_errors(residual, target.vertex_part[frames.valid])
    figures = (errors.mean.mean(), errors.p95.mean(), errors.max.max())
    shape = "one shape" if share else "own shape"
    words = f"{iterations} iteration(s), {shape}, beta_regularizer={regulariser:g}"
    report(f"smplfitter, {words}", figures, min(seconds), count, a_pass)


def main() -> None:
    """Prints the table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("clips", nargs="*", default=["dance"], help="names of built-in clips")
    options.add_argument("--bodies", default="built-in", help="as in tests.variants")
    options.add_argument("--frames", type=int, default=4)
    options.add_argument("--optimiser", choices=(*OPTIMISERS, "both", "none"), default="both")
    options.add_argument("--start", choices=("source", "zero"), default="zero")
    options.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    options.add_argument("--threads", type=int, default=1)
    chosen = options.parse_args()
    clips = {path.stem.removesuffix("_poses"): path for path in builtin_motions()}
    for clip in chosen.clips:
        table(frames_of(clips[clip], chosen.frames, chosen.bodies), clip, chosen)


def table(frames: Frames, clip: str, chosen: argparse.Namespace) -> None:
    """Prints what each method makes of some frames."""
    a_pass, _ = forward_passes(frames.pair.target)
    torch.set_num_threads(chosen.threads)
    print(f"{platform.machine()}, torch {torch.__version__}, {chosen.threads} thread(s), {chosen.bodies},")
    print(f"{chosen.frames} frames of {clip}; a forward pass takes {1000 * a_pass:.2f} ms a frame")
    print()
    print("| method | mean mm | p95 mm | max mm | seconds a frame | forward passes |")
    print("|---|---:|---:|---:|---:|---:|")
    refit(frames, a_pass)
    if importlib.util.find_spec("smplfitter"):
        for share, regulariser, iterations in product((False, True), (1.0, 0.0), (1, 3, 5)):
            smplfitter(frames, iterations, share, regulariser, a_pass)
    for optimiser in OPTIMISERS if chosen.optimiser == "both" else (chosen.optimiser,):
        if optimiser != "none":
            published(frames, optimiser, chosen, a_pass)


if __name__ == "__main__":
    main()
