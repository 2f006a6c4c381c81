"""Ctrl-C that is not lost: where a library swallows it, the next stage of the work stops."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def heeding_stop() -> Iterator[Callable[[], None]]:
    """Keep in mind that somebody asked to stop.

    Python raises ``KeyboardInterrupt`` wherever the program happens to be. That may be inside a
    callback, a destructor or an import whose own ``except`` drops it, and the work would go on
    as if nobody had asked. A signal that is ignored, or handled by somebody else, is left so.

    Yields
    ------
    callable
        Raises ``KeyboardInterrupt`` if a stop was asked for and has not come through; to be
        called between the stages of the work.
    """
    asked = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.default_int_handler(number, frame)

    def stop_now() -> None:
        if asked.is_set():
            raise KeyboardInterrupt

    # only the main thread may say who handles a signal
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if is_ours:
        signal.signal(signal.SIGINT, stop)
    try:
        yield stop_now
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
