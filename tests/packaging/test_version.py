"""One version: what is built, what programs tell and what the manual calls new."""

import re
from pathlib import Path

from core import __version__

CHECKOUT = Path(__file__).parents[2]


def test_what_is_built_has_the_version_that_programs_tell() -> None:
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    assert ProjectMetadata(str(CHECKOUT), PluginManager()).version == __version__


def test_what_is_new_begins_with_this_version() -> None:
    changelog = (CHECKOUT / "assets" / "manual" / "changelog.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\S+)$", changelog, re.M)
    assert headings[0] == __version__
    assert len(headings) == len(set(headings)) > 1
