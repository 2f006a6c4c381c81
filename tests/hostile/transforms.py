"""HDF5 transforms for the fuzzer: the program's reading, with a child for each batch of files."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import SimpleITK as sitk

from navigator.errors import InputRefusedError
from navigator.io.caps import CHILD_BYTES, DECODE_SECONDS
from navigator.io.guarded import KEPT_VARIABLES, ONE_THREAD, parse_answer, reader_failed
from navigator.io.transforms import foreign
from tests.hostile.mutations import BINARY, mutated

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

WORKER = Path(__file__).with_name("native_worker.py")


class WrongNumberError(AssertionError):
    """A transform with a number that does not stand in its file."""


def itk_transform() -> sitk.Transform:
    """Give a composite of two rigid motions."""
    turn = sitk.Euler3DTransform((10.0, 20.0, 30.0), 0.1, 0.2, -0.3, (1.0, -2.0, 30.5))
    versor = sitk.VersorRigid3DTransform((0.0, 0.6, 0.8), 0.25, (1.0, 2.0, 3.0), (5.0, 5.0, 5.0))
    return sitk.CompositeTransform([turn, versor])


def points_of(transform: sitk.Transform) -> np.ndarray:
    """Carry the corners of a tetrahedron with SimpleITK."""
    tips = [(0.0, 0.0, 0.0), (100.0, 0.0, 0.0), (0.0, 100.0, 0.0), (0.0, 0.0, 100.0)]
    return np.array([transform.TransformPoint(tip) for tip in tips])


def carried(matrix: np.ndarray) -> np.ndarray:
    """Carry the same corners with a matrix."""
    tips = np.vstack([np.zeros(3), 100.0 * np.eye(3)])
    return tips @ matrix[:3, :3].T + matrix[:3, 3]


def sample_h5(folder: Path) -> bytes:
    """Give an HDF5 transform as ITK writes it."""
    sitk.WriteTransform(itk_transform(), str(folder / "written.h5"))
    return (folder / "written.h5").read_bytes()


class BatchReader:
    """Stands in for the guarded child: same function, limits and environment; many files."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", str(WORKER), str(foreign.NATIVE_READER)]
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            [*command, str(CHILD_BYTES), str(int(DECODE_SECONDS) + 1)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=kept | ONE_THREAD,
            cwd="/",
        )
        self.answer: Any = None

    def __call__(self, reader: Path, path: Path) -> Any:  # noqa: ANN401 - JSON
        """Read a file as ``read_guarded`` does, and refuse it in the same words."""
        assert reader == foreign.NATIVE_READER
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(os.fsencode(path))
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line.startswith(b'{"ended"'):
            raise reader_failed(path, "crashed", f"exit code {json.loads(line)['ended']}")
        self.answer = parse_answer(path, line)
        return self.answer

    def close(self) -> None:
        """Let the worker end."""
        self.process.communicate()


def check_numbers(content: bytes, answer: Any) -> None:  # noqa: ANN401 - JSON
    """Break the law where numbers that were read do not stand in the file, side by side."""
    for name, *lists in answer["parts"]:
        for numbers in lists:
            said = list(numbers)
            if name == "Euler3DTransform" and len(said) == 4:
                # the order of turning: zero or not is all that it says, and ITK makes it 0 or 1
                stood = content.find(struct.pack("<3d", *said[:3])) + 24
                (said[3],) = struct.unpack_from("<d", content.ljust(stood + 8), stood)
                if bool(said[3]) != bool(numbers[3]):
                    raise WrongNumberError(f"{name} turns in another order than the file says")
            if struct.pack(f"<{len(said)}d", *said) not in content:
                raise WrongNumberError(f"{name} {numbers} is not in the file")


def prepare_h5(folder: Path) -> Callable[[Random], str]:
    """Fuzz HDF5 transforms through the program's own reading, with a child for each batch."""
    sample, wanted, numbers = sample_h5(folder), points_of(itk_transform()), count()
    reader = BatchReader()
    foreign.read_guarded = reader  # type: ignore[assignment] - in this process for good

    def attempt(random: Random) -> str:
        content = mutated(sample, random, BINARY)
        # a new file each time: HDF5 may still hold the one before open
        path = folder / f"{next(numbers)}.h5"
        path.write_bytes(content)
        try:
            read = foreign.load_foreign_transform(path)
        finally:
            path.unlink()
        check_numbers(content, reader.answer)
        if np.abs(carried(read.matrix) - wanted).max() < 1e-6:
            return "same"
        return "asked" if foreign.UNVERIFIED in read.findings else "other"

    return attempt


def outcome(path: Path) -> tuple[str, np.ndarray | None]:
    """Give the code of the refusal, or the matrix that was read."""
    try:
        return "read", foreign.load_foreign_transform(path).matrix
    except InputRefusedError as error:
        return error.refusal.code, None
