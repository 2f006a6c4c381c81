"""No request, however wrong, gets anything but a plan or a refusal that says what to correct."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from navigator.app.inputs import load_planning_inputs
from navigator.errors import InputRefusedError
from navigator.io.documents import load_plan_request
from template_gen import TemplateGenError
from tests.navigator.app.tiny_patient import TinyPatient, request_document, write_patient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JUNK: tuple[object, ...] = (
    None, True, -1, 0, 0.5, 10**30, -1e308, 1e308, 5e-324, "", " ", "../../../../etc/passwd", "\0",
    "x" * 300, [], {}, [[]], [None], {"": None}, [1, 2], [1, 2, 3, 4], "1", "NaN",
)  # fmt: skip
MUTATIONS = 400
PARTS = ("code", "what", "where", "expected", "got", "next_step")


def full_request() -> dict[str, Any]:
    """Give a request in which every field stands."""
    pose = [[1.0, 0, 0, -31.0], [0, 0, 1.0, -86.0], [0, -1.0, 0, 101.5], [0, 0, 0, 1.0]]
    ball = {"centre_lps_mm": [-30.0, 5.0, 100.0], "diameter_mm": 12.0}
    return request_document(
        lesions=[{"name": "L1", "sphere": ball, "margin_mm": 5.0}],
        placement={"lps_from_template": pose}, fixing_needles=2, power_w=75.0, time_s=300.0,
    )  # fmt: skip


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the path of every value in a document."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else []
    items = enumerate(value) if isinstance(value, list) else items
    for key, item in items:
        yield from places(item, (*path, key))


def changed(document: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """Put another value at a place of a document."""
    other = copy.deepcopy(document)
    at: Any = other
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return other


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyPatient:
    return write_patient(tmp_path_factory.mktemp("hostile") / "patient")


def refusal_or_none(path: Path) -> InputRefusedError | TemplateGenError | None:
    """Load a request: a whole refusal, or None where the scene that it gives is sound."""
    try:
        scene = load_planning_inputs(path).scene
    except (InputRefusedError, TemplateGenError) as error:
        refused = error
    else:
        assert np.linalg.norm(scene.gravity_lps) == pytest.approx(1.0)
        assert np.isfinite(scene.lesion.centre_mm).all()
        assert scene.antenna.diameter_mm > 0
        return None
    for part in PARTS:
        assert getattr(refused.refusal, part), f"{part} is empty: {refused}"  # type: ignore[union-attr] - both carry one
    assert len(str(refused)) < 5000, "a message that a person can read"
    return refused


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("place", list(places(full_request())), ids=lambda p: ".".join(map(str, p)))
def test_junk_in_any_field_is_refused_or_harmless(
    tiny: TinyPatient, place: tuple[Any, ...]
) -> None:
    path = tiny.folder / "junk.json"
    for junk in JUNK:
        path.write_text(json.dumps(changed(full_request(), place, junk)), encoding="utf-8")
        refusal_or_none(path)


@pytest.mark.parametrize("field", sorted(full_request()))
def test_a_field_that_is_missing_is_defaulted_or_named(tiny: TinyPatient, field: str) -> None:
    path = tiny.folder / "missing.json"
    document = full_request()
    del document[field]
    if field == "template":
        del document["placement"]  # of a plate: without one it is a contradiction
    path.write_text(json.dumps(document), encoding="utf-8")
    error = refusal_or_none(path)
    no_safe_default = {"schema", "scan", "structures", "labels", "lesions", "antenna",
                       "gravity_lps", "power_w", "time_s"}  # fmt: skip
    assert (error is not None) == (field in no_safe_default)
    if error is not None:
        assert field in str(error)


@pytest.mark.hazard(45)
def test_damaged_bytes_are_refused_or_still_a_request(tiny: TinyPatient) -> None:
    rng = random.Random(45)  # noqa: S311 - no secret
    path, whole = tiny.folder / "damaged.json", json.dumps(full_request()).encode()
    refused = 0
    for _ in range(MUTATIONS):
        content = bytearray(whole)
        kind = rng.randrange(4)
        at = rng.randrange(len(content))
        if kind == 0:
            content[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del content[at : at + rng.randrange(1, 30)]
        elif kind == 2:
            content[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
        else:
            content = content[:at]
        path.write_bytes(bytes(content))
        refused += refusal_or_none(path) is not None
    assert refused > MUTATIONS // 2


def test_a_damaged_template_is_refused_or_still_a_plate(tiny: TinyPatient) -> None:
    rng = random.Random(46)  # noqa: S311 - no secret
    template = tiny.folder / "template.json"
    whole = template.read_bytes()
    try:
        for _ in range(MUTATIONS // 4):
            content = bytearray(whole)
            at = rng.randrange(len(content))
            content[at : at + rng.randrange(1, 20)] = b"" if rng.random() < 0.5 else b"9"
            template.write_bytes(bytes(content))
            refusal_or_none(tiny.request)
    finally:
        template.write_bytes(whole)


@pytest.mark.hazard(47)
@pytest.mark.parametrize("step_deg", [1e-300, 1e-9, 1e-3, 0.05])
def test_a_protractor_finer_than_any_does_not_eat_the_memory(
    tiny: TinyPatient, step_deg: float
) -> None:
    """At 0.05 degrees and 40 of tilt there are two million directions, each of 300 samples."""
    limits = {"protractor_step_deg": step_deg, "max_tilt_deg": 40.0}
    path = tiny.folder / "fine.json"
    path.write_text(json.dumps(request_document(constraints=limits)), encoding="utf-8")
    with pytest.raises(InputRefusedError, match="protractor_step_deg"):
        load_plan_request(path)


@pytest.mark.hazard(51)
@pytest.mark.parametrize("way", ["/etc/passwd", "../../../../../../etc/passwd", "/dev/zero", "."])
@pytest.mark.parametrize("field", ["scan", "structures", "template"])
def test_a_path_to_something_else_is_refused(tiny: TinyPatient, field: str, way: str) -> None:
    path = tiny.folder / "way.json"
    path.write_text(json.dumps(request_document(**{field: way})), encoding="utf-8")
    error = refusal_or_none(path)
    assert error is not None
    assert "root:" not in str(error), "no content of another file in a message"
