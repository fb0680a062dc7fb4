"""What a frame costs that is fitted again while its mask is painted: ``python -m tests.bench.quick_refit``.

Strokes of 60 mm here and there on a frame of the walk clip, one thread, on the built-in bodies and on those
with dense pose correctives, in forward passes of the `smplx` package at batch 1, timed in the same process.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from core.fitting.quick_refit import QuickRefit
from core.geometry.mesh_graph import MeshGraph
from core.model.body import BodyModel
from tests.bench.fit_speed import median_seconds
from tests.core.clip_fits import fitted_clip
from tests.smplx_layers import arguments, layer

STROKES, RADIUS, FRAME = 40, 0.06, 20
VARIANTS = ("built-in", "dense correctives")


def forward_pass(body: BodyModel) -> float:
    """Seconds of one forward pass of the package at batch 1."""
    poses = 0.3 * torch.randn(1, body.num_joints, 3, generator=torch.Generator().manual_seed(0))
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        package, keywords = layer(body, Path(folder), 1), arguments(body.family, poses)
        betas, transl = torch.zeros(1, 10), torch.zeros(1, 3)
        return median_seconds(lambda: package(betas=betas, transl=transl, **keywords), 25)


def main() -> None:
    """Prints a line for each pair of bodies."""
    torch.set_num_threads(1)
    for variant in VARIANTS:
        motion, bodies, result = fitted_clip("walk", 0, 32, variant)
        quick = QuickRefit(motion, bodies, result)
        graph = MeshGraph(bodies.target.faces, bodies.target.v_template)
        valid, random = bodies.correspondence.valid.copy(), np.random.default_rng(0)
        quick.refit(FRAME, valid)
        times = []
        before = forward_pass(bodies.target)
        for _ in range(STROKES):
            valid = valid.copy()
            valid[graph.brush(int(random.integers(len(valid))), RADIUS)] = False
            started = time.perf_counter()
            quick.refit(FRAME, valid)
            times.append(time.perf_counter() - started)
        unit = (before + forward_pass(bodies.target)) / 2
        middle, slow = statistics.median(times), float(np.quantile(times, 0.95))
        print(
            f"{variant}: {1000 * middle:.0f} ms, {middle / unit:.1f} forward passes of {1000 * unit:.1f} ms; "
            f"p95 {slow / unit:.1f}"
        )


if __name__ == "__main__":
    main()
