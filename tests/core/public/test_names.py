"""What `refit` promises: its names, how they are called, and that importing it costs nothing."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import pytest

import refit
from core.commands.outcome import Outcome
from core.errors import RefitError
from core.model.body import BodyModel
from core.model.fit_result import FitResult
from core.model.motion import Motion

CHECKOUT = Path(__file__).parents[3]

# Whoever changes one of these breaks somebody's program.
CALLS = {
    "convert": (
        "inputs, output, *, to='smplx', models=None, gender=None, transfer=None, rest_mesh=None, "
        "mask=None, exclude=(), preset=None, recipe=None, settings=None, betas=None, share_shape=False, "
        "one_shape=False, "
        "betas_count=None, person=None, coordinates=None, frame_rate=None, "
        "up_axis=None, fps=None, family=None, unit=None, angles=None, hands=None, sides=None, strict=False, "
        "device='auto', frames=None, threads=None, jobs=1, scheduler=None, shard=None, check=False, "
        "problems=False, session=False, private=False, report=None, overwrite=False, retry_failed=False, "
        "progress=True"
    ),
    "export": (
        "what, path, motion=None, bodies=None, *, frames=None, body=None, joints=None, up_axis=None, "
        "unit=None, frame_rate=None, size=None, format=None, overwrite=False"
    ),
    "find_problems": "fit, motion, bodies=None, *, thresholds=None",
    "fit": (
        "motion, bodies=None, *, preset=None, recipe=None, settings=None, frames=None, device='auto', "
        "threads=None, progress=True"
    ),
    "load_bodies": (
        "models=None, motion=None, *, source=None, target=None, gender=None, "
        "transfer=None, mask=None, exclude=()"
    ),
    "load_motion": (
        "path, *, person=None, coordinates=None, frame_rate=None, gender=None, up_axis=None, fps=None, "
        "family=None, unit=None, angles=None, hands=None, sides=None, transfer=None, rest_mesh=None, "
        "strict=False"
    ),
    "load_result": "path",
    "measure": "fit, motion, bodies=None",
    "refit_frames": (
        "fit, motion, frames, bodies=None, *, preset=None, recipe=None, settings=None, suspects=(), "
        "device='auto', threads=None, progress=True"
    ),
    "save": "fit, path, overwrite=False",
    "view": "what, fit=None, bodies=None, *, mask=None, frame=None, joint=None",
}
CLASSES = {
    "BodyModel",
    "BodyPair",
    "FitResult",
    "FitSettings",
    "Motion",
    "MotionMetrics",
    "Outcome",
    "Problem",
    "Recipe",
    "RefitError",
    "Window",
}
METHODS = {
    "BodyModel.vertices_of": "motion, frames=None",
    "FitResult.joints": "frames=None, bodies=None",
    "FitResult.mesh": "frame, bodies=None, library='pyvista'",
    "FitResult.to_frame": "",
    "FitResult.vertices": "frames=None, bodies=None",
    "Motion.from_arrays": (
        "global_orient, body_pose, *, left_hand_pose=None, right_hand_pose=None, jaw_pose=None, "
        "leye_pose=None, reye_pose=None, betas=None, transl=None, expression=None, family=None, "
        "gender=None, frame_rate=None, up_axis='z'"
    ),
    "Window.close": "",
    "Window.show": "frame",
    "Window.wait": "timeout=None",
}
PARAMETERS = (
    *(
        "global_orient",
        "body_pose",
        "left_hand_pose",
        "right_hand_pose",
        "jaw_pose",
        "leye_pose",
        "reye_pose",
    ),
    *("transl", "trans", "betas", "expression", "poses"),
)


def called(function: object) -> str:
    signature = inspect.signature(function)  # type: ignore[arg-type]
    plain = [p.replace(annotation=p.empty) for name, p in signature.parameters.items() if name != "self"]
    return str(inspect.Signature(plain)).removeprefix("(").removesuffix(")") if plain else ""


def test_names_are_these_and_no_others() -> None:
    assert set(refit.__all__) == {*CALLS, *CLASSES, "__version__"}
    assert dir(refit) == sorted(refit.__all__)
    with pytest.raises(AttributeError, match="'refit' has no attribute 'FitRun'"):
        _ = refit.FitRun


@pytest.mark.parametrize("name", CALLS)
def test_functions_are_called_like_this(name: str) -> None:
    function = getattr(refit, name)
    assert called(function) == CALLS[name]
    assert "Raises:" in function.__doc__


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_called_like_this(name: str) -> None:
    kind, _, method = name.partition(".")
    assert called(getattr(getattr(refit, kind), method)) == METHODS[name]


def test_classes_are_those_of_core() -> None:
    assert refit.Motion is Motion
    assert refit.FitResult is FitResult
    assert refit.BodyModel is BodyModel
    assert refit.Outcome is Outcome
    assert refit.RefitError is RefitError
    for kind in (Motion, FitResult):
        assert not [name for name in PARAMETERS if not named(kind, name)]


def named(kind: type, name: str) -> bool:
    return hasattr(kind, name) or name in kind.__dataclass_fields__  # type: ignore[attr-defined]


def in_a_fresh_interpreter(program: str) -> str:
    paths = os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "core" / "public")))
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_brings_nothing_along_and_fitting_no_window() -> None:
    program = """
import sys
import refit
heavy = "numpy torch scipy rich smplx PySide6 vtkmodules pyvista gui_app".split()
print([name for name in heavy if name in sys.modules])
from refit import *
print(sorted(set(refit.__all__) - set(globals())))
print([name for name in heavy[-4:] if name in sys.modules], "torch" in sys.modules)
"""
    assert in_a_fresh_interpreter(program).split("\n") == ["[]", "[]", "[] True"]


def test_types_are_told() -> None:
    package = Path(refit.__file__).parent
    assert package == CHECKOUT / "core" / "public" / "refit"
    assert (package / "py.typed").is_file()
    for name in CALLS:
        function = getattr(refit, name)
        assert set(get_type_hints(function)) == {*inspect.signature(function).parameters, "return"}
