"""From a source nothing is read beyond the keep-list, and its slices stand in the scan's order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import FileRefusedError
from navigator.io.objects import load_source
from navigator.io.objects.keep_list import GEOMETRY, IDENTITY, LINKAGE
from navigator.io.volumes import load_scan
from tests.navigator.io.dicom_writer import ct_slices, enhanced_ct, write_files
from tests.navigator.io.objects.small_case import geometry_of, oblique_grid

if TYPE_CHECKING:
    from pathlib import Path


def stored() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 1500, oblique_grid().shape_kji).astype(np.int16)


@pytest.mark.hazard(53)
def test_a_slice_holds_only_what_the_keep_list_names(tmp_path: Path) -> None:
    slices = ct_slices(stored(), geometry_of(oblique_grid()))
    for dataset in slices:
        dataset.ImageComments = dataset.InstitutionName = "secret"
    write_files(slices, tmp_path)
    for kept in load_source(tmp_path).slices:
        names = {each.keyword for each in kept}
        assert names <= {*LINKAGE, *GEOMETRY, *IDENTITY, "Modality"}
        assert not any(kept[keyword].value for keyword in IDENTITY)


def test_slices_stand_in_the_order_of_the_scan(tmp_path: Path) -> None:
    slices = ct_slices(stored(), geometry_of(oblique_grid()))
    order = np.random.default_rng(1).permutation(len(slices))
    write_files([slices[k] for k in order], tmp_path)
    source, grid = load_source(tmp_path), load_scan(tmp_path).volume.grid
    for k, kept in enumerate(source.slices):
        place = np.array(kept.ImagePositionPatient, float)
        assert np.abs(place - grid.points_from_indices([k, 0, 0])).max() < 1e-6


@pytest.mark.hazard(54)
@pytest.mark.parametrize("fault", ["burned in", "multi-frame", "no frame of reference"])
def test_an_unfit_source_is_refused(fault: str, tmp_path: Path) -> None:
    slices = ct_slices(stored(), geometry_of(oblique_grid()))
    code = "no-source-for-objects"
    if fault == "burned in":
        slices[3].BurnedInAnnotation, code = "YES", "burned-in-annotation"
    elif fault == "no frame of reference":
        for dataset in slices:
            del dataset.FrameOfReferenceUID
    else:
        order = list(range(len(slices)))
        slices = [enhanced_ct(stored(), geometry_of(oblique_grid()), order)]
    write_files(slices, tmp_path)
    with pytest.raises(FileRefusedError) as caught:
        load_source(tmp_path)
    assert caught.value.refusal.code == code
