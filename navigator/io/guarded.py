"""A foreign reader in a child process with limits: what it breaks, it breaks there.

The child is one file that imports nothing of this package, started as ``python -I FILE``; it
limits itself before it opens anything, and answers in JSON. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from navigator.errors import FileRefusedError
from navigator.io.caps import CHILD_BYTES, DECODE_SECONDS, MOST_ANSWER_BYTES

if TYPE_CHECKING:
    from pathlib import Path

KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
}
"""Each thread takes address space of its own, and the limit counts it."""


def read_guarded(reader: Path, path: Path, *, seconds: float = DECODE_SECONDS) -> Any:  # noqa: ANN401 - JSON
    """Let a reader read a file in a process of its own.

    Memory, processor time, file size, open files and core dumps are limited where the system
    knows such limits; on Windows wall time alone is.

    Parameters
    ----------
    reader : Path
        A Python file; called with the path, bytes of memory and seconds.
    path : Path
        The file to be read.
    seconds : float
        Wall time.

    Returns
    -------
    object
        What the reader answered, parsed from JSON; no number in it is NaN or infinite.

    Raises
    ------
    FileRefusedError
        ``reader-crashed``, ``reader-timed-out``, ``reader-out-of-memory``,
        ``reader-answered-nonsense``, or ``unreadable-file`` where the reader itself refuses.
    """
    command = [sys.executable, "-I", str(reader), os.fspath(path.resolve())]
    command += [str(CHILD_BYTES), str(int(seconds) + 1)]
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    with tempfile.TemporaryDirectory() as nowhere, tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and file; no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                cwd=nowhere,
                env=kept | ONE_THREAD,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise reader_failed(path, "timed-out", f"no answer within {seconds:g} s") from error
        answer.seek(0)
        text = answer.read(MOST_ANSWER_BYTES + 1)
    if done.returncode != 0:
        raise reader_failed(path, "crashed", f"exit code {done.returncode}")
    return parse_answer(path, text)


def parse_answer(path: Path, text: bytes) -> Any:  # noqa: ANN401 - JSON
    """Parse what the child answered: it read a hostile file, and is not believed.

    Parameters
    ----------
    path : Path
        The file that it read, for the message.
    text : bytes
        All that it wrote.

    Returns
    -------
    object
        Parsed from JSON; no number in it is NaN or infinite.

    Raises
    ------
    FileRefusedError
        ``reader-answered-nonsense``, ``reader-out-of-memory``, or ``unreadable-file`` where the
        reader itself refuses.
    """
    if len(text) > MOST_ANSWER_BYTES:
        raise reader_failed(path, "answered-nonsense", "an answer that is far too long")
    try:
        answer = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise reader_failed(path, "answered-nonsense", str(error)[:200]) from error
    if isinstance(answer, dict) and answer.get("out_of_memory"):
        raise reader_failed(path, "out-of-memory", f"more than {CHILD_BYTES} bytes")
    if isinstance(answer, dict) and "error" in answer:
        raise FileRefusedError(
            code="unreadable-file",
            what="The file cannot be read",
            where=str(path),
            expected="a complete file of its kind",
            got=" ".join(str(answer["error"]).split())[:200] or "no reason given",
            next_step="export it again",
        )
    return answer


def _no_number(text: str) -> float:
    """Refuse NaN and infinity."""
    raise ValueError(f"{text} among the numbers")


def reader_failed(path: Path, how: str, got: str) -> FileRefusedError:
    """Refuse a file on which the reader failed.

    Parameters
    ----------
    path : Path
        The file.
    how : str
        ``crashed``, ``timed-out``, ``out-of-memory`` or ``answered-nonsense``.
    got : str
        What was seen of it.

    Returns
    -------
    FileRefusedError
        To be raised, code ``reader-`` and `how`.
    """
    return FileRefusedError(
        code=f"reader-{how}",
        what="The reader of this file failed, and was stopped in its own process",
        where=str(path),
        expected=f"an answer within {DECODE_SECONDS:g} s and {CHILD_BYTES >> 20} MiB",
        got=got,
        next_step="do not use this file; export the transform again, as .tfm if you can",
    )
