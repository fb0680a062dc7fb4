"""The order of the folders: what stands below knows nothing of what stands above.

Every import counts, those inside functions and those for type checkers too. A new folder is entered here.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_FILES = 20
"""Modules in one folder; beyond that nobody sees what it holds."""

CORE = """
core.shown_text
core.errors core.environment core.torch_start
core
core.files core.files.containers
core.files.kept core.model.on_device
core.model
core.geometry
core.files.bodies core.files.motions.parts core.fitting.recipe core.fitting.objective
core.files.motions.sources.from_video
core.files.motions.sources core.correspond core.fitting.solver core.fitting.terms
core.measure core.fitting.shape
core.files.motions core.inspection core.fitting.stage
core.fitting.reference
core.fitting
core.problems
core.session
core.outputs
core.batch
core.catalogue core.exporting
core.catalogue.page
core.commands.telling
core.commands.reporting core.commands.inspecting core.commands.shapes
core.commands
core.__main__
"""
"""The lowest line first: a folder may import the lines above its own, and of its own line only itself."""

BASE = """
gui_app.style gui_app.tasks
gui_app.widgets gui_app.scene
gui_app.document
gui_app.viewport
"""
"""What every part of the window stands on, ordered likewise."""

PARTS = {
    "fit": "history",
    "stages": "fit",
    "problems": "fit history",
    "mask": "parameters",
    "files": "fit",
    "library": "files fit export",
    "session": "files history",
    "people": "files fit session export",
    "export": "fit",
    "inspect.regressor": "",
    "inspect.correspondence": "",
    "inspect.joints": "inspect.regressor",
    "inspect.joint_sets": "inspect.joints",
    "inspect": "inspect.joints inspect.joint_sets inspect.regressor inspect.correspondence",
    "timeline": "history problems inspect.joints",
}
"""The parts of the window stand side by side; which others each of them may import. One that imports none
needs no line."""

LATE = {
    "core.files.containers.refusals": {"core.files.motions.file_kind"},
    "core.model.frame_choice": {"core.problems.detect"},
    "core.model.result_views": {"core.session.bodies_of_fit"},
}
"""What hands on to what stands above, and imports it when it is called: methods of plain values, and readers
that have refused a file."""

TOP = {"gui_app", "gui_app.app", "gui_app.__main__", "core.public.refit"}


def may_import() -> dict[str, set[str]]:
    """By folder, the other folders that it may import."""
    allowed: dict[str, set[str]] = {}
    for order in (CORE, BASE):
        below: set[str] = set()
        for line in order.strip().splitlines():
            for name in line.split():
                allowed[name] = set(below)
            below |= set(line.split())
        below |= {"core"}
    base = set(BASE.split())
    top = {name.rpartition(".")[2] for name in (*BASE.split(), *TOP)}
    alone = {path.parent.name for path in ROOT.glob("gui_app/*/__init__.py")} - top
    for part, others in {**dict.fromkeys(alone, ""), **PARTS}.items():
        allowed[f"gui_app.{part}"] = base | {f"gui_app.{other}" for other in others.split()}
    for folder in allowed:
        if folder.startswith("gui_app"):
            allowed[folder] |= set(CORE.split())
    everything = set(allowed) | TOP
    return {**allowed, **dict.fromkeys(TOP, everything)}


def modules() -> dict[str, Path]:
    """The product's modules and packages, by their names."""
    files = [path for package in ("core", "gui_app") for path in sorted((ROOT / package).rglob("*.py"))]
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in files
    }


MODULES = modules()
ALLOWED = may_import()


def folder_of(module: str) -> str:
    """The folder a module counts as; what lies loose in a package counts as itself where it has a line."""
    if module in ALLOWED or MODULES[module].name == "__init__.py":
        return module
    return module.rpartition(".")[0]


def imported(path: Path, *, at_once: bool = False) -> Iterator[str]:
    """The product's modules that a file imports, wherever in it; or only those that it imports
    ``at_once``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            for alias in node.names:
                as_module = f"{node.module}.{alias.name}"
                if as_module in MODULES:
                    yield as_module
                elif node.module in MODULES:
                    yield node.module


@pytest.mark.parametrize("folder", sorted({folder_of(module) for module in MODULES}))
def test_a_folder_imports_only_what_stands_below_it(folder: str) -> None:
    assert folder in ALLOWED, f"{folder} is new: say in this file what it stands on"
    wrong = [
        f"{module} imports {other}"
        for module, path in MODULES.items()
        if folder_of(module) == folder
        for other in imported(path)
        if folder_of(other) not in ALLOWED[folder] | {folder} and other not in LATE.get(module, ())
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", sorted(LATE))
def test_what_comes_late_is_not_imported_at_once(module: str) -> None:
    assert LATE[module] <= set(imported(MODULES[module]))
    assert not LATE[module] & set(imported(MODULES[module], at_once=True))


def test_every_line_is_a_folder() -> None:
    assert set(ALLOWED) - set(MODULES) == set()


def test_a_folder_can_be_seen_at_a_glance() -> None:
    counts = Counter(
        path.parent.relative_to(ROOT).as_posix() for path in MODULES.values() if path.name != "__init__.py"
    )
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def test_a_folder_says_what_it_holds() -> None:
    packages = [path for path in MODULES.values() if path.name == "__init__.py"]
    short = [
        p.parent.name
        for p in packages
        if len((ast.get_docstring(ast.parse(p.read_text())) or "").splitlines()) < 3
    ]
    assert short == []
