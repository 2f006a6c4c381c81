"""What an interrupt leaves half made is taken away without a word, unless tracebacks are wanted."""

from __future__ import annotations

import sys

import pytest

from navigator.cli import nothing_said_of_ruins


class HalfMade:
    """Fails while it is taken away, as an object of a native library that was never finished."""

    def __del__(self) -> None:
        raise AttributeError("half made")


@pytest.mark.parametrize("wanted", [True, False])
def test_an_object_that_fails_while_it_dies(
    monkeypatch: pytest.MonkeyPatch, *, wanted: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda ruin: said.append(str(ruin.exc_value)))
    with nothing_said_of_ruins(wanted=wanted):
        ruin = HalfMade()
        del ruin
    assert said == (["half made"] if wanted else [])
    ruin = HalfMade()
    del ruin
    assert said[-1:] == ["half made"]
