"""What a command says: one JSON object, failures as documents, and what it left untouched."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from navigator.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LONGEST_GOT = 500
"""Letters of an error's own text that are repeated: a message that a person can read."""

STOPPED = Refusal(
    code="interrupted",
    what="The command was stopped",
    where="navigator",
    expected="to be left until it ends",
    got="Ctrl-C",
    next_step="give the command again; nothing half written was left",
)


def json_text(document: Mapping[str, Any]) -> str:
    """Write the one JSON object, in ASCII where standard output can hold nothing else.

    Parameters
    ----------
    document : mapping
        Of plain values.

    Returns
    -------
    str
        JSON.

    Raises
    ------
    ValueError
        If a number is not finite.
    TypeError
        If a value has no form in JSON.
    """
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False)
    return text


def say(text: str) -> None:
    """Print on standard output, whatever letters it can hold.

    Parameters
    ----------
    text : str
        One line or more.
    """
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))


def refusal_of(error: BaseException) -> Refusal:
    """Take the parts of a refusal out of an error of any of our packages.

    Parameters
    ----------
    error : BaseException
        With a `refusal`.

    Returns
    -------
    Refusal
        Its six parts as text.
    """
    told = getattr(error, "refusal", None)
    parts = ("code", "what", "where", "expected", "got", "next_step")
    return Refusal(**{part: str(getattr(told, part, "")) for part in parts})


def defect_of(error: BaseException) -> Refusal:
    """Describe a defect of ours.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    Refusal
        For the error document.
    """
    return Refusal(
        code="internal-defect",
        what="A defect of this program",
        where="navigator",
        expected="an answer, or a refusal that says why",
        got=f"{type(error).__name__}: {error}"[:LONGEST_GOT],
        next_step="report it with the command; --debug shows more",
    )


def was_stopped(error: BaseException) -> bool:
    """Tell whether an error is Ctrl-C in the words of a library that it met half-way.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    bool
        Whether KeyboardInterrupt is among its direct causes.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__
    return False


def usage_of(message: str, command: str, argv: Sequence[str]) -> Refusal:
    """Describe wrong usage.

    Parameters
    ----------
    message : str
        In the words of the parser.
    command : str
        The command that was meant.
    argv : sequence of str
        What was given.

    Returns
    -------
    Refusal
        For the error document.
    """
    return Refusal(
        code="usage",
        what=message,
        where=command,
        expected=f"what `{command} --help` shows",
        got=" ".join(argv)[:LONGEST_GOT] or "nothing",
        next_step=f"{command} --help",
    )


def identity_of(out: Path | None) -> tuple[int, int] | None:
    """Name what lies at a path, so that what replaced it is told apart.

    Parameters
    ----------
    out : Path or None
        File or folder that a command writes.

    Returns
    -------
    tuple of int or None
        None where nothing lies there, or an empty folder.
    """
    try:
        if out is None or (out.is_dir() and not any(out.iterdir())):
            return None
        found = out.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
