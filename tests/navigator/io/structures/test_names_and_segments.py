"""Labels have names where a file beside them or their own header gives some."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK as sitk

from navigator.errors import InputRefusedError
from navigator.io.structures import load_mask, load_structure, load_structures, open_structures
from navigator.model.anatomy import Role
from tests.navigator.io.structures.balls import GRID, LIVER, TUMOUR, VESSEL, scan_grid
from tests.navigator.io.structures.writers import seg_nrrd

if TYPE_CHECKING:
    from pathlib import Path

SNAP = """# ITK-SnAP Label Description File
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Liver, left lobe"
    2     0  255    0        1  1  1    "gtv"
"""
TABLE = """# Color table file labels.ctbl
# 3 values
0 Background 0 0 0 0
1 Liver,_left_lobe 255 0 0 255
2 gtv 0 255 0 255
"""
JSON = '{"Liver, left lobe": 1, "gtv": 2}'


def refusal(path: Path, label: int | str, **options: object) -> str:
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, label, **options)
    return refused.value.refusal.code


def label_map(path: Path) -> Path:
    values = LIVER.members.astype(np.uint8)
    values[TUMOUR.members] = 2
    image = sitk.GetImageFromArray(values)
    image.SetSpacing([0.8, 0.8, 2.0])
    image.SetOrigin([-20.0, -20.0, -20.0])
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize(
    ("name", "text"), [("l.txt", SNAP), ("l.label", SNAP), ("l.ctbl", TABLE), ("l.json", JSON)]
)
@pytest.mark.parametrize("image", ["l.nrrd", "l.nii.gz", "l.mha"])
def test_names_beside_a_label_map_are_read(
    tmp_path: Path, name: str, text: str, image: str
) -> None:
    path = label_map(tmp_path / image)
    (tmp_path / name).write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(load_mask(path, label="gtv", grid=GRID).members, TUMOUR.members)
    labels = load_structures(path, {"liver": "Liver, left lobe", "gtv": 2}, GRID).labels
    assert labels.structure("liver").labels == (1,)
    assert labels.structure("gtv").role is Role.LESION


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("l.txt", "1 liver\n"),
        ("l.txt", "\x00\x01"),
        ("l.txt", "# nothing\n"),
        ("l.json", '{"a": "1"}'),
        ("l.json", '{"a": {"b": 1}}'),
        ("l.json", "[1, 2]"),
        ("l.json", "{"),
        ("l.json", "[" * 100_000),
        ("l.json", '{"a": true}'),
    ],
)
def test_a_file_that_names_no_labels_is_refused(tmp_path: Path, name: str, text: str) -> None:
    path = label_map(tmp_path / "l.nrrd")
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert refusal(path, "gtv", grid=GRID) == "label-names-unreadable"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.json", b'{"Modality": "CT", "ConversionSoftware": "dcm2niix"}'),
        ("l.txt", b"made by Anna, 2024"),
        ("l.json", b'{"1": "liver"}'),
        ("l.label", b'    1   255    0    0        1  1  1    "Leber, gro\xdf"'),
    ],
)
def test_what_lies_beside_a_label_map_does_not_keep_its_numbers_out(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = label_map(tmp_path / "l.nii.gz")
    (tmp_path / name).write_bytes(content)
    loaded = load_structure(path, 2, grid=GRID)
    np.testing.assert_array_equal(loaded.mask.members, TUMOUR.members)
    composed = load_structures(path, {"gtv": 2}, GRID)
    np.testing.assert_array_equal(composed.labels.mask("gtv").members, TUMOUR.members)
    for findings in (loaded.findings, composed.findings):
        assert [(each.code, each.severity.value) for each in findings] == [
            ("label-names-unreadable", "note")
        ]
    assert refusal(path, "gtv", grid=GRID) == "label-names-unreadable"


def test_a_sidecar_of_a_converter_does_not_hide_the_names(tmp_path: Path) -> None:
    path = label_map(tmp_path / "l.nii.gz")
    (tmp_path / "l.json").write_text('{"Modality": "CT"}', encoding="utf-8")
    (tmp_path / "l.txt").write_text(SNAP, encoding="utf-8")
    loaded = load_structure(path, "gtv", grid=GRID)
    np.testing.assert_array_equal(loaded.mask.members, TUMOUR.members)
    assert loaded.findings == ()


def test_two_files_of_names_and_one_name_twice_are_refused(tmp_path: Path) -> None:
    path = label_map(tmp_path / "l.nrrd")
    (tmp_path / "l.json").write_text('{"gtv": 1, "gtv": 2}', encoding="utf-8")
    assert refusal(path, "gtv", grid=GRID) == "ambiguous-structure"
    (tmp_path / "l.txt").write_text(SNAP, encoding="utf-8")
    assert refusal(path, "gtv", grid=GRID) == "several-name-files"
    assert load_structure(path, 2, grid=GRID).mask.volume_ml == TUMOUR.volume_ml


@pytest.mark.hazard(39)
def test_names_that_lead_to_one_label_are_refused(tmp_path: Path) -> None:
    path = label_map(tmp_path / "l.nrrd")
    (tmp_path / "l.json").write_text('{"liver": 1, "Leber": 1}', encoding="utf-8")
    with pytest.raises(InputRefusedError) as refused:
        load_structures(path, {"liver": "liver", "bone": "Leber"}, GRID)
    assert refused.value.refusal.code == "structure-named-twice"


def layered(path: Path, *, grid: object = GRID, cut: int = 0) -> Path:
    layers = [
        (LIVER.members.astype(np.uint8))[cut:],
        (TUMOUR.members * 1 + (VESSEL.members & ~TUMOUR.members) * 2).astype(np.uint8)[cut:],
    ]
    affine = np.array(grid.lps_from_index)
    affine[:3, 3] += cut * affine[:3, 0]
    segments = [("Liver", 1, 0), ("gtv", 1, 1), ("Vessel", 2, 1)]
    return seg_nrrd(layers, segments, affine, path)


@pytest.mark.parametrize("cut", [0, 2])
def test_overlapping_segments_of_layers_arrive_cropped_or_not(tmp_path: Path, cut: int) -> None:
    path = layered(tmp_path / "s.seg.nrrd", cut=cut)
    for name, mask in (("Liver", LIVER), ("gtv", TUMOUR)):
        found = load_mask(path, label=name, grid=GRID)
        np.testing.assert_array_equal(found.members, mask.members)
    assert refusal(path, 1, grid=GRID) == "ambiguous-structure"
    assert [entry.name for entry in open_structures(path).entries] == ["Liver", "gtv", "Vessel"]


def test_segments_beside_the_voxels_of_the_scan_are_refused(tmp_path: Path) -> None:
    path = layered(tmp_path / "s.seg.nrrd", grid=scan_grid(origin_mm=(-20.4, -20.0, -20.0)))
    assert refusal(path, "gtv", grid=GRID) == "label-map-not-on-scan"


def test_a_cropped_segment_beyond_the_scan_is_told(tmp_path: Path) -> None:
    path = layered(tmp_path / "s.seg.nrrd")
    half = scan_grid(origin_mm=(-20.0, -20.0, 0.0))
    found = load_structure(path, "Liver", grid=half).findings
    assert [finding.code for finding in found] == ["structure-clipped"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"sizes: 2", b"sizes: 9"),
        (b"sizes: 2", b"sizes: 2000000000"),
        (b"type: unsigned char", b"type: float"),
        (b"encoding: raw", b"encoding: gzip"),
        (b"encoding: raw", b"encoding: hex"),
        (b"space: left", b"space: scanner"),
        (b"kinds: list domain", b"kinds: list list"),
        (b"space origin: (", b"space origin: (nan,"),
        (b"space directions: none (", b"space directions: none none ("),
    ],
)
def test_a_damaged_header_of_layers_is_refused(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = layered(tmp_path / "s.seg.nrrd")
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after, 1))
    assert refusal(path, "gtv", grid=GRID) == "unreadable-file"


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Läsion größe", "LÄSION größe "])
def test_an_accent_is_one_letter_however_it_is_encoded(
    tmp_path: Path, stored: str, asked: str, name: str
) -> None:
    path = label_map(tmp_path / "l.nrrd")
    names = {unicodedata.normalize(stored, "Läsion größe"): 2, "Leber": 1}
    (tmp_path / "l.json").write_text(json.dumps(names), encoding="utf-8")
    found = load_mask(path, label=unicodedata.normalize(asked, name), grid=GRID)
    np.testing.assert_array_equal(found.members, TUMOUR.members)


def test_a_refusal_lists_names_as_they_are_read(tmp_path: Path) -> None:
    path = label_map(tmp_path / "l.nrrd")
    (tmp_path / "l.json").write_text('{"La\\u0308sion": 2}', encoding="utf-8")
    with pytest.raises(InputRefusedError) as refused:
        load_structure(path, "Milz")
    assert "L\u00e4sion = 2" in refused.value.refusal.expected
