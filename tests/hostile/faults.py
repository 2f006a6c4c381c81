"""Faults of CT series, one function each: what a file can do to a patient, and what must stop it.

A library: a fault changes the data sets of a clean series, or the files written from them, at a
place along the stack. `test_faults.py` injects every fault at eight places in all eight ways to
lie on a table.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import MPEG2MPML

from navigator.io.findings import Severity
from tests.hostile.series import DIRECTIONS, SPACING_MM
from tests.navigator.io.dicom_writer import decimal_strings, set_pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    Change = Callable[[list[Dataset], int], None]
    Damage = Callable[[list[Path], int], None]

OTHER_UID = "1.2.826.0.1.3680043.10.1.77"
EMPTY_FRAGMENTS = bytes.fromhex("feff00e000000000feff00e0020000000000feffdde000000000")
"""An offset table without entries, a fragment of two zeros, and the delimiter."""
REFUSE, CONFIRM = Severity.REFUSE, Severity.CONFIRM


def leave(_slices: list[Dataset], _at: int) -> None:
    """Change nothing: the fault is put into the files."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a series can be wrong.

    Parameters
    ----------
    name : str
        What was done to the series.
    code : str
        The finding that has to stop it.
    severity : Severity
        Refused, or a person has to confirm.
    hazards : tuple of int
        Rows of the table of hazards.
    inject : callable
        Changes the data sets, given the place along the stack.
    damage : callable or None
        Changes the files once they are written.
    at_end : str or None
        The finding to be confirmed where the place is an end of the stack, if another.
    reach : int
        How many slices the fault changes from its place on.
    """

    name: str
    code: str
    severity: Severity
    hazards: tuple[int, ...]
    inject: Change = leave
    damage: Damage | None = None
    at_end: str | None = None
    reach: int = 1

    def expected(self, at: int, count: int) -> tuple[str, Severity]:
        """Code that stops the fault at this place, and how grave it is."""
        is_end = at == 0 or at >= count - self.reach
        if self.at_end is not None and is_end:
            return self.at_end, CONFIRM
        return self.code, self.severity


def set_value(keyword: str, value: object) -> Change:
    return lambda slices, at: setattr(slices[at], keyword, value)


def set_all(keyword: str, value: object) -> Change:
    def change(slices: list[Dataset], _: int) -> None:
        for dataset in slices:
            setattr(dataset, keyword, value)

    return change


def drop_value(keyword: str) -> Change:
    return lambda slices, at: slices[at].__delattr__(keyword)


def _position(dataset: Dataset) -> np.ndarray:
    return np.asarray(dataset.ImagePositionPatient, dtype=float)


def _axes(dataset: Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    row, column = np.reshape(np.asarray(dataset.ImageOrientationPatient, float), (2, 3))
    return row, column, np.cross(row, column)


def _move(dataset: Dataset, by_mm: np.ndarray) -> None:
    dataset.ImagePositionPatient = decimal_strings(_position(dataset) + by_mm)


def move_along(by_mm: float) -> Change:
    return lambda slices, at: _move(slices[at], by_mm * _axes(slices[at])[2])


def move_sideways(slices: list[Dataset], at: int) -> None:
    _move(slices[at], 1.0 * _axes(slices[at])[0])


def move_the_rest(by_mm: float) -> Change:
    """Move every slice from the place on: a second slab that does not join the first."""

    def change(slices: list[Dataset], at: int) -> None:
        for dataset in slices[min(max(at, 2), len(slices) - 2) :]:
            _move(dataset, by_mm * _axes(dataset)[2])

    return change


def bow(slices: list[Dataset], at: int) -> None:
    for k, dataset in enumerate(slices):
        _move(dataset, 0.05 * (k - at) ** 2 * _axes(dataset)[0])


def keep_every(stride: int) -> Change:
    def change(slices: list[Dataset], at: int) -> None:
        slices[:] = slices[at % stride :: stride]

    return change


def drop_slice(slices: list[Dataset], at: int) -> None:
    del slices[at]


def drop_two(slices: list[Dataset], at: int) -> None:
    del slices[at : at + 2]


def _copy_of(dataset: Dataset, uid: str | None) -> Dataset:
    copied = copy.deepcopy(dataset)
    if uid is not None:
        copied.SOPInstanceUID = uid
    return copied


def send_twice(slices: list[Dataset], at: int) -> None:
    slices.append(_copy_of(slices[at], None))


def send_under_new_uid(slices: list[Dataset], at: int) -> None:
    slices.append(_copy_of(slices[at], OTHER_UID))


def take_uid_of_neighbour(slices: list[Dataset], at: int) -> None:
    slices[at].SOPInstanceUID = slices[at - 1].SOPInstanceUID


def second_kernel_between(slices: list[Dataset], at: int) -> None:
    """Merge a second reconstruction whose slices lie half a step further."""
    others = [_copy_of(dataset, f"{OTHER_UID}.{k}") for k, dataset in enumerate(slices)]
    for dataset in others:
        dataset.ConvolutionKernel = "B70f"
        _move(dataset, SPACING_MM / 2 * _axes(dataset)[2])
    slices.extend(others[: len(others) - at % 2])


def exchange_positions(slices: list[Dataset], at: int) -> None:
    one, other = slices[at], slices[(at + 5) % len(slices)]
    one.ImagePositionPatient, other.ImagePositionPatient = (
        other.ImagePositionPatient,
        one.ImagePositionPatient,
    )


def scale_position(factor: float) -> Change:
    def change(slices: list[Dataset], at: int) -> None:
        slices[at].ImagePositionPatient = decimal_strings(factor * _position(slices[at]))

    return change


def turn_in_plane(slices: list[Dataset], at: int) -> None:
    row, column, _ = _axes(slices[at])
    angle = np.deg2rad(1.0)
    turned = (
        np.cos(angle) * row + np.sin(angle) * column,
        np.cos(angle) * column - np.sin(angle) * row,
    )
    slices[at].ImageOrientationPatient = decimal_strings(np.concatenate(turned))


def reorient(*order: tuple[int, float]) -> Change:
    """Write rows and columns as multiples of those that are true."""

    def change(slices: list[Dataset], at: int) -> None:
        axes = _axes(slices[at])
        written = [factor * axes[source] for source, factor in order]
        slices[at].ImageOrientationPatient = decimal_strings(np.concatenate(written))

    return change


def skew(slices: list[Dataset], at: int) -> None:
    row, column, _ = _axes(slices[at])
    skewed = (column + 0.05 * row) / np.linalg.norm(column + 0.05 * row)
    slices[at].ImageOrientationPatient = decimal_strings(np.concatenate([row, skewed]))


def change_spacing(
    change_of: Callable[[list[float]], list[float]], *, everywhere: bool = False
) -> Change:
    def change(slices: list[Dataset], at: int) -> None:
        for dataset in slices if everywhere else [slices[at]]:
            numbers = [float(number) for number in dataset.PixelSpacing]
            dataset.PixelSpacing = decimal_strings(change_of(numbers))

    return change


def smaller_matrix(slices: list[Dataset], at: int) -> None:
    set_pixels(slices[at], np.full((20, 20), 1000, dtype=np.int16))


def three_colours(slices: list[Dataset], at: int) -> None:
    dataset = slices[at]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration = 0
    dataset.PixelData = 3 * dataset.PixelData


def unsigned(slices: list[Dataset], at: int) -> None:
    slices[at].PixelRepresentation = 1 - slices[at].PixelRepresentation


def other_class(uid: str, modality: str) -> Change:
    def change(slices: list[Dataset], at: int) -> None:
        slices[at].SOPClassUID = slices[at].file_meta.MediaStorageSOPClassUID = uid
        slices[at].Modality = modality

    return change


def encoded_as(uid: str) -> Change:
    def change(slices: list[Dataset], at: int) -> None:
        slices[at].file_meta = type(slices[at].file_meta)(slices[at].file_meta)
        slices[at].file_meta.TransferSyntaxUID = uid
        if uid == MPEG2MPML:
            slices[at]["PixelData"].is_undefined_length = True
            slices[at].PixelData = EMPTY_FRAGMENTS
            slices[at]["PixelData"].VR = "OB"

    return change


def lie_otherwise(slices: list[Dataset], at: int) -> None:
    """Write into every slice that the patient lay on another side."""
    true = slices[0].PatientPosition
    wrong = [word for word in DIRECTIONS if word[2:] != true[2:]]
    set_all("PatientPosition", wrong[at % len(wrong)])(slices, at)


def one_lies_otherwise(slices: list[Dataset], at: int) -> None:
    slices[at].PatientPosition = "HFP" if slices[at].PatientPosition != "HFP" else "FFS"


def take_number_of_neighbour(slices: list[Dataset], at: int) -> None:
    slices[at].InstanceNumber = slices[at - 1].InstanceNumber


def skip_number(slices: list[Dataset], at: int) -> None:
    for dataset in slices[max(at, 1) :]:
        dataset.InstanceNumber = int(dataset.InstanceNumber) + 1


def _pixels(dataset: Dataset) -> np.ndarray:
    return np.frombuffer(dataset.PixelData, "<i2").reshape(dataset.Rows, dataset.Columns)


def rescale_all(slope: str, intercept: str) -> Change:
    """Write another rescale into every slice."""

    def change(slices: list[Dataset], _: int) -> None:
        for dataset in slices:
            dataset.RescaleSlope, dataset.RescaleIntercept = slope, intercept

    return change


def second_frame(slices: list[Dataset], at: int) -> None:
    """Hide a second picture in a file that holds one."""
    slices[at].NumberOfFrames = 2
    slices[at].PixelData = slices[at].PixelData + slices[at - 1].PixelData


def repeat_picture(slices: list[Dataset], at: int) -> None:
    slices[at].PixelData = slices[at - 1].PixelData


def blank_picture(slices: list[Dataset], at: int) -> None:
    set_pixels(slices[at], np.zeros_like(_pixels(slices[at])))


def offset_twice(slices: list[Dataset], at: int) -> None:
    set_pixels(slices[at], (_pixels(slices[at]) - 1024).astype(np.int16))


def bytes_exchanged(slices: list[Dataset], at: int) -> None:
    slices[at].PixelData = _pixels(slices[at]).byteswap().tobytes()


def cut_file(share: float) -> Damage:
    """Cut a file at a share of its bytes."""

    def damage(paths: list[Path], at: int) -> None:
        content = paths[at].read_bytes()
        paths[at].write_bytes(content[: int(share * len(content))])

    return damage


def noise_file(paths: list[Path], at: int) -> None:
    rng = np.random.default_rng(at)
    paths[at].with_suffix(".dcm").write_bytes(rng.bytes(700))
    paths[at].unlink()


def empty_file(paths: list[Path], at: int) -> None:
    paths[at].unlink()
    paths[at].with_suffix(".dcm").write_bytes(b"")


def no_pixels(slices: list[Dataset], at: int) -> None:
    del slices[at].PixelData


def cut_position(slices: list[Dataset], at: int) -> None:
    slices[at].ImagePositionPatient = decimal_strings(_position(slices[at])[:2])


def raw_position(text: str) -> Damage:
    """Write a text into the bytes of the position: no writer would let it pass."""

    def damage(paths: list[Path], at: int) -> None:
        content = bytearray(paths[at].read_bytes())
        start = content.index(b"\x20\x00\x32\x00DS") + 8
        content[start : start + len(text)] = text.encode("ascii")
        paths[at].write_bytes(bytes(content))

    return damage
