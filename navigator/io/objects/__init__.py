"""DICOM objects made from a plan: what is written, whose it is, and how it is saved."""

from navigator.io.objects.completing import bytes_of_object, save_object
from navigator.io.objects.deformable import build_deformable_registration
from navigator.io.objects.encapsulated import build_encapsulated_pdf, build_encapsulated_stl
from navigator.io.objects.identifiers import uid_from_content
from navigator.io.objects.measurement_report import build_measurement_report
from navigator.io.objects.registration import (
    BY_IMAGE_CONTENT,
    BY_MARKERS,
    RegistrationSide,
    build_spatial_registration,
)
from navigator.io.objects.segmentation import build_segmentation
from navigator.io.objects.source import SourceSeries, load_source
from navigator.io.objects.structure_set import build_structure_set
from navigator.io.objects.subject import (
    Subject,
    default_pseudonym,
    identified_subject,
    pseudonymous_subject,
)

__all__ = [
    "BY_IMAGE_CONTENT",
    "BY_MARKERS",
    "RegistrationSide",
    "SourceSeries",
    "Subject",
    "build_deformable_registration",
    "build_encapsulated_pdf",
    "build_encapsulated_stl",
    "build_measurement_report",
    "build_segmentation",
    "build_spatial_registration",
    "build_structure_set",
    "bytes_of_object",
    "default_pseudonym",
    "identified_subject",
    "load_source",
    "pseudonymous_subject",
    "save_object",
    "uid_from_content",
]
