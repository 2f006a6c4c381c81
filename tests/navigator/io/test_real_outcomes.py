"""Every file and every series beside the checkout comes to what is written down for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from navigator.errors import InputRefusedError
from navigator.io.inspecting import finding_row
from navigator.io.volumes import load_scan
from tests.navigator.io.real_outcomes import FILES, FOLDERS, Outcome

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not DATA.is_dir(), reason="the scans beside the checkout (../shared/data) are absent"
    ),
]


def outcome_of(path: Path) -> tuple[str, set[str]]:
    """Load a path as a scan: the verdict, and the codes behind it."""
    try:
        scan = load_scan(path)
    except InputRefusedError as error:
        others = str(error.refusal.what).partition("(and also: ")[2].rstrip(")")
        return "refused", {error.refusal.code, *others.split(", ")}
    rows = [finding_row(finding) for finding in scan.findings]
    grave = {row["code"] for row in rows if row["severity"] == "confirm"}
    return ("confirm" if grave else "accepted"), grave


def check(path: Path, expected: Outcome) -> None:
    verdict, codes = outcome_of(path)
    assert verdict == expected.verdict, (path, codes)
    assert not expected.code or expected.code in codes, (path, codes)


@pytest.mark.parametrize("expected", FOLDERS, ids=lambda outcome: outcome.pattern)
def test_a_series(expected: Outcome) -> None:
    check(DATA / expected.pattern, expected)


def test_every_file_has_an_outcome_and_comes_to_it() -> None:
    met = set()
    for path in sorted(DATA.rglob("*")):
        if path.is_file():
            fitting = [row for row in FILES if path.relative_to(DATA).match(row.pattern)]
            assert fitting, f"no outcome is written down for {path.relative_to(DATA)}"
            check(path, fitting[0])
            met.add(fitting[0])
    assert met == set(FILES), "patterns that fit no file"
