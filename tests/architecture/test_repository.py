"""What the README promises is what CI runs, and what is installed is what was locked."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("constraints.txt", "constraints-dev.txt")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, set[str]]:
    """Read a lock: each pinned requirement with its hashes."""
    found: dict[str, set[str]] = {}
    requirement = ""
    for line in text_of(name).splitlines():
        if line.startswith("    --hash="):
            found[requirement].add(line.strip(" \\"))
        elif line and not line.startswith("#"):
            requirement = line.rstrip(" \\")
            found[requirement] = set()
    return found


def readme_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text_of("README.md"), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_the_readme_has_two_commands_and_ci_calls_the_second() -> None:
    assert readme_commands()[:2] == ["sh start.sh demo", "sh start.sh test"]
    assert re.search(r"^step tests sh start\.sh test$", text_of(".ci/run"), flags=re.MULTILINE)


def test_ci_runs_every_check_that_nox_knows() -> None:
    checks = re.search(r"^CHECKS = \[(.*)\]$", text_of("noxfile.py"), flags=re.MULTILINE)
    assert checks is not None
    steps = re.findall(r"^step (\w+) ", text_of(".ci/run"), flags=re.MULTILINE)
    # the first one installs the programs that judge our files
    assert steps == ["programs", *re.findall(r'"(\w+)"', checks[1])]


@pytest.mark.hazard(60)
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address_path_or_machine(name: str) -> None:
    assert not re.search(r"://|--(extra-)?index|--find-links|file:| @ |/", text_of(name))


@pytest.mark.hazard(60)
@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_requirement_is_exact_and_hashed(name: str) -> None:
    locked = pins(name)
    assert locked
    for requirement, hashes in locked.items():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.+!]+( ; .+)?", requirement)
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes)


@pytest.mark.hazard(60)
def test_the_tests_run_on_the_very_versions_that_the_demo_runs_on() -> None:
    run, full = (pins(name) for name in LOCKS)
    assert run.items() <= full.items()


@pytest.mark.parametrize(("name", "extras"), [(LOCKS[0], ()), (LOCKS[1], ("dev",))])
def test_a_lock_holds_every_requirement_of_the_project(name: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads(text_of("pyproject.toml"))
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["build"]]
    for extra in extras:
        asked += project["project"]["optional-dependencies"][extra]
    locked = {requirement.partition("==")[0] for requirement in pins(name)}
    assert {re.split(r"[\[<>=!~ ]", one, maxsplit=1)[0].lower() for one in asked} <= locked


def test_the_installer_uses_the_locks_with_their_hashes() -> None:
    start = text_of("start.py")
    assert all(f'"{name}"' in start for name in LOCKS)
    assert '"--require-hashes"' in start


def test_the_version_is_told_alike_everywhere() -> None:
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    assert f"version: {version}\n" in text_of("CITATION.cff")
    assert f'__version__ = "{version}"' in text_of("navigator/__init__.py")
