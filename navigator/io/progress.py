"""Progress of work that takes longer than a second, told in words."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Tell = Callable[[str], None]

EVERY_S = 1.0
"""Who waits looks again about once a second."""

Item = TypeVar("Item")


def tell_nobody(_: str) -> None:
    """Take progress that nobody asked for.

    Parameters
    ----------
    _ : str
        The words.
    """


def told(items: Iterable[Item], what: str, total: int, tell: Tell) -> Iterator[Item]:
    """Pass items on, and say about once a second how many there were.

    Parameters
    ----------
    items : iterable
        What is worked through.
    what : str
        What is being done, e.g. ``reading headers``.
    total : int
        How many items there are.
    tell : callable of str
        Told the progress.

    Yields
    ------
    object
        Each item.
    """
    next_s = time.monotonic() + EVERY_S
    for count, item in enumerate(items):
        if time.monotonic() >= next_s:
            tell(f"{what}: {count} of {total}")
            next_s += EVERY_S
        yield item
