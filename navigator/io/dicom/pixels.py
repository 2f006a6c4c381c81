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
from navigator.io.dicom.gate_slices import LOSSLESS_SYNTAXES, LOSSY_SYNTAXES
from navigator.io.dicom.pixel_source import BYTE_ORDER
from navigator.io.dicom.values import uid_name, whole_value
from navigator.io.dicom.wording import SEND_AGAIN, names_of
from navigator.io.findings import Finding, Severity
from navigator.io.progress import tell_nobody, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from navigator.arrays import Voxels
    from navigator.io.dicom.headers import SliceHeader
from navigator.io.dicom.pixel_source import PixelSource

MOST_THREADS = 8
"""More readers than this wait for the disk."""
EXACT_IN_FLOAT32 = 2**24
"""Whole numbers below it are themselves in 32 bits."""
MOST_PADDING_HU = -1000.0
"""A header that calls more than air padding is not believed: lung and liver have such values."""


def hounsfield_from_slices(
    headers: tuple[SliceHeader, ...], *, tell: Callable[[str], None] = tell_nobody
) -> tuple[Voxels, tuple[Finding, ...]]:
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
    doubted = sum(count for count, _ in seen)
    lossy = [header for _, job_lossy in seen for header in job_lossy]
    values.setflags(write=False)
    warned = _findings_from_warnings([str(warning.message) for warning in caught])
    return values, (*warned, *_loss_findings(headers, lossy), *_padding_findings(headers, doubted))


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
) -> tuple[int, list[SliceHeader]]:
    """Decode the frames of one file; count padding not believed, and list frames with loss."""
    doubted = 0
    frames, lossy = _decode([header.source for _, header in job])
    for (place, header), stored in zip(job, frames, strict=True):
        _rescale(stored, *(header.rescale or (np.nan, np.nan)), out=values[place])
        if header.source.padding is not None:
            least, most = header.source.padding
            padded = (stored >= least) & (stored <= most)
            if _most_padding_hu(header) <= MOST_PADDING_HU:
                np.minimum(values[place], np.float32(PADDED_HU), out=values[place], where=padded)
            else:
                doubted += int(padded.sum())
    return doubted, [header for (_, header), is_lossy in zip(job, lossy, strict=True) if is_lossy]


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


def _most_padding_hu(header: SliceHeader) -> float:
    """Compute the largest Hounsfield unit that a header calls padding."""
    slope, intercept = header.rescale or (np.nan, np.nan)
    return max(slope * end + intercept for end in header.source.padding or (np.nan,))


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


def _findings_from_warnings(messages: list[str]) -> tuple[Finding, ...]:
    """Keep what a decoder warned of, each text once."""
    return tuple(
        Finding(
            code="decoder-warning",
            severity=Severity.CONFIRM,
            what="The decoder of the pixels warned",
            expected="no warning",
            got=message.splitlines()[0],
            next_step="compare the pictures with those on the scanner's screen",
        )
        for message in sorted(set(messages))
        if message
    )


def _loss_findings(
    headers: tuple[SliceHeader, ...], lossy: list[SliceHeader]
) -> tuple[Finding, ...]:
    """Say that pixels lost something, where the gate could not read that in the headers."""
    is_said = any(h.is_lossy or h.source.transfer_syntax_uid in LOSSY_SYNTAXES for h in headers)
    if is_said or not lossy:
        return ()
    return (
        Finding(
            code="lossy-compression",
            severity=Severity.CONFIRM,
            what="The pixels were compressed with loss, and the header does not say so",
            expected="lossless pixels",
            got=f"{len(lossy)} of {len(headers)} slices with loss",
            next_step="look whether small lesions and edges are sharp, or " + SEND_AGAIN,
            files=names_of(lossy),
        ),
    )


def _padding_findings(headers: tuple[SliceHeader, ...], doubted: int) -> tuple[Finding, ...]:
    """Say where voxels that the header calls padding were kept as they are."""
    if not doubted:
        return ()
    most_hu = max(_most_padding_hu(header) for header in headers if header.source.padding)
    return (
        Finding(
            code="padding-like-tissue",
            severity=Severity.CONFIRM,
            what="The header calls values padding that tissue has as well; they were kept",
            expected=f"a Pixel Padding Value of {MOST_PADDING_HU:.0f} HU or less",
            got=f"{most_hu:.0f} HU in {doubted} voxels",
            next_step="look whether the corners beyond the scanned circle are dark as air",
        ),
    )
