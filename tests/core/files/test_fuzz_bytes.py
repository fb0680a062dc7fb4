"""Every reader under atheris for some seconds, in a process of its own: `tests.core.files.fuzz_bytes`.

Skipped where atheris is not installed; `test_fuzz.py` tries random bytes without it.
``REFIT_FUZZ_SECONDS=600 python -m pytest -m slow tests/core/files/test_fuzz_bytes.py`` looks longer.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.files.fuzzing import BY_NAME, whole

SECONDS = int(os.environ.get("REFIT_FUZZ_SECONDS", "20"))
MOST_MEGABYTES = 3072

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(SECONDS + 1200),
    pytest.mark.skipif(
        importlib.util.find_spec("atheris") is None,
        reason="atheris is not installed; test_fuzz.py tries random bytes without it",
    ),
]


@pytest.mark.parametrize("name", list(BY_NAME))
def test_no_bytes_fell_a_reader(name: str, tmp_path: Path) -> None:
    options = {
        "max_total_time": SECONDS,
        "max_len": max(4096, 2 * len(whole(name))),
        "rss_limit_mb": MOST_MEGABYTES,
        "timeout": 60,
        "print_final_stats": 1,
        "artifact_prefix": f"{tmp_path}/",
    }
    told = [f"-{key}={value}" for key, value in options.items()]
    arguments = [sys.executable, "-m", "tests.core.files.fuzz_bytes", name, str(tmp_path / "corpus"), *told]
    done = subprocess.run(arguments, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    assert runs is not None
    assert int(runs[1]) > 0
    print(f"{name}: {runs[1]} files")
