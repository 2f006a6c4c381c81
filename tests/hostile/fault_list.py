"""Every fault that is put into a series, and the finding that has to stop it."""

from __future__ import annotations

from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    MRImageStorage,
    SecondaryCaptureImageStorage,
)

from tests.hostile import faults as put
from tests.hostile.faults import CONFIRM, OTHER_UID, REFUSE, Fault

ENDS = "fewer-instances-than-announced"
"""What remains of a series without its first or last slice is an even stack."""
POSITION, ORIENTATION = "ImagePositionPatient", "ImageOrientationPatient"

WHERE_SLICES_LIE = (
    Fault("one slice missing", "missing-slices", REFUSE, (4,), put.drop_slice, at_end=ENDS),
    Fault("two slices missing", "missing-slices", REFUSE, (4,), put.drop_two, at_end=ENDS, reach=2),
    Fault("every second slice missing", "instance-number-gaps", CONFIRM, (5,), put.keep_every(2)),
    Fault("every third slice missing", "gaps-between-slices", CONFIRM, (5,), put.keep_every(3)),
    Fault("a slice sent twice", "repeated-instance-uid", REFUSE, (6,), put.send_twice),
    Fault(
        "a slice again under a new UID", "duplicate-positions", REFUSE, (6,), put.send_under_new_uid
    ),
    Fault(
        "a slice with its neighbour's UID",
        "repeated-instance-uid",
        REFUSE,
        (6,),
        put.take_uid_of_neighbour,
    ),
    Fault(
        "two reconstructions interleaved", "mixed-kernels", REFUSE, (6,), put.second_kernel_between
    ),
    Fault(
        "a slice 0.5 mm off along the stack", "uneven-spacing", REFUSE, (4,), put.move_along(0.5)
    ),
    Fault("a slice 1 mm off sideways", "bent-stack", REFUSE, (3,), put.move_sideways),
    Fault("a second slab 0.7 mm too far", "uneven-spacing", REFUSE, (4,), put.move_the_rest(0.7)),
    Fault(
        "a second slab that overlaps by a slice",
        "duplicate-positions",
        REFUSE,
        (6,),
        put.move_the_rest(-put.SPACING_MM),
    ),
    Fault("a bowed stack", "bent-stack", REFUSE, (3,), put.bow),
    Fault(
        "two positions exchanged",
        "instance-numbers-out-of-order",
        CONFIRM,
        (2,),
        put.exchange_positions,
    ),
    Fault(
        "a position with the other sign", "uneven-spacing", REFUSE, (2,), put.scale_position(-1.0)
    ),
    Fault("a position in centimetres", "uneven-spacing", REFUSE, (4,), put.scale_position(0.1)),
    Fault(
        "a position beyond all numbers",
        "implausible-position",
        REFUSE,
        (22,),
        put.scale_position(1e200),
    ),
    Fault("no position", "no-position", REFUSE, (8,), put.drop_value(POSITION)),
    Fault("a position of two numbers", "no-position", REFUSE, (8,), put.cut_position),
    Fault("a position that is NaN", "no-position", REFUSE, (8, 22), damage=put.raw_position("nan")),
    Fault(
        "a position that is a word", "no-position", REFUSE, (8,), damage=put.raw_position("left")
    ),
)

HOW_SLICES_FACE = (
    Fault("no orientation", "no-orientation", REFUSE, (8,), put.drop_value(ORIENTATION)),
    Fault("a slice turned by 1 degree", "mixed-orientation", REFUSE, (1,), put.turn_in_plane),
    Fault(
        "rows and columns exchanged",
        "mixed-orientation",
        REFUSE,
        (1, 11),
        put.reorient((1, 1.0), (0, 1.0)),
    ),
    Fault(
        "columns the other way",
        "mixed-orientation",
        REFUSE,
        (1,),
        put.reorient((0, 1.0), (1, -1.0)),
    ),
    Fault(
        "rows the other way", "mixed-orientation", REFUSE, (1,), put.reorient((0, -1.0), (1, 1.0))
    ),
    Fault(
        "directions longer than one",
        "bent-orientation",
        REFUSE,
        (1,),
        put.reorient((0, 1.01), (1, 1.01)),
    ),
    Fault("directions not at a right angle", "bent-orientation", REFUSE, (1,), put.skew),
    Fault(
        "another patient position in every slice",
        "patient-position-disagrees",
        CONFIRM,
        (16,),
        put.lie_otherwise,
    ),
    Fault(
        "another patient position in one slice",
        "mixed-patient-positions",
        REFUSE,
        (16,),
        put.one_lies_otherwise,
    ),
    Fault(
        "an unknown patient position",
        "unknown-patient-position",
        CONFIRM,
        (16,),
        put.set_all("PatientPosition", "SITTING"),
    ),
    Fault(
        "a tilted gantry, a straight stack",
        "tilt-tag-disagrees",
        CONFIRM,
        (3,),
        put.set_all("GantryDetectorTilt", "18.5"),
    ),
)

HOW_LARGE_PIXELS_ARE = (
    Fault("no pixel spacing", "no-pixel-spacing", REFUSE, (8,), put.drop_value("PixelSpacing")),
    Fault(
        "pixel spacing 0",
        "no-pixel-spacing",
        REFUSE,
        (10,),
        put.change_spacing(lambda numbers: [0.0, numbers[1]]),
    ),
    Fault(
        "negative pixel spacing",
        "no-pixel-spacing",
        REFUSE,
        (10,),
        put.change_spacing(lambda numbers: [-number for number in numbers]),
    ),
    Fault(
        "row and column spacing exchanged",
        "varying-pixel-spacing",
        REFUSE,
        (11,),
        put.change_spacing(lambda numbers: numbers[::-1]),
    ),
    Fault(
        "pixels 1 % larger",
        "varying-pixel-spacing",
        REFUSE,
        (10,),
        put.change_spacing(lambda numbers: [1.01 * number for number in numbers]),
    ),
    Fault(
        "pixel spacing in metres",
        "implausible-pixel-spacing",
        REFUSE,
        (24,),
        put.change_spacing(lambda numbers: [n / 1000 for n in numbers], everywhere=True),
    ),
    Fault("a smaller matrix", "varying-matrix", REFUSE, (10,), put.smaller_matrix),
    Fault(
        "another slice thickness",
        "varying-thickness",
        CONFIRM,
        (7,),
        put.set_value("SliceThickness", "5"),
    ),
    Fault(
        "slices thinner than their distance",
        "gaps-between-slices",
        CONFIRM,
        (7,),
        put.set_all("SliceThickness", "0.75"),
    ),
    Fault(
        "another distance in the header",
        "spacing-tag-disagrees",
        CONFIRM,
        (7,),
        put.set_all("SpacingBetweenSlices", "3"),
    ),
)

WHAT_VALUES_MEAN = (
    Fault("no rescale slope", "no-rescale", REFUSE, (9,), put.drop_value("RescaleSlope")),
    Fault("no rescale intercept", "no-rescale", REFUSE, (9,), put.drop_value("RescaleIntercept")),
    Fault("rescale slope 0", "no-rescale", REFUSE, (9,), put.set_value("RescaleSlope", "0")),
    Fault(
        "another rescale slope",
        "varying-rescale",
        CONFIRM,
        (9,),
        put.set_value("RescaleSlope", "2"),
    ),
    Fault(
        "another rescale intercept",
        "varying-rescale",
        CONFIRM,
        (9,),
        put.set_value("RescaleIntercept", "0"),
    ),
    Fault(
        "values that are not HU",
        "rescale-type-not-hu",
        CONFIRM,
        (9,),
        put.set_all("RescaleType", "US"),
    ),
    Fault(
        "every value 100 HU too low", "not-like-ct", CONFIRM, (9,), put.rescale_all("1", "-1124")
    ),
    Fault(
        "every value 100 HU too high", "not-like-ct", CONFIRM, (9,), put.rescale_all("1", "-924")
    ),
    Fault("every value doubled", "not-like-ct", CONFIRM, (9,), put.rescale_all("2", "-2048")),
    Fault(
        "every value a tenth too small",
        "not-like-ct",
        CONFIRM,
        (9,),
        put.rescale_all("0.9", "-1024"),
    ),
    Fault(
        "a map of iodine",
        "derived-map",
        REFUSE,
        (9,),
        put.set_value("ImageType", ["DERIVED", "PRIMARY", "AXIAL", "DET_IODINE"]),
    ),
    Fault(
        "a projection of a slab",
        "derived-map",
        REFUSE,
        (8,),
        put.set_value("ImageType", ["DERIVED", "PRIMARY", "AXIAL", "CT_SOM5 MIP"]),
    ),
    Fault(
        "a unit of effective atomic numbers",
        "derived-map",
        REFUSE,
        (9,),
        put.set_all("RescaleType", "Z_EFF"),
    ),
    Fault("two frames in a plain file", "frame-count-disagrees", REFUSE, (6,), put.second_frame),
    Fault("an offset subtracted twice", "slice-values-jump", CONFIRM, (9,), put.offset_twice),
    Fault("a blank picture", "slice-values-jump", CONFIRM, (55,), put.blank_picture),
    Fault("bytes exchanged", "slice-values-jump", CONFIRM, (9,), put.bytes_exchanged),
    Fault("the neighbour's picture", "repeated-pictures", CONFIRM, (6,), put.repeat_picture),
    Fault("signs read the other way", "varying-pixel-layout", REFUSE, (9,), put.unsigned),
    Fault("three colours", "odd-pixels", REFUSE, (9,), put.three_colours),
    Fault(
        "white is low",
        "odd-pixels",
        REFUSE,
        (9,),
        put.set_value("PhotometricInterpretation", "MONOCHROME1"),
    ),
    Fault("bits at another place", "odd-pixels", REFUSE, (9,), put.set_value("HighBit", 14)),
    Fault(
        "a projection",
        "derived-map",
        REFUSE,
        (8,),
        put.set_value("ImageType", ["DERIVED", "SECONDARY", "AXIAL", "MIP"]),
    ),
    Fault(
        "compressed with loss",
        "lossy-compression",
        CONFIRM,
        (9,),
        put.set_value("LossyImageCompression", "01"),
    ),
)

WHOSE_SLICES_THEY_ARE = (
    Fault(
        "another patient's identifier",
        "mixed-patients",
        REFUSE,
        (12,),
        put.set_value("PatientID", "P2"),
    ),
    Fault(
        "another birth date",
        "mixed-patients",
        REFUSE,
        (12,),
        put.set_value("PatientBirthDate", "19610101"),
    ),
    Fault(
        "another name", "mixed-patients", REFUSE, (12,), put.set_value("PatientName", "Test^Two")
    ),
    Fault(
        "another study",
        "mixed-studies",
        REFUSE,
        (12,),
        put.set_value("StudyInstanceUID", OTHER_UID),
    ),
    Fault(
        "another frame of reference",
        "mixed-frames-of-reference",
        REFUSE,
        (14,),
        put.set_value("FrameOfReferenceUID", OTHER_UID),
    ),
    Fault(
        "another series UID",
        "several-series",
        REFUSE,
        (5,),
        put.set_value("SeriesInstanceUID", OTHER_UID),
    ),
    Fault("no series UID", "several-series", REFUSE, (5,), put.set_value("SeriesInstanceUID", "")),
    Fault(
        "another kernel", "mixed-kernels", REFUSE, (6,), put.set_value("ConvolutionKernel", "B70f")
    ),
    Fault(
        "another acquisition",
        "several-acquisitions",
        CONFIRM,
        (6,),
        put.set_value("AcquisitionNumber", "3"),
    ),
    Fault(
        "another day", "mixed-dates", CONFIRM, (6,), put.set_value("AcquisitionDate", "20250107")
    ),
    Fault(
        "the neighbour's number",
        "instance-numbers-repeat",
        CONFIRM,
        (6,),
        put.take_number_of_neighbour,
    ),
    Fault("a number left out", "instance-number-gaps", CONFIRM, (5,), put.skip_number),
    Fault("more images announced", ENDS, CONFIRM, (5,), put.set_all("ImagesInAcquisition", "17")),
    Fault(
        "a slice called a localizer",
        "mixed-objects",
        REFUSE,
        (4,),
        put.set_value("ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"]),
    ),
    Fault(
        "a secondary capture",
        "mixed-objects",
        REFUSE,
        (8,),
        put.other_class(SecondaryCaptureImageStorage, "OT"),
    ),
    Fault("a slice of MR", "mixed-objects", REFUSE, (8,), put.other_class(MRImageStorage, "MR")),
)

WHAT_FILES_ARE = (
    Fault("cut within the pixels", "truncated-pixel-data", REFUSE, (55,), damage=put.cut_file(0.8)),
    Fault("cut within the header", "unreadable-file", REFUSE, (55,), damage=put.cut_file(0.15)),
    Fault("an empty file", "unreadable-file", REFUSE, (55,), damage=put.empty_file),
    Fault("noise in place of a file", "unreadable-file", REFUSE, (47,), damage=put.noise_file),
    Fault("no pixels", "unreadable-file", REFUSE, (55,), put.no_pixels),
    Fault(
        "deflated",
        "deflated-transfer-syntax",
        REFUSE,
        (48,),
        put.encoded_as(DeflatedExplicitVRLittleEndian),
    ),
    Fault(
        "a film in place of a picture",
        "unsupported-transfer-syntax",
        REFUSE,
        (47,),
        put.encoded_as(MPEG2MPML),
    ),
)

FAULTS = (
    *WHERE_SLICES_LIE,
    *HOW_SLICES_FACE,
    *HOW_LARGE_PIXELS_ARE,
    *WHAT_VALUES_MEAN,
    *WHOSE_SLICES_THEY_ARE,
    *WHAT_FILES_ARE,
)
