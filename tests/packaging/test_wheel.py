"""The wheel: what it holds, and that it works where there is no checkout and no window."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

CHECKOUT = Path(__file__).parents[2]

SHIPPED_ASSETS = [
    path.relative_to(CHECKOUT)
    for folder in ("bodies", "manual", "motions")
    for path in sorted((CHECKOUT / "assets" / folder).rglob("*"))
    if path.is_file()
]

# Prepended to a program: importing any library of the window fails, as where it is not installed.
WITHOUT_WINDOW = """
import sys
class NotInstalled:
    names = {"PySide6", "shiboken6", "qtpy", "pyqtgraph", "qtawesome"}
    names |= {"pyvista", "pyvistaqt", "vtk", "vtkmodules"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, NotInstalled())
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command started without anything that points back at the checkout."""
    told = ("PYTHONPATH", "PYTHONHOME", "REFIT_MODELS", "REFIT_THREADS", "DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in told}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel built from that sdist, as published."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, CHECKOUT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


def environment_with(what: Path, folder: Path, *how: str) -> Path:
    """A new virtual environment with Refit; what it depends on is borrowed from this one."""
    venv.create(folder, with_pip=False, symlinks=True)
    # A plain path in a .pth file: .pth files in that folder, and so an editable checkout, do not count.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--no-index", "--no-deps", *how, what, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the wheel."""
    return environment_with(wheel, tmp_path_factory.mktemp("installed"))


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def test_wheel_holds_three_packages(wheel: Path):
    tops = {name.partition("/")[0] for name in names_in(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"core", "gui_app", "refit"}
    assert len(tops) == 4


def test_wheel_from_checkout_is_the_same(wheel: Path, tmp_path: Path):
    run(
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "--outdir",
        tmp_path,
        CHECKOUT,
        cwd=tmp_path,
    )
    (direct,) = tmp_path.glob("*.whl")
    assert sorted(names_in(direct)) == sorted(names_in(wheel))


def test_wheel_holds_every_file_of_the_packages(wheel: Path):
    files = {
        path.relative_to(CHECKOUT).as_posix()
        for package in ("core", "gui_app")
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    # What Python users import has a place of its own in the checkout, and is in the wheel once.
    files = {name.removeprefix("core/public/") for name in files}
    packed = {name for name in names_in(wheel) if name.startswith(("core/", "gui_app/", "refit/"))}
    assert files == {name for name in packed if not name.startswith("core/assets/")}
    # Its types are those of core.
    assert {"refit/__init__.py", "refit/py.typed", "core/py.typed"} <= packed


def test_wheel_holds_bodies_motions_and_manual_and_no_other_assets(wheel: Path):
    assert len(SHIPPED_ASSETS) > 5
    with zipfile.ZipFile(wheel) as archive:
        for path in SHIPPED_ASSETS:
            assert archive.read(f"core/{path.as_posix()}") == (CHECKOUT / path).read_bytes()
    assets = {name for name in names_in(wheel) if name.startswith("core/assets/")}
    assert assets == {f"core/{path.as_posix()}" for path in SHIPPED_ASSETS}


def test_wheel_holds_the_licences(wheel: Path):
    licences = {name.partition(".dist-info/licenses/")[2] for name in names_in(wheel)}
    assert {"LICENSE", "assets/LICENSES.md"} <= licences


def test_wheel_is_small(wheel: Path):
    assert wheel.stat().st_size < 12e6


def test_sdist_holds_no_pictures_of_the_readme(dist: Path):
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"pyproject.toml", "README.md", "LICENSE", "Makefile", ".make/setup.sh"} <= set(names)
    assert [name for name in names if name.endswith("refit/__init__.py")] == ["core/public/refit/__init__.py"]
    assert not [name for name in names if name.startswith(("assets/readme", ".venv", ".git/", "dist"))]


def test_installed_packages_are_not_the_checkout(environment: Path, tmp_path: Path):
    program = "import core, gui_app, refit; print(core.__file__, gui_app.__file__, refit.__file__)"
    files = run(environment / "bin" / "python", "-c", program, cwd=tmp_path).split()
    assert len(files) == 3
    assert all(Path(file).is_relative_to(environment) for file in files), files


def test_editable_install_is_the_checkout(tmp_path: Path):
    editable = environment_with(CHECKOUT, tmp_path / "editable", "--no-build-isolation", "--editable")
    program = "import core, gui_app, refit; print(core.__file__, gui_app.__file__, refit.__file__)"
    files = run(editable / "bin" / "python", "-c", program, cwd=tmp_path).split()
    places = [CHECKOUT / place / "__init__.py" for place in ("core", "gui_app", "core/public/refit")]
    assert [Path(file) for file in files] == places


@pytest.fixture(scope="module")
def motion(environment: Path) -> Path:
    """A built-in motion, out of the installed package."""
    (path,) = environment.glob("lib/python*/site-packages/core/assets/motions/walk_poses.npz")
    return path


def test_installed_manual_is_found(environment: Path, tmp_path: Path):
    program = "from core.files.builtin_files import manual_folder; print(manual_folder() / 'index.md')"
    page = Path(run(environment / "bin" / "python", "-c", program, cwd=tmp_path).strip())
    assert page.is_relative_to(environment)
    assert page.read_bytes() == (CHECKOUT / "assets" / "manual" / "index.md").read_bytes()


def test_installed_module_fits_without_the_windows_libraries(environment: Path, motion: Path, tmp_path: Path):
    program = """
import refit
motion = refit.load_motion(sys.argv[1]).cut(0, 2)
fit = refit.fit(motion, preset="fast", threads=1)
refit.save(fit, "two.npz")
print(repr(refit.load_result("two.npz")))
print("No picture: pyvista cannot be imported here" in fit._repr_html_())
"""
    said = run(environment / "bin" / "python", "-c", WITHOUT_WINDOW + program, motion, cwd=tmp_path)
    assert said.startswith("<FitResult smplx neutral · walk_poses.npz · 2 frames · mean ")
    assert said.endswith("\nTrue\n")


def test_installed_command_describes_a_file(environment: Path, motion: Path, tmp_path: Path):
    assert "SMPL-H" in run(environment / "bin" / "refit", "info", motion, cwd=tmp_path)


@pytest.mark.parametrize(
    "program",
    [
        "import runpy; runpy.run_module('core', run_name='__main__', alter_sys=True)",
        "from gui_app.__main__ import main; sys.exit(main(sys.argv[1:]))",
    ],
    ids=["core", "refit"],
)
def test_converts_without_the_windows_libraries(
    program: str, environment: Path, motion: Path, tmp_path: Path
):
    python = environment / "bin" / "python"
    arguments = ("convert", motion, "--frames", "0:2", "-o", "two.npz")
    run(python, "-c", WITHOUT_WINDOW + program, *arguments, cwd=tmp_path)
    with np.load(tmp_path / "two.npz") as result:
        assert len(result["poses"]) == 2
