"""Work longer than a second says how far it is; shorter work says nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from navigator.io import progress

if TYPE_CHECKING:
    import pytest


def test_progress_is_told_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0.0, 0.4)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    said: list[str] = []
    assert list(progress.told("abcdefgh", "reading headers", 8, said.append)) == list("abcdefgh")
    # the clock is at 0.4 s with the first item; whole seconds pass at the third, fifth, eighth
    assert said == [f"reading headers: {count} of 8" for count in (2, 4, 7)]


def test_short_work_says_nothing() -> None:
    said: list[str] = []
    assert sum(progress.told(range(5), "decoding", 5, said.append)) == 10
    assert said == []
