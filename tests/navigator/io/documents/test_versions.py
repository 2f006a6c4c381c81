"""Every form that was ever released still loads; an unknown one is refused with what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from navigator.errors import InputRefusedError
from navigator.io.documents import load_placement, load_plan, load_registration, save_json
from navigator.io.documents.integrity import INTEGRITY, sealed
from navigator.io.documents.migrations import CURRENT, MIGRATIONS, UNITS, migrated
from navigator.io.documents.versions import FIRST_SEALED
from navigator.io.findings import Severity
from tests.navigator.io.documents.sound_documents import GOLDEN, KINDS, plan_document

if TYPE_CHECKING:
    from pathlib import Path

READERS = {"plan": load_plan, "registration": load_registration, "placement": load_placement}
FORMS = ((1, 0), (1, 1))
"""Every form that was released, oldest first; each has a folder of documents as it wrote them."""


def golden(form: tuple[int, int], *kinds: str) -> list[Path]:
    folder = GOLDEN / f"{form[0]}.{form[1]}"
    return sorted(path for path in folder.glob("*.json") if path.stem.split("_")[0] in kinds)


ALL = [path for form in FORMS for path in golden(form, *READERS)]
SOUND = [path for path in ALL if path.stem != "placement_rejected"]


def name_of(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.hazard(58)
def test_every_released_form_has_its_documents() -> None:
    assert FORMS[-1] == CURRENT["plan"]
    for form in FORMS:
        assert {path.stem for path in golden(form, *READERS)} == {
            "plan", "plan_free_hand", "plan_in_room", "registration", "placement",
            "placement_rejected",
        }  # fmt: skip


@pytest.mark.hazard(58)
@pytest.mark.parametrize("path", SOUND, ids=name_of)
def test_a_document_of_every_release_is_read_with_its_numbers(path: Path) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    form = tuple(int(part) for part in path.parent.name.split("."))
    read = READERS[path.stem.split("_")[0]](path)
    codes = [note.code for note in read.notes]
    assert codes == (["document-not-sealed"] if form < FIRST_SEALED else [])
    if path.stem.startswith("plan"):
        assert len(read.plan.needles) == len(raw["trajectories"]) == 1
        (needle,), (written,) = read.plan.needles, raw["trajectories"]
        assert needle.trajectory.tip_mm.tolist() == written["tip_lps_mm"]
        assert needle.trajectory.entry_mm.tolist() == written["entry_lps_mm"]
        assert (needle.bore, needle.guide_depth_mm) == (
            *(written["bore"], written["guide_depth_mm"]),
        )
        assert read.form == form
        assert read.frame.uid == raw["frame"]
        assert read.plan.margin.mam_mm.value == raw["margin"]["mam_mm"]["value"]
        assert read.plan.provenance.input_hashes == raw["provenance"]["sha256"]
        assert (read.room is not None) == ("intraop_frame" in raw)
    elif path.stem == "registration":
        np.testing.assert_array_equal(
            read.intraop_from_planning.matrix, raw["intraop_from_planning"]
        )
        assert read.metrics["expected_tre_mm"] == raw["expected_tre_mm"]
        assert read.metrics["seconds"] == raw["seconds"]
    else:
        np.testing.assert_array_equal(read.lps_from_template.matrix, raw["lps_from_template"])


@pytest.mark.parametrize("form", FORMS)
def test_a_placement_that_was_rejected_stays_rejected(form: tuple[int, int]) -> None:
    (path,) = [each for each in golden(form, "placement") if each.stem.endswith("rejected")]
    with pytest.raises(InputRefusedError, match="placement-rejected"):
        load_placement(path)


def shape_of(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Reduce a document to the names of its fields, and the hashes to nothing."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items() if key != "clearance_mm"}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else []
    return None


@pytest.mark.hazard(58)
@pytest.mark.parametrize("name", ["plan", "plan in the room", "registration", "placement"])
def test_what_is_written_today_has_the_fields_of_the_newest_released_form(name: str) -> None:
    (path,) = [each for each in golden(FORMS[-1], *READERS) if each.stem == _file(name)]
    kept = json.loads(path.read_text(encoding="utf-8"))
    build, _ = KINDS[name]
    today = build()
    missing = {"start_disagreement_mm", "correlation", "mirror_correlation", "target_imaged",
               "target_correlation", "target_shift_mm", "seconds"}  # fmt: skip
    for document in (kept, today):
        for section in missing | {"provenance", "reasons"}:
            document.pop(section, None)
            document[INTEGRITY]["sections"].pop(section, None)
    assert shape_of(today) == shape_of(kept), "a field came or went: raise the minor version"


def _file(name: str) -> str:
    return {"plan in the room": "plan_in_room"}.get(name, name)


def saved(tmp_path: Path, document: dict[str, Any]) -> Path:
    save_json(document, tmp_path / "document.json")
    return tmp_path / "document.json"


@pytest.mark.hazard(58)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("major", [0, 2, 3, 10, 999])
def test_an_unknown_major_version_is_refused_with_what_to_do(
    kind: str, major: int, tmp_path: Path
) -> None:
    build, load = KINDS[kind]
    name = build()["schema"].split("/")[0]
    with pytest.raises(InputRefusedError) as caught:
        load(saved(tmp_path, sealed({**build(), "schema": f"{name}/{major}"})))
    refusal = caught.value.refusal
    assert refusal.code == "unknown-schema"
    assert ("update this software" in refusal.next_step) == (major > 1)
    assert "make it again" in refusal.next_step


@pytest.mark.hazard(58)
@pytest.mark.parametrize(
    "change",
    [
        {"schema": "plan/01x"}, {"schema": "plan/1.1"}, {"schema": "plan"}, {"schema": 1},
        {"schema": "plan/-1"}, {"schema": "registration/1"}, {"schema": None},
        {"minor": -1}, {"minor": "1"}, {"minor": 1.0}, {"minor": True}, {"minor": None},
    ],
)  # fmt: skip
def test_a_version_that_is_none_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match="unknown-schema"):
        load_plan(saved(tmp_path, sealed({**plan_document(), **change})))


@pytest.mark.hazard(58)
def test_a_newer_minor_version_is_read_and_its_new_fields_are_told(tmp_path: Path) -> None:
    document = plan_document()
    document["trajectories"][0]["cooling"] = "water"
    document["placement"]["fixer"] = {"arm": 3}
    newer = sealed({**document, "minor": 7, "weather": "fine"})
    read = load_plan(saved(tmp_path, newer))
    assert read.form == (1, 7)
    assert [note.code for note in read.notes] == ["document-newer", "fields-left-out"]
    assert all(note.severity is Severity.NOTE for note in read.notes)
    assert read.notes[1].got == "placement.fixer, trajectories.0.cooling, weather"
    assert read.plan.needles[0].guide_depth_mm == 97.5


@pytest.mark.hazard(58)
@pytest.mark.parametrize("change", [{"margin": {}}, {"frame": 5}, {"optimality": None}])
def test_a_newer_minor_version_with_another_meaning_is_refused(
    change: dict[str, Any], tmp_path: Path
) -> None:
    newer = sealed({**plan_document(), "minor": 2, "weather": "fine", **change})
    with pytest.raises(InputRefusedError, match="invalid-plan"):
        load_plan(saved(tmp_path, newer))


@pytest.mark.hazard(45, 58)
def test_a_field_that_this_form_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError) as caught:
        load_plan(saved(tmp_path, sealed({**plan_document(), "weather": "fine"})))
    assert caught.value.refusal.where.endswith("weather")


@pytest.mark.hazard(45)
def test_a_form_with_hashes_that_lost_them_is_refused(tmp_path: Path) -> None:
    document = plan_document()
    del document[INTEGRITY]
    with pytest.raises(InputRefusedError, match="lost its hashes"):
        load_plan(saved(tmp_path, document))


@pytest.mark.hazard(23, 24)
@pytest.mark.parametrize(
    "units",
    [{**UNITS, "angle": "rad"}, {**UNITS, "length": "cm"}, {**UNITS, "coordinates": "RAS"},
     {}, None, "mm", {key: unit for key, unit in UNITS.items() if key != "power"}],
)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_other_units_are_refused(kind: str, units: object, tmp_path: Path) -> None:
    build, load = KINDS[kind]
    with pytest.raises(InputRefusedError, match="wrong-units"):
        load(saved(tmp_path, sealed({**build(), "units": units})))


@pytest.mark.hazard(23, 58)
def test_units_in_a_form_that_had_none_are_not_written_over(tmp_path: Path) -> None:
    old = json.loads((GOLDEN / "1.0" / "plan.json").read_text(encoding="utf-8"))
    with pytest.raises(InputRefusedError, match="wrong-units"):
        load_plan(saved(tmp_path, {**old, "units": {**UNITS, "angle": "rad"}}))


def test_every_older_form_has_a_way_to_the_current_one() -> None:
    for kind, form in MIGRATIONS:
        seen = [form]
        while (kind, seen[-1]) in MIGRATIONS:
            seen.append(MIGRATIONS[kind, seen[-1]][0])
            assert seen[-1] > seen[-2]
        assert seen[-1] == CURRENT[kind]
    assert {kind for kind, _ in MIGRATIONS} == set(CURRENT)


@pytest.mark.parametrize("path", ALL, ids=name_of)
def test_a_migration_changes_nothing_that_was_there(path: Path) -> None:
    before = json.loads(path.read_text(encoding="utf-8"))
    text = json.dumps(before)
    kind = path.stem.split("_")[0]
    after = migrated(kind, (1, before.get("minor", 0)), before)
    assert json.dumps(before) == text, "a migration changed its input"
    assert {**after, **before, "minor": after["minor"]} == after
    assert (after["schema"], after["minor"]) == (f"{kind}/1", 1)
