"""Two threads that make their first tensors at once do not wait for each other for ever."""

from __future__ import annotations

import subprocess
import sys

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
