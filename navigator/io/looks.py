"""One look at each slice while it lies in the processor's cache: counted and hashed at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from navigator.io.hashing import hash_of_slice, whole_numbers
from navigator.io.hounsfield import SliceTally, tally_slice

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SliceLook:
    """What was seen of one slice.

    Parameters
    ----------
    tally : SliceTally
        Its voxels of each kind.
    digest : bytes
        Its hash.
    """

    tally: SliceTally
    digest: bytes


def look_at_slice(values_hu: NDArray[Any]) -> SliceLook:
    """Count and hash one slice.

    Parameters
    ----------
    values_hu : (j, i) array
        Hounsfield units.

    Returns
    -------
    SliceLook
        The same for equal values, whatever their type.
    """
    whole = whole_numbers(values_hu)
    plain = values_hu if whole is None else whole
    return SliceLook(tally_slice(plain), hash_of_slice(plain))
