"""Labels that lie elsewhere than the organs of the scan are refused or told of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.app.inputs import load_planning_inputs
from navigator.app.plausibility import plausibility_remarks
from navigator.errors import InputRefusedError, StructureRefusedError
from navigator.imaging.tissue import find_body
from navigator.io.structures import load_label_map
from navigator.io.volumes import load_scan
from tests.navigator.app.tiny_patient import (
    LABELS,
    paint,
    write_image,
    write_patient,
    write_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.model.anatomy import LabelMap

REAL_LABELS = {"liver": 5, "vessel": [52, 63, 64, 65, 66, 67, 68], "lung": [10, 11, 14],
               "bone": [25, 26, 27, 28, 29, 30, 31, 32, 33, 75, 76, 77, 78, 98, 99, 100, 101, 102,
                        103, 110, 111, 112, 113, 114, 115]}  # fmt: skip
MISPLACED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored left to right": lambda labels: labels[:, :, ::-1],
    "mirrored front to back": lambda labels: labels[:, ::-1],
    "mirrored head to feet": lambda labels: labels[::-1],
    "moved by 18 mm": lambda labels: np.roll(labels, 6, axis=0),
    "moved by 18 mm across": lambda labels: np.roll(labels, 6, axis=2),
}


def moved(labels: LabelMap, change: Callable[[np.ndarray], np.ndarray]) -> LabelMap:
    values = np.ascontiguousarray(change(labels.values))
    return type(labels)(values=values, grid=labels.grid, structures=labels.structures)


@pytest.mark.real_data
@pytest.mark.hazard(4, 39)
def test_the_labels_of_a_real_patient_are_told_from_their_mirror_image(real_data: Path) -> None:
    folder = real_data / "totalseg_abdomen"
    scan = load_scan(folder / "example_ct.nii.gz").volume
    file = folder / "example_seg_fast_force_split.nii.gz"
    labels, body = load_label_map(file, REAL_LABELS, scan.grid), find_body(scan)
    assert plausibility_remarks(labels, scan, body) == []
    for change in MISPLACED.values():
        with pytest.raises(StructureRefusedError):
            plausibility_remarks(moved(labels, change), scan, body)
    # a little beside is told of
    beside = moved(labels, lambda values: np.roll(values, 1, axis=0))
    assert {r.code for r in plausibility_remarks(beside, scan, body)} == {"label-odd"}


@pytest.mark.hazard(4, 39)
@pytest.mark.parametrize("how", ["mirrored front to back", "moved by 18 mm across"])
def test_a_request_with_misplaced_labels_is_refused(tmp_path: Path, how: str) -> None:
    patient = write_patient(tmp_path / "patient")
    _, labels = paint()
    write_image(np.ascontiguousarray(MISPLACED[how](labels)), patient.folder / "labels.nii.gz")
    with pytest.raises(StructureRefusedError) as refused:
        load_planning_inputs(patient.request)
    assert refused.value.refusal.code in ("labels-unlike-scan", "labels-outside-body")


@pytest.mark.hazard(39)
@pytest.mark.parametrize(("one", "other"), [("bone", "bowel"), ("liver", "bone")])
def test_swapped_label_values_are_refused(tmp_path: Path, one: str, other: str) -> None:
    patient = write_patient(tmp_path / "patient")
    swapped = {**LABELS, one: LABELS[other], other: LABELS[one]}
    with pytest.raises(InputRefusedError):
        load_planning_inputs(write_request(patient, "swapped.json", labels=swapped))


@pytest.mark.hazard(39)
def test_a_label_that_nobody_named_is_told_of_where_the_needle_comes_near(tmp_path: Path) -> None:
    """The vessels beside the upright way keep their value, and the request forgets it."""
    from navigator.app.steps import plan_case  # noqa: PLC0415 - used here alone

    patient = write_patient(tmp_path / "patient")
    _, labels = paint()
    labels[28:32, 20:24, 21:23] = 9
    write_image(labels, patient.folder / "labels.nii.gz")
    plan = plan_case(load_planning_inputs(patient.request))
    assert "label-unnamed" in {reason.code for reason in plan.verdict.reasons}
    document = json.loads(patient.request.read_text("utf-8"))
    document["labels"]["vein"] = 9
    named = patient.folder / "named.json"
    named.write_text(json.dumps(document), encoding="utf-8")
    plan = plan_case(load_planning_inputs(named))
    assert "label-unnamed" not in {reason.code for reason in plan.verdict.reasons}
