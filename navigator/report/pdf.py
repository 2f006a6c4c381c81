"""Reports as PDF, A4, for print and archive."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import matplotlib as mpl
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import (
    Flowable,
    Image,
    KeepTogether,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Paragraph as PdfParagraph
from reportlab.platypus import Table as PdfTable

from navigator.report.content import RESEARCH_NOTE, KeyNumbers, Paragraph, Picture, Table
from navigator.report.html import VERDICT_WORDS

if TYPE_CHECKING:
    from navigator.report.content import Block, Report

CREATOR = "mwa-navigator"
"""Stands in the PDF, so that a report of ours is told from any other file."""
WIDTH = 170 * mm
LARGEST_PICTURE = 200 * mm
NUMBERS_A_ROW = 3
VERDICT_COLOURS = {"accepted": "#1d7a46", "warning": "#a15c00", "rejected": "#b3261e"}
SOFT, LINE = colors.HexColor("#5b6b7a"), colors.HexColor("#d9e1e8")
FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
"""Shipped with matplotlib; the built-in PDF fonts lack arrows and degree signs in some readers."""


def pdf_from_report(report: Report) -> bytes:
    """Write a report as PDF.

    Parameters
    ----------
    report : Report
        What it says.

    Returns
    -------
    bytes
        A4 pages without a date: same report, same bytes. The keywords name the plan in force.
    """
    styles = _styles()
    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=report.title,
        creator=CREATOR,
        keywords="" if report.plan_sha256 is None else f"plan sha256:{report.plan_sha256}",
        invariant=1,
    )
    document.build([*_head(report, styles), *_sections(report, styles)])
    return stream.getvalue()


def _styles() -> dict[str, ParagraphStyle]:
    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))
    sheet = getSampleStyleSheet()
    fonts = {"Title": BOLD, "Heading2": BOLD, "Heading3": BOLD, "Normal": FONT}
    return {
        name: ParagraphStyle(f"our-{name}", parent=sheet[name], fontName=font)
        for name, font in fonts.items()
    }


def _head(report: Report, styles: dict[str, ParagraphStyle]) -> list[Flowable]:
    status = report.verdict.status.value
    banner = ParagraphStyle(
        "banner", parent=styles["Heading3"], textColor=VERDICT_COLOURS[status], spaceAfter=2
    )
    head: list[Flowable] = [
        _text(report.title, styles["Title"]),
        _text(report.subtitle, styles["Normal"]),
        Spacer(0, 3 * mm),
        _text(VERDICT_WORDS[status], banner),
    ]
    head += [
        _text(f"- {reason.message} [{reason.code}]", styles["Normal"])
        for reason in report.verdict.reasons
    ]
    note = ParagraphStyle("note", parent=styles["Normal"], textColor=SOFT, fontSize=8)
    return [*head, Spacer(0, 2 * mm), _text(RESEARCH_NOTE, note)]


def _sections(report: Report, styles: dict[str, ParagraphStyle]) -> list[Flowable]:
    story: list[Flowable] = []
    for section in report.sections:
        blocks = [_block(block, styles) for block in section.blocks]
        heading = _text(section.title, styles["Heading2"])
        if blocks:
            story.append(KeepTogether([heading, blocks[0]]))
        for block in blocks[1:]:
            story += [Spacer(0, 3 * mm), block]
    return story


def _block(block: Block, styles: dict[str, ParagraphStyle]) -> Flowable:
    if isinstance(block, KeyNumbers):
        return _numbers(block, styles)
    if isinstance(block, Table):
        return _table(block, styles)
    if isinstance(block, Picture):
        return _picture(block, styles)
    return _paragraph(block, styles)


def _paragraph(block: Paragraph, styles: dict[str, ParagraphStyle]) -> Flowable:
    return _text(block.text, styles["Normal"])


def _numbers(block: KeyNumbers, styles: dict[str, ParagraphStyle]) -> Flowable:
    large = ParagraphStyle("large", parent=styles["Normal"], fontSize=16, leading=20)
    small = ParagraphStyle("small", parent=styles["Normal"], fontSize=8, textColor=SOFT)
    cells = [
        [_text(item.label, small), _text(item.value, large), _text(item.hint, small)]
        for item in block.numbers
    ]
    cells += [[] for _ in range(-len(cells) % NUMBERS_A_ROW)]
    rows = [cells[at : at + NUMBERS_A_ROW] for at in range(0, len(cells), NUMBERS_A_ROW)]
    grid = PdfTable(rows, colWidths=[WIDTH / NUMBERS_A_ROW] * NUMBERS_A_ROW)
    grid.setStyle(
        TableStyle([("GRID", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    )
    return grid


def _table(block: Table, styles: dict[str, ParagraphStyle]) -> Flowable:
    cell = ParagraphStyle("cell", parent=styles["Normal"], fontSize=8, leading=10, wordWrap="CJK")
    head = ParagraphStyle("head", parent=cell, textColor=SOFT)
    rows = [[_text(header, head) for header in block.headers]]
    rows += [[_text(text, cell) for text in row] for row in block.rows]
    grid = PdfTable(rows, colWidths=[WIDTH / len(block.headers)] * len(block.headers), repeatRows=1)
    grid.setStyle(
        TableStyle(
            [("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        )
    )
    if not block.caption:
        return grid
    # it may say in which scan the points of the table are given
    return KeepTogether([grid, _text(block.caption, _caption_style(styles))])


def _picture(block: Picture, styles: dict[str, ParagraphStyle]) -> Flowable:
    width, height = ImageReader(io.BytesIO(block.png)).getSize()
    scale = min(WIDTH / width, LARGEST_PICTURE / height)
    image = Image(io.BytesIO(block.png), width * scale, height * scale)
    return KeepTogether([image, _text(block.caption, _caption_style(styles))])


def _caption_style(styles: dict[str, ParagraphStyle]) -> ParagraphStyle:
    return ParagraphStyle("caption", parent=styles["Normal"], fontSize=8, textColor=SOFT)


def _text(text: str, style: ParagraphStyle) -> PdfParagraph:
    return PdfParagraph(escape(text), style)
