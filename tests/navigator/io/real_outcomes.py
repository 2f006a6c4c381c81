"""What has to become of every file beside the checkout, written down by hand with the reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a scan command has to say of a file or folder.

    Parameters
    ----------
    pattern : str
        Files below ``../shared/data``, or one folder.
    verdict : str
        ``accepted``, ``confirm`` or ``refused``.
    code : str
        The finding that decides it; empty where it is accepted.
    why : str
        What is the matter with it.
    """

    pattern: str
    verdict: str
    code: str
    why: str


ODD = "odd_series/dicom2nifti_failing"
SEG = "dcmqi_liver_seg"
J2K = "totalseg_dicom_j2k"
ONE_SLICE = "one slice of a series is no volume"
DOCUMENT = "no image"

FOLDERS = (
    Outcome("ge_tilt_variable", "refused", "uneven-spacing", "steps of 4.2, 1.1 and 7.4 mm"),
    Outcome(
        f"{ODD}/gantrytilting/001",
        "confirm",
        "not-like-ct",
        "a tilted head, kept sheared: more bone than soft tissue in four slices",
    ),
    Outcome(f"{ODD}/notavolume/001", "refused", "duplicate-positions", "four slices at one place"),
    Outcome(f"{ODD}/slicecount/001", "refused", "not-ct", "two slices of MR"),
    Outcome(f"{ODD}/sliceincrement/001", "refused", "missing-slices", "a slice is missing"),
    Outcome(f"{ODD}/sliceincrement/002", "refused", "missing-slices", "a slice is missing"),
    Outcome(f"{ODD}/sliceorientation/001", "refused", "mixed-orientation", "MR in two planes"),
    Outcome(f"{SEG}/23x38x3/image", "confirm", "rescale-type-not-hu", "Rescale Type US"),
    Outcome(f"{SEG}/24x38x3/image", "confirm", "rescale-type-not-hu", "Rescale Type US"),
    Outcome(f"{SEG}/ct-3slice", "accepted", "", "three slices, patient feet first"),
    Outcome(f"{J2K}/example_ct_dicom", "accepted", "", "20 slices, JPEG 2000 lossless"),
)

FILES = (
    Outcome("README.md", "refused", "unknown-format", DOCUMENT),
    Outcome("antenna_zones.csv", "refused", "unknown-format", DOCUMENT),
    Outcome("*/LICENSE", "refused", "unknown-format", DOCUMENT),
    Outcome(
        "codecs/CTImage.dcm_Deflated*",
        "refused",
        "deflated-transfer-syntax",
        "a small deflated file can fill the memory",
    ),
    Outcome(
        "codecs/CTImage.dcm_JPEGProcess10_12*",
        "refused",
        "unsupported-transfer-syntax",
        "a retired way of encoding",
    ),
    Outcome(
        "codecs/CTImage.dcm_JPEGProcess6_8*",
        "refused",
        "unsupported-transfer-syntax",
        "a retired way of encoding",
    ),
    Outcome("codecs/CTImage.dcm*", "refused", "too-few-slices", ONE_SLICE),
    Outcome("codecs/CT0012*", "refused", "derived-map", "numbers that are not attenuation"),
    Outcome(f"{SEG}/2*/image/*.dcm", "refused", "too-few-slices", ONE_SLICE),
    Outcome(f"{SEG}/2*/multiframe/mf.dcm", "confirm", "rescale-type-not-hu", "Rescale Type US"),
    Outcome(
        f"{SEG}/2*/nrrd/label.nrrd",
        "confirm",
        "spacing-above-2-mm",
        "a label map too small to be told from a scan",
    ),
    Outcome(f"{SEG}/2*/screenshots/*", "refused", "unknown-format", "a screenshot"),
    Outcome(f"{SEG}/2*/seg/label.seg", "refused", "no-image", "a DICOM segmentation"),
    Outcome(f"{SEG}/ct-3slice/*.dcm", "refused", "too-few-slices", ONE_SLICE),
    Outcome(f"{SEG}/*.dcm", "refused", "no-image", "a DICOM segmentation"),
    Outcome(
        f"{SEG}/sparse*_seg.nrrd",
        "confirm",
        "spacing-above-2-mm",
        "a label map too small to be told from a scan",
    ),
    Outcome(f"{SEG}/*.nrrd", "refused", "not-hounsfield", "labels, not Hounsfield units"),
    Outcome("ge_tilt_variable/*.dcm", "refused", "too-few-slices", ONE_SLICE),
    Outcome(f"{ODD}/slicecount/*/*.dcm", "refused", "not-ct", "MR"),
    Outcome(f"{ODD}/sliceorientation/*/*.dcm", "refused", "not-ct", "MR"),
    Outcome(f"{ODD}/*/*/*.dcm", "refused", "too-few-slices", ONE_SLICE),
    Outcome(
        "odd_series/dupe-positions.zip",
        "refused",
        "unknown-format",
        "an archive; unpacked it is refused as duplicate-positions",
    ),
    Outcome("pydicom_edge/charset_files/FileInfo.txt", "refused", "unknown-format", DOCUMENT),
    Outcome("pydicom_edge/charset_files/chrSQ*.dcm", "refused", "no-image", "a worklist item"),
    Outcome("pydicom_edge/charset_files/*.dcm", "refused", "not-ct", "pictures without a place"),
    Outcome(
        "pydicom_edge/eCT_Supplemental.dcm",
        "refused",
        "derived-map",
        "numbers that are not attenuation",
    ),
    Outcome("pydicom_edge/liver_1frame.dcm", "refused", "no-image", "a DICOM segmentation"),
    Outcome("pydicom_edge/meta_missing_tsyntax.dcm", "refused", "no-image", "a bare header"),
    Outcome(
        "pydicom_edge/no_meta.dcm",
        "refused",
        "unreadable-file",
        "no prefix: the way it is encoded would be a guess",
    ),
    Outcome("pydicom_edge/*.dcm", "refused", "too-few-slices", ONE_SLICE),
    Outcome(
        "totalseg_abdomen/example_ct.nii.gz",
        "confirm",
        "spacing-above-2-mm",
        "a whole abdomen, 3 mm",
    ),
    Outcome("totalseg_chest_liver/example_ct.nii.gz", "accepted", "", "a chest, 1.5 mm"),
    Outcome("totalseg_*/example_seg*.nii.gz", "refused", "not-hounsfield", "a label map"),
    Outcome(f"{J2K}/example_ct_dicom/*", "refused", "too-few-slices", ONE_SLICE),
)
"""The first pattern that fits a file holds."""
