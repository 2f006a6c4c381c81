"""A damaged file is refused in words or read as what it says: no crash, no hang, no gigabyte."""

from __future__ import annotations

import sys

import pytest

from tests.hostile.fuzz import MEMORY_BYTES, SECONDS_EACH, run_fuzz
from tests.hostile.subjects import EVERY, SUBJECTS

FAULTS_OF_OLD: dict[str, tuple[int, ...]] = {
    "dicom-pixels": (801, 2333, 2458),
    "dicom-series": (59, 65, 118, 788, 1646, 2414, 2903),
    "dicom-enhanced": (396, 1233),
    "nifti": (1510, 2345),
    "nifti-gz": (3265,),
    "template": (1444,),
    "tfm": (13, 160, 213),
}
"""Inputs that ended a process, were read as something else, or were refused in 8,000 letters."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.hazard(22, 26, 46, 47),
    pytest.mark.skipif(sys.platform != "linux", reason="limits and alarms are those of Linux"),
]


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_damaged_file_is_refused_or_read_as_what_it_says(name: str, *, long_run: bool) -> None:
    subject = SUBJECTS[name]
    total = run_fuzz(name, EVERY if long_run else subject.in_ci)
    assert total["faults"] == []
    # only the reader that runs in a guarded child may end its process
    assert subject.may_end or total["ended"] == []
    assert sum(total["counts"].values()) + len(total["ended"]) == total["inputs"]
    assert total["slowest_s"] < SECONDS_EACH
    assert 0 < total["peak_bytes"] <= MEMORY_BYTES
    # otherwise the law would hold of nothing
    assert any(key.startswith("refused") for key in total["counts"])
    assert any(not key.startswith("refused") for key in total["counts"])


@pytest.mark.parametrize("name", FAULTS_OF_OLD)
def test_the_faults_of_old_are_among_the_inputs_of_every_run(name: str) -> None:
    assert max(FAULTS_OF_OLD[name]) < SUBJECTS[name].in_ci
