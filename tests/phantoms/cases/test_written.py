"""A case on disk: its schema, its hashes, and its fields, read by a foreign program."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from phantoms.casefiles import make_case
from phantoms.recipes import CASES
from phantoms.truth_schema import TruthDocument
from scripts.case_tables import PAGE, page_text

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

SEED = 4
SAMPLE = ("other-breath", "vanished-lesion", "ablation-incomplete")
"""CI makes these; `--long` makes all."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the fixture make the sample, or all with `--long`."""
    if "made" in metafunc.fixturenames:
        names = list(CASES) if metafunc.config.getoption("--long") else SAMPLE
        metafunc.parametrize("made", names, indirect=True, scope="module")


@pytest.fixture(scope="module")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / request.param
    make_case(request.param, folder, seed=SEED)
    return folder


def truth_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return content


def test_the_truth_keeps_its_schema(made: Path) -> None:
    truth = truth_of(made)
    TruthDocument.model_validate(truth)
    with pytest.raises(ValidationError):
        TruthDocument.model_validate({**truth, "more": 1})
    with pytest.raises(ValidationError):
        TruthDocument.model_validate({**truth, "units": "cm"})


def test_every_file_has_its_hash_and_every_name_its_file(made: Path) -> None:
    truth = truth_of(made)
    beside = {path.name for path in made.iterdir() if path.is_file()} - {"truth.json"}
    assert set(truth["files_sha256"]) == beside
    for name, expected in truth["files_sha256"].items():
        assert hashlib.sha256((made / name).read_bytes()).hexdigest() == expected
    for key in ("planning", "intraop", "older", "after"):
        if key in truth:
            assert (made / truth[key]["folder"]).is_dir()
            count = len(list((made / truth[key]["folder"]).iterdir()))
            assert count == truth[key]["shape_kji"][0]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is missing")
def test_dciodvfy_finds_no_error_in_any_series(made: Path) -> None:
    for folder in (each for each in made.iterdir() if each.is_dir()):
        for path in sorted(folder.iterdir())[::40]:
            said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)  # noqa: S603, S607
            errors = [line for line in said.stderr.splitlines() if line.startswith("Error")]
            assert errors == [], path


def points_of(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    return {label: np.array(place, dtype=np.float64) for label, *place in rows}


def test_simpleitk_carries_the_points_by_the_fields(made: Path) -> None:
    truth = truth_of(made)
    motion = truth["motion"]
    if motion is None or motion["is_rigid"]:
        return
    start, end = (points_of(made / truth["points"][key]) for key in ("planning", "intraop"))
    for name, field in motion["fields"].items():
        words = {"liver": ("liver", "tumour"), "wall": ("bone",)}.get(field["group"], ())
        image = sitk.ReadImage(str(made / name), sitk.sitkVectorFloat64)
        low = np.array(image.GetOrigin())
        high = low + (np.array(image.GetSize()) - 1.0) * image.GetSpacing()
        carry = sitk.DisplacementFieldTransform(image)  # it empties the image
        labels = [label for label in start if label.partition("-")[0] in words
                  and ((start[label] > low) & (start[label] < high)).all()]  # fmt: skip
        assert len(labels) > 10 or not words
        for label in labels:
            there = np.array(carry.TransformPoint(start[label].tolist()))
            off = np.linalg.norm(there - end[label])
            assert off <= field["interpolation_misses_mm"] + 1e-3


def counting_error(volume_ml: float, spacing_mm: np.ndarray) -> float:
    """Say how far the count of a lattice's points in a ball of this volume may be off (share).

    The largest of 200 places of the ball on the lattice.
    """
    radius = np.cbrt(3.0 * volume_ml * 1000.0 / (4.0 * np.pi))
    reach = np.ceil(radius / spacing_mm).astype(int) + 1
    points = np.indices(2 * reach + 1).reshape(3, -1).T - reach
    rng, counts = np.random.default_rng(1), []
    for _ in range(200):
        apart = (points + rng.uniform(-0.5, 0.5, 3)) * spacing_mm
        counts.append(np.count_nonzero(np.einsum("ij,ij->i", apart, apart) <= radius**2))
    seen_ml = np.array(counts) * np.prod(spacing_mm) / 1000.0
    return float(np.abs(seen_ml / volume_ml - 1.0).max())


def test_the_zone_is_seen_shrunk_by_the_cube_of_an_eighth(made: Path) -> None:
    truth = truth_of(made)
    if "ablation" not in truth:
        return
    left = sitk.GetArrayFromImage(sitk.ReadImage(str(made / truth["after"]["labels_file"])))
    assert ((left == 3).sum() > 0) == (truth["ablation"]["residual_volume_ml"] > 0.0)
    volumes, misses = [], []
    for name in (truth["ablation"]["mask_on_planning"], truth["after"]["zone_file"]):
        image = sitk.ReadImage(str(made / name))
        volumes.append(sitk.GetArrayFromImage(image).sum() * np.prod(image.GetSpacing()) / 1000.0)
        misses.append(counting_error(volumes[-1], np.array(image.GetSpacing())))
    assert volumes[0] == pytest.approx(truth["ablation"]["volume_ml"], rel=misses[0])
    assert volumes[1] == pytest.approx(volumes[0] * (1.0 - 0.125) ** 3, rel=0.03)


def test_headers_tell_neither_case_nor_seed(made: Path) -> None:
    seen = {
        str(element.value).lower()
        for folder in made.iterdir()
        if folder.is_dir()
        for element in pydicom.dcmread(next(folder.iterdir()), stop_before_pixels=True)
    }
    assert not any(made.name in value or f"seed{SEED:06d}" in value for value in seen)
    assert not any(f"phantom-{SEED:06d}" in value for value in seen)


def test_every_point_lies_in_every_scan(made: Path) -> None:
    truth = truth_of(made)
    for key, name in truth["points"].items():
        scan = truth[key]
        places = np.array(list(points_of(made / name).values()))
        index = np.linalg.inv(scan["lps_from_index"]) @ np.c_[places, np.ones(len(places))].T
        assert (index[:3].T >= 0.0).all()
        assert (np.array(scan["shape_kji"]) - 1.0 >= index[:3].T).all()
        assert len(places) > 100


def test_a_vanished_tumour_has_no_voxel_in_the_planning_labels(made: Path) -> None:
    truth = truth_of(made)
    if "older" not in truth:
        return
    counts = [
        int((sitk.GetArrayFromImage(sitk.ReadImage(str(made / name))) == 3).sum())
        for name in (truth["planning"]["labels_file"], truth["older"]["labels_file"])
    ]
    assert counts[0] == 0
    assert counts[1] * 1.5e-3 == pytest.approx(truth["tumour"]["volume_ml"], rel=0.05)


def test_the_page_of_the_cases_is_written_from_the_cases() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_text()
