"""How long a command takes to say what it does: half a second is the limit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

LIMIT_S = 0.5


@pytest.mark.parametrize(
    "words",
    [
        ("navigator", "--help"),
        ("navigator", "plan", "--help"),
        ("template-gen", "--help"),
        ("phantoms", "--help"),
    ],
    ids=" ".join,
)
def bench_help(benchmark: BenchmarkFixture, words: tuple[str, ...]) -> None:
    call = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
    benchmark.pedantic(subprocess.run, (call,), {"check": True, "capture_output": True}, rounds=5)
    assert benchmark.stats.stats.median < LIMIT_S
