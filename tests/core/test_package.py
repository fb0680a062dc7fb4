"""What `core` promises as a package."""

from __future__ import annotations

import subprocess
import sys

PROBE = """
import importlib, pkgutil, sys
import core
for module in pkgutil.walk_packages(core.__path__, "core."):
    if module.name != "core.__main__":
        importlib.import_module(module.name)
window = [n for n in sys.modules if n.split(".")[0] in
          ("PySide6", "vtk", "vtkmodules", "pyvista", "pyvistaqt", "qtpy", "pyqtgraph", "gui_app")]
print(",".join(window))
"""


def test_core_brings_no_window_along() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_command_line_is_cheap_to_import() -> None:
    probe = "import sys, core.commands.cli; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
