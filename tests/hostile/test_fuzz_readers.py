"""A damaged file is refused in words or read as what it says: no crash, no hang, no gigabyte."""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.io.transforms import foreign
from tests.hostile.fuzz import INPUTS, MEMORY_BYTES, SECONDS_EACH, run_fuzz
from tests.hostile.mutations import BINARY, mutated
from tests.hostile.subjects import SUBJECTS
from tests.hostile.transforms import BatchReader, outcome, sample_h5

if TYPE_CHECKING:
    from pathlib import Path

FAULTS_OF_OLD: dict[str, tuple[int, ...]] = {
    "dicom-pixels": (801, 2333, 2458),
    "dicom-series": (59, 65, 118, 788, 1646, 2414, 2903),
    "dicom-enhanced": (396, 1233),
    "nifti": (1510, 2345),
    "nifti-gz": (3265,),
    "template": (1444,),
    "tfm": (13, 160, 213),
    "h5": (1905,),
    "3mf": (71, 115, 123),
}
"""Inputs that ended a process, were read as something else, or were refused in 8,000 letters."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.hazard(22, 26, 46, 47),
    pytest.mark.skipif(sys.platform != "linux", reason="limits and alarms are those of Linux"),
]


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_damaged_file_is_refused_or_read_as_what_it_says(name: str, *, long_run: bool) -> None:
    total = run_fuzz(name, 5 * INPUTS if long_run else INPUTS)
    assert total["faults"] == []
    assert total["ended"] == []
    assert sum(total["counts"].values()) == total["inputs"]
    assert total["slowest_s"] < SECONDS_EACH
    assert 0 < total["peak_bytes"] <= MEMORY_BYTES
    # otherwise the law would hold of nothing
    assert any(key.startswith("refused") for key in total["counts"])
    assert any(not key.startswith("refused") for key in total["counts"])


@pytest.mark.parametrize("name", FAULTS_OF_OLD)
def test_the_faults_of_old_are_among_the_inputs_of_every_run(name: str) -> None:
    assert max(FAULTS_OF_OLD[name]) < INPUTS


def test_the_child_itself_reads_and_refuses_what_the_batches_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, long_run: bool
) -> None:
    """The fuzzer reads HDF5 in batches; here a child for each: the first ones, and each crash."""
    sample, reader = sample_h5(tmp_path), BatchReader()
    crashes = 0
    for number in range(2_000 if long_run else 400):
        path = tmp_path / f"{number}.h5"
        path.write_bytes(mutated(sample, Random(f"h5/{number}"), BINARY))  # noqa: S311 - fixed
        with monkeypatch.context() as context:
            context.setattr(foreign, "read_guarded", reader)
            code, matrix = outcome(path)
        crashed = code == "reader-crashed"
        crashes += crashed
        if crashed or number < (200 if long_run else 20):
            again, itself = outcome(path)
            # what runs into freed memory crashes in one process and is refused in another
            assert again == code or crashed
            assert (itself is None) == (matrix is None)
            assert matrix is None or np.array_equal(matrix, itself)
        path.unlink()
    reader.close()
    assert crashes > 0
