"""What Refit needs: bounded by what was tried, tried in the versions that are told, and to be had."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

CHECKOUT = Path(__file__).parents[2]
CONSTRAINTS = CHECKOUT / ".make" / "constraints.txt"
OLDEST = CHECKOUT / ".make" / "oldest.txt"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")


@pytest.fixture(scope="module")
def newest_versions() -> ModuleType:
    """The script that writes the constraints."""
    spec = importlib.util.spec_from_file_location(
        "newest_versions", CHECKOUT / ".make" / "newest_versions.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.fixture(scope="module")
def wanted(newest_versions: ModuleType) -> list[Requirement]:
    return [Requirement(line) for line in newest_versions.requirements()]


@pytest.fixture(scope="module")
def project(newest_versions: ModuleType) -> dict[str, object]:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(newest_versions.tomlkit.parse(text).unwrap()["project"])


def versions_for(python: str) -> dict[str, Version]:
    """What the constraints say for a Python."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    held = [Requirement(line) for line in lines if not line.startswith("#")]
    meant = [one for one in held if one.marker is None or one.marker.evaluate({"python_version": python})]
    assert len({one.name for one in meant}) == len(meant)
    return {one.name: Version(str(one.specifier).removeprefix("==")) for one in meant}


def test_every_range_has_two_ends(wanted: list[Requirement], project: dict[str, object]) -> None:
    for one in wanted:
        signs = {specifier.operator for specifier in one.specifier}
        assert signs == {">=", "<"}, one
    pythons = SpecifierSet(str(project["requires-python"]))
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}" in pythons] == list(PYTHONS)


def test_setup_takes_the_same_pythons(project: dict[str, object]) -> None:
    told = (CHECKOUT / ".make" / "setup.sh").read_text(encoding="utf-8")
    assert f"Refit needs Python {PYTHONS[0]} to {PYTHONS[-1]}" in told
    assert f"Python {PYTHONS[0]} to {PYTHONS[-1]}" in (CHECKOUT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("python", PYTHONS)
def test_the_versions_that_are_installed_lie_in_their_ranges(
    python: str, wanted: list[Requirement], newest_versions: ModuleType
) -> None:
    held = versions_for(python)
    for one in wanted:
        assert held[newest_versions.plain(one.name)] in one.specifier, one


def test_ranges_begin_with_the_oldest_versions_that_were_tried(wanted: list[Requirement]) -> None:
    lines = [line for line in OLDEST.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    tried = {one.name: Version(str(one.specifier).removeprefix("==")) for one in map(Requirement, lines)}
    assert tried.keys() == {"numpy", "scipy", "torch"}
    lowest = {
        one.name: Version(specifier.version)
        for one in wanted
        for specifier in one.specifier
        if specifier.operator == ">=" and one.name in tried
    }
    assert {name: version.release[:2] for name, version in tried.items()} == {
        name: version.release for name, version in lowest.items()
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("constrained", [False, True], ids=["open", "constrained"])
def test_the_package_index_has_versions_that_fit_together(
    constrained: bool, wanted: list[Requirement], newest_versions: ModuleType
) -> None:
    options = ("--constraint", str(CONSTRAINTS)) if constrained else ()
    found = newest_versions.newest(sys.executable, [str(one) for one in wanted], *options)
    assert {newest_versions.plain(one.name) for one in wanted} <= found.keys()
    if constrained:
        held = versions_for(f"{sys.version_info.major}.{sys.version_info.minor}")
        ours = {name: found[name] for name in found if not name.startswith(newest_versions.PINNED_BY_TORCH)}
        assert {name: str(held[name]) for name in ours} == ours
