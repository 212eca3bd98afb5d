#!/bin/sh
# Makes .venv ready: `set_up.sh serve` for running the server, `set_up.sh develop` for working
# on it as well. Takes uv when it is there; otherwise makes a virtual environment and lets pip
# fetch uv into it, so that both ways install exactly what uv.lock says.
set -eu
cd "$(dirname "$0")/.."

UV_RANGE='uv>=0.8,<0.14'
purpose=${1:-serve}
case $purpose in
    serve) what='the server' dependencies=--no-dev ;;
    develop) what='the server and the tools to work on it' dependencies=--group=dev ;;
    *) echo "usage: set_up.sh serve|develop" >&2; exit 2 ;;
esac

say() { echo "set-up: $*" >&2; }

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# Prints the first interpreter that is new enough and can make a virtual environment.
find_python() {
    too_bare=
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if fits "$name"; then
            if has_venv "$name"; then
                echo "$name"
                return
            fi
            too_bare=$name
        fi
    done
    if [ -n "$too_bare" ]; then
        say "$too_bare can't make virtual environments. Install its venv package"
        say "(on Debian and Ubuntu: sudo apt install python3-venv), or install uv."
    else
        say "Python 3.11 or newer is needed and was not found (looked for python3, python3.14"
        say "to python3.11 and python). Install it, or install uv, which brings one; or name"
        say "yours: make serve PYTHON=/path/to/python3"
    fi
    exit 1
}

sync_with() {
    UV_PROJECT_ENVIRONMENT=.venv "$@" sync --quiet --frozen --inexact "$dependencies"
}

install_with_pip() {
    if [ "$purpose" = serve ]; then
        .venv/bin/python -m pip install --quiet --editable .
    else
        .venv/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
        .venv/bin/python -m pip install --quiet --editable . --group dev
    fi
}

if [ -e .venv ] && ! fits .venv/bin/python; then
    say "the .venv here is of an older Python or broken; making a new one"
    rm -rf .venv
fi

say "installing $what into .venv (only this once)"
if command -v uv >/dev/null 2>&1 && sync_with uv; then
    exit 0
fi
if ! [ -x .venv/bin/pip ] && ! [ -x .venv/bin/uv ]; then
    python=$(find_python)
    "$python" -m venv --clear .venv
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1
if [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet "$UV_RANGE" 2>/dev/null; then
    if sync_with .venv/bin/uv --no-python-downloads; then
        exit 0
    fi
fi
say "uv could not do it; pip installs the newest versions that fit instead of those in uv.lock"
install_with_pip
