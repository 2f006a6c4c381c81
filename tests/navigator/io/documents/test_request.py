"""A plan request says exactly what is wanted, and every fault in it is named with what to do."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.documents import load_plan_request
from template_gen import build_default_spec, save_spec, spec_hash

if TYPE_CHECKING:
    from pathlib import Path

# the example of INTERFACE.md, word for word
EXAMPLE = """
{"schema": "plan-request/1", "scan": "planning/", "structures": "labels.nrrd",
 "labels": {"body": 1, "liver": 2, "gtv": 3, "bone": 4, "vessel": 5, "lung": 6, "bowel": 7},
 "lesions": [{"name": "L1", "structure": "gtv", "margin_mm": 5.0}],
 "antenna": "Medtronic Emprint", "setting": "in-vivo", "template": "template.json",
 "gravity_lps": [0, 1, 0], "constraints": {"min_clearance_mm": {"vessel": 3.0, "bowel": 10.0, "bone": 2.0, "lung": 5.0},
 "max_insertion_depth_mm": 150, "max_tilt_deg": 40, "protractor_step_deg": 1.0}, "fixing_needles": 4}
"""  # noqa: E501 - quoted as it stands in the contract
POSE = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]]
SPHERE = {"centre_lps_mm": [1.0, 2.0, 3.0], "diameter_mm": 25.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "planning").mkdir()
    for name in ("labels.nrrd", "template.json"):
        (tmp_path / name).write_text("")
    return tmp_path


def saved(folder: Path, document: Any) -> Path:  # noqa: ANN401 - any JSON, wrong ones too
    path = folder / "request.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def changed(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON, wrong ones too
    return {**json.loads(EXAMPLE), **fields}


def test_the_example_of_the_interface_is_read_word_for_word(folder: Path) -> None:
    request = load_plan_request(saved(folder, EXAMPLE))
    assert request.scan == (folder / "planning").resolve()
    assert request.template == (folder / "template.json").resolve()
    assert request.labels["bowel"] == 7
    (lesion,) = request.lesions
    assert (lesion.name, lesion.structure, lesion.sphere, lesion.margin_mm) == (
        *("L1", "gtv", None, 5.0),
    )
    assert request.constraints.min_clearance_mm["bowel"] == 10.0
    assert request.fixing_needles == 4
    assert request.gravity_lps == (0.0, 1.0, 0.0)


def test_what_may_be_left_out_has_its_documented_default(folder: Path) -> None:
    document = changed(lesions=[{"name": "L1", "sphere": SPHERE, "margin_mm": 5}])
    for name in ("setting", "template", "constraints", "fixing_needles"):
        del document[name]
    request = load_plan_request(saved(folder, document))
    limits = request.constraints
    assert (request.setting, request.template, request.fixing_needles) == ("in-vivo", None, 0)
    assert limits.min_clearance_mm == {}
    assert (limits.max_insertion_depth_mm, limits.max_tilt_deg, limits.protractor_step_deg) == (
        *(150.0, 40.0, 1.0),
    )


@pytest.mark.hazard(28, 41)
@pytest.mark.parametrize(
    "field", ["schema", "scan", "structures", "labels", "lesions", "antenna", "gravity_lps"]
)
def test_what_has_no_safe_default_must_be_given(folder: Path, field: str) -> None:
    document = changed()
    del document[field]
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, document))
    assert field in refused.value.refusal.where


@pytest.mark.hazard(41)
def test_a_margin_is_never_taken_for_granted(folder: Path) -> None:
    document = changed()
    del document["lesions"][0]["margin_mm"]
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, document))
    refusal = refused.value.refusal
    assert refusal.code == "invalid-request"
    assert refusal.where.endswith("lesions.0.margin_mm")
    assert refusal.got == "nothing"
    assert "add" in refusal.next_step


WRONG = [
    ("labels", {"liver": 0}),
    ("labels", {"liver": -3}),
    ("labels", {"liver": []}),
    ("labels", {"liver": "2"}),
    ("labels", {"liver": True}),
    ("labels", {"": 1}),
    ("lesions", []),
    ("lesions", [{"name": "L1", "margin_mm": 5.0}]),
    ("lesions", [{"name": "L1", "structure": "gtv", "sphere": SPHERE, "margin_mm": 5.0}]),
    ("lesions", [{"name": "L1", "structure": "spleen", "margin_mm": 5.0}]),
    ("lesions", [{"name": "L1", "structure": "gtv", "margin_mm": -1}]),
    ("lesions", [{"name": "L1", "structure": "gtv", "margin_mm": "5"}]),
    ("lesions", [{"name": "L1", "structure": "gtv", "margin_mm": 5}] * 2),
    (
        "lesions",
        [{"name": "L1", "sphere": {**SPHERE, "diameter_mm": 0}, "margin_mm": 5}],
    ),
    ("antenna", ""),
    ("antenna", None),
    ("antenna_diameter_mm", 0),
    ("setting", "in vitro"),
    ("gravity_lps", [0, 0, 0]),
    ("gravity_lps", [0, 1]),
    ("gravity_lps", ["0", "1", "0"]),
    ("constraints", {"max_depth": 100}),
    ("constraints", {"max_insertion_depth_mm": 0}),
    ("constraints", {"max_tilt_deg": 90}),
    ("constraints", {"protractor_step_deg": 0}),
    ("constraints", {"protractor_step_deg": 0.0999}),
    ("placement", {"lps_from_template": [], "template_sha256": "x"}),
    ("gravity_lps", [5e-324, 0, 0]),
    ("constraints", {"min_clearance_mm": {"bowel": -1}}),
    ("fixing_needles", 5),
    ("fixing_needles", 2.5),
    ("power_w", 0),
    ("placement", {"lps_from_template": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]]}),
    ("unknown", 1),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_wrong_value_is_refused_with_the_name_of_its_field(
    folder: Path,
    field: str,
    value: Any,  # noqa: ANN401 - any JSON
) -> None:
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, changed(**{field: value})))
    refusal = refused.value.refusal
    assert field in refusal.where + refusal.expected
    assert refusal.next_step
    assert refusal.got


@pytest.mark.hazard(22)
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(folder: Path, number: str) -> None:
    text = EXAMPLE.replace('"margin_mm": 5.0', f'"margin_mm": {number}')
    with pytest.raises(InputRefusedError):
        load_plan_request(saved(folder, text))


def test_a_key_that_stands_twice_is_refused(folder: Path) -> None:
    text = EXAMPLE.replace('"margin_mm": 5.0', '"margin_mm": 10.0, "margin_mm": 5.0')
    with pytest.raises(InputRefusedError, match="twice"):
        load_plan_request(saved(folder, text))


@pytest.mark.hazard(58)
@pytest.mark.parametrize("schema", ["plan-request/2", "plan/1", None, 1])
def test_an_unknown_version_is_refused(folder: Path, schema: object) -> None:
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, changed(schema=schema)))
    assert refused.value.refusal.code == "unknown-schema"


@pytest.mark.parametrize("field", ["scan", "structures", "template", "intraop"])
def test_a_file_that_is_not_there_is_refused_with_its_field(folder: Path, field: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        load_plan_request(saved(folder, changed(**{field: "lost.nrrd"})))
    assert refused.value.refusal.where.endswith(field)
    assert refused.value.refusal.got == "lost.nrrd"


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", '"plan-request/1"', "\x00\xff"])
def test_what_is_no_json_object_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(InputRefusedError):
        load_plan_request(saved(folder, text))


def test_all_faults_are_named_at_once(folder: Path) -> None:
    document = copy.deepcopy(changed(setting="x", fixing_needles=9))
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, document))
    text = str(refused.value)
    assert "setting" in text
    assert "fixing_needles" in text


PLACED, ROOM = {"lps_from_template": POSE}, "planning"
CONTRADICTIONS: dict[str, tuple[dict[str, Any], str, str]] = {
    "free hand, and a plate that lies": (
        {"template": None, "placement": PLACED}, "contradictory-request", "template, placement",
    ),
    "free hand, and a plate to be found": (
        {"template": None, "intraop": ROOM}, "contradictory-request", "template, intraop",
    ),
    "a series of no scan": (
        {"intraop_series": "1.2.3"}, "contradictory-request", "intraop_series, intraop",
    ),
    "a plate that lies, and is to be found": (
        {"placement": PLACED, "intraop": ROOM}, "contradictory-request", "placement, intraop",
    ),
    **{
        f"a limit on {name}": (
            {"constraints": {"min_clearance_mm": {"bone": 2.0, name: 3.0}}},
            "contradictory-request", f"constraints.min_clearance_mm.{name}",
        )
        for name in ("liver", "gtv", "GTV2", "tumour", "body", "skin")
    },
    "a limit on a lesion by another name": (
        {
            "labels": {"liver": 2, "nodule": 9, "bone": 4},
            "lesions": [{"name": "L1", "structure": "nodule", "margin_mm": 5.0}],
            "constraints": {"min_clearance_mm": {"nodule": 3.0}},
        },
        "contradictory-request", "constraints.min_clearance_mm.nodule",
    ),
    "labels of one name": (
        {"labels": {"liver": 2, "gtv": 3, "Bone": 4, "bone": 5}}, "ambiguous-name", "labels",
    ),
    "labels that a blank tells apart": (
        {"labels": {"liver": 2, "gtv": 3, "bone ": 4, "bone": 5}}, "ambiguous-name", "labels",
    ),
    "two structures of one value": (
        {"labels": {"liver": 2, "gtv": 3, "bone": 4, "vessel": 4}},
        "contradictory-request", "labels.bone, labels.vessel",
    ),
    "a lesion that is the liver": (
        {"labels": {"liver": 2, "gtv": 2}}, "contradictory-request", "labels.liver, labels.gtv",
    ),
    "a lesion that is a part of the liver": (
        {"labels": {"liver": [2, 3], "gtv": 3}}, "contradictory-request",
        "labels.liver, labels.gtv",
    ),
    "two lists that share a value": (
        {"labels": {"liver": 2, "gtv": 3, "bone": [4, 69], "vessel": [5, 6, 69]}},
        "contradictory-request", "labels.bone, labels.vessel",
    ),
    "a limit by another case": (
        {"constraints": {"min_clearance_mm": {"Bone": 2.0}}}, "ambiguous-name",
        "constraints.min_clearance_mm",
    ),
    "a limit with a blank": (
        {"constraints": {"min_clearance_mm": {"bone ": 2.0}}}, "ambiguous-name",
        "constraints.min_clearance_mm",
    ),
    "two limits on one unknown structure": (
        {"constraints": {"min_clearance_mm": {"nerve": 2.0, "Nerve": 9.0}}}, "ambiguous-name",
        "constraints.min_clearance_mm",
    ),
}  # fmt: skip


@pytest.mark.hazard(39)
@pytest.mark.parametrize("name", list(CONTRADICTIONS))
def test_what_one_part_would_silently_undo_is_refused(folder: Path, name: str) -> None:
    fields, code, where = CONTRADICTIONS[name]
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, changed(**fields)))
    refusal = refused.value.refusal
    assert refusal.code == code
    assert refusal.where.endswith(where)
    assert all((refusal.what, refusal.expected, refusal.got, refusal.next_step))


@pytest.mark.hazard(39)
def test_a_shared_label_value_is_named_with_both_structures(folder: Path) -> None:
    shared = {"liver": 2, "gtv": 3, "bone": [4, 69], "vessel": [5, 69]}
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, changed(labels=shared)))
    for word in ("69", "bone", "vessel"):
        assert word in refused.value.refusal.got


def test_a_value_twice_in_one_list_says_nothing_else(folder: Path) -> None:
    labels = {"liver": 2, "gtv": 3, "bone": [4, 4], "vessel": 5}
    limits = {"min_clearance_mm": {"bone": 2.0}}
    assert load_plan_request(saved(folder, changed(labels=labels, constraints=limits)))


def test_a_limit_on_a_structure_that_nobody_outlined_stays_a_matter_of_the_plan(
    folder: Path,
) -> None:
    limits = {"min_clearance_mm": {"nerve": 2.0}}
    assert load_plan_request(saved(folder, changed(constraints=limits)))


@pytest.mark.hazard(25, 27)
def test_the_pose_of_another_plate_is_refused(folder: Path) -> None:
    spec = build_default_spec(rows=3, columns=3, pitch_mm=5.0, bore_diameter_mm=2.0)
    save_spec(spec, folder / "template.json")
    ours = {**PLACED, "template_sha256": spec_hash(spec)}
    request = load_plan_request(saved(folder, changed(placement=ours)))
    assert request.placement is not None
    assert request.placement.template_sha256 == spec_hash(spec)
    assert load_plan_request(saved(folder, changed(placement=PLACED)))
    with pytest.raises(InputRefusedError) as refused:
        load_plan_request(saved(folder, changed(placement={**PLACED, "template_sha256": "0" * 64})))
    refusal = refused.value.refusal
    assert refusal.code == "wrong-template"
    assert (refusal.expected, spec_hash(spec) in refusal.got) == ("0" * 64, True)
    assert spec.serial in refusal.got


@pytest.mark.parametrize("way", ["a\0b", "x" * 300])
@pytest.mark.parametrize("field", ["scan", "structures", "template", "intraop"])
def test_a_name_that_no_disk_can_hold_is_refused(folder: Path, field: str, way: str) -> None:
    with pytest.raises(FileRefusedError) as refused:
        load_plan_request(saved(folder, changed(**{field: way})))
    assert refused.value.refusal.code == "no-such-path"
    assert "\0" not in str(refused.value)


@pytest.mark.parametrize("gravity", [[0, 1e308, 0], [1e308, 1e308, 1e308], [0, 1e-8, 0]])
def test_gravity_of_any_length_is_a_direction(folder: Path, gravity: list[float]) -> None:
    assert load_plan_request(saved(folder, changed(gravity_lps=gravity)))


@pytest.mark.hazard(47)
def test_the_finest_protractor_is_a_tenth_of_a_degree(folder: Path) -> None:
    limits = {"protractor_step_deg": 0.1}
    request = load_plan_request(saved(folder, changed(constraints=limits)))
    assert request.constraints.protractor_step_deg == 0.1
