"""Whether a window could be shown here; told without Qt, which ends the program where it finds no screen."""

from __future__ import annotations

import os
import re
import socket
import sys

SCREENLESS = ("offscreen", "minimal")
CONNECT_SECONDS = 2.0


def has_display() -> bool:
    """On Linux the environment tells; a local X display must answer. Elsewhere there is always a screen."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in SCREENLESS:
        return False
    if not sys.platform.startswith("linux") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    display = os.environ.get("DISPLAY", "")
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
    return _answers(int(local.group(1))) if local else bool(display)


def _answers(number: int) -> bool:
    """Whether an X server of this machine takes connections, by its socket file or its abstract name."""
    path = f"/tmp/.X11-unix/X{number}"
    for address in (path, f"\0{path}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(CONNECT_SECONDS)
            try:
                connection.connect(address)
            except OSError:
                continue
            return True
    return False
