"""A report is one content on two papers: self-contained, escaped, and the same bytes each time."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from navigator.model.outcome import Reason, Verdict, VerdictStatus
from navigator.report import pdf
from navigator.report.content import (
    RESEARCH_NOTE,
    KeyNumber,
    KeyNumbers,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
)
from navigator.report.html import VERDICT_WORDS, html_from_report
from navigator.report.pdf import pdf_from_report

HOSTILE = "<script>alert('x')</script> & \"quoted\" <img src=http://evil.example/a.png> 腹部"
NAME = 200
"""The longest name that a request may give."""
CELL = 3000
"""Far beyond any citation or hash that a cell holds."""
BANNERS = {
    "accepted": "no limit is broken",
    "warning": "look at every point",
    "rejected": "do not use",
}


def png(width: int = 40, height: int = 30) -> bytes:
    stream = io.BytesIO()
    ramp = np.arange(width * height, dtype=np.uint8).reshape(height, width)
    Image.fromarray(ramp).save(stream, format="PNG")
    return stream.getvalue()


def verdict(status: str) -> Verdict:
    reasons = () if status == "accepted" else (Reason("a-code", "Some reason"),)
    return Verdict(VerdictStatus(status), reasons)


def report(text: str = "Words", status: str = "warning", *, rows: int = 2) -> Report:
    blocks = (
        KeyNumbers((KeyNumber(label=text[:NAME], value="81.0 mm", hint=text[:NAME]),)),
        Table(headers=("A", text[:NAME]), rows=(("1", text[:CELL]),) * rows, caption=text),
        Picture(png=png(), caption=text),
        Paragraph(text),
    )
    return Report(
        title=text, subtitle=text, verdict=verdict(status), sections=(Section(text, blocks),)
    )


class Seen(HTMLParser):
    """Gather tags and words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        """Note words."""
        self.words.append(data)


def seen(page: str) -> Seen:
    reader = Seen()
    reader.feed(page)
    return reader


def pdf_page_count(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page(?![a-zA-Z])", content))


@pytest.mark.parametrize("row", [("1",), ("1", "2", "3"), ()])
def test_a_ragged_row_is_refused(row: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="expected 2 cells"):
        Table(headers=("A", "B"), rows=(("1", "2"), row))


@pytest.mark.parametrize("status", list(BANNERS))
def test_the_banner_says_the_verdict_in_words(status: str) -> None:
    page = html_from_report(report(status=status))
    words = " ".join(seen(page).words)
    assert BANNERS[status] in words
    for other, banner in BANNERS.items():
        assert (banner in words) == (other == status)
    assert f"var(--{status})" in page
    assert set(VERDICT_WORDS) == {each.value for each in VerdictStatus}


@pytest.mark.parametrize("status", ["warning", "rejected"])
def test_every_reason_stands_with_its_code(status: str) -> None:
    words = " ".join(seen(html_from_report(report(status=status))).words)
    assert "Some reason" in words
    assert "a-code" in words


def test_text_of_the_input_stays_text() -> None:
    plain, hostile = seen(html_from_report(report())), seen(html_from_report(report(HOSTILE)))
    assert hostile.tags == plain.tags
    assert len(hostile.sources) == 1
    assert hostile.sources[0].startswith("data:image/png;base64,")
    assert sum(HOSTILE in word for word in hostile.words) >= 6


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_no_text_changes_the_shape_of_the_page(text: str) -> None:
    assert seen(html_from_report(report(text))).tags == seen(html_from_report(report())).tags


def test_the_page_says_that_this_is_research_software() -> None:
    assert RESEARCH_NOTE in " ".join(seen(html_from_report(report())).words)


@pytest.mark.hazard(59)
def test_the_same_report_is_the_same_bytes_on_both_papers() -> None:
    assert html_from_report(report()) == html_from_report(report())
    assert pdf_from_report(report()) == pdf_from_report(report())


def test_the_pdf_is_whole_and_has_its_pages() -> None:
    short, long = pdf_from_report(report()), pdf_from_report(report(rows=200))
    for content in (short, long):
        assert content.startswith(b"%PDF-")
        assert content.rstrip().endswith(b"%%EOF")
        assert b"/CreationDate (D:20000101" in content, "reportlab's fixed date, no clock"
        start = int(re.findall(rb"startxref\s+(\d+)", content)[-1])
        assert content[start : start + 4] == b"xref"
    assert pdf_page_count(short) == 1
    assert pdf_page_count(long) > 3


@pytest.mark.parametrize(
    "text", [HOSTILE, "", "x" * 3000, "word " * 1500, "a & b < c > d", "<b>", "&amp;", "\x00\x07"]
)
def test_no_text_breaks_the_pdf(text: str) -> None:
    assert pdf_page_count(pdf_from_report(report(text))) >= 1


@pytest.mark.parametrize("size", [(5000, 40), (40, 5000), (1, 1)])
def test_no_picture_size_breaks_the_pdf(size: tuple[int, int]) -> None:
    content = Report(
        title="t", subtitle="s", verdict=verdict("accepted"),
        sections=(Section("p", (Picture(png=png(*size), caption="c" * 400),)),),
    )  # fmt: skip
    assert pdf_page_count(pdf_from_report(content)) >= 1


def words_of_pdf(content: Report, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Gather the texts that are set on the pages."""
    words: list[str] = []
    drawn = pdf.PdfParagraph.drawOn

    def note(self: pdf.PdfParagraph, *place: object, **options: object) -> None:
        words.append(self.getPlainText())
        drawn(self, *place, **options)

    monkeypatch.setattr(pdf.PdfParagraph, "drawOn", note)
    pdf_from_report(content)
    return words


@pytest.mark.parametrize("rows", [1, 200])
def test_both_papers_show_the_caption_of_a_table(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """It may say in which scan points are given."""
    table = Table(headers=("A",), rows=(("1",),) * rows, caption="Points of the planning scan")
    bare = Table(headers=("A",), rows=(("1",),))
    content = Report(
        title="t", subtitle="s", verdict=verdict("accepted"),
        sections=(Section("p", (table, bare, table)),),
    )  # fmt: skip
    assert " ".join(seen(html_from_report(content)).words).count(table.caption) == 2
    assert words_of_pdf(content, monkeypatch).count(table.caption) == 2


def test_an_empty_section_leaves_its_heading() -> None:
    content = Report(
        title="t", subtitle="s", verdict=verdict("accepted"), sections=(Section("Heading", ()),)
    )
    assert "Heading" in html_from_report(content)
    assert pdf_page_count(pdf_from_report(content)) == 1
