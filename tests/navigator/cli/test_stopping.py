"""Ctrl-C is heeded even where a library swallows it, and only where it is ours to heed."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest
import typer

from navigator.cli.shell import DONE, INTERRUPTED, Outcome, finish
from navigator.cli.stopping import heeding_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.hazard(43)


@pytest.fixture
def ordinary_signals() -> Iterator[None]:
    """Handle Ctrl-C as a shell's command does; a run in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def exit_code_of(verb: Callable[[Callable[[str], None]], Outcome]) -> int:
    """Run a command's work and give the exit code."""
    with pytest.raises(typer.Exit) as ending:
        finish(verb, as_json=False, debug=False)
    return ending.value.exit_code


@pytest.mark.usefixtures("ordinary_signals")
def test_a_swallowed_stop_takes_effect_at_the_next_stage() -> None:
    reached = []

    def verb(tell: Callable[[str], None]) -> Outcome:
        tell("first")
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        reached.append("after the stop")
        tell("second")
        reached.append("second stage")
        return Outcome({}, ())

    assert exit_code_of(verb) == INTERRUPTED
    assert reached == ["after the stop"]


@pytest.mark.usefixtures("ordinary_signals")
def test_the_former_handler_is_back_and_a_stop_of_before_is_forgotten() -> None:
    with heeding_stop() as stop_now, contextlib.suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        stop_now()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert exit_code_of(lambda tell: (tell("again"), Outcome({}, ()))[1]) == DONE


@pytest.mark.usefixtures("ordinary_signals")
def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with heeding_stop() as stop_now:
        os.kill(os.getpid(), signal.SIGINT)
        stop_now()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@pytest.mark.usefixtures("ordinary_signals")
def test_beside_the_main_thread_nothing_is_changed() -> None:
    seen = []

    def elsewhere() -> None:
        with heeding_stop() as stop_now:
            stop_now()
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
