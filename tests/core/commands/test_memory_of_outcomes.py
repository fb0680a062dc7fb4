"""Over thousands of motions no fit and no motion is held once it is written and told."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest

import refit
from core.commands import one_clip
from core.commands.telling.watch import Watch
from core.errors import FileError
from core.model.fit_result import FitResult
from core.model.motion import Motion
from tests.core.clip_files import clip_arrays


def test_fits_are_let_go_when_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("walk", "dance", "backflip"):
        np.savez(tmp_path / f"{name}_poses.npz", **clip_arrays(name, slice(0, 6)))
    seen: list[weakref.ref[Motion | FitResult]] = []
    watched, load = Watch.fitted, one_clip.load_motion

    def of_fit(*arguments: object) -> object:
        found = watched(*arguments)  # type: ignore[arg-type]
        seen.append(weakref.ref(found[0]))
        return found

    def of_motion(*arguments: object, **more: object) -> Motion:
        found = load(*arguments, **more)  # type: ignore[arg-type]
        seen.append(weakref.ref(found))
        return found

    monkeypatch.setattr(Watch, "fitted", of_fit)
    monkeypatch.setattr(one_clip, "load_motion", of_motion)
    outcomes = refit.convert(tmp_path, tmp_path / "out", preset="fast", threads=1)
    assert len(seen) == 6
    gc.collect()
    assert [one() for one in seen if one() is not None] == []
    assert [outcome.status for outcome in outcomes] == ["done"] * 3
    result = outcomes[0].result
    assert result is not None
    assert result.summary()["mean"] == pytest.approx(outcomes[0].figures.summary["mean"])  # type: ignore[union-attr]
    outcomes[1].job.output.unlink()
    with pytest.raises(FileError, match="there is no such file"):
        _ = outcomes[1].result
