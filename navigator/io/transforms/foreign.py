"""A transform that another program wrote: read, checked to be rigid, and never simply believed."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError, InputRefusedError
from navigator.io.caps import MOST_TRANSFORM_BYTES, check_regular_file
from navigator.io.findings import Finding, Severity
from navigator.io.guarded import read_guarded
from navigator.io.transforms.itk_motions import ItkTransform, NotRigidError, matrix_of_parts
from navigator.io.transforms.itk_text import read_itk_text

if TYPE_CHECKING:
    from navigator.arrays import Floats

TEXT_SUFFIXES = (".tfm", ".txt")
HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf")
NATIVE_READER = Path(__file__).with_name("native_reader.py")
MENDED_BY_ITK = ("VersorRigid3DTransform", "Similarity3DTransform")
LONGEST_VERSOR = 1.0 - 1e-9
"""ITK shortens a versor that is too long to 1 - 1e-10 and says nothing: a damaged number comes out
as a half turn (itkVersorRigid3DTransform.hxx, SetParameters). A text file shows its own numbers."""
UNVERIFIED = Finding(
    code="foreign-transform",
    severity=Severity.CONFIRM,
    what="The motion was read from another program's file, which has no checksum and names no scan",
    expected="a registration of these two scans by `navigator register`",
    got="a transform that one flipped digit changes unseen",
    next_step="look whether liver and vessels of both scans lie on each other",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTransform:
    """A rigid motion out of a file.

    Parameters
    ----------
    matrix : (4, 4) array
        Carries points of the fixed image to the moving one, LPS millimetres: what ITK, elastix
        and 3D Slicer store for resampling the moving image. The file does not name either.
    kind : str
        The transforms in the file, by ITK's names.
    sha256 : str
        Of the file.
    findings : tuple of Finding
        Always at least one to confirm.
    """

    matrix: Floats
    kind: str
    sha256: str
    findings: tuple[Finding, ...]


def load_foreign_transform(path: Path) -> ForeignTransform:
    """Read a rigid transform that another program wrote.

    Text is read by code of this package, HDF5 by SimpleITK in a child process with limits.

    Parameters
    ----------
    path : Path
        .tfm or .txt, or .h5.

    Returns
    -------
    ForeignTransform
        A proper rigid motion; whether it is the right one only the scans can tell.

    Raises
    ------
    FileRefusedError
        If it is not there, of another kind, damaged, or breaks its reader.
    InputRefusedError
        ``transform-not-rigid`` if it bends, scales, shears, mirrors or carries too far.
    """
    suffix = path.suffix.lower()
    if suffix not in TEXT_SUFFIXES + HDF5_SUFFIXES:
        raise FileRefusedError(
            code="unknown-format",
            what="The transform is of a kind that is not read here",
            where=str(path),
            expected=", ".join(TEXT_SUFFIXES + HDF5_SUFFIXES),
            got=suffix or "no suffix",
            next_step="save the transform as .tfm",
        )
    check_regular_file(path, MOST_TRANSFORM_BYTES)
    try:
        content = path.read_bytes()
        parts = read_itk_text(path) if suffix in TEXT_SUFFIXES else _read_hdf5(path)
        matrix = matrix_of_parts(parts)
    except InputRefusedError:
        raise
    except NotRigidError as error:
        raise _not_rigid(path, error) from error
    except (OSError, ValueError) as error:
        raise FileRefusedError(
            code="unreadable-file",
            what="The transform file is not whole, or not of its format",
            where=str(path),
            expected="a transform of ITK in three dimensions",
            got=str(error)[:200],
            next_step="save the transform again, as .tfm",
        ) from error
    return ForeignTransform(
        matrix=matrix,
        kind=", ".join(part.name for part in parts),
        sha256=hashlib.sha256(content).hexdigest(),
        findings=(UNVERIFIED,),
    )


def _read_hdf5(path: Path) -> tuple[ItkTransform, ...]:
    """Read an HDF5 file in a child process."""
    parts = parts_from_answer(read_guarded(NATIVE_READER, path))
    for part in parts:
        if part.name in MENDED_BY_ITK and not math.hypot(*part.parameters[:3]) < LONGEST_VERSOR:
            raise NotRigidError("a half turn, which is also what ITK makes of a damaged versor")
    return parts


def parts_from_answer(answer: object) -> tuple[ItkTransform, ...]:
    """Check what the child answered: it read a hostile file, and is not believed either.

    Parameters
    ----------
    answer : object
        JSON.

    Returns
    -------
    tuple of ItkTransform
        At least one.

    Raises
    ------
    ValueError
        If the answer is of another form.
    """
    rows = answer.get("parts") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not rows:
        raise ValueError("no transform in the file")
    parts = []
    for row in rows:
        if not (isinstance(row, list) and len(row) == 3 and isinstance(row[0], str)):
            raise ValueError("a transform without a name")
        numbers = [_floats(part) for part in row[1:]]
        parts.append(ItkTransform.from_name(row[0], numbers[0], numbers[1]))
    return tuple(parts)


def _floats(values: object) -> list[float]:
    """Take a list of numbers, and nothing else."""
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise ValueError("parameters that are no numbers")
    return [float(value) for value in values]


def _not_rigid(path: Path, error: NotRigidError) -> InputRefusedError:
    """Refuse a transform that is no rigid motion."""
    return InputRefusedError(
        code="transform-not-rigid",
        what="The transform is no rigid motion, and this version knows no other",
        where=str(path),
        expected="a rotation and a shift, millimetres and radians",
        got=str(error)[:200],
        next_step="register rigidly in the other program and save that, or let `navigator "
        "register` search by itself",
    )
