"""One demonstration for each seed, run once and looked at by many tests."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from phantoms.showcase import run_demo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAMPLE_SEEDS, ALL_SEEDS = (1,), tuple(range(10))


@dataclass(frozen=True, slots=True)
class DemoRun:
    """What a demonstration left on disk, read as plain JSON."""

    seed: int
    folder: Path
    told: tuple[str, ...]

    def read(self, name: str) -> dict[str, Any]:
        """Read one of its JSON files."""
        content: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return content

    def matrix(self, name: str, key: str) -> np.ndarray:
        """Read a 4x4 matrix out of one of its files."""
        return np.array(self.read(name)[key])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of the demonstration on a sample of seeds, or with ``--long`` on ten."""
    if "demo" in metafunc.fixturenames:
        seeds = ALL_SEEDS if metafunc.config.getoption("--long") else SAMPLE_SEEDS
        metafunc.parametrize("demo", seeds, indirect=True, scope="session", ids="seed{}".format)


@pytest.fixture(scope="session")
def demo(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoRun]:
    """Run the demonstration of one seed."""
    seed = int(request.param)
    folder = tmp_path_factory.mktemp("demo") / f"seed{seed}"
    told: list[str] = []
    run_demo(folder, seed=seed, progress=told.append)
    yield DemoRun(seed, folder, tuple(told))
    shutil.rmtree(folder)
