"""A document is used with what it was made from and with nothing else: all cross pairs refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import InputRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.documents import (
    PlacementDocument,
    PlanDocument,
    RegistrationDocument,
    load_placement,
    load_plan,
    load_registration,
    located_template_to_json,
    plan_to_json,
    registration_to_json,
    save_json,
)
from navigator.io.documents.made_from import check_made_from
from navigator.io.volumes import load_scan
from navigator.model.outcome import Verdict
from navigator.model.placement import template_frame
from navigator.model.plan import Provenance
from template_gen import build_default_spec, spec_hash
from tests.navigator.io.documents.sound_documents import GOLDEN, pose, sound_plan

if TYPE_CHECKING:
    from navigator.io.volumes import LoadedScan
    from template_gen import TemplateSpec

CASES = 20
ANYWHERE = Path("plan.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A patient's two scans, his plate, and the documents that were made from them."""

    scan: LoadedScan
    later: LoadedScan
    spec: TemplateSpec
    plan: PlanDocument
    registration: RegistrationDocument
    placement: PlacementDocument


def scan_of(folder: Path, seed: int) -> LoadedScan:
    """Paint a head of noise in its own way; all lie at the same place on the same grid."""
    values = np.random.default_rng(seed).integers(-1000, 1000, (6, 7, 8)).astype(np.int16)
    values[0], values[-1] = -1000, 40
    path = folder / f"{seed}.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
    return load_scan(path)


def frame_of(scan: LoadedScan) -> Frame:
    return scan.volume.grid.frame


def case_of(folder: Path, number: int) -> Case:
    scan, later = scan_of(folder, 2 * number), scan_of(folder, 2 * number + 1)
    spec = replace_serial(f"T-{number:04d}")
    frame, plan = frame_of(scan), sound_plan()
    plate = RigidTransform(matrix=pose().matrix, target=frame, source=template_frame(spec))
    (needle,) = plan.needles
    assert plan.placement is not None
    assert plan.margin is not None
    assert needle.zone is not None
    zone = replace(needle.zone, frame=frame)
    way = replace(needle.trajectory, frame=frame)
    margin = replace(plan.margin, frame=frame)
    stands = replace(plan.placement, lps_from_template=plate, template_hash=spec_hash(spec))
    hashes = {"scan": scan.source_hash, "template": spec_hash(spec)}
    mine = replace(
        plan,
        needles=(replace(needle, trajectory=way, zone=zone),),
        placement=stands,
        margin=margin,
        provenance=Provenance(input_hashes=hashes, engine_version="0.1.0"),
    )
    motion = RigidTransform(matrix=np.eye(4), target=frame_of(later), source=frame)
    registration = RegistrationDocument(
        intraop_from_planning=motion,
        verdict=Verdict.accepted(),
        metrics={},
        input_hashes={"planning": scan.source_hash, "intraop": later.source_hash},
    )
    placement = located_template_to_json(
        plate, Verdict.accepted(), markers=[], metrics={}, sha256=hashes
    )
    save_json(plan_to_json(mine), folder / f"plan{number}.json")
    save_json(registration_to_json(registration), folder / f"registration{number}.json")
    save_json(placement, folder / f"placement{number}.json")
    return Case(
        scan=scan,
        later=later,
        spec=spec,
        plan=load_plan(folder / f"plan{number}.json"),
        registration=load_registration(folder / f"registration{number}.json"),
        placement=load_placement(folder / f"placement{number}.json"),
    )


def replace_serial(serial: str) -> TemplateSpec:
    spec = build_default_spec(rows=3, columns=3, pitch_mm=5.0, bore_diameter_mm=2.1)
    return spec.model_copy(update={"serial": serial})


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    folder = tmp_path_factory.mktemp("cases")
    return [case_of(folder, number) for number in range(CASES)]


def code(*words: object, **given: object) -> str:
    """Give the code with which a pair is refused; empty where it is accepted."""
    try:
        check_made_from(*words, ANYWHERE, **given)  # type: ignore[arg-type] - as the tests give them
    except InputRefusedError as error:
        return error.refusal.code
    return ""


@pytest.mark.hazard(13, 14)
def test_all_cross_pairs_of_twenty_patients_are_refused(cases: list[Case]) -> None:
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for i, mine in enumerate(cases):
        for j, other in enumerate(cases):
            of_scan = {"scan": other.scan}
            both = {"planning": other.scan, "intraop": other.later}
            found[i == j] |= {
                code(mine.plan, scans=of_scan),
                code(mine.registration, scans=both),
                code(mine.registration, scans={"intraop": other.later}),
                code(mine.placement, scans=of_scan),
            }
            plates = {
                code(mine.plan, scans={"scan": mine.scan}, template=other.spec),
                code(mine.placement, scans={}, template=other.spec),
            }
            assert plates == ({""} if i == j else {"other-template"})
    assert found == {True: {""}, False: {"other-scan"}}


@pytest.mark.hazard(14)
def test_the_same_voxels_in_another_frame_of_reference_are_refused(cases: list[Case]) -> None:
    mine = cases[0]
    grid = replace(mine.scan.volume.grid, frame=Frame(FrameKind.LPS, "1.2.3"))
    moved = replace(mine.scan, volume=replace(mine.scan.volume, grid=grid))
    for document, part in (
        (mine.plan, "scan"), (mine.registration, "planning"), (mine.placement, "scan"),
    ):  # fmt: skip
        assert code(document, scans={part: moved}) == "other-frame"


@pytest.mark.hazard(15)
def test_another_scan_of_the_same_frame_of_reference_is_refused(cases: list[Case]) -> None:
    mine = cases[0]
    grid = replace(mine.later.volume.grid, frame=frame_of(mine.scan))
    same_uid = replace(mine.later, volume=replace(mine.later.volume, grid=grid))
    assert code(mine.plan, scans={"scan": same_uid}) == "other-scan"


@pytest.mark.hazard(13, 20)
def test_the_two_scans_of_a_registration_are_not_exchanged(cases: list[Case]) -> None:
    mine = cases[0]
    scans = {"planning": mine.later, "intraop": mine.scan}
    assert code(mine.registration, scans=scans) == "other-scan"


@pytest.mark.hazard(13)
def test_a_document_that_does_not_say_what_it_was_made_from_is_refused(cases: list[Case]) -> None:
    old = load_placement(GOLDEN / "1.0" / "placement.json")
    assert code(old, scans={"scan": cases[0].scan}) == "origin-unknown"
    assert code(cases[0].plan, scans={"intraop": cases[0].later}) == "origin-unknown"
    free = load_plan(GOLDEN / "1.0" / "plan_free_hand.json")
    assert code(free, scans={}, template=cases[0].spec) == "origin-unknown"


def test_the_refusal_names_file_part_and_both_hashes(cases: list[Case]) -> None:
    mine, other = cases[:2]
    with pytest.raises(InputRefusedError) as caught:
        check_made_from(mine.plan, ANYWHERE, scans={"scan": other.scan})
    refusal = caught.value.refusal
    assert (refusal.where, refusal.expected, refusal.got) == (
        "plan.json: scan", mine.scan.source_hash, other.scan.source_hash,
    )  # fmt: skip
