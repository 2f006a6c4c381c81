"""A plan as a Comprehensive 3D SR: what stands in it can be read and measured by other programs.

References
----------
DICOM PS3.3, A.35.13; PS3.16, TID 1500 (Measurement Report) and TID 1501 (Measurement Group), both
extensible: the points, the path and the words of a needle are content items of its group.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.sr.codedict import codes

from navigator.io.objects.completing import (
    MAKER,
    NO_UID_YET,
    ObjectKind,
    complete_object,
)
from navigator.io.objects.identifiers import uid_from_content
from navigator.io.objects.measurement_groups import Group, groups_of_plan
from navigator.io.objects.segmentation import coded
from navigator.io.structure_codes import OUR_SCHEME, Code

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from navigator.io.objects.measurement_groups import Amount, Place, Words
    from navigator.io.objects.source import SourceSeries
    from navigator.io.objects.subject import Subject
    from navigator.model.plan import Plan

MEASUREMENT_REPORT = ObjectKind(
    sop_class_uid="1.2.840.10008.5.1.4.1.1.88.34",
    modality="SR",
    series_number=9004,
    description="mwa-navigator: plan",
)
PROCEDURE = Code("plan-mwa", OUR_SCHEME, "Planning of microwave ablation of liver")
UNITS = {
    "mm": Code("mm", "UCUM", "mm"),
    "deg": Code("deg", "UCUM", "deg"),
    "W": Code("W", "UCUM", "W"),
    "s": Code("s", "UCUM", "s"),
    "%": Code("%", "UCUM", "%"),
}


def build_measurement_report(
    plan: Plan, document_id: str, source: SourceSeries, subject: Subject
) -> Dataset:
    """Write a plan as a structured report.

    Parameters
    ----------
    plan : Plan
        With a needle at least, in the frame of the source.
    document_id : str
        By which the plan is told apart: the first digits of the hash of its file.
    source : SourceSeries
        The scan that it was planned on.
    subject : Subject
        Whose object it is.

    Returns
    -------
    Dataset
        Comprehensive 3D SR Storage, TID 1500: one measurement group a needle, one for the plate,
        one for the margin, one for the plan as a whole. Coordinates lie in the frame of reference
        of the source.
    """
    groups = groups_of_plan(plan, document_id)
    frame_uid = source.frame_of_reference_uid
    with warnings.catch_warnings():
        # what it warns of is judged by tests with other programs
        warnings.simplefilter("ignore")
        report = sr.MeasurementReport(
            observation_context=_observer(),
            procedure_reported=coded(PROCEDURE),
            imaging_measurements=[_group(each, document_id, frame_uid) for each in groups],
            title=codes.DCM.ImagingMeasurementReport,
        )
        dataset = sr.Comprehensive3DSR(
            evidence=source.copied_slices(),
            content=report[0],
            series_instance_uid=NO_UID_YET,
            series_number=MEASUREMENT_REPORT.series_number,
            sop_instance_uid=NO_UID_YET,
            instance_number=1,
            manufacturer=MAKER,
            is_complete=True,
            is_final=False,
            coding_schemes=[_our_scheme()],
        )
    if (
        subject.study_uid != source.study_uid
        and "CurrentRequestedProcedureEvidenceSequence" in dataset
    ):
        # the scan lies in another study than the report
        dataset.PertinentOtherEvidenceSequence = dataset.CurrentRequestedProcedureEvidenceSequence
        del dataset.CurrentRequestedProcedureEvidenceSequence
    return complete_object(dataset, MEASUREMENT_REPORT, subject)


def _our_scheme() -> CodingSchemeIdentificationItem:
    """Say whose the private codes are."""
    return CodingSchemeIdentificationItem(
        designator=OUR_SCHEME, name="mwa-navigator", responsible_organization="mwa-navigator"
    )


def _observer() -> sr.ObservationContext:
    """Name this program as the one that measured."""
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=uid_from_content("device", MAKER), name=MAKER, manufacturer_name=MAKER, model_name=MAKER
    )
    context = sr.ObserverContext(
        observer_type=codes.DCM.Device, observer_identifying_attributes=device
    )
    return sr.ObservationContext(observer_device_context=context)


def _group(
    group: Group, document_id: str, frame_uid: str
) -> sr.MeasurementsAndQualitativeEvaluations:
    """Write one group: measurements, then points, paths and words."""
    written = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=uid_from_content("tracking", document_id, group.name), identifier=group.name
        ),
        finding_type=coded(group.kind),
        measurements=[_measurement(each) for each in group.amounts],
    )
    content = written[0].ContentSequence
    content.extend(_place(each, frame_uid) for each in group.places)
    content.extend(_words(each) for each in group.words)
    return written


def _measurement(amount: Amount) -> sr.Measurement:
    """Write one number with its unit; where it is a distance to a structure, to which."""
    site = None if amount.site is None else [sr.FindingSite(coded(amount.site))]
    return sr.Measurement(
        name=coded(amount.name),
        value=float(amount.value),
        unit=coded(UNITS[amount.unit]),
        finding_sites=site,
    )


def _place(place: Place, frame_uid: str) -> sr.Scoord3DContentItem:
    """Write a point, or a path from point to point."""
    return sr.Scoord3DContentItem(
        name=coded(place.name),
        graphic_type=sr.GraphicTypeValues3D.POINT
        if len(place.points_mm) == 1
        else sr.GraphicTypeValues3D.POLYLINE,
        graphic_data=np.asarray(place.points_mm, dtype=np.float64),
        frame_of_reference_uid=frame_uid,
        relationship_type=sr.RelationshipTypeValues.CONTAINS,
    )


def _words(words: Words) -> sr.TextContentItem:
    """Write words."""
    return sr.TextContentItem(
        name=coded(words.name),
        value=words.text,
        relationship_type=sr.RelationshipTypeValues.CONTAINS,
    )
