"""Writes `constraints.txt` beside it: for each Python the newest versions that pyproject.toml allows, asked
of the package index.

    .venv/bin/python .make/newest_versions.py python3.10 python3.11 python3.12 python3.13

Afterwards `make test PYTHON=python3.10` and so on; what fails lowers a bound in pyproject.toml.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import tomlkit

CHECKOUT = Path(__file__).resolve().parents[1]
PINNED_BY_TORCH = ("cuda-", "nvidia-", "triton")
HEAD = "# What `make` installs: versions that the tests have run with. Written by newest_versions.py.\n"


def requirements() -> list[str]:
    """Those of the project and of its tests."""
    project = tomlkit.parse((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")).unwrap()["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["dev"]]


def newest(python: str, wanted: list[str], *options: str) -> dict[str, str]:
    """Name and version of all that pip would install.

    Args:
        python: the interpreter, which has pip.
        wanted: requirements.
        options: of pip.

    Raises:
        CalledProcessError: nothing fits together.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [python, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        subprocess.run([*command, "--report", str(report), *options, *wanted], check=True)
        entries = [entry["metadata"] for entry in json.loads(report.read_text(encoding="utf-8"))["install"]]
    return {plain(entry["name"]): entry["version"].partition("+")[0] for entry in entries}


def plain(name: str) -> str:
    """The name of a package as it is compared."""
    return name.lower().replace("_", "-").replace(".", "-")


def main(pythons: list[str]) -> None:
    """Asks for each Python and writes the file."""
    versions = {}
    for python in pythons:
        asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        version = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
        versions[version] = newest(python, requirements())
    pythons_of: dict[tuple[str, str], list[str]] = defaultdict(list)
    for python, found in versions.items():
        for name, version in found.items():
            if not name.startswith(PINNED_BY_TORCH):
                pythons_of[name, version].append(python)
    lines = []
    for (name, version), held in sorted(pythons_of.items()):
        only = " or ".join(f'python_version == "{python}"' for python in held)
        lines.append(f"{name}=={version}" + (f" ; {only}" if len(held) < len(versions) else ""))
    (CHECKOUT / ".make" / "constraints.txt").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])
