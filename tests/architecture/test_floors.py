"""The floor tables in pyproject.toml place every room that exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    contract["name"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
FLOORS = [
    set(re.findall(r"\w+", layer)) for layer in CONTRACTS["The floors of navigator"]["layers"]
]
BELOW_IO = set().union(*FLOORS[next(i for i, f in enumerate(FLOORS) if "io" in f) + 1 :])
ROOMS = {
    entry.stem
    for entry in (ROOT / "navigator").iterdir()
    if (entry.suffix == ".py" or (entry / "__init__.py").exists()) and entry.stem != "__init__"
}


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_room_stands_on_a_floor(room: str) -> None:
    assert sum(room in floor for floor in FLOORS) == 1


@pytest.mark.parametrize("room", sorted(ROOMS & BELOW_IO))
def test_every_room_below_io_is_kept_from_files_clocks_and_drawing(room: str) -> None:
    name = "Below io: no file, clock, log, environment, network, drawing or document format"
    assert f"navigator.{room}" in CONTRACTS[name]["source_modules"]


def test_an_unplaced_room_breaks_the_build() -> None:
    assert CONTRACTS["The floors of navigator"]["exhaustive"] is True
