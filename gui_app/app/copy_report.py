"""What somebody who is to help needs to know, as text for the clipboard: versions, device, the last error."""

from __future__ import annotations

import getpass
import platform
import re
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from core import __version__
from core.errors import RefitError
from gui_app.app import log_buffer
from gui_app.app.help import version_lines
from gui_app.document.activity import Activity
from gui_app.document.document import Document
from gui_app.fit.device_choice import DeviceChoice

COPIED = "Copied a report: versions, device and the last error, without paths and names of users"
NO_ERROR = "none since Refit was started"
HIDDEN_USER, HIDDEN_HOST = "(user)", "(host)"
# Words of the program, or names that say nothing of anybody.
NOBODY = {"", "root", "user", "admin", "administrator", "home", "localhost", "refit", "core"}
_PACKAGES = ("site-packages", "dist-packages")
_OWN = ("core", "gui_app", "refit")
_SOURCE = re.compile(r'File "([^"]+)"')
_ABSOLUTE = re.compile(
    r"""(?<![\w.~/\\])(?:[A-Za-z]:|~\w*|\\\\)?[/\\]?(?<=[/\\])(?![/\\\s])"""
    # Folders may hold spaces, but none ends with one: what follows is another path.
    r"""(?:(?:(?!\s~)[^/\\\n:"'<>|])*(?<!\s)[/\\])*([^/\\\n:"'<>|\s]*)"""
)
_RELATIVE = re.compile(r"(?<![\w/\\.])(?:[\w.\-]+[/\\])+([\w.\-]+\.\w+)")


class CopyReport(QObject):
    """Copies it when asked to; remembers what the window complained of last."""

    def __init__(
        self, document: Document, activity: Activity, devices: DeviceChoice, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._activity, self._devices = document, activity, devices
        self._sentence = ""
        activity.failed.connect(self._on_failed)

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._sentence = sentence

    @Slot()
    def copy(self) -> None:
        """Puts the report on the clipboard, and says so in the status line."""
        QGuiApplication.clipboard().setText(self.text())
        self._activity.say(COPIED)

    def text(self) -> str:
        """The report, a line a fact, and the last error at its end."""
        rows = [
            ("Refit", __version__),
            *version_lines(),
            ("System", platform.platform()),
            ("Device", device_words(self._devices.device)),
        ]
        if self._document.opened is not None:
            rows.append(("Bodies", "built-in" if self._document.opened.bodies.builtin else "licensed"))
        width = max(len(name) for name, _ in rows)
        lines = [f"{name:<{width}}  {value}" for name, value in rows]
        errors = [self._sentence, log_buffer.recent_log.last_error]
        told = "\n\n".join(error for error in errors if error) or NO_ERROR
        return without_places("\n".join([*lines, "", "Last error", "", told])) + "\n"


def device_words(choice: str) -> str:
    """Where fits run: ``'auto: cpu, 8 processors'``."""
    import torch

    from core.fitting.devices import available_processors, pick_device

    try:
        device = pick_device(choice).type
    except RefitError:
        device = "not there"
    if device == "cuda":
        device += f", {torch.cuda.get_device_name()}"
    return f"{choice}: {device}, {available_processors()} processors"


def without_places(text: str, names: dict[str, str] | None = None) -> str:
    """Text without folders, the user's name and the machine's: a path is its last part alone, and a source
    file is named from its package on.

    Args:
        text: any.
        names: what is hidden, by what stands in its place; None for those of this machine.
    """
    lines = []
    for line in text.splitlines():
        if _SOURCE.search(line):
            lines.append(_SOURCE.sub(lambda found: f'File "{_in_package(found[1])}"', line))
        else:
            lines.append(_RELATIVE.sub(r"\1", _ABSOLUTE.sub(r"…/\1", line)))
    text = "\n".join(lines)
    for name, instead in (own_names() if names is None else names).items():
        if name.casefold() not in NOBODY:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", instead, text, flags=re.IGNORECASE)
    return text


def own_names() -> dict[str, str]:
    """Names that would tell whose machine this is, and what stands in their place."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        # There is no entry for this user.
        user = ""
    return {user: HIDDEN_USER, Path.home().name: HIDDEN_USER, platform.node(): HIDDEN_HOST}


def _in_package(path: str) -> str:
    parts = re.split(r"[/\\]", path)
    for name in _PACKAGES:
        if name in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(name) :])
    own = [place for place, name in enumerate(parts[:-1]) if name in _OWN]
    return "/".join(parts[own[-1] :]) if own else parts[-1]
