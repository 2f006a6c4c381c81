"""Files that 3D Slicer opens: segmentations, markups and transforms."""

from navigator.io.slicer.markups import needle_markup, point_markup, save_markup
from navigator.io.slicer.segments import save_segments
from navigator.io.slicer.transforms import save_field_transform, save_transform

__all__ = [
    "needle_markup",
    "point_markup",
    "save_field_transform",
    "save_markup",
    "save_segments",
    "save_transform",
]
