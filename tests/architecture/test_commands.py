"""Each installed command answers a cry for help, in usage and without a traceback."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]


@pytest.mark.parametrize("command", sorted(SCRIPTS))
def test_help_is_given(command: str) -> None:
    module, function = SCRIPTS[command].split(":")
    call = f"import sys; from {module} import {function}; sys.argv[0] = {command!r}; {function}()"
    answer = subprocess.run(  # noqa: S603 - the commands are those of pyproject.toml
        [sys.executable, "-c", call, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "Usage" in answer.stdout
    assert command in answer.stdout
    assert "Traceback" not in answer.stderr
