"""README and manual: every link leads somewhere, every program runs, every command line parses."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import pytest

import refit
from core.commands import cli
from core.files.builtin_files import builtin_folder, manual_folder
from core.session import bodies_of_fit
from gui_app import __main__ as window_command

CHECKOUT = Path(__file__).parents[2]
MANUAL = CHECKOUT / "assets" / "manual"
MARKDOWN = [
    CHECKOUT / "README.md",
    *sorted(MANUAL.glob("*.md")),
    *sorted((CHECKOUT / ".github").rglob("*.md")),
]
PAGES = [
    "index", "tour", "window", "library", "inspect", "tune_and_mend", "files", "command_line", "python",
    "method", "from_transfer_model", "bodies", "limits", "figures", "architecture", "contributing",
    "changelog", "glossary",
]  # fmt: skip
NOT_RUN = "<!-- not run -->"
"""On the line before a block that cannot be run here."""
MOST_NOT_RUN = 2
FENCED = re.compile(r"^(?P<before>[^\n]*)\n+```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def prose(text: str) -> str:
    """Markdown without what is set as code."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^()\s]+)\)", prose(text))


def anchors(text: str) -> set[str]:
    """As web pages of repositories name headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def faults(text: str, path: Path) -> list[str]:
    """Links of a page at a place that lead nowhere."""
    found = []
    for link in links(text):
        place, _, anchor = link.partition("#")
        if "://" in link:
            parts = urlparse(link)
            if parts.scheme != "https" or "." not in parts.netloc:
                found.append(link)
            continue
        file = (path.parent / place).resolve() if place else path
        there = file.is_file() and file.is_relative_to(CHECKOUT)
        if not there or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            found.append(link)
    return found


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert faults(text, path) == []
    assert len(links(text)) == prose(text).count("]("), "a link that is not read as one"


def test_links_that_lead_nowhere_are_seen() -> None:
    wrong = "[a](no.md) [b](limits.md#no) [c](#no) [d](http://a.b) [e](../../../x) ![f](../readme/no.png)"
    right = "[a](limits.md#limits) [b](https://smpl.is.tue.mpg.de) ![c](../readme/window.png)"
    assert len(faults(wrong, MANUAL / "index.md")) == 6
    assert faults(right, MANUAL / "index.md") == []


def test_manual_has_its_pages_and_the_index_names_them_all() -> None:
    assert {path.stem for path in MANUAL.iterdir()} == set(PAGES)
    named = {link.removesuffix(".md") for link in links((MANUAL / "index.md").read_text(encoding="utf-8"))}
    assert set(PAGES) - {"index"} <= named
    assert manual_folder() == builtin_folder() / "manual"
    for page in PAGES:
        assert re.match(r"# \S.*\n\n", (MANUAL / f"{page}.md").read_text(encoding="utf-8")), page


def test_readme_is_short() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert len(text.partition("```bibtex")[0].splitlines()) < 100


def test_every_picture_is_shown() -> None:
    shown = {Path(link).name for path in MARKDOWN for link in links(path.read_text(encoding="utf-8"))}
    assert {path.name for path in (CHECKOUT / "assets" / "readme").iterdir()} <= shown


@pytest.mark.parametrize("path", MARKDOWN, ids=name_of)
def test_named_files_are_there(path: Path) -> None:
    """Paths in code style, as ``core/fitting/run.py`` or ``gui_app/app/``; tests by the place that a table
    says they are in."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for named in re.findall(r"`((?:core|gui_app|assets|tests)/[\w./]*)`", text):
        assert (CHECKOUT / named).exists(), named
    for named in re.findall(r"`([\w/]*test_\w+\.py)`", text):
        places = [CHECKOUT / named, CHECKOUT / "tests" / "core" / named]
        assert any(place.is_file() for place in places) or list(CHECKOUT.glob(f"tests/**/{named}")), named


def test_the_layers_of_the_code_are_all_told() -> None:
    """Every folder of both packages has its line."""
    text = (MANUAL / "architecture.md").read_text(encoding="utf-8")
    for package in ("core", "gui_app"):
        for folder in (CHECKOUT / package).iterdir():
            if (folder / "__init__.py").is_file():
                assert f"`{folder.name}/" in text, f"{package}/{folder.name}"


def blocks(path: Path, language: str) -> list[str]:
    """Fenced blocks in a language, but those marked as not to be run."""
    text = path.read_text(encoding="utf-8")
    return [
        match["text"]
        for match in FENCED.finditer(text)
        if match["language"] == language and match["before"].strip() != NOT_RUN
    ]


def test_few_blocks_are_not_run() -> None:
    assert sum(path.read_text(encoding="utf-8").count(NOT_RUN) for path in MARKDOWN) <= MOST_NOT_RUN


@pytest.mark.parametrize("path", [p for p in MARKDOWN[1:] if blocks(p, "python")], ids=name_of)
def test_programs_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a page one after another, in a folder with a walk whose hand is wild in a frame. The README's
    is one of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REFIT_MODELS", raising=False)
    monkeypatch.setattr(bodies_of_fit, "_used", [])
    wild_walk(Path("walk_poses.npz"))
    names: dict[str, Any] = {}
    said = io.StringIO()
    for program in blocks(path, "python"):
        with contextlib.redirect_stdout(said):
            exec(compile(program, str(path), "exec"), names)
    assert names["problems"]
    assert names["vertices"].shape == (2, 10475, 3)
    assert "<FitResult smplx neutral · walk_poses.npz · 101 frames" in said.getvalue()
    saved = refit.load_result("walk_stageii.npz")
    np.testing.assert_array_equal(saved.poses, names["fit"].poses)
    assert saved.provenance["recipe"]["stages"][0]["robust"] == "huber"
    assert "not run" not in said.getvalue()


def wild_walk(target: Path) -> None:
    with np.load(builtin_folder() / "motions" / "walk_poses.npz") as file:
        arrays = dict(file)
    arrays |= {name: arrays[name][:101].copy() for name in ("poses", "trans")}
    arrays["poses"][50, 66:111] += np.random.default_rng(0).normal(0, 0.8, 45)
    np.savez(target, **arrays)


def readme_program() -> str:
    (program,) = blocks(CHECKOUT / "README.md", "python")
    return program


def test_the_programs_of_readme_and_manual_are_the_same() -> None:
    program = readme_program()
    assert re.findall(r"^(?:import|from) .*", program, re.M) == ["import refit"]
    assert len(program.splitlines()) <= 10
    assert blocks(MANUAL / "python.md", "python")[0] == program


def test_the_module_shows_the_same_calls() -> None:
    """Names of functions and settings in the docstring are those of the README's program."""
    shown = set(re.findall(r"refit\.(\w+)\(", refit.__doc__ or ""))
    assert shown == set(re.findall(r"refit\.(\w+)\(", readme_program()))


def commands(path: Path) -> list[str]:
    """Lines of shell blocks, and of sessions after ``$``, that start Refit."""
    lines = [line for block in blocks(path, "sh") for line in block.splitlines()]
    lines += [line[2:] for block in blocks(path, "") for line in block.splitlines() if line.startswith("$ ")]
    return [line for line in lines if re.match(r"refit\b", line)]


def is_command(line: str) -> bool:
    """Whether it parses; nothing is run."""
    _, *arguments = shlex.split(line, comments=True)
    named = arguments and arguments[0] in cli.COMMANDS
    try:
        (cli.parser() if named else window_command.parser()).parse_args(arguments)
    except SystemExit as end:
        return not end.code
    return True


@pytest.mark.parametrize("path", [p for p in MARKDOWN if commands(p)], ids=name_of)
def test_command_lines_parse(path: Path) -> None:
    for line in commands(path):
        assert is_command(line), line


def test_command_lines_are_many_and_wrong_ones_are_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert sum(len(commands(path)) for path in MARKDOWN) > 15
    assert not is_command("refit convert a.npz -o out --presett fast")
    assert "presett" in capsys.readouterr().err
