"""What a plan request must not say at once: each field is sound, and together they are not."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from navigator.errors import InputRefusedError
from navigator.model.anatomy import Role, structure_from_name
from template_gen import load_spec, spec_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from navigator.io.documents.request_fields import PlanRequest

OBSTACLE_LIMITS = "constraints.min_clearance_mm"


def check_no_contradiction(request: PlanRequest, path: Path) -> None:
    """Refuse a request of which one part would silently undo another.

    Parameters
    ----------
    request : PlanRequest
        Of sound fields.
    path : Path
        Its file, for the message.

    Raises
    ------
    InputRefusedError
        ``contradictory-request`` or ``ambiguous-name``: which of the two was meant is unknown.
    """
    _check_fields_go_together(request, path)
    _check_names_are_told_apart(request, path)
    _check_values_are_told_apart(request, path)
    _check_limits_are_of_obstacles(request, path)


def check_placement_is_of_template(request: PlanRequest, path: Path) -> None:
    """Refuse the pose of one plate for the bores of another.

    Parameters
    ----------
    request : PlanRequest
        With the path of a template that is there.
    path : Path
        Its file, for the message.

    Raises
    ------
    InputRefusedError
        ``wrong-template``, where the placement names its plate and it is not the template.
    """
    if request.placement is None or request.template is None:
        return
    wanted = request.placement.template_sha256
    if wanted is None:
        return
    spec = load_spec(request.template)
    found = spec_hash(spec)
    if found != wanted:
        raise InputRefusedError(
            code="wrong-template",
            what="The placement is of another plate than the request's template",
            where=f"{path}: placement.template_sha256",
            expected=wanted,
            got=f"{found}, serial {spec.serial}, in {request.template}",
            next_step="give the template that was located, or locate this plate in the scan",
        )


def _check_fields_go_together(request: PlanRequest, path: Path) -> None:
    """See that no field is given which another one makes void."""
    clashes = (
        (
            request.template is None and request.placement is not None,
            ("template, placement", "a template where a placement is given"),
            "name the plate in `template`, or leave `placement` out for a free-hand plan",
        ),
        (
            request.template is None and request.intraop is not None,
            ("template, intraop", "a template where an intraoperative scan is given"),
            "name the plate in `template`, or leave `intraop` out for a free-hand plan",
        ),
        (
            request.intraop_series is not None and request.intraop is None,
            ("intraop_series, intraop", "an intraoperative scan where its series is named"),
            "name the folder in `intraop`, or leave `intraop_series` out",
        ),
        (
            request.placement is not None and request.intraop is not None,
            ("placement, intraop", "one source of where the plate lies"),
            "leave `placement` out to find the plate in `intraop`, or leave `intraop` out",
        ),
    )
    for clash, (fields, expected), next_step in clashes:
        if clash:
            raise _contradiction(path, fields, expected, _given(request, fields), next_step)


def _given(request: PlanRequest, fields: str) -> str:
    """Say which of some fields are there."""
    names = fields.split(", ")
    return ", ".join(f"{n} {'missing' if getattr(request, n) is None else 'given'}" for n in names)


def _check_limits_are_of_obstacles(request: PlanRequest, path: Path) -> None:
    """See that no limit is set on what a needle has to enter: the planner would not keep it."""
    lesions = {lesion.structure for lesion in request.lesions}
    for name in request.constraints.min_clearance_mm:
        role = structure_from_name(name, (1,)).role
        if role is Role.OBSTACLE and name not in lesions:
            continue
        what = "a lesion" if name in lesions else f"the {role.value}"
        raise _contradiction(
            path,
            f"{OBSTACLE_LIMITS}.{name}",
            "limits on obstacles alone: bone, vessel, lung, bowel ...",
            f"a limit on {what}, which the needle enters",
            f"take `{name}` out of `{OBSTACLE_LIMITS}`",
        )


def _check_names_are_told_apart(request: PlanRequest, path: Path) -> None:
    """See that a typo of case or blanks neither doubles a structure nor turns a limit off."""
    limits = request.constraints.min_clearance_mm
    for field, names in (("labels", request.labels), (OBSTACLE_LIMITS, limits)):
        for first, second in _alike(names):
            raise _ambiguous(path, field, first, second)
    label_of = {_folded(label): label for label in request.labels}
    for name in limits:
        label = label_of.get(_folded(name), name)
        if label != name:
            raise _ambiguous(path, OBSTACLE_LIMITS, name, label)


def _check_values_are_told_apart(request: PlanRequest, path: Path) -> None:
    """See that no voxel belongs to two structures: one of them was meant to be another value.

    A lesion that took the liver's value would be the whole liver, an obstacle that took the
    lesion's would lie within it. A value that stands twice in one list says nothing else.
    """
    values_of = {
        name: set(value) if isinstance(value, list) else {value}
        for name, value in request.labels.items()
    }
    for (first, ours), (second, theirs) in combinations(values_of.items(), 2):
        for value in sorted(ours & theirs, key=str)[:1]:
            raise _contradiction(
                path,
                f"labels.{first}, labels.{second}",
                "each value of the label map given to one structure",
                f"value {value} given to both `{first}` and `{second}`",
                "look the values up in the segmentation and correct `labels`",
            )


def _alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """List the names that only case or blanks tell apart."""
    kept = list(names)
    for folded, count in Counter(map(_folded, kept)).items():
        if count > 1:
            first, second, *_ = (name for name in kept if _folded(name) == folded)
            yield first, second


def _folded(name: str) -> str:
    return name.strip().casefold()


def _ambiguous(path: Path, field: str, first: str, second: str) -> InputRefusedError:
    return InputRefusedError(
        code="ambiguous-name",
        what="Two names of structures differ only in case or blanks",
        where=f"{path}: {field}",
        expected="each structure under one name, written the same everywhere",
        got=f"{first!r} and {second!r}",
        next_step="write the name of a structure alike in `labels` and in the limits",
    )


def _contradiction(
    path: Path, fields: str, expected: str, got: str, next_step: str
) -> InputRefusedError:
    return InputRefusedError(
        code="contradictory-request",
        what="Two parts of the plan request contradict each other",
        where=f"{path}: {fields}",
        expected=expected,
        got=got,
        next_step=next_step,
    )
