"""The setup script behind `make run` and `make test`, with stand-ins for everything it calls."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

TOOLS = ("bash", "cat", "dirname", "env", "head", "mkdir", "mktemp", "rm", "tail", "touch", "tr")

ALL_PACKAGES = [
    "libegl1",
    "libglib2.0-0",
    "libfontconfig1",
    "libxkbcommon0",
    "libdbus-1-3",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "xvfb",
    "xauth",
]

# Knows the packages listed in the file `debian`, one a line.
DPKG_QUERY = """#!/bin/bash
while read -r name; do
    for asked in "$@"; do [ "$asked" = "$name" ] && printf 'installed=%s ' "$name"; done
done <"$STAND/debian"
exit 1
"""

APT_GET = """#!/bin/bash
echo "apt-get $*" >>"$STAND/calls"
"""

SUDO = """#!/bin/bash
[ "$1" = -n ] && [ -e "$STAND/sudo-works" ] || exit 1
shift
echo "sudo $1" >>"$STAND/calls"
"$@"
"""

ID = """#!/bin/bash
cat "$STAND/id"
"""

# A Python whose virtual environments hold a copy of itself and whose pip only writes `refit`.
PYTHON = """#!/bin/bash
case "$*" in
"-c import sys;"*) cat "$STAND/version" ;;
"-c import ensurepip, venv") [ ! -e "$STAND/no-ensurepip" ] ;;
"-m venv "*)
    echo "venv" >>"$STAND/calls"
    mkdir -p "$3/bin" && cat "$0" >"$3/bin/python" && chmod +x "$3/bin/python" ;;
"-m pip install "*)
    echo "pip" >>"$STAND/calls"
    echo "$* " >"$STAND/pip-arguments"
    [ ! -e "$STAND/no-network" ] || { echo "no network" >&2; exit 1; }
    cat "$0" >"${0%/*}/refit" && chmod +x "${0%/*}/refit" ;;
*) exec REAL "$@" ;;
esac
"""


class Stand:
    """A folder with a checkout's setup script, and a PATH that holds only stand-ins."""

    def __init__(self, folder: Path):
        self.state = folder / "state"
        self.bin = folder / "bin"
        self.checkout = folder / "checkout"
        for made in (self.state, self.bin, self.checkout / ".make"):
            made.mkdir(parents=True)
        shutil.copy(CHECKOUT / ".make" / "setup.sh", self.checkout / ".make")
        (self.checkout / "pyproject.toml").write_text("[project]\n")
        (self.checkout / ".make" / "constraints.txt").write_text("numpy==2\n")
        for tool in (*TOOLS, "chmod"):
            path = shutil.which(tool)
            assert path is not None
            (self.bin / tool).symlink_to(path)
        scripts = {"dpkg-query": DPKG_QUERY, "apt-get": APT_GET, "sudo": SUDO, "id": ID}
        for name, text in (scripts | {"python3": PYTHON.replace("REAL", sys.executable)}).items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        self.write("debian", "\n".join(ALL_PACKAGES) + "\n")
        self.write("id", "0")
        self.write("version", "3.12")

    def write(self, name: str, text: str = "") -> None:
        (self.state / name).write_text(text)

    def setup(self, what: str = "test", **variables: str) -> tuple[int, str, list[str]]:
        """Exit code, output, and what was called meanwhile."""
        self.write("calls")
        done = subprocess.run(
            [str(self.checkout / ".make" / "setup.sh"), what],
            env={"PATH": str(self.bin), "STAND": str(self.state), "TMPDIR": str(self.state)} | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, (self.state / "calls").read_text().splitlines()


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


def test_second_call_does_nothing_and_says_nothing(stand: Stand):
    code, output, calls = stand.setup()
    assert (code, calls) == (0, ["venv", "pip"])
    assert "Python packages" in output
    assert stand.setup() == (0, "", [])
    assert stand.setup("run") == (0, "", [])
    assert not list(stand.state.glob("refit-setup.*"))


@pytest.mark.parametrize("name", ["pyproject.toml", ".make/constraints.txt"])
def test_changed_project_file_or_versions_install_again_in_place(stand: Stand, name: str):
    stand.setup()
    (stand.checkout / name).write_text("[project]\nname = 'other'\n")
    assert stand.setup()[2] == ["pip"]
    told = [(stand.checkout / one).read_bytes() for one in ("pyproject.toml", ".make/constraints.txt")]
    digest = hashlib.sha256(b"".join(told)).hexdigest()
    assert digest in (stand.checkout / ".venv" / "refit-ready").read_text()


def test_the_tested_versions_are_installed(stand: Stand):
    stand.setup()
    assert " --constraint .make/constraints.txt " in (stand.state / "pip-arguments").read_text()


def test_failed_install_shows_why_and_the_next_call_starts_over(stand: Stand):
    stand.write("no-network")
    code, output, _ = stand.setup()
    assert code == 1
    assert "no network" in output
    (stand.state / "no-network").unlink()
    code, output, calls = stand.setup()
    assert (code, calls) == (0, ["venv", "pip"])
    assert "interrupted" in output


def test_environment_without_a_working_python_is_made_anew(stand: Stand):
    stand.setup()
    (stand.checkout / ".venv" / "bin" / "python").unlink()
    assert stand.setup()[2] == ["venv", "pip"]


def test_environment_of_another_place_is_made_anew(stand: Stand, tmp_path: Path):
    stand.setup()
    stand.checkout = stand.checkout.rename(tmp_path / "moved")
    assert stand.setup()[2] == ["venv", "pip"]


def test_environment_someone_made_is_used(stand: Stand):
    python = stand.checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    shutil.copy(stand.bin / "python3", python)
    assert stand.setup()[2] == ["pip"]


def test_another_python_is_used_only_where_it_is_named(stand: Stand):
    stand.setup()
    other = stand.bin / "python3.13"
    other.write_text((stand.bin / "python3").read_text().replace('cat "$STAND/version"', "echo 3.13"))
    other.chmod(0o755)
    assert stand.setup(PYTHON="python3.13")[2] == ["venv", "pip"]
    assert stand.setup() == (0, "", [])


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.14"])
def test_untried_python_is_refused(stand: Stand, version: str):
    stand.write("version", version)
    code, output, calls = stand.setup()
    assert (code, calls) == (1, [])
    assert f"Python 3.10 to 3.13, and python3 is {version}" in output


def test_where_python3_is_too_new_another_is_taken(stand: Stand):
    older = stand.bin / "python3.12"
    older.write_text((stand.bin / "python3").read_text().replace('cat "$STAND/version"', "echo 3.12"))
    older.chmod(0o755)
    stand.write("version", "3.14")
    code, output, calls = stand.setup()
    assert (code, calls) == (0, ["venv", "pip"])
    assert "with Python 3.12" in output


def test_missing_python_is_told(stand: Stand):
    code, output, _ = stand.setup(PYTHON="python4")
    assert code == 1
    assert "no working Python called python4" in output


def test_root_installs_what_is_missing(stand: Stand):
    stand.write("debian", "\n".join(set(ALL_PACKAGES) - {"xauth", "libegl1"}) + "\n")
    code, _, calls = stand.setup()
    assert code == 0
    assert calls[0].startswith("apt-get update")
    assert calls[1].startswith("apt-get install")
    assert calls[1].endswith(" libegl1 xauth")


def test_running_needs_no_virtual_screen(stand: Stand):
    stand.write("debian", "\n".join(set(ALL_PACKAGES) - {"xauth", "xvfb"}) + "\n")
    assert stand.setup("run")[2] == ["venv", "pip"]


def test_sudo_without_a_password_is_used(stand: Stand):
    stand.write("id", "1000")
    stand.write("sudo-works")
    stand.write("debian", "\n".join(ALL_PACKAGES[:-1]) + "\n")
    code, _, calls = stand.setup()
    assert code == 0
    assert next(call for call in calls if call.startswith("apt-get install")).endswith(" xauth")


def test_otherwise_the_command_to_install_is_told(stand: Stand):
    stand.write("id", "1000")
    stand.write("no-ensurepip")
    stand.write("debian", "\n".join(ALL_PACKAGES[:-2]) + "\n")
    code, output, calls = stand.setup()
    assert (code, calls) == (1, [])
    assert "\n    sudo apt-get install --no-install-recommends xvfb xauth python3.12-venv\n" in output


def test_packages_renamed_for_64_bit_time_count(stand: Stand):
    names = [name.replace("libglib2.0-0", "libglib2.0-0t64") for name in ALL_PACKAGES]
    stand.write("debian", "\n".join(names) + "\n")
    assert stand.setup()[2] == ["venv", "pip"]


def test_other_systems_and_the_unwilling_skip_debian_packages(stand: Stand):
    stand.write("debian")
    assert stand.setup(APT="no")[2] == ["venv", "pip"]
    shutil.rmtree(stand.checkout / ".venv")
    (stand.bin / "dpkg-query").unlink()
    code, output, calls = stand.setup()
    assert (code, calls) == (0, ["venv", "pip"])
    assert "Not Debian or Ubuntu" in output


def test_python_without_ensurepip_is_told(stand: Stand):
    stand.write("no-ensurepip")
    code, output, calls = stand.setup(APT="no")
    assert (code, calls) == (1, [])
    assert "cannot make virtual environments" in output
