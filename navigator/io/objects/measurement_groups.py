"""What a plan says, as numbers, places and words with their codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from navigator.io.objects.completing import RESEARCH_ONLY
from navigator.io.objects.identifiers import uid_from_content
from navigator.io.objects.words import field_text
from navigator.io.structure_codes import OUR_SCHEME, UNNAMED, Code, code_from_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from navigator.arrays import Floats
    from navigator.model.ablation import AblationZone, Margin
    from navigator.model.placement import TemplatePlacement
    from navigator.model.plan import Plan, PlannedNeedle


def ours(value: str, meaning: str) -> Code:
    """Make a concept of our own scheme.

    Parameters
    ----------
    value : str
        At most 16 characters.
    meaning : str
        For a person.

    Returns
    -------
    Code
        For what no standard has a code for.
    """
    return Code(value, OUR_SCHEME, meaning)


NEEDLE = ours("needle", "Planned needle")
PLATE = ours("plate", "Placement of the plate")
MARGIN = ours("margin", "Planned margin")
PLAN = ours("plan", "Plan")
PATH = Code("121055", "DCM", "Path")
TARGET = Code("112162", "DCM", "Target")
CLEARANCE = ours("clearance", "Clearance")
ZONE_CENTRE = ours("zone-centre", "Centre of the ablation zone")
ENTRY = ours("skin-entry", "Skin entry")
THINNEST = ours("thinnest", "Place of the least margin")


INTRAOP = "intraop"
"""Input that only a plan made for the room has."""


class Amount(NamedTuple):
    """A number with its unit; a structure where it is a distance to one."""

    name: Code
    value: float
    unit: str
    site: Code | None = None


class Place(NamedTuple):
    """A point, or a path from point to point: (n, 3) array, LPS millimetres."""

    name: Code
    points_mm: Floats


class Words(NamedTuple):
    """What is said in words."""

    name: Code
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What belongs together: a needle, the plate, the margin, the plan.

    Parameters
    ----------
    name : str
        For a person, unique in a plan.
    kind : Code
        What it is.
    amounts : tuple of Amount
        Numbers.
    places : tuple of Place
        Points and paths.
    words : tuple of Words
        Words.
    """

    name: str
    kind: Code
    amounts: tuple[Amount, ...] = ()
    places: tuple[Place, ...] = ()
    words: tuple[Words, ...] = ()


def groups_of_plan(plan: Plan, document_id: str) -> tuple[Group, ...]:
    """Take apart what a plan says.

    Parameters
    ----------
    plan : Plan
        With needles.
    document_id : str
        By which the plan is told apart.

    Returns
    -------
    tuple of Group
        The plan as a whole, needle by needle, plate, margin.
    """
    in_room = INTRAOP in plan.provenance.input_hashes
    kind = "plan in the room" if in_room else "plan on the planning scan"
    words = [Words(ours("plan-kind", "Kind of plan"), kind)]
    words += [Words(ours("verdict", "Verdict"), plan.verdict.status.value)]
    words += [Words(ours("reason", "Reason"), each.message) for each in plan.verdict.reasons]
    words += [Words(ours("note", "Note"), RESEARCH_ONLY)]
    groups = [Group(name=f"plan {document_id}", kind=PLAN, words=tuple(words))]
    groups += [_needle(needle) for needle in plan.needles]
    if plan.placement is not None:
        groups.append(_plate(plan.placement))
    if plan.margin is not None:
        groups.append(_margin(plan.margin))
    return tuple(groups)


def _needle(needle: PlannedNeedle) -> Group:
    """Describe one needle."""
    way = needle.trajectory
    amounts = [Amount(ours("insertion-depth", "Insertion depth"), way.insertion_depth_mm, "mm")]
    if needle.guide_depth_mm is not None:
        name = ours("guide-depth", "Guide depth, operator face of plate to tip")
        amounts.append(Amount(name, needle.guide_depth_mm, "mm"))
    places = [
        Place(ENTRY, way.entry_mm[None]),
        Place(TARGET, way.tip_mm[None]),
        Place(PATH, np.stack([way.entry_mm, way.tip_mm])),
    ]
    words = [Words(ours("role", "Role"), needle.role)]
    if needle.bore is not None:
        words.append(Words(ours("bore", "Bore"), needle.bore))
    if needle.zone is not None:
        amounts += _zone_amounts(needle.zone)
        places.append(Place(ZONE_CENTRE, needle.zone.centre_mm[None]))
        words += [Words(ours("source", "Source"), text) for text in needle.zone.size.sources]
    sites = sites_of(needle.clearance_mm)
    amounts += [
        Amount(CLEARANCE, distance_mm, "mm", sites[name])
        for name, distance_mm in sorted(needle.clearance_mm.items())
    ]
    return Group(
        name=field_text(needle.name),
        kind=NEEDLE,
        amounts=tuple(amounts),
        places=tuple(places),
        words=tuple(words),
    )


def _zone_amounts(zone: AblationZone) -> list[Amount]:
    """Describe power, time and the size that is expected of them."""
    size = zone.size
    found = [
        Amount(ours("zone-long-axis", "Ablation zone, long axis"), size.long_axis_mm.value, "mm"),
        Amount(
            ours("zone-short-axis", "Ablation zone, short axis"), size.short_axis_mm.value, "mm"
        ),
    ]
    if size.power_w is not None:
        found.append(Amount(ours("power", "Power"), size.power_w, "W"))
    if size.time_s is not None:
        found.append(Amount(ours("time", "Time"), size.time_s, "s"))
    return found


def _plate(placement: TemplatePlacement) -> Group:
    """Describe what the protractor shows."""
    angles = placement.angles
    shown = (
        ("lateral-tilt", "Lateral tilt", angles.lateral_tilt_deg),
        ("craniocaud-tilt", "Craniocaudal tilt", angles.craniocaudal_tilt_deg),
        ("in-plane-turn", "In-plane rotation", angles.in_plane_rotation_deg),
    )
    origin = placement.lps_from_template.shift_mm
    # the angles of a plan in the room were read there, while its points lie in the planning scan
    read_in = placement.angles_frame
    scan = "planning scan" if read_in is None else "intraoperative scan"
    frame = placement.lps_from_template.target if read_in is None else read_in
    return Group(
        name="plate",
        kind=PLATE,
        amounts=tuple(Amount(ours(value, meaning), deg, "deg") for value, meaning, deg in shown),
        places=(Place(ours("plate-centre", "Centre of the operator face"), origin[None]),),
        words=(
            Words(ours("plate-name", "Plate"), placement.lps_from_template.source.uid),
            Words(ours("plate-sha256", "SHA-256 of the plate"), placement.template_hash),
            Words(ours("angles-scan", "Scan in which the angles were read"), scan),
            Words(ours("angles-frame", "Frame in which the angles were read"), frame.uid),
        ),
    )


def _margin(margin: Margin) -> Group:
    """Describe how far the zone reaches beyond the tumour."""
    mam = margin.mam_mm
    return Group(
        name="margin",
        kind=MARGIN,
        amounts=(
            Amount(ours("mam", "Minimal ablative margin"), mam.value, "mm"),
            Amount(ours("mam-low", "Minimal ablative margin, low end"), mam.low, "mm"),
            Amount(ours("mam-high", "Minimal ablative margin, high end"), mam.high, "mm"),
            Amount(ours("covered", "Tumour covered"), 100.0 * margin.covered_share, "%"),
        ),
        places=(Place(THINNEST, margin.thinnest_point_mm[None]),),
    )


def sites_of(names: Iterable[str]) -> dict[str, Code]:
    """Find codes for the structures that clearances are measured to.

    Parameters
    ----------
    names : iterable of str
        As the request calls them.

    Returns
    -------
    dict of str to Code
        The standard's code where one structure alone has it; a code of ours, with the
        structure's own name, where several share it or none fits.

    Examples
    --------
    >>> sites_of(["vessel"])["vessel"].meaning
    'Blood vessel'
    >>> sites_of(["left_lung", "right_lung"])["left_lung"].meaning
    'left_lung'
    """
    codes = {name: code_from_name(name) for name in names}
    return {
        name: code.kind
        if code != UNNAMED and list(codes.values()).count(code) == 1
        else _own_site(name)
        for name, code in codes.items()
    }


def _own_site(name: str) -> Code:
    """Make a code of ours from a name; a code value holds 16 characters."""
    number = uid_from_content("structure", name).removeprefix("2.25.")[:14]
    return ours(f"s-{number}", field_text(name))
