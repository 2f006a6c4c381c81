"""The child process that reads a transform with SimpleITK: ``python -I FILE PATH BYTES SECONDS``.

It imports nothing of this package, so that it starts wherever SimpleITK does. One JSON object
goes to standard output: ``{"parts": [[name, parameters, fixed parameters], ...]}``, or an error.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

MOST_NUMBERS = 64
"""More parameters than any rigid motion has; a deformation has millions, its name is enough."""
MOST_PARTS = 16
OPEN_FILES = 64
LARGEST_FILE_BYTES = 1 << 20


def limit_this_process(memory_bytes: int, seconds: int) -> None:
    """Take away what a reader of a small file does not need.

    Parameters
    ----------
    memory_bytes : int
        Address space.
    seconds : int
        Processor time.
    """
    try:
        import resource  # noqa: PLC0415 - Windows has none; there wall time alone is limited
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, LARGEST_FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))


def parts_of_file(path: str) -> list[list[Any]]:
    """Read a transform file.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    list of [str, list of float, list of float]
        Name, parameters and fixed parameters; the transform applied last stands first.
    """
    import SimpleITK as sitk  # noqa: PLC0415 - after the limits

    parts: list[list[Any]] = []
    _collect(sitk, sitk.ReadTransform(path), parts)
    return parts


def _collect(sitk: Any, transform: Any, parts: list[list[Any]]) -> None:  # noqa: ANN401 - no types
    """List the parts of a transform, composites opened."""
    if len(parts) >= MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS} transforms in one file")
    name = transform.GetName()
    if name.startswith("Composite"):
        whole = sitk.CompositeTransform(transform)
        for number in range(whole.GetNumberOfTransforms()):
            _collect(sitk, whole.GetNthTransform(number), parts)
        return
    few = transform.GetNumberOfParameters() <= MOST_NUMBERS
    numbers = list(transform.GetParameters()) if few else []
    fixed = list(transform.GetFixedParameters()) if few else []
    parts.append([name, numbers, fixed[:MOST_NUMBERS]])


def answer_for(path: str) -> dict[str, Any]:
    """Read a transform file, and say so where it cannot be read.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    dict
        ``parts``, or ``error`` with a reason, or ``out_of_memory``.
    """
    try:
        return {"parts": parts_of_file(path)}
    except MemoryError:
        return {"out_of_memory": True}
    except (RuntimeError, ValueError, TypeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return {"error": lines[-1] if lines else "no reason given"}


def main() -> None:
    """Read the file named and answer."""
    path, memory_bytes, seconds = sys.argv[1:4]
    limit_this_process(int(memory_bytes), int(seconds))
    # what native code prints must not mix with the answer
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    json.dump(answer_for(path), answer)
    answer.close()


if __name__ == "__main__":
    main()
