"""From stored pixels to Hounsfield units, slice by slice, in parallel."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import RLELossless

from navigator.errors import FileRefusedError
from navigator.imaging.resample import PADDED_HU
from navigator.io.caps import check_announced_frames
from navigator.io.codestreams import check_codestream
from navigator.io.dicom.gate_slices import LOSSLESS_SYNTAXES
from navigator.io.dicom.pixel_doubts import (
    MOST_PADDING_HU,
    findings_from_warnings,
    loss_findings,
    most_padding_hu,
    padding_findings,
)
from navigator.io.dicom.pixel_source import BYTE_ORDER
from navigator.io.dicom.values import uid_name, whole_value
from navigator.io.looks import look_at_slice
from navigator.io.progress import tell_nobody, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from navigator.arrays import Voxels
    from navigator.io.dicom.headers import SliceHeader
    from navigator.io.findings import Finding
    from navigator.io.looks import SliceLook
from navigator.io.dicom.pixel_source import PixelSource

MOST_THREADS = 8
"""More readers than this wait for the disk."""
EXACT_IN_FLOAT32 = 2**24
"""Whole numbers below it are themselves in 32 bits."""


def hounsfield_from_slices(
    headers: tuple[SliceHeader, ...], *, tell: Callable[[str], None] = tell_nobody
) -> tuple[Voxels, tuple[SliceLook, ...], tuple[Finding, ...]]:
    """Read the pixels of slices and rescale each by its own slope and intercept.

    Parameters
    ----------
    headers : tuple of SliceHeader
        Slices that passed the gate, in order.
    tell : callable of str
        Told the progress.

    Returns
    -------
    values_hu : (k, j, i) array
        Hounsfield units, read-only float32.
    looks : tuple of SliceLook
        What was counted and hashed of each, in order.
    findings : tuple of Finding
        What the decoder warned of, loss that only the streams tell, and padding that has the
        values of tissue.

    Raises
    ------
    FileRefusedError
        If the pixels of a slice cannot be decoded, or are not what its header says, or there
        are more than an exam has.
    """
    _check_announced(headers)
    values = np.empty((len(headers), *headers[0].source.shape_ji), dtype=np.float32)
    places = list(enumerate(headers))
    jobs = [list(group) for _, group in groupby(places, key=lambda place: place[1].source.file)]
    threads = min(MOST_THREADS, os.cpu_count() or 1)
    # one guard round all threads: the warning filter belongs to the process
    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(threads) as pool:
        warnings.simplefilter("always")
        filled = pool.map(lambda job: _fill(values, job), jobs)
        seen = list(told(filled, "decoding", len(jobs), tell))
    # jobs are of neighbours in order, so their looks follow one another
    looks = tuple(look for job_looks, _, _ in seen for look in job_looks)
    doubted = sum(count for _, count, _ in seen)
    lossy = [header for _, _, job_lossy in seen for header in job_lossy]
    values.setflags(write=False)
    warned = findings_from_warnings([str(warning.message) for warning in caught])
    return (
        values,
        looks,
        (*warned, *loss_findings(headers, lossy), *padding_findings(headers, doubted)),
    )


def _check_announced(headers: tuple[SliceHeader, ...]) -> None:
    """Refuse a series that announces more than an exam has before room is made for it."""
    first = headers[0].source
    files = {header.source.file for header in headers}
    check_announced_frames(
        str(first.file),
        (len(headers), *first.shape_ji),
        bits=first.bits_allocated,
        held_bytes=sum(file.stat().st_size for file in files),
    )


def _fill(
    values: NDArray[np.float32], job: list[tuple[int, SliceHeader]]
) -> tuple[list[SliceLook], int, list[SliceHeader]]:
    """Decode and look at one file's frames; count doubtful padding, list frames with loss."""
    doubted, looks = 0, []
    frames, lossy = _decode([header.source for _, header in job])
    for (place, header), stored in zip(job, frames, strict=True):
        _rescale(stored, *(header.rescale or (np.nan, np.nan)), out=values[place])
        if header.source.padding is not None:
            least, most = header.source.padding
            padded = (stored >= least) & (stored <= most)
            if most_padding_hu(header) <= MOST_PADDING_HU:
                np.minimum(values[place], np.float32(PADDED_HU), out=values[place], where=padded)
            else:
                doubted += int(padded.sum())
        looks.append(look_at_slice(values[place]))
    with_loss = [header for (_, header), is_lossy in zip(job, lossy, strict=True) if is_lossy]
    return looks, doubted, with_loss


def _rescale(
    stored: NDArray[Any], slope: float, intercept: float, *, out: NDArray[np.float32]
) -> None:
    """Turn stored values into Hounsfield units."""
    is_exact = slope == 1 and intercept == int(intercept) and stored.dtype.itemsize <= 2
    if is_exact and abs(intercept) < EXACT_IN_FLOAT32 / 2:
        # whole numbers of this size have no rounding: half the memory traffic, the same result
        np.add(stored, np.float32(intercept), out=out, dtype=np.float32)
    else:
        out[...] = stored * np.float64(slope) + np.float64(intercept)


def decode_frames(sources: list[PixelSource]) -> list[NDArray[Any]]:
    """Decode frames of one file to the values that it stores.

    Parameters
    ----------
    sources : list of PixelSource
        Frames of one and the same file.

    Returns
    -------
    list of (j, i) array of int
        Stored values, before rescaling.

    Raises
    ------
    FileRefusedError
        If they cannot be decoded, have another size than the header says, or lost something
        under a transfer syntax that loses nothing.
    """
    frames, _ = _decode(sources)
    return frames


def _decode(sources: list[PixelSource]) -> tuple[list[NDArray[Any]], list[bool]]:
    """Decode frames of one file, and tell of each whether its stream says that it has loss."""
    first = sources[0]
    lossy = [False] * len(sources)
    try:
        if first.native_start is not None and _is_plain(first):
            frames = [_read_native(source) for source in sources]
        else:
            dataset = pydicom.dcmread(first.file)
            lossy = _check_streams(dataset, sources)
            plugin = "pydicom" if first.transfer_syntax_uid == RLELossless else "gdcm"
            options = {} if first.is_native else {"decoding_plugin": plugin}
            frames = [
                pixel_array(dataset, index=source.frame, **options)  # type: ignore[arg-type]  # pydicom types its options as one union
                for source in sources
            ]
    except FileRefusedError:
        raise
    except Exception as error:  # foreign decoders raise whatever they like
        raise _undecodable(first, (str(error).splitlines() or [""])[0][:200]) from error
    for source, frame in zip(sources, frames, strict=True):
        if frame.shape != source.shape_ji:
            raise _undecodable(source, f"an image of shape {frame.shape}")
    return frames, lossy


def _check_streams(dataset: Dataset, sources: list[PixelSource]) -> list[bool]:
    """Read the headers of compressed frames before a decoder that would end the process."""
    first = sources[0]
    if first.is_native or first.transfer_syntax_uid == RLELossless:
        return [False] * len(sources)
    count = max(whole_value(dataset, "NumberOfFrames", 1), 1)
    lossy = []
    for source in sources:
        coded = get_frame(dataset.PixelData, source.frame, number_of_frames=count)
        lossy.append(check_codestream(coded, source.shape_ji, str(source.file)))
    if any(lossy) and first.transfer_syntax_uid in LOSSLESS_SYNTAXES:
        raise _lossy_in_lossless(first, lossy)
    return lossy


def _lossy_in_lossless(source: PixelSource, lossy: list[bool]) -> FileRefusedError:
    """Refuse pixels that lost something where the file says that they did not."""
    return FileRefusedError(
        code="lossy-in-lossless-syntax",
        what="The pixels were compressed with loss, and the file says without",
        where=str(source.file),
        expected=f"pixels as {uid_name(source.transfer_syntax_uid)} keeps them",
        got=f"{sum(lossy)} of {len(lossy)} frames with loss",
        next_step="export the series again from the scanner, without compression",
    )


def _is_plain(source: PixelSource) -> bool:
    """Tell whether bytes can be taken as they are; 8-bit big-endian pixels come in pairs."""
    return not (source.bits_allocated == 8 and BYTE_ORDER[source.transfer_syntax_uid] == ">")


def _read_native(source: PixelSource) -> NDArray[Any]:
    """Read one uncompressed frame."""
    kind = "i" if source.is_signed else "u"
    order = BYTE_ORDER[source.transfer_syntax_uid]
    dtype = np.dtype(f"{order}{kind}{source.bits_allocated // 8}")
    rows, columns = source.shape_ji
    stored = np.fromfile(
        source.file, dtype=dtype, count=rows * columns, offset=source.native_start or 0
    ).reshape(rows, columns)
    unused = source.bits_allocated - source.bits_stored
    if unused:
        # bits beyond those stored may hold an overlay; the shift back restores the sign
        stored = (stored << unused) >> unused
    return stored


def _undecodable(source: PixelSource, got: str) -> FileRefusedError:
    """Refuse pixels that no decoder reads."""
    uid = source.transfer_syntax_uid
    return FileRefusedError(
        code="undecodable-pixels",
        what=f"The pixels cannot be decoded from {uid_name(uid) if uid else 'no syntax'} ({uid})",
        where=str(source.file),
        expected=f"an image of {source.shape_ji[0]} rows and {source.shape_ji[1]} columns",
        got=got or "a decoder that failed without a reason",
        next_step="export the series again as Explicit VR Little Endian",
    )
