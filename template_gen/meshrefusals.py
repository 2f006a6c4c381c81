"""The three ways in which a mesh file is refused, and what a person does then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from template_gen.errors import MeshRefusedError

if TYPE_CHECKING:
    from pathlib import Path


def damaged_mesh(path: Path, expected: str, got: str) -> MeshRefusedError:
    """Refuse a file that is not whole, or not of its format.

    Parameters
    ----------
    path : Path
        The file.
    expected, got : str
        The two values that do not agree.

    Returns
    -------
    MeshRefusedError
        To be raised, code ``damaged-mesh``.
    """
    return MeshRefusedError(
        code="damaged-mesh",
        what="The mesh file is damaged or of another kind",
        where=str(path),
        expected=expected,
        got=got,
        next_step="build or export it again, and never print this file",
    )


def mesh_too_large(path: Path, expected: str, got: str) -> MeshRefusedError:
    """Refuse a file that holds, or announces, far more than a plate.

    Parameters
    ----------
    path : Path
        The file.
    expected, got : str
        The limit, and what is announced or there.

    Returns
    -------
    MeshRefusedError
        To be raised, code ``mesh-too-large``.
    """
    return MeshRefusedError(
        code="mesh-too-large",
        what="The mesh file holds or announces far more than a plate has",
        where=str(path),
        expected=expected,
        got=got,
        next_step="check whether it is the file you meant; a plate is a tenth of the limit",
    )


def mesh_not_plain(path: Path, expected: str, got: str) -> MeshRefusedError:
    """Refuse a whole file that may print another shape than the one body drawn in it.

    Parameters
    ----------
    path : Path
        The file.
    expected, got : str
        What is read here, and what the file says.

    Returns
    -------
    MeshRefusedError
        To be raised, code ``mesh-not-plain``.
    """
    return MeshRefusedError(
        code="mesh-not-plain",
        what="The 3MF is more than one body in millimetres, printed as it is drawn",
        where=str(path),
        expected=expected,
        got=got,
        next_step="export the plate alone, unscaled and where it was drawn, or as binary STL in "
        "millimetres",
    )
