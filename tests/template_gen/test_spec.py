"""A spec is exactly `template-spec/1`: what is in the contract loads, what is not is refused."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_gen.arrays import read_only
from template_gen.errors import FileRefusedError, SpecRefusedError
from template_gen.naming import column_letters, grid_labels
from template_gen.spec import (
    TemplateSpec,
    all_bores,
    load_spec,
    marker_labels,
    marker_points_mm,
    save_spec,
    spec_hash,
)

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT: dict[str, Any] = {
    "schema": "template-spec/1", "serial": "T-0001", "units": "mm",
    "plate": {"width_mm": 120, "height_mm": 120, "thickness_mm": 15, "corner_radius_mm": 6},
    "grid": {"rows": 15, "columns": 15, "pitch_mm": 5.0, "bore_diameter_mm": 2.1},
    "bores": [{"label": "P1", "x_mm": 10.0, "y_mm": -5.0, "diameter_mm": 2.1,
               "direction": [0.1, 0.0, 0.995], "sleeve_mm": 10.0}],
    "markers": [{"label": "M1", "x_mm": -52.0, "y_mm": -52.0, "z_mm": 7.5, "diameter_mm": 5.0}],
    "printer": {"name": "sla-50um", "bore_compensation_mm": 0.05, "min_wall_mm": 0.8},
}  # fmt: skip
"""The example of the interface, word for word."""


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def changed(place: tuple[str | int, ...], value: object) -> dict[str, Any]:
    content: Any = copy.deepcopy(CONTRACT)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    if value is KeyError:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    return content  # type: ignore[no-any-return]  # a walk through JSON


def test_the_example_of_the_contract_loads_and_survives_being_saved(tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path / "a.json", CONTRACT))
    save_spec(spec, tmp_path / "b.json")
    assert json.loads((tmp_path / "b.json").read_text()) == CONTRACT
    assert load_spec(tmp_path / "b.json") == spec


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), "template-spec/2"),
        (("schema",), KeyError),
        (("units",), "inch"),
        (("units",), KeyError),
        (("serial",), "lower case"),
        (("serial",), KeyError),
        (("colour",), "red"),
        (("plate", "width_mm"), "120"),
        (("plate", "width_mm"), float("nan")),
        (("plate", "width_mm"), float("inf")),
        (("plate", "thickness_mm"), -15),
        (("plate", "corner_radius_mm"), 60),
        (("plate", "depth_mm"), 1),
        (("grid", "rows"), 0),
        (("grid", "rows"), 2.5),
        (("grid", "pitch_mm"), 0),
        (("bores", 0, "direction"), [0.0, 0.0, 0.97]),
        (("bores", 0, "direction"), [0.0, 0.0, -1.0]),
        (("bores", 0, "direction"), [1.0, 0.0, 0.0]),
        (("bores", 0, "direction"), [0.0, 1.0]),
        (("bores", 0, "label"), "A1"),
        (("bores", 0, "label"), ""),
        (("bores", 0, "diameter_mm"), 0.0),
        (("bores", 0, "sleeve_mm"), -1.0),
        (("markers", 0, "diameter_mm"), None),
        (("printer", "min_wall_mm"), 0),
        (("printer",), KeyError),
    ],
)
def test_whatever_departs_from_the_schema_is_refused(
    tmp_path: Path, place: tuple[str | int, ...], value: object
) -> None:
    path = written(tmp_path / "a.json", changed(place, value))
    with pytest.raises(SpecRefusedError) as caught:
        load_spec(path)
    assert caught.value.refusal.where == str(path)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "{" * 100_000, '{"a": 1, "a": 1}'])
def test_what_is_not_sound_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SpecRefusedError):
        load_spec(tmp_path / "a.json")


def test_a_key_given_twice_is_refused_although_json_allows_it(tmp_path: Path) -> None:
    text = json.dumps(CONTRACT).replace('"rows": 15', '"rows": 15, "rows": 14')
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SpecRefusedError, match="rows"):
        load_spec(tmp_path / "a.json")


def test_paths_that_hold_no_spec_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(FileRefusedError) as caught:
            load_spec(path)
        assert caught.value.refusal.code == "no-such-file"
    (tmp_path / "long.json").write_bytes(b" " * 4_000_001)
    with pytest.raises(FileRefusedError):
        load_spec(tmp_path / "long.json")


def test_a_plate_without_any_bore_is_refused() -> None:
    content = changed(("grid",), KeyError)
    del content["bores"]
    with pytest.raises(ValueError, match="at least one bore"):
        TemplateSpec.model_validate_json(json.dumps(content))


def test_the_hash_is_that_of_the_canonical_text_and_ignores_how_the_file_was_written(
    tmp_path: Path,
) -> None:
    backwards = dict(reversed(CONTRACT.items()))
    backwards["plate"] = {key: float(value) for key, value in CONTRACT["plate"].items()}
    first = load_spec(written(tmp_path / "a.json", CONTRACT))
    second = load_spec(written(tmp_path / "b.json", backwards))
    assert spec_hash(first) == spec_hash(second)
    whole = {**CONTRACT, "plate": backwards["plate"]}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    assert spec_hash(first) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.hazard(45)
@pytest.mark.parametrize("field", ["rows", "columns", "pitch_mm", "bore_diameter_mm"])
def test_the_hash_changes_with_every_number(tmp_path: Path, field: str) -> None:
    other = changed(("grid", field), 3)
    paths = written(tmp_path / "a.json", CONTRACT), written(tmp_path / "b.json", other)
    assert spec_hash(load_spec(paths[0])) != spec_hash(load_spec(paths[1]))


@pytest.mark.hazard(30)
def test_columns_run_right_and_rows_run_down_from_a1_at_the_top_left(
    grid_spec: TemplateSpec,
) -> None:
    at = {bore.label: bore.entry_mm for bore in all_bores(grid_spec)}
    assert set(at) == {f"{column}{row}" for column in "ABCD" for row in (1, 2, 3)}
    np.testing.assert_allclose(at["A1"], [-9.0, -6.0, 0.0])
    np.testing.assert_allclose(at["D1"], [9.0, -6.0, 0.0])
    np.testing.assert_allclose(at["A3"], [-9.0, 6.0, 0.0])
    np.testing.assert_allclose(sum(at.values()), 0.0, atol=1e-12)


def test_a_rounded_direction_is_scaled_and_lengthens_the_guide(tmp_path: Path) -> None:
    bore = all_bores(load_spec(written(tmp_path / "a.json", CONTRACT)))[-1]
    assert bore.label == "P1"
    np.testing.assert_allclose(np.linalg.norm(bore.direction), 1.0, rtol=1e-15)
    cosine = 0.995 / np.hypot(0.1, 0.995)
    np.testing.assert_allclose(bore.guide_length_mm, 15 / cosine + 10, rtol=1e-12)


def test_the_grid_gives_way_to_a_single_bore(tmp_path: Path) -> None:
    """P1 of the contract's example starts in the very middle of J7."""
    spec = load_spec(written(tmp_path / "a.json", CONTRACT))
    labels = [bore.label for bore in all_bores(spec)]
    assert len(labels) == 225
    assert "J7" not in labels
    assert {"I7", "K7", "J6", "J8"} <= set(labels)


def test_markers_are_listed_in_order_and_arrays_are_read_only(guide_spec: TemplateSpec) -> None:
    points = marker_points_mm(guide_spec)
    assert points.shape == (6, 3)
    assert marker_labels(guide_spec) == tuple(f"MK{number}" for number in range(1, 7))
    for array in (points, all_bores(guide_spec)[0].entry_mm):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


@given(st.integers(0, 18277))
def test_column_letters_count_like_a_spreadsheet(index: int) -> None:
    value = 0
    for letter in column_letters(index):
        value = 26 * value + ord(letter) - ord("A") + 1
    assert value == index + 1


def test_grid_labels_are_unique() -> None:
    labels = grid_labels(40, 60)
    assert len(set(labels)) == 2400


def test_arrays_with_holes_in_them_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        read_only([0.0, float("nan")])
