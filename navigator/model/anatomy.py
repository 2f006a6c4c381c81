"""Structures of the body: named labels with roles, and the lesion to be treated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from navigator.arrays import Booleans, Floats, Labels, frozen_floats, frozen_grid_array, lengths
from navigator.errors import StructureRefusedError
from navigator.model.volume import Grid, Mask, check_shape

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from navigator.geometry.frames import Frame


class Role(Enum):
    """What a structure means to a needle."""

    BODY = "body"
    """The patient, skin included: the needle enters here."""
    TARGET_ORGAN = "target organ"
    """The organ that holds the lesion: the needle may pass."""
    LESION = "lesion"
    """Tumour: the needle shall arrive."""
    OBSTACLE = "obstacle"
    """Everything that the needle must keep clear of."""


ROLE_OF_NAME = {
    "body": Role.BODY,
    "skin": Role.BODY,
    "liver": Role.TARGET_ORGAN,
    "gtv": Role.LESION,
    "tumour": Role.LESION,
    "tumor": Role.LESION,
    "lesion": Role.LESION,
}
"""Roles that a name alone settles; every other name is an obstacle, which is the safe reading."""

HAZARD_WORDS = {
    "bone": ("bone", "rib", "spine", "vertebra", "sternum"),
    "vessel": ("vessel", "vein", "artery", "aorta", "cava"),
    "bowel": ("bowel", "colon", "duodenum", "stomach", "intestine"),
    "lung": ("lung",),
}
"""What lies around every liver, and words by which label maps name it."""

PARTIAL_NAMES = ("bowel gas", "clicked vessel", "large vessel")
"""Names that hold such a word and are only a part of what it means: the rest stays unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A named part of a label map.

    Parameters
    ----------
    name : str
        The name that requests and constraints use.
    labels : tuple of int
        The label values that make it up, all above 0.
    role : Role
        What it means to a needle.
    """

    name: str
    labels: tuple[int, ...]
    role: Role


def structure_from_name(name: str, labels: tuple[int, ...]) -> Structure:
    """Name a structure and give it the role that its name implies.

    Parameters
    ----------
    name : str
        As in a request.
    labels : tuple of int
        Its label values.

    Returns
    -------
    Structure
        With role obstacle unless the name says otherwise.

    Examples
    --------
    >>> structure_from_name("bowel", (20,)).role.value
    'obstacle'
    """
    role = Role.LESION if name.lower().startswith("gtv") else ROLE_OF_NAME.get(name.lower())
    return Structure(name=name, labels=labels, role=role or Role.OBSTACLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMap:
    """Structures on a grid: one integer a voxel, 0 where nothing was segmented.

    Parameters
    ----------
    values : (k, j, i) array of int
        Labels.
    grid : Grid
        Where they lie.
    structures : tuple of Structure
        Names and roles of the labels in use.

    Raises
    ------
    ValueError
        If two structures share a name.
    """

    values: Labels
    grid: Grid
    structures: tuple[Structure, ...]

    def __post_init__(self) -> None:
        values = frozen_grid_array(self.values, np.int32)
        check_shape(values.shape, self.grid, "LabelMap")
        object.__setattr__(self, "values", values)
        names = [structure.name for structure in self.structures]
        if len(set(names)) != len(names):
            raise ValueError(f"LabelMap.structures: expected unique names, got {names}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the structures, in order."""
        return tuple(structure.name for structure in self.structures)

    def structure(self, name: str) -> Structure:
        """Find a structure by name.

        Raises
        ------
        StructureRefusedError
            If there is none of that name.
        """
        for structure in self.structures:
            if structure.name == name:
                return structure
        raise StructureRefusedError(
            code="no-such-structure",
            what=f"The label map has no structure called {name!r}",
            where="labels of the request",
            expected=f"one of {', '.join(self.names) or 'none at all'}",
            got=repr(name),
            next_step="name the structure in `labels` with its label value",
        )

    def organ_mask(self) -> Mask:
        """Join the target organ and the lesions in it.

        Returns
        -------
        Mask
            Labels exclude each other, so that a lesion leaves a hole in its organ's label.

        Raises
        ------
        StructureRefusedError
            If no target organ was segmented.
        """
        inside = [s for s in self.structures if s.role in (Role.TARGET_ORGAN, Role.LESION)]
        if not any(structure.role is Role.TARGET_ORGAN for structure in inside):
            raise StructureRefusedError(
                code="no-target-organ",
                what="No target organ was segmented",
                where="labels of the request",
                expected="a structure called 'liver'",
                got=", ".join(self.names) or "none at all",
                next_step="add the liver's label",
            )
        values = [label for structure in inside for label in structure.labels]
        return Mask(np.isin(self.values, values), self.grid)

    def has_role(self, role: Role) -> bool:
        """Tell whether any structure has a role."""
        return any(structure.role is role for structure in self.structures)

    def mask(self, name: str) -> Mask:
        """Take one structure out of the map.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        Mask
            Its voxels.

        Raises
        ------
        StructureRefusedError
            If there is none of that name, or it has no voxel.
        """
        structure = self.structure(name)
        members: Booleans = np.isin(self.values, structure.labels)
        if not members.any():
            raise StructureRefusedError(
                code="empty-structure",
                what=f"The structure {name!r} has no voxel in this label map",
                where=f"labels {list(structure.labels)}",
                expected="one voxel or more",
                got="none",
                next_step="correct the label value, or leave the structure out of the request",
            )
        return Mask(members, self.grid)


def with_lesions(labels: LabelMap, names: tuple[str, ...]) -> LabelMap:
    """Give structures that a request treats the role of a lesion, whatever they are called.

    Parameters
    ----------
    labels : LabelMap
        The structures.
    names : tuple of str
        Those that are tumour.

    Returns
    -------
    LabelMap
        The same labels; a needle need not keep clear of what it shall ablate.
    """
    structures = tuple(
        replace(structure, role=Role.LESION) if structure.name in names else structure
        for structure in labels.structures
    )
    return replace(labels, structures=structures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """A tumour to be treated, as the surface that the zone must hold.

    Parameters
    ----------
    name : str
        As in the request, e.g. ``L1``.
    surface_mm : (n, 3) array
        Points on its surface, millimetres in `frame`.
    surface_weights_mm2 : (n,) array
        Area that each point stands for, mm².
    inside_mm : (m, 3) array
        Evenly spread points of its volume, millimetres: each stands for the same share.
    volume_ml : float
        Volume, millilitres.
    wanted_margin_mm : float
        The margin that the zone shall keep around it, millimetres. Never a default.
    surface_uncertainty_mm : float
        How far the true surface may lie from the points, millimetres: 0 for an analytic lesion.
    frame : Frame
        The scan in which it was seen.
    """

    name: str
    surface_mm: Floats
    surface_weights_mm2: Floats
    inside_mm: Floats
    volume_ml: float
    wanted_margin_mm: float
    surface_uncertainty_mm: float
    frame: Frame

    def __post_init__(self) -> None:
        for name in ("surface_mm", "inside_mm"):
            value = frozen_floats(getattr(self, name), (None, 3), f"Lesion.{name}")
            object.__setattr__(self, name, value)
        weights: ArrayLike = self.surface_weights_mm2
        frozen = frozen_floats(weights, (len(self.surface_mm),), "Lesion.surface_weights_mm2")
        object.__setattr__(self, "surface_weights_mm2", frozen)
        if not self.wanted_margin_mm >= 0:
            raise ValueError(f"Lesion margin: expected ≥ 0 mm, got {self.wanted_margin_mm}")

    @property
    def centre_mm(self) -> Floats:
        """(3,) array: centre of volume, millimetres in `frame`."""
        centre: Floats = self.inside_mm.mean(axis=0)
        return centre

    @property
    def longest_diameter_mm(self) -> float:
        """Largest extent through the centre, millimetres."""
        return 2.0 * float(lengths(self.surface_mm - self.centre_mm).max())
