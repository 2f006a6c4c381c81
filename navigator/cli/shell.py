"""What every command shares: exit codes, one JSON object on standard output, no traceback."""

from __future__ import annotations

import sys
import time
import traceback
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from navigator.cli.answers import (
    STOPPED,
    defect_of,
    identity_of,
    json_text,
    refusal_of,
    say,
    usage_of,
)
from navigator.cli.stopping import heeding_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from navigator.errors import Refusal

DONE, DEFECT, REFUSED, REJECTED, INTERRUPTED = 0, 1, 2, 3, 130
LEFT_CLEAN = "stopped; nothing half written was left"

JsonOption = typer.Option(False, "--json", help="Print exactly one JSON object.")
DebugOption = typer.Option(False, "--debug", help="Show the traceback of an error.")
ReplaceOption = typer.Option(
    False, "--overwrite", help="replace another file that is there; never an input"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to.

    Parameters
    ----------
    document : mapping
        What ``--json`` prints; its ``verdict`` decides the exit code.
    lines : tuple of str
        What a person reads instead.
    """

    document: Mapping[str, Any]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a command ends: its outcome or the failure in its place, and the exit code."""

    outcome: Outcome
    code: int
    failure: str = ""


def progress_line(start_s: float, stop_now: Callable[[], None]) -> Callable[[str], None]:
    """Tell what is being done on standard error, with the time that has passed.

    Parameters
    ----------
    start_s : float
        ``time.perf_counter()`` at the start.
    stop_now : callable
        Raises where somebody asked to stop (:func:`navigator.cli.stopping.heeding_stop`).

    Returns
    -------
    callable of str
        Prints one line.
    """

    def tell(text: str) -> None:
        stop_now()
        print(f"[{time.perf_counter() - start_s:5.1f} s] {text}", file=sys.stderr, flush=True)

    return tell


def finish(
    verb: Callable[[Callable[[str], None]], Outcome],
    *,
    as_json: bool,
    debug: bool,
    out: Path | None = None,
) -> NoReturn:
    """Run a command's work, print its outcome and end with its exit code.

    Parameters
    ----------
    verb : callable
        Takes the progress function and gives the outcome.
    as_json : bool
        Whether ``--json`` was given.
    debug : bool
        Whether ``--debug`` was given.
    out : Path or None
        What the command writes. Where it writes nothing and something lies there already,
        that is said, for it could be taken for the result.

    Raises
    ------
    typer.Exit
        Always, with the exit code.
    """
    before = identity_of(out)
    ending = _ending(verb, as_json=as_json, debug=debug)
    document, is_stale = ending.outcome.document, before is not None and identity_of(out) == before
    # what was refused for the output's own sake has told of it already
    if is_stale and not ending.failure.startswith("output-"):
        document = {**document, "stale_output": str(out)}
        print(f"note: {out} was there before and is NOT of this command", file=sys.stderr)
    if as_json:
        say(json_text(document))
    elif not ending.failure:
        say("\n".join(ending.outcome.lines))
    raise typer.Exit(ending.code)


def _ending(
    verb: Callable[[Callable[[str], None]], Outcome], *, as_json: bool, debug: bool
) -> _Ending:
    """Run a command's work; every failure becomes words on standard error and a document."""
    from navigator.errors import InputRefusedError
    from template_gen import TemplateGenError, was_stopped

    try:
        with heeding_stop() as stop_now:
            outcome = verb(progress_line(time.perf_counter(), stop_now))
        if as_json:
            # tried here: a number that is none is a defect of ours, and told as one
            json_text(outcome.document)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort: every failure becomes an exit code
        _show_traceback(wanted=debug and not isinstance(error, KeyboardInterrupt))
        if was_stopped(error):
            return _failed(STOPPED, INTERRUPTED, LEFT_CLEAN)
        if isinstance(error, (InputRefusedError, TemplateGenError)):
            return _failed(refusal_of(error), REFUSED, f"refused: {error}")
        return _failed(defect_of(error), DEFECT, _defect_words(error))
    rejected = outcome.document.get("verdict") == "rejected"
    return _Ending(outcome, REJECTED if rejected else DONE)


def _failed(error: Refusal, code: int, words: str) -> _Ending:
    if words:
        print(words, file=sys.stderr)
    return _Ending(Outcome({"error": asdict(error), "exit_code": code}, ()), code, error.code)


def _defect_words(error: BaseException) -> str:
    text = f"a defect of this program: {type(error).__name__}: {error}"
    return f"{text}\nplease report it with the command; --debug shows more"


def run_app(app: Callable[..., Any], name: str, argv: Sequence[str]) -> int:
    """Run an application; wrong usage and what goes wrong outside of a command are told too.

    Parameters
    ----------
    app : callable
        The commands, as typer puts them together.
    name : str
        What the program is called.
    argv : sequence of str
        Its arguments.

    Returns
    -------
    int
        The exit code.
    """
    try:
        code = app(args=list(argv), prog_name=name, standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last resort, as above
        _show_traceback(wanted="--debug" in argv and not hasattr(error, "format_message"))
        ending = _parser_ending(error, name, argv)
        if "--json" in argv:
            say(json_text(ending.outcome.document))
        return ending.code
    return code if isinstance(code, int) else DONE


def _parser_ending(error: Exception, name: str, argv: Sequence[str]) -> _Ending:
    """Tell wrong usage in the words of the parser, and anything else as a defect."""
    from template_gen import was_stopped

    show, message = getattr(error, "show", None), getattr(error, "format_message", None)
    if was_stopped(error):
        return _failed(STOPPED, INTERRUPTED, LEFT_CLEAN)
    if show is None or message is None:
        return _failed(defect_of(error), DEFECT, _defect_words(error))
    show()
    command = str(getattr(getattr(error, "ctx", None), "command_path", name))
    return _failed(usage_of(str(message()), command, argv), REFUSED, "")


def _show_traceback(*, wanted: bool) -> None:
    if wanted:
        traceback.print_exc()


def verdict_lines(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Write a verdict and its reasons for a person.

    Parameters
    ----------
    document : mapping
        With ``verdict`` and ``reasons``.

    Returns
    -------
    tuple of str
        One line each.
    """
    reasons = (f"  - {item['message']} [{item['code']}]" for item in document.get("reasons", ()))
    return (f"verdict: {document['verdict']}", *reasons)


def kept_lines(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Say where the earlier version of a file that was replaced is kept.

    Parameters
    ----------
    document : mapping
        With ``kept_earlier``, where there was one.

    Returns
    -------
    tuple of str
        One line or none.
    """
    kept = document.get("kept_earlier")
    return () if kept is None else (f"the earlier one is kept: {kept}",)
