"""The skin of a body on a couch is found to about a thinned voxel."""

from __future__ import annotations

import numpy as np
import pytest

from phantoms import tissues
from phantoms.body import room_in_front_mm, skin_distance
from phantoms.errors import SourceRefusedError
from phantoms.painting import ScanGrid, paint_parts
from phantoms.program import signed_distance_mm
from phantoms.shapes import RoundedBox, Tube, sphere
from phantoms.tissues import Part

BODY = Tube(np.array([[0.0, 0, -200], [0.0, 0, 200]]), np.array([70.0, 70.0]))
LIMIT_MM = 2.0


def scene() -> tuple[np.ndarray, ScanGrid]:
    matrix = np.eye(4)
    matrix[:3, :3] = np.diag([4.0, 1.2, 1.2])[::-1]
    matrix[:3, 3] = [-110.0, -105.0, -60.0]
    grid = ScanGrid(shape_kji=(30, 180, 185), lps_from_index=matrix, thickness_mm=4.0)
    couch = RoundedBox(centre_mm=[0, 78, 0], half_extent_mm=[100, 2.5, 300])
    wire = Tube(np.array([[-80.0, -80, -200], [-80.0, -80, 200]]), np.array([2.0, 2.0]))
    parts = [
        Part(name="body", shape=BODY, tissue=tissues.MUSCLE),
        Part(name="lung", shape=sphere([20, 5, 0], 30.0), tissue=tissues.LUNG),
        Part(name="couch", shape=couch, tissue=tissues.COUCH_SHELL),
        Part(name="wire", shape=wire, tissue=tissues.STEEL),
    ]
    hu, _ = paint_parts([(part, np.eye(4)) for part in parts], grid)
    hu += np.random.default_rng(3).normal(0.0, 15.0, hu.shape).astype(np.float32)
    return hu, grid


def test_distances_are_those_of_the_shape_without_couch_wires_and_hollows() -> None:
    outside_mm = skin_distance(*scene())
    points = np.random.default_rng(4).uniform([-100, -100, -50], [100, 60, 50], (3000, 3))
    found, truth = outside_mm(points), signed_distance_mm(BODY, points)
    near = np.abs(truth) < 60.0
    assert np.abs(found - truth)[near].max() <= LIMIT_MM


def test_beyond_the_field_the_distance_never_says_too_much() -> None:
    outside_mm = skin_distance(*scene())
    beyond = np.array([[0.0, -150.0, 0.0], [-160.0, 0.0, 0.0], [140.0, -140.0, 10.0]])
    assert (outside_mm(beyond) <= signed_distance_mm(BODY, beyond) + LIMIT_MM).all()


def test_the_room_in_front_is_that_to_the_foremost_skin() -> None:
    assert room_in_front_mm(*scene()) == pytest.approx(105.0 - 70.0, abs=LIMIT_MM)


def test_a_scan_without_a_body_is_refused() -> None:
    hu, grid = scene()
    with pytest.raises(SourceRefusedError, match="no body"):
        skin_distance(np.where(hu > 1000.0, hu, -1000.0), grid)
