#!/bin/sh
# Finds a Python 3.11 or newer that can make virtual environments, installs Debian's where there is
# none, and hands over to start.py, which does everything else.
#
#     sh start.sh demo     install, then plan a synthetic patient from CT to template and report
#     sh start.sh test     install, then run the tests
#     sh start.sh check    install, then run all that CI runs
set -eu
cd "$(dirname "$0")"

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

install_debian_python() {
    echo "start: no Python 3.11 with venv here; installing python3 and python3-venv by apt-get"
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || return 1
        as_root="sudo"
    fi
    $as_root apt-get -qq -o DPkg::Lock::Timeout=120 update &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 \
            install --no-install-recommends python3 python3-venv >/dev/null
}

if ! python=$(find_python) && command -v apt-get >/dev/null 2>&1; then
    install_debian_python || echo "start: apt-get could not install Python" >&2
fi
if ! python=$(find_python); then
    cat >&2 <<'TEXT'
start: Python 3.11 or newer with the modules venv and ensurepip is needed and was not found.
  Debian 12, Ubuntu 24.04:  apt-get install python3 python3-venv   (as root)
  Fedora:                   dnf install python3
  macOS:                    brew install python@3.13, or the installer from python.org
Then give the same command again.
TEXT
    exit 2
fi
exec "$python" start.py "$@"
