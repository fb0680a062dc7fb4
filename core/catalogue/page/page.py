"""Writes the catalogue as one page of HTML."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.catalogue.catalogue import Catalogue
from core.catalogue.page.page_data import page_data
from core.errors import FileError
from core.files.containers.atomic import atomic_write
from core.files.containers.opening import open_to_read

MARK = b'<meta name="generator" content="refit report">'
_HERE = Path(__file__).parent

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{mark}
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<noscript>This page draws its tables and curves itself: allow scripts in it. It asks nothing of any network.
</noscript>
<main id="page"></main>
<script id="data" type="application/json">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def write_page(
    path: Path,
    catalogue: Catalogue,
    ids: Sequence[int],
    pictures: Mapping[int, str],
    *,
    private: bool = False,
    told: Sequence[str] = (),
) -> None:
    """Writes the page; an earlier one is replaced.

    Args:
        path: of the file.
        catalogue: up to date.
        ids: of the clips, in the order in which they are listed at first.
        pictures: of clips, as addresses ``data:``.
        private: no folder is named.
        told: sentences for people.

    Raises:
        FileError: it cannot be written, or something else has its name.
    """
    if os.path.exists(path) and not _is_page(path):
        raise FileError(path, "is there already and no report of Refit; name another file with --page")
    text = page_html(page_data(catalogue, ids, pictures, private=private, told=told))
    with atomic_write(path, overwrite=True) as file:
        file.write(text.encode())


def page_html(data: Mapping[str, Any]) -> str:
    """The page of `page_data`."""
    style, script = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    # Nothing is asked of any network, and nothing runs but what stands here.
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        mark=MARK.decode(),
        policy=policy,
        title=html.escape(f"{data['name']} · Refit report"),
        style=style,
        script=script,
        data=script_json(data),
    )


def script_json(data: Any) -> str:
    """json that ends no script, whatever texts are in it."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _is_page(path: Path) -> bool:
    with open_to_read(path) as file:
        return MARK in file.read(500)
