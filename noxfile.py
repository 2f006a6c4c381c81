"""The checks, one session each: ``nox`` runs all that CI runs, ``nox -s lint`` one of them.

Every session uses the environment that nox itself runs in (``.venv``, made by ``start.py``), so
that what is checked is what is installed from the lock.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

CHECKS = ["tests", "lint", "layout", "spelling", "types", "contracts", "shape", "coverage", "docs"]

FULLY_COVERED = "navigator/geometry/*,navigator/model/*,navigator/workflow/*,template_gen/rules.py"
"""Where a branch that no test takes is a hazard of its own."""

LOCKS = {"constraints.txt": [], "constraints-dev.txt": ["--extra", "dev"]}

nox.options.default_venv_backend = "none"
nox.options.sessions = CHECKS


def python(session: nox.Session, *arguments: str) -> None:
    """Run a module or script with the environment's own interpreter."""
    session.run(sys.executable, *arguments, external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests on two cores and keep the coverage data."""
    on_two_cores = ("-n", "2", "--dist", "loadgroup")
    coverage_options = ("--cov", "--cov-branch", "--cov-report=")
    python(session, "-m", "pytest", *on_two_cores, *coverage_options, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the style."""
    python(session, "-m", "ruff", "check")


@nox.session
def layout(session: nox.Session) -> None:
    """Check that the formatter would change nothing."""
    python(session, "-m", "ruff", "format", "--check")


@nox.session
def spelling(session: nox.Session) -> None:
    """Look for misspelt words."""
    python(session, "-m", "codespell_lib")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, strictly."""
    python(session, "-m", "mypy")


@nox.session
def contracts(session: nox.Session) -> None:
    """Check that imports only go down."""
    call = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    python(session, "-c", call)


@nox.session
def shape(session: nox.Session) -> None:
    """Measure the code's own shape against the limits in pyproject.toml."""
    python(session, "scripts/measure_shape.py")


@nox.session
def coverage(session: nox.Session) -> None:
    """Demand every branch of the rooms where it matters most; needs the data of `tests`."""
    python(session, "-m", "coverage", "report", "--fail-under=100", "--include", FULLY_COVERED)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    python(session, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", "docs/_build/html")


@nox.session
def lock(session: nox.Session) -> None:
    """Write both locks anew; ``nox -s lock -- --upgrade`` takes the newest versions."""
    for name, extra in LOCKS.items():
        again = ["--custom-compile-command", "nox -s lock", "--no-annotate", "--quiet"]
        no_address = ["--no-emit-index-url", "--no-emit-find-links"]
        where = ["--universal", "--python-version", "3.11", "--group", "build"]
        what = ["pyproject.toml", *extra, "--generate-hashes", "--output-file", name]
        if name != "constraints.txt":
            what += ["--constraints", "constraints.txt"]
        options = [*again, *no_address, *where, *what, *session.posargs]
        python(session, "-m", "uv", "pip", "compile", *options)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Time the engine at several sizes."""
    if not list(Path("benchmarks").glob("bench_*.py")):
        session.skip("there is no benchmarks/bench_*.py")
    files = ["-o", "python_files=bench_*.py", "-o", "python_functions=bench_*", "benchmarks"]
    python(session, "-m", "pytest", "--benchmark-enable", "--benchmark-only", *files)
