"""Exported glTF in three.js, drawn by Chromium without a screen: where its vertices are; it is seen."""

from __future__ import annotations

import functools
import html
import http.server
import json
import re
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.outputs.export_format import ExportJob
from core.outputs.gltf import GLTF
from tests.core.clip_fits import bodies, fitted_clip
from tests.core.outputs.glb_reader import Glb
from tests.core.outputs.test_gltf import TENTH_MM, face_motion

pytestmark = pytest.mark.slow

THREE = "three@0.170.0"
VALIDATOR = "gltf-validator@2.0.0-dev.3.10"
VALIDATE = (
    "require('./package').validateBytes(new Uint8Array(require('fs').readFileSync(process.argv[1])))"
    ".then((report) => console.log(JSON.stringify(report.issues.messages)))"
)
PAGE = Path(__file__).with_name("three_page.html")
CHROMIUM = (
    "--headless=new",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--window-size=400,500",
    "--virtual-time-budget=60000",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder with three.js and the page, and the address at which it is served."""
    if shutil.which("chromium") is None or shutil.which("npm") is None:
        pytest.skip("needs chromium, and npm to fetch three.js")
    folder = tmp_path_factory.mktemp("three")
    packed = subprocess.run(["npm", "pack", THREE], cwd=folder, capture_output=True, timeout=300)
    if packed.returncode:
        pytest.skip("three.js is not to be had here")
    with tarfile.open(next(folder.glob("three-*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    shutil.copy(PAGE, folder / "page.html")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}/page.html"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing of what is asked for."""

    def log_message(self, *_: object) -> None:
        pass


def seen(place: tuple[Path, str], seconds: float, profile: Path) -> dict:
    """What the page tells of ``body.glb`` at a time."""
    page = [f"--user-data-dir={profile}", "--dump-dom", f"{place[1]}?time={seconds!r}"]
    done = subprocess.run(["chromium", *CHROMIUM, *page], capture_output=True, text=True, timeout=240)
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.S)
    assert told, done.stderr
    found = json.loads(html.unescape(told[1]))
    assert "error" not in found, found["error"]
    return found


def check(place: tuple[Path, str], job: ExportJob, key: int, tmp_path: Path) -> dict:
    assert GLTF.write is not None
    GLTF.write(replace(job, path=place[0] / "body.glb", overwrite=True))
    file = Glb(place[0] / "body.glb")
    found = seen(place, float(file.times()[key]), tmp_path / "profile")
    assert found["duration"] == pytest.approx(float(file.times()[-1]), abs=1e-5)
    for number, skin in enumerate(found["skins"]):
        # It reads the four largest weights of a vertex, and has them sum to one.
        expected = file.skin(key, number, most_sets=1)
        assert np.abs(np.array(skin["points"]) - expected).max() < TENTH_MM
    # The body stands upright in the picture: taller than a third of it.
    assert found["skin"] > 3000
    assert found["high"] - found["low"] > 130
    return found


def test_fit_and_source_are_where_they_should_be(place: tuple[Path, str], tmp_path: Path) -> None:
    motion, pair, result = fitted_clip("walk", 0, 12)
    job = ExportJob(tmp_path, "walk", np.arange(12), motion, pair, result, settings={"rigs": "both"})
    assert len(check(place, job, 7, tmp_path)["skins"]) == 2


def test_the_face_moves(place: tuple[Path, str], tmp_path: Path) -> None:
    motion, body = face_motion()
    pair = replace(bodies("built-in"), source=body)
    job = ExportJob(tmp_path, "walk", np.arange(4), motion, pair, settings={"rigs": "source"})
    (skin,) = check(place, job, 2, tmp_path)["skins"]
    assert skin["morphs"] == [f"expression_{k}" for k in range(body.num_expression)]


def test_the_formats_own_validator_finds_nothing(tmp_path: Path) -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs node, and npm to fetch the validator")
    if subprocess.run(["npm", "pack", VALIDATOR], cwd=tmp_path, capture_output=True, timeout=300).returncode:
        pytest.skip("the validator is not to be had here")
    with tarfile.open(next(tmp_path.glob("gltf-validator-*.tgz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    motion, pair, result = fitted_clip("walk", 0, 12)
    face, body = face_motion()
    job = ExportJob(
        tmp_path / "both.glb", "walk", np.arange(12), motion, pair, result, settings={"rigs": "both"}
    )
    own = replace(
        job, path=tmp_path / "face.glb", frames=np.array([2]), motion=face, settings={"rigs": "source"}
    )
    assert GLTF.write is not None
    for one in (job, replace(own, bodies=replace(pair, source=body))):
        GLTF.write(one)
        told = subprocess.run(
            ["node", "-e", VALIDATE, str(one.path)], cwd=tmp_path, capture_output=True, text=True
        )
        assert json.loads(told.stdout) == [], told.stderr
