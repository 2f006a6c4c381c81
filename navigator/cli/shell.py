"""What every command shares: exit codes, one JSON object on standard output, no traceback."""

from __future__ import annotations

import json
import sys
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DONE, DEFECT, REFUSED, REJECTED, INTERRUPTED = 0, 1, 2, 3, 130

JsonOption = typer.Option(False, "--json", help="Print exactly one JSON object.")
DebugOption = typer.Option(False, "--debug", help="Show the traceback of an error.")


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


def progress_line(start_s: float) -> Callable[[str], None]:
    """Tell what is being done on standard error, with the time that has passed.

    Parameters
    ----------
    start_s : float
        ``time.perf_counter()`` at the start.

    Returns
    -------
    callable of str
        Prints one line.
    """

    def tell(text: str) -> None:
        print(f"[{time.perf_counter() - start_s:5.1f} s] {text}", file=sys.stderr, flush=True)

    return tell


def finish(verb: Callable[[Callable[[str], None]], Outcome], *, as_json: bool, debug: bool) -> None:
    """Run a command's work, print its outcome and end with its exit code.

    Parameters
    ----------
    verb : callable
        Takes the progress function and gives the outcome.
    as_json : bool
        Whether ``--json`` was given.
    debug : bool
        Whether ``--debug`` was given.

    Raises
    ------
    typer.Exit
        Always, with the exit code.
    """
    from navigator.errors import InputRefusedError
    from template_gen import TemplateGenError

    try:
        outcome = verb(progress_line(time.perf_counter()))
    except (InputRefusedError, TemplateGenError) as error:
        _show_traceback(wanted=debug)
        _print_refusal(error, as_json=as_json)
        raise typer.Exit(REFUSED) from error
    except KeyboardInterrupt as error:
        print("stopped; nothing half written was left", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from error
    except Exception as error:
        _show_traceback(wanted=debug)
        text = f"a defect of this program: {type(error).__name__}: {error}"
        print(f"{text}\nplease report it with the command; --debug shows more", file=sys.stderr)
        raise typer.Exit(DEFECT) from error
    if as_json:
        print(json.dumps(outcome.document, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(outcome.lines))
    rejected = outcome.document.get("verdict") == "rejected"
    raise typer.Exit(REJECTED if rejected else DONE)


def _show_traceback(*, wanted: bool) -> None:
    if wanted:
        traceback.print_exc()


def _print_refusal(error: Exception, *, as_json: bool) -> None:
    print(f"refused: {error}", file=sys.stderr)
    if as_json:
        refusal = getattr(error, "refusal", None)
        parts = ("code", "what", "where", "expected", "got", "next_step")
        document = {part: str(getattr(refusal, part, "")) for part in parts}
        print(json.dumps({"error": document, "exit_code": REFUSED}, indent=1, ensure_ascii=False))


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
