"""Rigid transforms that other programs wrote: ITK, SimpleITK, elastix and 3D Slicer."""

from navigator.io.transforms.foreign import ForeignTransform, load_foreign_transform

__all__ = ["ForeignTransform", "load_foreign_transform"]
