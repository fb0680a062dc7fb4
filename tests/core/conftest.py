from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import FileError
from tests.core.stand_in_modules import stand_in_modules


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What a command has said since the last time, on one line."""
    return " ".join("".join(capsys.readouterr()).split())


@pytest.fixture
def amass() -> dict[str, np.ndarray]:
    """An AMASS SMPL+H motion of five frames, whose root stands."""
    rng = np.random.default_rng(1)
    poses = rng.normal(size=(5, 156))
    poses[:, :3] = (np.pi / 2, 0, 0)
    return {
        "poses": poses,
        "trans": rng.normal(size=(5, 3)),
        "betas": rng.normal(size=16),
        "dmpls": rng.normal(size=(5, 8)),
        "gender": np.array("male"),
        "mocap_framerate": np.array(120.0),
    }


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Writes arrays, or bytes, to a file and gives its path."""

    def write(contents: Any, name: str = "file.npz") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(contents, bytes):
            path.write_bytes(contents)
        else:
            np.savez(path, **contents)
        return path

    return write


@pytest.fixture
def refuses() -> Callable[..., str]:
    """Calls a reader that must fail with one sentence naming the file; gives the sentence."""

    def check(reader: Callable[..., Any], path: Path, *args: Any, **kwargs: Any) -> str:
        with pytest.raises(FileError) as caught:
            reader(path, *args, **kwargs)
        message = str(caught.value)
        assert message.startswith(str(path))
        assert "\n" not in message
        assert "Traceback" not in message
        return message.removeprefix(str(path))

    return check


@pytest.fixture
def chumpy_classes() -> Iterator[tuple[Any, Any]]:
    """Classes that pickle as chumpy's do."""
    package, ch, reordering = (types.ModuleType(n) for n in ("chumpy", "chumpy.ch", "chumpy.reordering"))

    class Ch:
        def __init__(self, **state: Any) -> None:
            self.__dict__.update(state)

    class Select(Ch):
        pass

    for class_, module in ((Ch, ch), (Select, reordering)):
        class_.__module__, class_.__qualname__ = module.__name__, class_.__name__
        setattr(module, class_.__name__, class_)
    modules = {"chumpy": package, "chumpy.ch": ch, "chumpy.reordering": reordering}
    with stand_in_modules(modules):
        yield Ch, Select
