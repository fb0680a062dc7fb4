"""One reader under atheris, which finds its way into it by what it covers.

    python -m tests.core.files.fuzz_bytes KIND CORPUS [options of libFuzzer]

Needs ``pip install atheris``. Ends with another code than 0 where a reader falls over; libFuzzer then leaves
the bytes that did it beside the corpus (``-artifact_prefix``).
"""

from __future__ import annotations

import io
import random
import sys
import tempfile
import zipfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["core.files"]):
    from tests.core.files.fuzzing import BY_NAME, opens_or_says_why, spoiled, whole


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """Other bytes: inside a member of the zip that the file is, by what others do to files, or anywhere."""
    chance = random.Random(seed)
    if data[:2] == b"PK" and chance.random() < 0.7:
        found = _member_mutated(data, chance)
    elif chance.random() < 0.3:
        found = spoiled(data, chance)
    else:
        found = atheris.Mutate(data, most)
    return found if len(found) <= most else data


def _member_mutated(data: bytes, chance: random.Random) -> bytes:
    """The zip with one member changed and its checksum right: else nothing behind it would be reached."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        at = chance.randrange(len(members))
    except Exception:
        return atheris.Mutate(data, len(data) + 64)
    name, held = members[at]
    # Most is decided in the header.
    head = chance.choice((128, 128, len(held)))
    members[at] = (name, atheris.Mutate(held[:head], head + 32) + held[head:])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, held in members:
            archive.writestr(zipfile.ZipInfo(name), held)
    return out.getvalue()


def main(name: str, corpus: Path, options: list[str]) -> None:
    """Fuzzes the readers of a kind until libFuzzer ends."""
    kind = BY_NAME[name]
    corpus.mkdir(parents=True, exist_ok=True)
    (corpus / "whole").write_bytes(whole(name))
    with tempfile.TemporaryDirectory(prefix="refit-fuzz-") as folder:
        path = Path(folder) / name

        def once(data: bytes) -> None:
            path.write_bytes(data)
            opens_or_says_why(kind, path)

        atheris.Setup(["fuzz", str(corpus), *options], once, custom_mutator=mutated)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
