"""What a report says, before it is HTML or PDF: one content, two papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from navigator.model.outcome import Verdict

RESEARCH_NOTE = (
    "Research software, not a medical device. No number on this page may be the only reason for "
    "a clinical act: check every needle on a control scan before energy is applied."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNumber:
    """A number that the operator sets or reads at the table.

    Parameters
    ----------
    label : str
        What it is.
    value : str
        The number with its unit.
    hint : str
        How to read it.
    """

    label: str
    value: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class KeyNumbers:
    """Numbers in large type.

    Parameters
    ----------
    numbers : tuple of KeyNumber
        In the order in which they are set.
    """

    numbers: tuple[KeyNumber, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Parameters
    ----------
    headers : tuple of str
        One a column, with the unit.
    rows : tuple of tuple of str
        As many cells as headers.
    caption : str
        What it shows.
    """

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.headers):
                raise ValueError(f"Table row: expected {len(self.headers)} cells, got {row}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture.

    Parameters
    ----------
    png : bytes
        The picture.
    caption : str
        What a person sees in it; also its text for those who cannot.
    """

    png: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text.

    Parameters
    ----------
    text : str
        One paragraph.
    """

    text: str


Block: TypeAlias = KeyNumbers | Table | Picture | Paragraph


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report.

    Parameters
    ----------
    title : str
        Its heading.
    blocks : tuple of Block
        Its contents, from top to bottom.
    """

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole report.

    Parameters
    ----------
    title, subtitle : str
        Headings.
    verdict : Verdict
        Of all that the report holds.
    sections : tuple of Section
        From top to bottom.
    plan_sha256 : str or None
        Root hash of the plan in force that the report shows; None where none holds.
    """

    title: str
    subtitle: str
    verdict: Verdict
    sections: tuple[Section, ...]
    plan_sha256: str | None = None
