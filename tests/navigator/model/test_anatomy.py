"""A structure has a name, labels and a role; what is unknown is an obstacle, never free."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from navigator.errors import StructureRefusedError
from navigator.geometry.frames import Frame, FrameKind
from navigator.model.anatomy import LabelMap, Lesion, Role, Structure, structure_from_name
from navigator.model.volume import Grid

FRAME = Frame(FrameKind.LPS, "1.2.3")
GRID = Grid(shape_kji=(1, 2, 4), lps_from_index=np.eye(4), frame=FRAME)
LABELS = np.array([[[0, 1, 1, 2], [2, 3, 4, 5]]])


def label_map(**labels: tuple[int, ...]) -> LabelMap:
    structures = tuple(structure_from_name(name, values) for name, values in labels.items())
    return LabelMap(values=LABELS, grid=GRID, structures=structures)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("body", Role.BODY),
        ("Skin", Role.BODY),
        ("liver", Role.TARGET_ORGAN),
        ("LIVER", Role.TARGET_ORGAN),
        ("gtv", Role.LESION),
        ("GTV_2", Role.LESION),
        ("gtv-segment-8", Role.LESION),
        ("tumour", Role.LESION),
        ("tumor", Role.LESION),
        ("lesion", Role.LESION),
        ("vessel", Role.OBSTACLE),
        ("bowel", Role.OBSTACLE),
        ("liver_vessels", Role.OBSTACLE),
        ("something new", Role.OBSTACLE),
    ],
)
def test_a_name_settles_the_role_and_any_other_is_an_obstacle(name: str, role: Role) -> None:
    assert structure_from_name(name, (7,)) == Structure(name=name, labels=(7,), role=role)


def test_a_structure_is_all_of_its_labels() -> None:
    labels = label_map(liver=(1,), vessel=(3, 5))
    assert labels.mask("vessel").members.tolist() == [
        [[False, False, False, False], [False, True, False, True]]
    ]
    assert labels.mask("vessel").grid is GRID
    assert labels.names == ("liver", "vessel")


def test_the_lesion_is_part_of_its_organ_and_the_rest_is_not() -> None:
    labels = label_map(body=(4,), liver=(1,), gtv=(2,), vessel=(3,))
    assert np.array_equal(labels.organ_mask().members, np.isin(LABELS, [1, 2]))


def test_roles_are_found() -> None:
    labels = label_map(liver=(1,), vessel=(3,))
    assert labels.has_role(Role.TARGET_ORGAN)
    assert labels.has_role(Role.OBSTACLE)
    assert not labels.has_role(Role.BODY)
    assert not labels.has_role(Role.LESION)


@pytest.mark.hazard(39)
def test_a_structure_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(StructureRefusedError) as caught:
        label_map(liver=(1,)).mask("bowel")
    assert caught.value.refusal.code == "no-such-structure"
    assert "bowel" in caught.value.refusal.what
    assert "liver" in caught.value.refusal.expected
    with pytest.raises(StructureRefusedError, match="none at all"):
        label_map().structure("liver")


@pytest.mark.hazard(39)
def test_a_structure_without_voxels_is_not_free_space() -> None:
    with pytest.raises(StructureRefusedError) as caught:
        label_map(liver=(1,), bowel=(9, 10)).mask("bowel")
    assert caught.value.refusal.code == "empty-structure"
    assert "[9, 10]" in caught.value.refusal.where


@pytest.mark.parametrize("labels", [{}, {"gtv": (2,)}, {"vessel": (3,), "body": (4,)}])
def test_without_an_organ_there_is_no_organ_mask(labels: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(StructureRefusedError) as caught:
        label_map(**labels).organ_mask()
    assert caught.value.refusal.code == "no-target-organ"


def test_two_structures_of_one_name_are_refused() -> None:
    twice = (structure_from_name("liver", (1,)), structure_from_name("liver", (2,)))
    with pytest.raises(ValueError, match="unique names"):
        LabelMap(values=LABELS, grid=GRID, structures=twice)


def test_labels_that_do_not_fit_their_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="LabelMap: expected shape"):
        LabelMap(values=LABELS[:, :1], grid=GRID, structures=())


def test_a_label_map_cannot_be_changed() -> None:
    values = LABELS.copy()
    labels = LabelMap(values=values, grid=GRID, structures=())
    values[0, 0, 0] = 9
    assert labels.values[0, 0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        labels.values[0, 0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        labels.grid = GRID  # type: ignore[misc]  # the very thing that must fail


# lesions


def lesion(**changes: object) -> Lesion:
    """Build an octahedron of 10 mm about (5, 6, 7)."""
    corners = 10.0 * np.vstack([np.eye(3), -np.eye(3)]) + [5.0, 6.0, 7.0]
    values: dict[str, object] = {
        "name": "L1",
        "surface_mm": corners,
        "surface_weights_mm2": np.ones(6),
        "inside_mm": [[4.0, 6.0, 7.0], [6.0, 6.0, 7.0]],
        "volume_ml": 1.333,
        "wanted_margin_mm": 5.0,
        "surface_uncertainty_mm": 0.0,
        "frame": FRAME,
    }
    return Lesion(**{**values, **changes})  # type: ignore[arg-type]  # bad values on purpose


def test_a_lesion_by_hand() -> None:
    assert lesion().centre_mm.tolist() == [5.0, 6.0, 7.0]
    assert lesion().longest_diameter_mm == pytest.approx(20.0)


@pytest.mark.hazard(41)
def test_a_lesion_has_no_default_margin() -> None:
    fields = {field.name: field for field in dataclasses.fields(Lesion)}
    assert fields["wanted_margin_mm"].default is dataclasses.MISSING
    assert fields["wanted_margin_mm"].default_factory is dataclasses.MISSING


@pytest.mark.hazard(41)
@pytest.mark.parametrize("margin_mm", [-0.1, np.nan, -np.inf])
def test_a_margin_below_nought_or_no_number_is_refused(margin_mm: float) -> None:
    with pytest.raises(ValueError, match="Lesion margin"):
        lesion(wanted_margin_mm=margin_mm)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surface_mm": [[0.0, np.nan, 0.0]] * 6}, "surface_mm"),
        ({"inside_mm": [1.0, 2.0, 3.0]}, "inside_mm"),
        ({"surface_weights_mm2": np.ones(5)}, "surface_weights_mm2"),
    ],
)
def test_a_lesion_of_bad_points_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lesion(**change)


def test_a_lesion_cannot_be_changed() -> None:
    for name in ("surface_mm", "surface_weights_mm2", "inside_mm"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(lesion(), name)[0] = 0.0
