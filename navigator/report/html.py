"""Reports as one self-contained HTML page."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from navigator.report.content import RESEARCH_NOTE, KeyNumbers, Paragraph, Picture, Table

if TYPE_CHECKING:
    from navigator.report.content import Block, Report

BLOCK_KINDS = {KeyNumbers: "numbers", Table: "table", Picture: "picture", Paragraph: "text"}

VERDICT_WORDS = {
    "accepted": "Accepted: no limit is broken",
    "warning": "Usable with care: look at every point below",
    "rejected": "Rejected: do not use",
}


def html_from_report(report: Report) -> str:
    """Write a report as HTML with all pictures inside.

    Parameters
    ----------
    report : Report
        What it says.

    Returns
    -------
    str
        A page that needs no other file and no network; same report, same bytes.
    """
    environment = Environment(
        loader=PackageLoader("navigator.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["kind"] = kind_of_block
    environment.filters["base64"] = lambda data: base64.b64encode(data).decode("ascii")
    return environment.get_template("report.html").render(
        report=report,
        verdict=report.verdict.status.value,
        verdict_words=VERDICT_WORDS[report.verdict.status.value],
        research_note=RESEARCH_NOTE,
    )


def kind_of_block(block: Block) -> str:
    """Name the kind of a block for the page's template.

    Parameters
    ----------
    block : Block
        Any block.

    Returns
    -------
    str
        ``numbers``, ``table``, ``picture`` or ``text``.
    """
    return BLOCK_KINDS[type(block)]
