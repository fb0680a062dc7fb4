"""Two threads that make their first tensors at once do not wait for each other for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

FORKS = 40
FIRST_USES = """
import os, signal, sys, threading, time
import PySide6.QtCore  # its imports are slow enough for the other thread to come in between
import {first}
import {second}

def use():
    # The threads take turns as often as they can.
    sys.setswitchinterval(1e-5)
    barrier = threading.Barrier(2)
    def first_tensor():
        barrier.wait()
        torch.tensor([1.0])
    threads = [threading.Thread(target=first_tensor) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)

def over(child, seconds=10.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False

for fork in range({forks}):
    child = os.fork() or use()
    if not over(child):
        sys.exit(f"fork {{fork}} hung")
print("none hung")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
@pytest.mark.parametrize(("first", "second"), [("core", "torch"), ("torch", "core")])
def test_first_uses_of_torch_on_two_threads_end(first: str, second: str) -> None:
    script = FIRST_USES.format(first=first, second=second, forks=FORKS)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.stdout.strip(), done.returncode) == ("none hung", 0), done.stderr[-2000:]


def test_torch_is_found_as_without_refit() -> None:
    probe = (
        "import importlib.util, sys; import core; assert 'torch' not in sys.modules; "
        "from importlib.machinery import PathFinder; "
        "spec = importlib.util.find_spec('torch'); other = PathFinder.find_spec('torch'); "
        "assert (spec.origin, type(spec.loader)) == (other.origin, type(other.loader)); "
        "import torch; assert torch.__spec__.origin == other.origin; "
        "assert importlib.util.find_spec('no_such_module') is None; "
        "import importlib.metadata; importlib.metadata.version('torch'); print('fine')"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "fine", done.stderr[-2000:]


STAND_IN = """
made = []
def tensor(*values, **more): made.append(values)
"""

# What others may have done to how Python imports, and that torch is had nevertheless.
STRANGE_IMPORTS = {
    "wrapped finders": """
import core
class Wrapped:
    def __init__(self, finder): self.finder = finder
    def find_spec(self, *arguments): return self.finder.find_spec(*arguments)
sys.meta_path[:] = [Wrapped(finder) for finder in sys.meta_path]
import torch
assert len(torch.made) == 1
""",
    "a finder of old": """
import core
class Old:
    def find_module(self, name, path=None): return None
sys.meta_path.insert(1, Old())
import torch
assert len(torch.made) == 1
""",
    "one loader for several modules": """
import core
class Shared:
    def create_module(self, spec): return None
    def exec_module(self, module): module.tensor = lambda *values, **more: made.append(module.__name__)
shared, made = Shared(), []
class Finder:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, shared) if name in ("torch", "other") else None
sys.meta_path.insert(1, Finder())
import torch, other
assert made == ["torch"], made
""",
    "a loader that takes no changes": """
import core
class Fixed:
    __slots__ = ()
    def create_module(self, spec): return None
    def exec_module(self, module): pass
class Finder:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, Fixed()) if name == "torch" else None
sys.meta_path.insert(1, Finder())
import torch
""",
    "no torch to be had at first": """
sys.modules["torch"] = None
import core
del sys.modules["torch"]
import torch
assert len(torch.made) == 1
""",
    "no tensor to be had": """
sys.modules["torch"] = type(sys)("torch")
import core
""",
}


@pytest.mark.parametrize("what", STRANGE_IMPORTS)
def test_torch_is_imported_wherever_python_can(what: str, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(STAND_IN)
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom importlib.machinery import ModuleSpec"
    command = [sys.executable, "-W", "ignore", "-c", f"{start}\n{STRANGE_IMPORTS[what]}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
