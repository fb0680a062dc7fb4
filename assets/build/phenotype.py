"""Body shapes from MakeHuman's sliders: sampling of slider values and the morphed base body."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from base import Base

MACRO = "mpfb2/targets/macrodetails/"
LOCAL = "mpfb2/targets/"
# Paired local targets (decr, incr) and the spread of the slider; {s} runs over both sides.
LOCALS: dict[str, float] = {
    "torso/torso-scale-horiz": 0.22,
    "torso/torso-scale-depth": 0.22,
    "torso/torso-vshape": 0.25,
    "torso/torso-muscle-dorsi": 0.2,
    "hip/hip-scale-horiz": 0.25,
    "hip/hip-scale-depth": 0.25,
    "stomach/stomach-tone": 0.3,
    "buttocks/buttocks-volume": 0.3,
    "neck/neck-scale-horiz": 0.25,
    "head/head-scale-horiz": 0.2,
    "head/head-scale-vert": 0.2,
    "arms/{s}-upperarm-fat": 0.25,
    "arms/{s}-lowerarm-scale-vert": 0.2,
    "arms/{s}-upperarm-scale-vert": 0.2,
    "legs/{s}-upperleg-scale-vert": 0.2,
    "legs/{s}-lowerleg-scale-vert": 0.2,
    "legs/{s}-upperleg-fat": 0.25,
    "legs/{s}-lowerleg-muscle": 0.25,
    "feet/{s}-foot-scale": 0.2,
    "hands/{s}-hand-scale": 0.2,
}
# Heavier bodies get more of these too: the weight slider alone is timid.
WITH_WEIGHT = {
    "torso/torso-scale-horiz": 0.25,
    "torso/torso-scale-depth": 0.5,
    "hip/hip-scale-depth": 0.4,
    "stomach/stomach-tone": -1.0,
    "buttocks/buttocks-volume": 0.5,
    "neck/neck-scale-horiz": 0.4,
    "arms/{s}-upperarm-fat": 0.7,
    "legs/{s}-upperleg-fat": 0.7,
}
MACRO_SIGMA = {"height": 0.085, "weight": 0.28, "gender": 0.27, "muscle": 0.17, "proportions": 0.2}
MACRO_MEAN = {"height": 0.535}  # about 1.7 m; 0.5 for the others


@dataclass
class Sliders:
    """One body: macro sliders in [0, 1], mixture of origins, local sliders in [-1, 1]."""

    height: float = 0.5
    weight: float = 0.5
    gender: float = 0.5
    muscle: float = 0.5
    proportions: float = 0.5
    age: float = 0.0  # 0 young adult, 1 old
    origin: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    local: tuple[float, ...] = ()


def sample(rng: np.random.Generator, n: int, spread: float) -> list[Sliders]:
    """Draw `n` bodies; `spread` scales the local sliders."""
    out = []
    for _ in range(n):
        macro = {
            k: float(np.clip(rng.normal(MACRO_MEAN.get(k, 0.5), s), 0.02, 0.98))
            for k, s in MACRO_SIGMA.items()
        }
        origin = rng.dirichlet((1.5, 1.5, 1.5))
        local = rng.normal(0.0, [s * spread for s in LOCALS.values()])
        local += (macro["weight"] - 0.5) * np.array([WITH_WEIGHT.get(n, 0.0) for n in LOCALS])
        local = np.clip(local, -0.9, 0.9)
        age = float(np.clip(rng.normal(0.25, 0.2), 0.0, 0.8))
        out.append(Sliders(**macro, age=age, origin=tuple(origin), local=tuple(local)))
    return out


def _three(value: float, names: tuple[str, str, str]) -> dict[str, float]:
    """Weights of low, average and high around 0.5."""
    far = abs(value - 0.5) * 2
    return {names[1]: 1 - far, names[2 if value > 0.5 else 0]: far}


def macro_mixture(s: Sliders) -> dict[str, float]:
    """Macro target file -> weight."""
    gender = {"female": 1 - s.gender, "male": s.gender}
    age = {"young": 1 - s.age, "old": s.age}
    origin = dict(zip(("african", "asian", "caucasian"), s.origin, strict=True))
    muscle = _three(s.muscle, ("minmuscle", "averagemuscle", "maxmuscle"))
    weight = _three(s.weight, ("minweight", "averageweight", "maxweight"))
    tall = ("maxheight" if s.height > 0.5 else "minheight", abs(s.height - 0.5) * 2)
    ideal = "idealproportions" if s.proportions > 0.5 else "uncommonproportions"
    out: dict[str, float] = {}
    for (o, wo), (g, wg), (a, wa) in product(origin.items(), gender.items(), age.items()):
        out[f"{o}-{g}-{a}"] = wo * wg * wa
    grid = product(gender.items(), age.items(), muscle.items(), weight.items())
    for (g, wg), (a, wa), (m, wm), (f, wf) in grid:
        w, stem = wg * wa * wm * wf, f"{g}-{a}-{m}-{f}"
        out[f"universal-{stem}"] = w
        out[f"height/{stem}-{tall[0]}"] = w * tall[1]
        out[f"proportions/{stem}-{ideal}"] = w * abs(s.proportions - 0.5) * 2
    return {k: v for k, v in out.items() if v > 1e-6}


def morph(base: Base, s: Sliders) -> np.ndarray:
    """Base body (19158, 3) in metres, in the original A-pose, with its sliders set."""
    verts = base.verts.copy()
    for name, weight in macro_mixture(s).items():
        verts += weight * base.target(f"{MACRO}{name}.target")
    for name, value in zip(LOCALS, s.local, strict=False):
        end = "incr" if value > 0 else "decr"
        for side in ("l", "r") if "{s}" in name else ("",):
            verts += abs(value) * base.target(f"{LOCAL}{name.format(s=side)}-{end}.target")
    return verts
