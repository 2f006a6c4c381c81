"""The reader of HDF5 transforms for thousands of files: ``python -I FILE READER BYTES SECONDS``.

What the guarded child does (its function, its limits, its environment), but for a batch of files,
so that SimpleITK is not loaded for each. A path comes in on standard input, a line of JSON goes
out: the child's answer, or ``{"ended": code}`` where the process ended, and a new one goes on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys

BATCH = 40
"""Files read by one process; few, because what one leaves behind the next may feel."""
NO_MORE = 77
WALL_SECONDS = 50
FILE_SECONDS = 2.0
"""Processor time for one file, which needs 0.005 s. The program allows 6 s, and a batch has as
much; damaged files that loop for ever would cost CI two minutes with that."""


def main() -> None:
    """Keep a process that reads, until no more paths come."""
    source, memory_bytes, seconds = sys.argv[1:4]
    spec = importlib.util.spec_from_file_location("native_reader", source)
    if spec is None or spec.loader is None:
        raise SystemExit(f"no reader at {source}")
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    import SimpleITK  # noqa: F401, PLC0415 - once, for all the processes that follow

    answers = os.dup(1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    while True:
        process = os.fork()
        if process == 0:
            reader.limit_this_process(int(memory_bytes), int(seconds))
            for _ in range(BATCH):
                path = os.read(0, 4096).decode()
                if not path:
                    os._exit(NO_MORE)
                signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
                signal.setitimer(signal.ITIMER_PROF, FILE_SECONDS)
                os.write(answers, json.dumps(reader.answer_for(path)).encode() + b"\n")
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        if code == NO_MORE:
            return
        if code != 0:
            os.write(answers, json.dumps({"ended": code}).encode() + b"\n")


if __name__ == "__main__":
    main()
