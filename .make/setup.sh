#!/usr/bin/env bash
# Sets up this checkout: `setup.sh run` what the window needs, `setup.sh test` what the tests need as well.
# One line a step; silent where all is there. PYTHON names the Python, APT=no leaves Debian packages alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

window_packages="libegl1 libglib2.0-0 libfontconfig1 libxkbcommon0 libdbus-1-3 libxkbcommon-x11-0
    libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
screen_packages="xvfb xauth"

venv=.venv
ready=$venv/refit-ready           # what the packages in it were installed for
unfinished=$venv/refit-unfinished # there while they are being installed

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

log=$(mktemp "${TMPDIR:-/tmp}/refit-setup.XXXXXX")
trap 'rm -f "$log"' EXIT
exec 8>&2 # the trap may run while a step writes into the log
trap 'printf "\nInterrupted.\n" >&8; exit 130' INT TERM

# step WHAT COMMAND...: says what, runs the command into the log, and shows the end of the log if it fails.
step() {
    local what=$1 began=$SECONDS
    shift
    printf '%s ... ' "$what"
    if "$@" >>"$log" 2>&1 </dev/null 9<&-; then
        echo "done ($((SECONDS - began)) s)"
    else
        echo failed
        tail -n 25 "$log" >&2
        trap - EXIT
        fail "The whole log is in $log"
    fi
}

# ---- Debian packages

# Those of the named packages that are not installed. Some are called ...t64 since 64-bit time came.
missing_packages() {
    local name known
    # shellcheck disable=SC2086,SC2046
    known=" $(dpkg-query -W -f='${db:Status-Status}=${Package} ' $1 $(printf '%st64 ' $1) 2>/dev/null || true) "
    for name in $1; do
        case $known in
        *" installed=$name "* | *" installed=${name}t64 "*) ;;
        *) echo "$name" ;;
        esac
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
    as_root apt-get update -q || true
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 $1
}

debian_packages() {
    local wanted=$1 missing
    if [ "${APT:-}" = no ]; then return; fi
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        [ -e "$ready" ] || echo "Not Debian or Ubuntu: system libraries are left alone." \
            "Qt and VTK need what Debian calls:" $wanted
        return
    fi
    missing=$(missing_packages "$wanted" | tr '\n' ' ')
    missing=${missing% }
    if [ -z "$missing" ]; then return; fi
    if as_root true 2>/dev/null; then
        step "Debian packages: $missing" install_packages "$missing"
    else
        fail "Debian packages are missing. Install them, then call make again:" "" \
            "    sudo apt-get install --no-install-recommends $missing" "" \
            "(APT=no goes on without them.)"
    fi
}

# ---- Python

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

# What a finished environment was made for: the Python and the place on one line, the project file and the
# versions on the next.
fingerprint() {
    "$venv/bin/python" -c 'if True:
        import hashlib, os, sys
        print("%d.%d" % sys.version_info[:2], os.getcwd())
        told = [open(name, "rb").read() for name in ("pyproject.toml", ".make/constraints.txt")]
        print(hashlib.sha256(b"".join(told)).hexdigest())'
}

# Why the environment that is there cannot be used; nothing where it can.
unusable() {
    local version
    version=$(version_of "$venv/bin/python") || version=
    if [ -e "$unfinished" ]; then
        echo "setting it up was interrupted"
    elif [ -z "$version" ]; then
        echo "its Python does not start"
    elif [ -n "${PYTHON:-}" ] && [ "$version" != "$(version_of "$PYTHON")" ]; then
        echo "it has Python $version, not that of $PYTHON"
    elif [ -e "$ready" ] && [ "$(head -n 1 "$ready")" != "$(fingerprint | head -n 1)" ]; then
        echo "it was made for another place or Python"
    fi
}

check_version() {
    local version
    version=$(version_of "$1") || fail "There is no working Python called $1; PYTHON=... names another."
    supported "$version" ||
        fail "Refit needs Python 3.10 to 3.13, and $1 is $version; PYTHON=... names another."
}

supported() { case $1 in 3.1[0-3]) ;; *) return 1 ;; esac; }

# python3, or one with a name of its own where that is too old or too new.
usual_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 python3.10; do
        if supported "$(version_of "$name")"; then
            echo "$name"
            return
        fi
    done
    echo python3
}

make_venv() {
    rm -rf "$venv"
    mkdir "$venv"
    touch "$unfinished"
    "$1" -m venv "$venv"
}

install_project() {
    "$venv/bin/python" -m pip install --no-input --disable-pip-version-check --progress-bar off \
        --constraint .make/constraints.txt -e '.[dev]'
}

# ---- the whole

case ${1:-} in
run) packages=$window_packages ;;
test) packages="$window_packages $screen_packages" ;;
*) fail "usage: setup.sh run | test" ;;
esac

if command -v flock >/dev/null; then
    exec 9<.
    flock -n 9 || { echo "Waiting for another setup of this folder."; flock 9; }
fi

python=$venv/bin/python
if [ -d "$venv" ]; then
    reason=$(unusable)
    if [ -n "$reason" ]; then
        echo "Making $venv anew: $reason."
        python=${PYTHON:-$(usual_python)}
    fi
else
    python=${PYTHON:-$(usual_python)}
fi
check_version "$python"

if [ "$python" != "$venv/bin/python" ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    packages="$packages python$(version_of "$python")-venv"
fi
debian_packages "$packages"

if [ "$python" != "$venv/bin/python" ]; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments: its modules venv and ensurepip are missing."
    step "Virtual environment $venv with Python $(version_of "$python")" make_venv "$python"
fi
if [ ! -x "$venv/bin/refit" ] || [ "$(cat "$ready" 2>/dev/null)" != "$(fingerprint)" ]; then
    touch "$unfinished"
    step "Python packages (minutes the first time; log in $log)" install_project
    fingerprint >"$ready"
    rm "$unfinished"
fi
