"""The whole line for a real scan: plan, plate, room, report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from navigator.app.case_report import build_case_report
from navigator.app.documents import located_document, registration_document
from navigator.app.inputs import PlanningInputs, load_planning_inputs
from navigator.app.output_files import inputs_of_request
from navigator.app.outputs import (
    SUMMARY_FILE,
    check_may_write,
    folder_when_complete,
    read_summary,
)
from navigator.app.steps import RoomCheck, check_in_room, plan_case, room_plan_document
from navigator.io.documents import (
    plan_to_json,
    registration_to_json,
    save_json,
    verdict_to_json,
)
from navigator.io.saving import replaced_when_complete
from navigator.io.volumes import load_scan
from navigator.report.html import html_from_report
from navigator.report.pdf import pdf_from_report
from template_gen import build_template

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from navigator.model.outcome import Verdict
    from navigator.model.plan import Plan
    from navigator.report.content import Report, Section

RUN_SCHEMA = "run-summary/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What a run of the procedure came to.

    Parameters
    ----------
    inputs : PlanningInputs
        What was planned on.
    plan : Plan
        The plan.
    room : RoomCheck or None
        The intraoperative check, where there was a scan.
    seconds : dict of str to float
        How long each step took.
    """

    inputs: PlanningInputs
    plan: Plan
    room: RoomCheck | None
    seconds: dict[str, float]

    @property
    def verdict(self) -> Verdict:
        """What holds now: the room's where there was a scan, for it voids the plan's numbers."""
        return self.plan.verdict if self.room is None else self.room.verdict

    @property
    def in_force(self) -> str | None:
        """Whose numbers hold: ``plan``, ``plan_in_room``, or None where none may be used."""
        plan = self.plan if self.room is None else self.room.plan
        if plan is None or not plan.needles or not self.verdict.is_usable:
            return None
        return "plan" if self.room is None else "plan_in_room"


def run_procedure(
    request_path: Path,
    out: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Run the line as far as the scans of a request allow, and write everything to a folder.

    Parameters
    ----------
    request_path : Path
        A ``plan-request/1`` file.
    out : Path
        Folder to make.
    overwrite : bool
        Whether an earlier result of this program may be replaced.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    dict
        The summary, as it was written to ``summary.json``. Where no way was found nothing is
        written and the summary says why.

    Raises
    ------
    InputRefusedError
        If anything of the input cannot be used.
    """
    check_may_write(out, overwrite=overwrite, inputs=inputs_of_request(request_path))
    result = run_case(request_path, progress=progress)
    if not result.plan.needles:
        return {"schema": RUN_SCHEMA, **verdict_to_json(result.verdict), "in_force": None}
    summary = summary_of(result, RUN_SCHEMA)
    with folder_when_complete(out, overwrite=overwrite) as folder:
        progress("writing plate and report")
        write_case(result, folder, title=title_of(result.inputs))
        save_json(summary, folder / SUMMARY_FILE)
    return read_summary(out)


def title_of(inputs: PlanningInputs) -> str:
    """Name a report after the way the needle is guided.

    Parameters
    ----------
    inputs : PlanningInputs
        With or without a plate.

    Returns
    -------
    str
        A title.
    """
    way = "free hand" if inputs.spec is None else "through a coordinate template"
    return f"Plan for one antenna, {way}"


def run_case(request_path: Path, *, progress: Callable[[str], None] = lambda _: None) -> CaseResult:
    """Read a request, plan it, and check it in the room where there is an intraoperative scan.

    Parameters
    ----------
    request_path : Path
        A ``plan-request/1`` file.
    progress : callable of str
        Told what is being done.

    Returns
    -------
    CaseResult
        Nothing is written.

    Raises
    ------
    InputRefusedError
        If anything of the input cannot be used.
    """
    start = time.perf_counter()
    progress("reading scan, structures and plate")
    inputs = load_planning_inputs(request_path, progress=progress)
    read = time.perf_counter()
    progress("planning")
    plan = plan_case(inputs)
    planned = time.perf_counter()
    room = None
    request = inputs.request
    if request.intraop is not None and inputs.spec is not None and plan.needles:
        progress("reading the intraoperative scan")
        intraop = load_scan(request.intraop, series_uid=request.intraop_series, tell=progress)
        room = check_in_room(inputs, inputs.spec, intraop, planned=plan, progress=progress)
    seconds = {"read": read - start, "plan": planned - read, "room": time.perf_counter() - planned}
    return CaseResult(inputs=inputs, plan=plan, room=room, seconds=seconds)


def write_case(
    result: CaseResult, folder: Path, *, title: str, extra: tuple[Section, ...] = ()
) -> None:
    """Write plan, plate, registration, pose and report.

    Parameters
    ----------
    result : CaseResult
        A case with a needle.
    folder : Path
        An existing folder.
    title : str
        Of the report.
    extra : tuple of Section
        More sections of the report.
    """
    save_json(plan_to_json(result.plan), folder / "plan.json")
    if result.inputs.spec is not None:
        build_template(result.inputs.spec, folder / "template")
    if result.room is not None:
        _write_room(result.inputs, result.room, folder, result.seconds["room"])
    report = build_case_report(result.inputs, result.plan, result.room, title=title, extra=extra)
    write_report(report, folder)


def _write_room(inputs: PlanningInputs, room: RoomCheck, folder: Path, seconds: float) -> None:
    document = registration_document(room.registration, inputs.scan, room.scan, seconds)
    save_json(registration_to_json(document), folder / "registration.json")
    save_json(located_document(room.located, inputs.spec, room.scan), folder / "placement.json")
    in_room = room_plan_document(room)
    if in_room is not None and in_room["trajectories"]:
        save_json(in_room, folder / "plan_in_room.json")


def write_report(report: Report, folder: Path) -> None:
    """Write a report as HTML and PDF.

    Parameters
    ----------
    report : Report
        What it says.
    folder : Path
        An existing folder.
    """
    with replaced_when_complete(folder / "report.html") as path:
        path.write_text(html_from_report(report), encoding="utf-8")
    with replaced_when_complete(folder / "report.pdf") as path:
        path.write_bytes(pdf_from_report(report))


def summary_of(result: CaseResult, schema: str) -> dict[str, Any]:
    """Sum a case up.

    Parameters
    ----------
    result : CaseResult
        A case with a needle.
    schema : str
        Name and version of the summary.

    Returns
    -------
    dict
        Verdict, the numbers of the plan and of the room, and where the files lie.
    """
    room = result.room
    return {
        "schema": schema,
        **verdict_to_json(result.verdict),
        "in_force": result.in_force,
        "plan": plan_to_json(result.plan),
        "plan_in_room": None if room is None else room_plan_document(room),
        "seconds": {name: round(value, 2) for name, value in result.seconds.items()},
        "files": {"report": "report.html", "pdf": "report.pdf", "plan": "plan.json"},
    }
