"""The pages of the manual as text, made ready for a place that may lack the pictures; no Qt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.files.builtin_files import manual_folder

INDEX = "index.md"
_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^()\s]+)\)\n*")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.M)


@dataclass(frozen=True)
class ManualPage:
    """One page.

    Attributes:
        name: of its file, as links have it.
        title: its first heading.
        text: Markdown, without pictures that are not there and without links that lead nowhere.
    """

    name: str
    title: str
    text: str

    def count(self, words: str) -> int:
        """How often they stand in it, in whatever case, as it is read."""
        return self._folded.count(words.casefold())

    @cached_property
    def _folded(self) -> str:
        return plain(self.text).casefold()


def read_pages(folder: Path | None = None) -> dict[str, ManualPage]:
    """All pages by name, the index first and the others as it lists them.

    Args:
        folder: with the pages; None for those that Refit carries.

    Raises:
        FileError: there is no manual.
    """
    folder = folder or manual_folder()
    first = (folder / INDEX).read_text(encoding="utf-8")
    listed = [link for _, link in _LINK.findall(first) if re.fullmatch(r"\w+\.md", link)]
    names = dict.fromkeys([INDEX, *listed, *sorted(path.name for path in folder.glob("*.md"))])
    return {name: _page(folder / name) for name in names if (folder / name).is_file()}


def _page(path: Path) -> ManualPage:
    text = path.read_text(encoding="utf-8")
    title = _HEADING.search(text)
    return ManualPage(path.name, title[1] if title else path.stem, without_missing(text, path.parent))


def without_missing(text: str, folder: Path) -> str:
    """Markdown of a page in a folder, without pictures and links whose file is not there."""

    def there(link: str) -> bool:
        return "://" in link or link.startswith("#") or (folder / link.partition("#")[0]).exists()

    def cleared(prose: str) -> str:
        prose = _PICTURE.sub(lambda found: found[0] if there(found[1]) else "", prose)
        return _LINK.sub(lambda found: found[0] if there(found[2]) else found[1], prose)

    result, end = [], 0
    for block in _FENCED.finditer(text):
        result += [cleared(text[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*result, cleared(text[end:])])


def anchor(heading: str) -> str:
    """What a link calls a heading: ``'When a fit has failed'`` is ``'when-a-fit-has-failed'``."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def plain(text: str) -> str:
    """Markdown as it is read: without the signs that set it, each paragraph on one line."""
    text = _PICTURE.sub("", text)
    text = _LINK.sub(lambda found: found[1], text)
    text = re.sub(r"^(?:#+ |```\w*$|\|[-:| ]+\|$)", "", text, flags=re.M)
    return re.sub(r"(?<=\S)\n(?=[^\s|*#])|\n +", " ", text.replace("`", "").replace("**", ""))
