"""The keep-list: every attribute of a source image that may reach an object of ours.

What does not stand here is never read, so it cannot be written: no comment, no description, no
private tag, no name of an operator or an institution (hazard 53). Tests put a canary into every
other place of a header and look for it in every output.

References
----------
DICOM PS3.15, E (confidentiality profiles: an allow-list by attribute is the safe form); Newhauser
et al., J Appl Clin Med Phys 2014 (what is left behind by lists of what to remove).
"""

from __future__ import annotations

LINKAGE = (
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"),
    "FrameOfReferenceUID",
)
"""Which image an object is about. UIDs name no person to one who has no access to the archive."""

GEOMETRY = (
    *("Rows", "Columns", "PixelSpacing", "SliceThickness"),
    *("ImagePositionPatient", "ImageOrientationPatient"),
)
"""Where the voxels lie."""

IDENTITY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber"),
)
"""What files an object under its patient and study; only copied where that is asked for."""

JUDGED = ("Modality", "BurnedInAnnotation", "NumberOfFrames")
"""Read to refuse an image, never written."""

READ = (*LINKAGE, *GEOMETRY, *IDENTITY, *JUDGED)
"""Everything that is taken out of a file at all."""
