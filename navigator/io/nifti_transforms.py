"""The two places that a NIfTI header can give one image, and whether they are one.

`qform` is a quaternion and an offset, `sform` an affine. Programs differ in which they believe.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

import numpy as np

from navigator.arrays import Floats, lengths
from navigator.io.findings import Finding, Severity
from navigator.io.nifti_versions import order_and_version

AGREEMENT_MM = 0.01
"""Two places are one where no corner differs by more: float32 headers round below it."""
QUATERNION_ROUNDING = 2e-7
"""What float32 leaves unsure in 1 - b² - c² - d² (three terms, half a step of 2^-24 each, twice).
Near a half turn the fourth part of the quaternion is the root of that: 0.4 mm over 400 mm."""
SCANNER_CODE = 1
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class NiftiTransforms:
    """What a NIfTI header says about place.

    Parameters
    ----------
    shape_ijk : tuple of int
        Voxels along the file's axes (i, j, k).
    qform, sform : (4, 4) array or None
        Affines from (i, j, k, 1) to RAS; None where the header gives none.
    is_sform_of_scanner : bool
        Whether the header says that the sform leads to the scanner's own coordinates.
    quaternion_scalar : float
        Fourth part of the quaternion, which the header does not hold.
    length_unit : int
        0 unknown, 1 metre, 2 millimetre, 3 micrometre.
    """

    shape_ijk: tuple[int, ...]
    qform: Floats | None
    sform: Floats | None
    is_sform_of_scanner: bool
    quaternion_scalar: float
    length_unit: int

    @property
    def chosen(self) -> Floats | None:
        """(4, 4) array or None: the transform that is believed, to RAS millimetres.

        Where both are one, the sform, which a float32 rounds less; where they differ, the one
        that leads to the scanner, and else the qform, which cannot stretch.
        """
        if self.qform is None or self.sform is None:
            return self.qform if self.sform is None else self.sform
        use_sform = self.is_sform_of_scanner or self._agree()
        return self.sform if use_sform else self.qform

    def findings(self, lps_from_index: Floats) -> tuple[Finding, ...]:
        """Compare the two transforms.

        Parameters
        ----------
        lps_from_index : (4, 4) array
            The affine that was read, from (k, j, i, 1) to LPS millimetres.

        Returns
        -------
        tuple of Finding
            One to confirm where both are there and differ by more than rounding, else none.
        """
        if self.qform is None or self.sform is None or self._agree():
            return ()
        _, _, apart_mm = self._apart_mm()
        ras_from_ijk = (LPS_FROM_RAS @ lps_from_index)[:, [2, 1, 0, 3]]
        off_q, off_s = (np.abs(ras_from_ijk - form).max() for form in (self.qform, self.sform))
        return (
            Finding(
                code="nifti-transforms-disagree",
                severity=Severity.CONFIRM,
                what="The header gives the image two places (qform and sform)",
                expected=f"two that agree within {AGREEMENT_MM} mm",
                got=f"up to {apart_mm:.2f} mm between them; "
                f"the {'qform' if off_q < off_s else 'sform'} was used",
                next_step="export the scan again from the original DICOM series, or check the "
                "place of a landmark against it",
            ),
        )

    def _agree(self) -> bool:
        """Tell whether no corner differs by more than rounding; False where one form is absent."""
        if self.qform is None or self.sform is None:
            return False
        shifted_mm, turned_mm, _ = self._apart_mm()
        within_mm = AGREEMENT_MM + self._rounding_mm(self.sform)
        return bool(shifted_mm <= AGREEMENT_MM and turned_mm <= within_mm)

    def _apart_mm(self) -> tuple[float, float, float]:
        """Measure between the two: at the first voxel, at a corner by turn alone, and by both."""
        if self.qform is None or self.sform is None:
            return np.nan, np.nan, np.nan
        steps = np.asarray(list(itertools.product(*((0, n - 1) for n in self.shape_ijk))))
        with np.errstate(all="ignore"):
            apart = self.qform - self.sform
            turned = steps @ apart[:3, :3].T
            shifted_mm = float(np.linalg.norm(apart[:3, 3]))
            apart_mm = float(lengths(turned + apart[:3, 3]).max())
            return shifted_mm, float(lengths(turned).max()), apart_mm

    def _rounding_mm(self, sform: Floats) -> float:
        """Tell how far a corner can lie off by the rounding of the quaternion alone."""
        real = self.quaternion_scalar
        unsure = float(np.sqrt(real**2 + QUATERNION_ROUNDING)) - real
        return 2.0 * unsure * float(np.linalg.norm(lengths(sform[:3, :3].T) * self.shape_ijk))


def transforms_from_header(header: bytes) -> NiftiTransforms:
    """Read both transforms from the header (nifti1.h, nifti2.h).

    Parameters
    ----------
    header : bytes
        The first bytes of a NIfTI file, the whole of its header at least.

    Returns
    -------
    NiftiTransforms
        As they stand there.

    Raises
    ------
    ValueError
        If they are no NIfTI header.
    """
    order, version = order_and_version(header)
    if version == 1:
        layouts = {"8h": 40, "8f": 76, "2h": 252, "6f": 256, "12f": 280, "B": 123}
    else:
        layouts = {"8q": 16, "8d": 104, "2i": 344, "6d": 352, "12d": 400, "i": 500}
    dimensions, spacing, codes, quaternion, rows, units = (
        struct.unpack_from(order + kind, header, place) for kind, place in layouts.items()
    )
    if codes[0] > 0 and not all(step > 0 for step in spacing[1:4]):
        raise ValueError(f"the header gives steps of {spacing[1:4]} along the axes")
    with np.errstate(all="ignore"):
        # a transform of wild numbers is none that agrees with the other
        affine, real = _affine_from_quaternion(np.asarray(quaternion), np.asarray(spacing))
    sform = np.vstack([np.reshape(rows, (3, 4)), [0.0, 0.0, 0.0, 1.0]])
    for form in (affine, sform):
        form.setflags(write=False)
    return NiftiTransforms(
        shape_ijk=dimensions[1:4],
        qform=affine if codes[0] > 0 else None,
        sform=sform if codes[1] > 0 else None,
        is_sform_of_scanner=codes[1] == SCANNER_CODE,
        quaternion_scalar=real,
        length_unit=int(units[0]) & 7,
    )


def _affine_from_quaternion(quaternion: Floats, pixdim: Floats) -> tuple[Floats, float]:
    """Turn b, c, d, the offsets and pixdim into an affine, as `nifti_quatern_to_mat44` does."""
    imaginary = quaternion[:3]
    square = float(imaginary @ imaginary)
    real = 0.0
    if square > 1.0 - 1e-7:
        imaginary = imaginary / np.sqrt(square)
    else:
        real = float(np.sqrt(1.0 - square))
    # Rodrigues: R v = v + 2 a (q x v) + 2 q x (q x v)
    cross = np.cross(np.eye(3), imaginary)
    rotation = np.eye(3) + 2.0 * real * cross + 2.0 * cross @ cross
    handed = -1.0 if pixdim[0] < 0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = rotation * pixdim[1:4] * [1.0, 1.0, handed]
    affine[:3, 3] = quaternion[3:]
    return affine, real
