"""Build the two built-in bodies and their correspondence: `python assets/build/build_bodies.py`."""

from __future__ import annotations

import os

# One thread: sums in a fixed order, so that two runs give the same bytes.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402
from base import load_base  # noqa: E402
from correspondence import transfer_matrix  # noqa: E402
from landmarks import embed  # noqa: E402
from model import Recipe, build_body  # noqa: E402
from shape_basis import N_SAMPLES, sample_bodies  # noqa: E402
from skeleton import joint_names  # noqa: E402
from write import write_array, write_matrix, write_model  # noqa: E402

OUT = Path(__file__).resolve().parents[1] / "bodies"
SMPLH = Recipe("smplh", 6890, 16, 11, 0.2, 4, 4, 22, 0.0, 6.0, 9.0, 0.8)
SMPLX = Recipe("smplx", 9383, 10, 23, 0.0, 8, 5, 30, 0.003, 8.0, 8.0, 1.0)


def main() -> None:
    """Build everything and write it under `assets/bodies`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--samples", type=int, default=N_SAMPLES, help="sampled bodies per model")
    args = parser.parse_args()
    start = time.time()

    def say(text: str) -> None:
        print(f"{time.time() - start:6.1f} s  {text}", flush=True)

    base = load_base()
    built, means = {}, {}
    for recipe in (SMPLH, SMPLX):
        bodies = sample_bodies(base, recipe.seed, recipe.spread, args.samples)
        say(f"{recipe.kind}: sampled {args.samples} bodies")
        built[recipe.kind] = build_body(base, bodies, recipe)
        means[recipe.kind] = bodies.verts.astype(np.float64).mean(0)
        say(f"{recipe.kind}: body built")
    h, x = built["smplh"], built["smplx"]

    names = joint_names(True)
    head = (x.arrays["J_regressor"] @ x.arrays["v_template"])[names.index("head")]
    tris = x.arrays["f"].astype(np.int64)
    x.arrays |= embed(
        base, means["smplx"], x.arrays["v_template"].astype(np.float64), tris, x.visible[tris].all(1), head
    )

    # Both meshes on one and the same body, so that closest points are the same places.
    common = 0.5 * (means["smplh"] + means["smplx"])
    on_h, on_x = h.rows @ common, x.rows @ common
    h_tris = h.arrays["f"].astype(np.int64)
    all_h = np.ones(len(on_h), bool)
    h2x, d1 = transfer_matrix(on_x, tris, on_h, h_tris, np.ones(len(h_tris), bool), x.visible)
    x2h, d2 = transfer_matrix(on_h, h_tris, on_x, tris, ~x.hidden[tris].any(1), all_h)
    for way, d in (("smplh to smplx", d1), ("smplx to smplh", d2)):
        say(f"correspondence {way}: mean {d.mean() * 1e3:.2f} mm, largest {d.max() * 1e3:.1f} mm")

    write_model(args.out / "smplh/neutral/model.npz", h.arrays)
    write_model(args.out / "smplx/SMPLX_NEUTRAL.npz", x.arrays)
    write_matrix(args.out / "transfer/smplh2smplx_deftrafo_setup.pkl", h2x)
    write_matrix(args.out / "transfer/smplx2smplh_deftrafo_setup.pkl", x2h)
    write_array(args.out / "transfer/smplx_mask_ids.npy", np.flatnonzero(x.visible).astype(np.int64))
    size = sum(p.stat().st_size for p in args.out.rglob("*") if p.is_file())
    say(f"written, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
