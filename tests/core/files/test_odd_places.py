"""Pipes, sockets, devices and what Linux tells of itself are refused by whoever takes a path."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from core.errors import FileError, RefitError
from core.files.containers.atomic import atomic_write
from core.files.containers.opening import open_to_read
from tests.core.files.odd_places import odd_places

PLACES = ("path", "file", "folder", "target", "output")


def takers() -> Iterator[Callable[..., Any]]:
    """Every public function of core's files, outputs and session that takes a path first."""
    for name in ("files", "outputs", "session", "correspond"):
        package = importlib.import_module(f"core.{name}")
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(found.name)
            for function in vars(module).values():
                if inspect.isfunction(function) and function.__module__ == module.__name__:
                    first = next(iter(inspect.signature(function).parameters.values()), None)
                    public = not function.__name__.startswith("_") and first is not None
                    if public and first.name in PLACES and "Path" in str(first.annotation):
                        yield function


def called(function: Callable[..., Any], path: Path) -> Any:
    """Its result for a path; whatever else it needs stands for anything, and may be written over."""
    parameters = list(inspect.signature(function).parameters.values())
    given = [path] + [
        MagicMock()
        for one in parameters[1:]
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    named: dict[str, Any] = {
        one.name: MagicMock()
        for one in parameters
        if one.default is one.empty and one.kind is one.KEYWORD_ONLY
    }
    if "overwrite" in inspect.signature(function).parameters:
        named["overwrite"] = True
    found = function(*given, **named)
    return list(found) if inspect.isgenerator(found) else found


@pytest.mark.timeout(60)
def test_whoever_takes_a_path_neither_waits_nor_writes_over(tmp_path: Path) -> None:
    functions = list(takers())
    names = {function.__name__ for function in functions}
    assert names >= {
        "load_motion", "read_any_pickle", "read_npz", "read_torch", "read_recipe", "load_session",
        "read_model", "read_correspondence", "read_regressor", "read_vertex_list", "read_joint_set",
        "describe_file", "save_session", "save_result", "write_recipe", "checksum", "find_model",
    }, names  # fmt: skip
    with odd_places(tmp_path) as places:
        for function in functions:
            for path in places.values():
                try:
                    called(function, path)
                except RefitError:
                    pass
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass  # what stands for anything is no motion


def test_what_is_no_file_is_told_so(tmp_path: Path) -> None:
    with odd_places(tmp_path) as places:
        for path in places.values():
            with pytest.raises(FileError, match="is not a regular file"), open_to_read(path):
                pass
            for overwrite in (False, True):
                with pytest.raises(FileError, match="regular"), atomic_write(path, overwrite=overwrite):
                    pass
    empty = tmp_path / "empty"
    empty.touch()
    with open_to_read(empty) as file:
        assert file.read() == b""
