"""What is packed very hard is believed as far as labels go, in bytes, before it is unpacked."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import FileRefusedError
from navigator.io.caps import check_announced
from navigator.io.images import read_image
from tests.navigator.io.nifti_writer import write_nifti

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.hazard(48)
NIFTI_TYPES = {"u1": (2, 8), "f8": (64, 64)}
"""Code and bits of a voxel, nifti1.h."""
MEMBER = 1 << 24


def zeros(path: Path, shape: tuple[int, int, int], kind: str, members: int) -> Path:
    """Write a .nii.gz of zeros as a header and so many gzip members of one size."""
    plain = path.with_suffix("")
    write_nifti(plain, shape=shape, values=b"")
    header = bytearray(plain.read_bytes())
    struct.pack_into("<2h", header, 70, *NIFTI_TYPES[kind])
    size, rest = divmod(int(np.prod(shape)) * np.dtype(kind).itemsize, members)
    assert not rest
    path.write_bytes(gzip.compress(bytes(header)) + gzip.compress(bytes(size), 9) * members)
    return path


def test_two_megabytes_of_double_zeros_are_refused_before_they_are_unpacked(
    tmp_path: Path,
) -> None:
    bomb = zeros(tmp_path / "bomb.nii.gz", (1024, 512, 512), "f8", members=128)
    assert bomb.stat().st_size < 2.2e6
    tracemalloc.start()
    with pytest.raises(FileRefusedError) as refused:
        read_image(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.refusal.code == "too-large"
    assert peak < MEMBER


@pytest.mark.parametrize("members", [1, 8])
def test_an_empty_label_map_is_read(tmp_path: Path, members: int) -> None:
    labels = zeros(tmp_path / "labels.nii.gz", (512, 512, 32), "u1", members)
    values = read_image(labels).values
    assert values.shape == (32, 512, 512)
    assert not values.any()


@pytest.mark.parametrize(("bytes_a_voxel", "slices"), [(1, 1024), (2, 1024), (4, 512), (8, 256)])
def test_labels_of_a_whole_exam_may_be_announced(bytes_a_voxel: int, slices: int) -> None:
    """Two megabytes for a scan of 512 x 512, whatever its numbers are."""
    held = 2 << 20
    announced = check_announced(
        "a", (512, 512, slices), bytes_a_voxel=bytes_a_voxel, held_bytes=held, is_packed=True
    )
    assert announced == 512 * 512 * slices * bytes_a_voxel
