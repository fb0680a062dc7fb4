"""What ``refit cache`` does: says what is kept on the disk to be quicker the next time, and deletes it."""

from __future__ import annotations

import argparse
import json

from core.commands.telling.exit_codes import DONE
from core.commands.telling.terminal import Terminal
from core.environment import NOWHERE, kept_folder
from core.files.kept.kept_files import delete_kept_files, kept_files


def cache(options: argparse.Namespace) -> int:
    """Runs ``refit cache`` with its parsed options.

    Returns:
        0.

    Raises:
        RefitError: a file cannot be deleted.
    """
    folder, kinds = kept_folder(), kept_files()
    deleted = delete_kept_files() if options.clear else 0
    if options.json:
        document = {
            "folder": str(folder),
            "kinds": {kind.name: {"files": kind.count, "bytes": kind.nbytes} for kind in kinds},
            "deleted": deleted,
        }
        print(json.dumps(document, indent=1))
        return DONE
    console = Terminal()
    if folder == NOWHERE:
        console.print("Nothing is kept: there is no home folder, and REFIT_CACHE names none.")
        return DONE
    console.print(str(folder), style="bold", soft_wrap=True)
    for kind in kinds:
        console.print(f"{_files(kind.count)} · {kind.nbytes / 1e6:.1f} MB · {kind.what}", soft_wrap=True)
    if options.clear:
        console.print(f"Deleted {_files(deleted)}.")
    return DONE


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
