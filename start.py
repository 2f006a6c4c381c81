"""Install everything into .venv beside this file, then run the demo, the tests or all checks.

Called by ``start.sh`` on Linux and macOS and by ``py start.py`` on Windows; uses nothing but the
standard library, because it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

RUN_LOCK = "constraints.txt"
FULL_LOCK = "constraints-dev.txt"

DEBIAN_DRAWING = ("libegl1", "libgl1-mesa-dri")
"""What VTK draws with where there is no screen: the EGL front door and Mesa's software driver."""

WHEELS_EXIST = {("Linux", "x86_64"), ("Windows", "AMD64"), ("Darwin", "arm64")}
"""Machines for which every locked dependency is published ready-built."""

COMMANDS = {
    "demo": (RUN_LOCK, [str(BIN / "navigator"), "demo", "--out", "demo-out", "--overwrite"]),
    "test": (FULL_LOCK, [str(PYTHON), "-m", "pytest", "-n", "2"]),
    "check": (FULL_LOCK, [str(PYTHON), "-m", "nox"]),
}

USAGE = """\
usage: start.py demo [options of `navigator demo`]   plan a synthetic patient, write demo-out/
       start.py test [options of pytest]             run the tests
       start.py check                                run all that CI runs
"""


class StartError(Exception):
    """Something outside this program is missing; the text says what to do."""


def main(arguments: list[str]) -> int:
    """Install what is missing and run one command.

    Parameters
    ----------
    arguments : list of str
        The command and the options that are passed on to it.

    Returns
    -------
    int
        The command's exit code; 2 where the installation could not be done.
    """
    if not arguments or arguments[0] not in COMMANDS:
        print(USAGE, end="", file=sys.stderr)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    lock, command = COMMANDS[arguments[0]]
    try:
        check_machine()
        install_system_packages()
        make_environment()
        install_packages(lock)
    except StartError as error:
        print(f"start: {error}", file=sys.stderr)
        return 2
    say(f"running {arguments[0]}")
    sys.stdout.flush()
    environment = dict(os.environ)
    if platform.system() == "Linux":
        environment.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    return subprocess.run(
        [*command, *arguments[1:]], cwd=ROOT, env=environment, check=False
    ).returncode


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"start: {text}", flush=True)


def check_machine() -> None:
    """Refuse a Python or a machine for which the dependencies do not exist."""
    if sys.version_info < (3, 11):  # noqa: UP036 - an older interpreter is what this line finds
        raise StartError(f"Python 3.11 or newer is needed, this is {platform.python_version()}")
    machine = (platform.system(), platform.machine())
    if machine not in WHEELS_EXIST:
        known = ", ".join(f"{system} {kind}" for system, kind in sorted(WHEELS_EXIST))
        raise StartError(
            f"some dependencies are not published for {' '.join(machine)}; they are for: {known}. "
            "Use one of these machines, or a virtual machine or container of that kind."
        )


def install_system_packages() -> None:
    """Install what off-screen drawing needs from the system, where that is known."""
    if platform.system() != "Linux":
        say("no system packages are needed here")
        return
    if not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        say("not a Debian: off-screen drawing needs libEGL and a Mesa driver from your system")
        say("  Fedora: dnf install mesa-libEGL mesa-dri-drivers; Arch: pacman -S mesa")
        return
    missing = [package for package in DEBIAN_DRAWING if not is_installed(package)]
    if missing:
        apt_install(missing)


def is_installed(package: str) -> bool:
    """Ask dpkg whether a package is installed."""
    answer = run_quietly(["dpkg-query", "--show", "--showformat=${db:Status-Status}", package])
    return answer.stdout == "installed"


def apt_install(packages: list[str]) -> None:
    """Install Debian packages, through sudo where this is not root."""
    root = [] if os.geteuid() == 0 else [shutil.which("sudo") or ""]
    wanted = "apt-get install --no-install-recommends " + " ".join(packages)
    if root == [""]:
        raise StartError(
            f"off-screen drawing needs {' and '.join(packages)}. As root, run:\n  {wanted}\n"
            "and then give the same command again."
        )
    say(f"installing {', '.join(packages)} (for drawing without a screen)")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]
    apt += ["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]
    update = run_quietly([*apt, "update"])
    install = run_quietly([*apt, "install", "--no-install-recommends", *packages])
    if install.returncode != 0:
        raise StartError(
            f"`{wanted}` failed:\n{last_lines(update.stderr + install.stderr)}\n"
            "Check the network and the package sources, then give the same command again."
        )


def make_environment() -> None:
    """Create .venv, or anew where its interpreter no longer runs."""
    if PYTHON.exists():
        same = run_quietly([str(PYTHON), "-c", "import sys, pip; print(sys.version_info[:2])"])
        if same.stdout.strip() == str(sys.version_info[:2]):
            return
    say(f"creating {VENV.name} with Python {platform.python_version()}")
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StartError(
            f"could not create {VENV}: {error}. On Debian and Ubuntu, install python3-venv; "
            "elsewhere, check that this folder can be written."
        ) from None


def install_packages(lock: str) -> None:
    """Install the locked dependencies and this package, unless that was done before."""
    stamp = VENV / "installed.txt"
    done = stamp.read_text(encoding="utf-8").split("\n") if stamp.exists() else []
    if fingerprint(lock) in done or fingerprint(FULL_LOCK) in done:
        return
    say(f"installing the dependencies of {lock} (some minutes the first time)")
    pip("--require-hashes", "--only-binary", ":all:", "-r", lock)
    say("installing mwa-navigator")
    pip("--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write_text(fingerprint(lock) + "\n", encoding="utf-8")


def fingerprint(lock: str) -> str:
    """Hash what an installation depends on: the lock and the project's own metadata."""
    digest = hashlib.sha256()
    for name in (lock, "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{lock} {digest.hexdigest()}"


def pip(*arguments: str) -> None:
    """Run pip in the environment; a failure becomes a text that says what to do."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-q"]
    result = run_quietly([*command, *arguments])
    if result.returncode != 0:
        next_step = (
            "What came is not what was locked. Do not install it; report it (SECURITY.md)."
            if "DO NOT MATCH THE HASHES" in result.stderr
            else "Check the network and the free disk space (3 GB), delete .venv, then give the "
            "same command again."
        )
        raise StartError(
            f"`pip install {' '.join(arguments)}` failed:\n{last_lines(result.stderr)}\n{next_step}"
        )


def run_quietly(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder and keep its output."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def last_lines(text: str, count: int = 12) -> str:
    """Cut a program's complaint to its end, indented."""
    return "\n".join("  " + line for line in text.strip().splitlines()[-count:])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nstart: interrupted; give the same command again to go on", file=sys.stderr)
        sys.exit(130)
