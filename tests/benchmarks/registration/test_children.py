"""A child's time and memory are its own, and the limit ends all that it started."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.registration.children import run_child

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "wait4"), reason="no wait4 on this system")


def test_the_processor_time_is_that_of_the_child_and_its_children(tmp_path: Path) -> None:
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    outer = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', '''{burn}'''])"
    spent = run_child([sys.executable, "-c", outer], tmp_path, limit_s=60.0)
    assert spent.code == 0
    assert 0.3 <= spent.cpu_s < 5.0


def test_memory_that_was_held_is_seen(tmp_path: Path) -> None:
    spent = run_child(
        [sys.executable, "-c", "len(bytearray(b'x') * 200_000_000)"], tmp_path, limit_s=60
    )
    assert spent.peak_mib >= 190.0


def test_the_exit_code_and_the_last_words_are_kept(tmp_path: Path) -> None:
    call = "import sys; print('first', file=sys.stderr); sys.exit('it broke')"
    spent = run_child([sys.executable, "-c", call], tmp_path, limit_s=60.0)
    assert (spent.code, spent.said) == (1, "it broke")


def test_over_the_limit_it_is_ended_with_what_it_started(tmp_path: Path) -> None:
    left = tmp_path / "alive"
    inner = f"import time, pathlib\ntime.sleep(2.5)\npathlib.Path({str(left)!r}).touch()"
    outer = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {inner!r}])"
    spent = run_child([sys.executable, "-c", outer], tmp_path, limit_s=0.7)
    assert spent.code is None
    time.sleep(2.6)
    assert not left.exists()
