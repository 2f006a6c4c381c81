"""Tissue from Hounsfield units: the patient's body and its skin, and where the scanner saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from navigator.errors import StructureRefusedError
from navigator.imaging.cavities import add_cavities
from navigator.imaging.slices import fill_slice, open_slice
from navigator.model.volume import Mask

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats
    from navigator.model.volume import Grid, Volume

SKIN_HU = -500.0
"""Half way between air (-1000) and skin over fat: where a blurred edge has its true place."""

TABLE_OPENING_MM = 5.0
"""Radius of the opening that cuts couch shells (2 to 6 mm thick) and tubes off the body."""

SMALLEST_BODY_ML = 500.0
"""Less tissue than this is no abdomen."""

LEAST_IMAGED_HU = -1025.0
"""Nothing attenuates less than a vacuum (-1000), and scanners cut noise off at -1024, the least
that twelve bits hold; one more is for rounding. Beyond the circle that they reconstruct they write
less: -1500, -2000, -3024."""

PADDING_VOXELS = 3
"""Padding lies in areas. Noise in air, and the overshoot of an interpolation at an edge, go below
the limit too, in single voxels: what no square of this side fits into was imaged."""


def find_body(volume: Volume) -> Mask:
    """Find the patient in a scan: all tissue and everything that it encloses in a slice.

    Threshold, opening (couch, blankets and lines go), largest piece, holes of each slice
    filled (lung, bowel gas); cavities whose thin wall the opening took come back.

    Parameters
    ----------
    volume : Volume
        A CT scan of the trunk, rectilinear or sheared.

    Returns
    -------
    Mask
        The body, on the scan's grid.

    Raises
    ------
    StructureRefusedError
        If there is no body in it.

    Notes
    -----
    What lies on the skin and is thicker than the opening (a plate, an arm) becomes body. Gas and
    the thin wall before it come back where the disc of the opening fits into both together; where
    not, the skin is found deeper by less than the disc's diameter. Padding beyond the
    reconstructed circle is air like any other; :func:`find_imaged` tells it apart.
    """
    axes = upright_axes(volume.grid)
    tissue = volume.values_hu.transpose(axes) > SKIN_HU
    members = np.zeros_like(tissue)
    # beyond all tissue there is nothing to open or to fill
    box = (slice(None), _span(tissue, across=(0, 2)), _span(tissue, across=(0, 1)))
    members[box] = _largest_body(tissue[box], volume.grid.spacing_mm[list(axes[1:])])
    mask = Mask(members.transpose(np.argsort(axes)), volume.grid)
    if mask.volume_ml >= SMALLEST_BODY_ML:
        return mask
    raise StructureRefusedError(
        code="no-body",
        what="No body was found in the scan",
        where=str(volume.grid.frame),
        expected=f"at least {SMALLEST_BODY_ML:.0f} ml of tissue above {SKIN_HU:.0f} HU",
        got=f"{int(tissue.sum()) * volume.grid.voxel_volume_mm3 / 1000:.0f} ml",
        next_step="check that the scan is a CT of the trunk in Hounsfield units",
    )


def upright_axes(grid: Grid) -> tuple[int, int, int]:
    """Find the array axes nearest to z, y and x.

    A file may be stored in sagittal or coronal slices; a trunk is closed in axial ones, and a
    scanner reconstructs a circle in them.

    Parameters
    ----------
    grid : Grid
        Of a scan.

    Returns
    -------
    tuple of three int
        The order in which to take its axes, so that slices are the most nearly axial.
    """
    x, y, z = (int(axis) for axis in np.argmax(np.abs(grid.directions), axis=1))
    return (z, y, x) if {x, y, z} == {0, 1, 2} else (0, 1, 2)


def _span(tissue: Booleans, *, across: tuple[int, int]) -> slice:
    """Take an axis from the first place where tissue is to the last, looking along the others."""
    places = np.flatnonzero(tissue.any(axis=across))
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 1)


def _largest_body(tissue: Booleans, spacing_mm: Floats) -> Booleans:
    """Open tissue, take the largest piece, and fill it slice by slice.

    Parameters
    ----------
    tissue : (k, j, i) array of bool
        All tissue.
    spacing_mm : (2,) array
        Spacing of (j, i), millimetres.

    Returns
    -------
    (k, j, i) array of bool
        The body; empty where nothing outlasts the opening.
    """
    opened = np.stack([open_slice(part, spacing_mm, TABLE_OPENING_MM) for part in tissue])
    pieces, count = ndimage.label(opened)
    if not count:
        return opened
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    body: Booleans = pieces == int(sizes.argmax())
    for index, part in enumerate(tissue):
        filled = fill_slice(body[index])
        body[index] = add_cavities(filled, part, spacing_mm, TABLE_OPENING_MM)
    return body


def find_imaged(volume: Volume) -> Mask:
    """Find what the scanner saw: all but the padding beyond the circle that it reconstructed.

    No body in a voxel says that there is none only where the voxel was imaged.

    Parameters
    ----------
    volume : Volume
        A CT scan. :func:`navigator.io.volumes.load_scan` puts voxels that a DICOM header calls
        padding below `LEAST_IMAGED_HU`, so that one rule holds for all scans.

    Returns
    -------
    Mask
        True where a value was measured, on the scan's grid.

    Notes
    -----
    A scan whose padding was overwritten with -1024 or -1000 HU when it was exported cannot be
    told from one that saw air there.

    Examples
    --------
    >>> import numpy as np
    >>> from navigator.geometry.frames import Frame, FrameKind
    >>> from navigator.model.volume import Grid, Volume
    >>> grid = Grid(shape_kji=(1, 4, 8), lps_from_index=np.eye(4), frame=Frame(FrameKind.LPS, "1"))
    >>> values = np.full((1, 4, 8), -1000.0)
    >>> values[..., :3] = -3024.0  # three columns of padding
    >>> values[0, 2, 6] = -1060.0  # noise
    >>> int(find_imaged(Volume(values, grid)).members.sum())
    20
    """
    axes = upright_axes(volume.grid)
    imaged = np.ones(volume.values_hu.shape, dtype=bool)
    square = np.ones((PADDING_VOXELS, PADDING_VOXELS), dtype=bool)
    slices = zip(imaged.transpose(axes), volume.values_hu.transpose(axes), strict=True)
    for seen, part in slices:
        below = part < LEAST_IMAGED_HU
        if below.any():
            # the padding goes on beyond the slice's border
            core = ndimage.binary_erosion(below, square, border_value=1)
            seen[...] = ~(below & ndimage.binary_dilation(core, square))
    return Mask(imaged, volume.grid)
