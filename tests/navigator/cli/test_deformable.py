"""With the liver's outline a liver that slid is followed, on disk as in memory."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from navigator.io.documents.integrity import INTEGRITY, sealed
from navigator.io.images import write_image
from tests.navigator.registration.slid_patient import SHIFT_MM, TRUE, slid_scans
from tests.navigator.registration.small_patient import (
    LIVER_MM,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]

DONE, REFUSED = 0, 2
LIMIT_MM = 1.5


def write_points(path: Path, points: np.ndarray) -> None:
    lines = [f"P{n},{x:.6f},{y:.6f},{z:.6f}" for n, (x, y, z) in enumerate(points)]
    path.write_text("\n".join(["label,x_mm,y_mm,z_mm", *lines]) + "\n", encoding="utf-8")


def read_points(path: Path) -> np.ndarray:
    with path.open(encoding="utf-8", newline="") as stream:
        return np.array(
            [[float(row[f"{axis}_mm"]) for axis in "xyz"] for row in csv.DictReader(stream)]
        )


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slid")
    planning, new, liver = slid_scans()
    for name, values, grid in (
        ("planning", planning.values_hu.astype(np.int16), planning.grid),
        ("intraop", new.values_hu.astype(np.int16), new.grid),
        ("liver", liver.members.astype(np.uint8), liver.grid),
    ):
        write_image(values, grid.lps_from_index, folder / f"{name}.nrrd")
    return folder


@pytest.mark.hazard(19, 20, 45)
def test_a_liver_that_slid_is_followed_through_files(
    navigator: Navigator, scans: Path, tmp_path: Path
) -> None:
    out, points, mapped = tmp_path / "r.json", tmp_path / "p.csv", tmp_path / "m.csv"
    pair = (scans / "planning.nrrd", scans / "intraop.nrrd")
    picture = tmp_path / "check.png"
    words = ("--out", out, "--organ", scans / "liver.nrrd", "--picture", picture, "--json")
    told = navigator("register", *pair, *words)
    assert told.code == DONE, told.err
    assert picture.read_bytes().startswith(b"\x89PNG")
    document = told.document
    assert document["deformable"]["file"] == "r.field.nrrd"
    assert 0.0 < document["expected_tre_mm"] < 5.0
    for name in ("overlap", "inverse_consistency_mm", "seconds"):
        assert isinstance(document[name], float)
    at = LIVER_MM + np.random.default_rng(4).uniform(-20.0, 20.0, (60, 3))
    write_points(points, at)
    answer = navigator("map-points", out, points, mapped, "--to", "intraop", "--json")
    assert answer.code == DONE
    off = np.linalg.norm(read_points(mapped) - TRUE.map_points(at + SHIFT_MM), axis=1)
    assert off.mean() < LIMIT_MM
    assert not any("beyond the liver" in note for note in answer.document["notes"])
    radii = np.array(answer.document["expected_95_mm"], dtype=float)
    assert (off <= radii).mean() >= 0.9
    back = tmp_path / "b.csv"
    assert navigator("map-points", out, mapped, back, "--to", "planning").code == DONE
    assert np.abs(read_points(back) - at).max() < 0.05

    away = tmp_path / "far.csv"
    write_points(away, np.array([[5000.0, 0.0, 0.0], LIVER_MM, [0.0, 60.0, 100.0]]))
    far = navigator("map-points", out, away, tmp_path / "f.csv", "--to", "intraop")
    assert "2 of 3 points lie beyond the liver" in far.out

    # what was written once more may replace it, and a field that is not the one written is refused
    path = out.with_name("r.field.nrrd")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    changed = navigator("map-points", out, points, tmp_path / "n.csv", "--to", "intraop")
    assert (changed.code, "field-changed" in changed.err) == (REFUSED, True)
    assert not (tmp_path / "n.csv").exists()
    outside = json.loads(out.read_text(encoding="utf-8"))
    del outside[INTEGRITY]
    outside["deformable"]["file"] = "../r.field.nrrd"
    out.write_text(json.dumps(sealed(outside)), encoding="utf-8")
    away = navigator("map-points", out, points, tmp_path / "n.csv", "--to", "intraop")
    assert (away.code, "beside the registration" in away.err) == (REFUSED, True)


@pytest.mark.hazard(20, 45)
def test_an_earlier_registration_keeps_its_field(
    navigator: Navigator, scans: Path, tmp_path: Path
) -> None:
    """Followed, then rigid, then followed again: each version maps as it did when it was new."""
    out, points, mapped = tmp_path / "r.json", tmp_path / "p.csv", tmp_path / "m.csv"
    pair = (scans / "planning.nrrd", scans / "intraop.nrrd")
    organ = ("--organ", scans / "liver.nrrd")
    write_points(points, LIVER_MM + np.random.default_rng(4).uniform(-20.0, 20.0, (9, 3)))

    def carried(registration: Path) -> np.ndarray:
        mapped.unlink(missing_ok=True)
        told = navigator("map-points", registration, points, mapped, "--to", "intraop")
        assert told.code == DONE, told.err
        return read_points(mapped)

    assert navigator("register", *pair, "--out", out, *organ).code == DONE
    followed = carried(out)
    # a copy of that name was damaged, and the field lies on a larger disk, behind a link
    digest = json.loads(out.read_text(encoding="utf-8"))["deformable"]["sha256"][:12]
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / f"r.field.{digest}.nrrd").write_bytes(b"damaged")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "r.field.nrrd").rename(tmp_path / "elsewhere" / "f.nrrd")
    (tmp_path / "r.field.nrrd").symlink_to(Path("elsewhere") / "f.nrrd")
    assert navigator("register", *pair, "--out", out, "--rigid").code == DONE
    rigid = carried(out)
    assert np.abs(rigid - followed).max() > 2.0
    earlier = tmp_path / "earlier"
    assert not list(tmp_path.glob("*.nrrd")), "no field lies beside a rigid registration"
    assert np.array_equal(carried(earlier / "r.0001.json"), followed)
    assert navigator("register", *pair, "--out", out, *organ).code == DONE
    assert np.array_equal(carried(out), followed)
    assert np.array_equal(carried(earlier / "r.0002.json"), rigid)
    # somebody moves a field into its place that is not the one: it is found by its content
    field = next(earlier.glob("r.field.*.nrrd"))
    (tmp_path / "r.field.nrrd").write_bytes(b"another")
    assert np.array_equal(carried(earlier / "r.0001.json"), followed)
    field.write_bytes(b"another")
    mapped.unlink()
    told = navigator("map-points", earlier / "r.0001.json", points, mapped, "--to", "intraop")
    assert (told.code, "missing-field" in told.err) == (REFUSED, True)


def test_a_lesion_keeps_its_shape_through_files(
    navigator: Navigator, scans: Path, tmp_path: Path
) -> None:
    out, points, mapped = tmp_path / "r.json", tmp_path / "p.csv", tmp_path / "m.csv"
    _, _, liver = slid_scans()
    at = liver.grid.points_from_indices(np.moveaxis(np.indices(liver.grid.shape_kji), 0, -1))
    lesion = 7 * (np.linalg.norm(at - LIVER_MM, axis=-1) <= 9.0)
    write_image(lesion.astype(np.uint8), liver.grid.lps_from_index, tmp_path / "lesion.nrrd")
    pair = (scans / "planning.nrrd", scans / "intraop.nrrd")
    words = ("--lesion", tmp_path / "lesion.nrrd", "--lesion-label", "7")
    organ = ("--organ", scans / "liver.nrrd")
    told = navigator("register", *pair, "--out", out, *organ, *words, "--json")
    assert told.code == DONE, told.err
    assert set(told.document["sha256"]) == {"planning", "intraop", "lesion"}
    inside = LIVER_MM + np.random.default_rng(4).uniform(-5.0, 5.0, (12, 3))
    write_points(points, inside)
    assert navigator("map-points", out, points, mapped, "--to", "intraop").code == DONE
    apart = pdist(read_points(mapped)) - pdist(inside)
    assert np.abs(apart).max() < 2e-3
    for others in ((), (*organ, "--rigid")):
        told = navigator("register", *pair, "--out", tmp_path / "n.json", *others, *words)
        assert (told.code, "lesion-without-organ" in told.err) == (REFUSED, True)
    # the liver's own label, left as it was by default
    told = navigator("register", *pair, "--out", tmp_path / "n.json", *organ, "--lesion", organ[1])
    assert (told.code, "lesion-size" in told.err) == (REFUSED, True)
    assert not (tmp_path / "n.json").exists()


@pytest.mark.hazard(57)
def test_a_field_of_somebody_else_is_not_replaced(
    navigator: Navigator, scans: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "r.field.nrrd"
    theirs.write_bytes(b"theirs")
    pair = (scans / "planning.nrrd", scans / "intraop.nrrd")
    words = ("register", *pair, "--out", tmp_path / "r.json", "--organ", scans / "liver.nrrd")
    answer = navigator(*words)
    assert (answer.code, "output-exists" in answer.err) == (REFUSED, True)
    assert theirs.read_bytes() == b"theirs"


def test_rigid_stays_rigid_where_it_is_asked_for(
    navigator: Navigator, scans: Path, tmp_path: Path
) -> None:
    pair = (scans / "planning.nrrd", scans / "intraop.nrrd")
    words = ("--organ", scans / "liver.nrrd", "--rigid", "--json")
    answer = navigator("register", *pair, "--out", tmp_path / "r.json", *words)
    assert answer.document["deformable"] is None
    assert not (tmp_path / "r.field.nrrd").exists()


def test_a_picture_that_cannot_be_written_is_refused_before_anything_is_read(
    navigator: Navigator, scans: Path, tmp_path: Path
) -> None:
    pair = (scans / "planning.nrrd", scans / "intraop.nrrd")
    out, taken = tmp_path / "r.json", tmp_path / "theirs.png"
    taken.write_bytes(b"somebody's")
    for picture, code in ((tmp_path / "check.jpg", "format-unknown"), (taken, "output-exists")):
        told = navigator("register", *pair, "--out", out, "--picture", picture)
        assert (told.code, code in told.err) == (REFUSED, True)
    assert not out.exists()
    assert taken.read_bytes() == b"somebody's"


@pytest.mark.parametrize(
    ("members", "code"),
    [("one voxel", "organ-size"), ("body", "organ-size"), ("beside it", "labels-unlike-scan")],
)
def test_an_outline_that_is_no_livers_is_refused(
    navigator: Navigator, scans: Path, tmp_path: Path, members: str, code: str
) -> None:
    """Label 1 of a map is often the body: nothing would slide, and no bone be left to compare."""
    _, _, liver = slid_scans()
    given = {
        "one voxel": np.zeros_like(liver.members),
        "body": np.ones_like(liver.members),
        "beside it": np.roll(liver.members, int(80.0 / liver.grid.spacing_mm[1]), axis=1),
    }[members]
    given[tuple(np.argwhere(liver.members)[0])] = True
    organ, out = tmp_path / "organ.nrrd", tmp_path / "r.json"
    write_image(given.astype(np.uint8), liver.grid.lps_from_index, organ)
    pair = (scans / "planning.nrrd", scans / "intraop.nrrd")
    told = navigator("register", *pair, "--out", out, "--organ", organ)
    assert (told.code, code in told.err) == (REFUSED, True)
    assert not out.exists()


@pytest.mark.hazard(57)
def test_a_rigid_registration_is_no_leave_to_replace_a_field_beside_it(
    navigator: Navigator, scans: Path, tmp_path: Path
) -> None:
    pair, out = (scans / "planning.nrrd", scans / "intraop.nrrd"), tmp_path / "r.json"
    assert navigator("register", *pair, "--out", out, "--rigid").code == DONE
    field = out.with_name("r.field.nrrd")
    field.write_bytes(b"somebody's")
    told = navigator("register", *pair, "--out", out, "--organ", scans / "liver.nrrd")
    assert (told.code, "output-exists" in told.err) == (REFUSED, True)
    assert field.read_bytes() == b"somebody's"
