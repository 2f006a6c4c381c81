"""TotalSegmentator, run as a program of its own through files; nothing of it is imported here.

Wasserthal J et al., 2023, doi:10.1148/ryai.230024. Its reports of use are switched off by the only
switch that it has: a configuration of its own in a folder that lives as long as the run.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from navigator.errors import FileRefusedError
from navigator.io.stored import inflate_start
from navigator.io.structures import load_label_map
from navigator.io.structures.label_reading import labels_in, read_label_image
from navigator.io.volumes import save_scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from navigator.io.structures.requested import Wanted
    from navigator.model.anatomy import LabelMap
    from navigator.model.volume import Volume

PROGRAM = "TotalSegmentator"
LIMIT_S = 3600.0
"""A whole trunk takes minutes on a graphics card, and up to an hour without one."""

CONFIG = {"totalseg_id": "none", "send_usage_stats": False, "prediction_counter": 0}
HEADER_BYTES = 1 << 20
LABEL = re.compile(rb'<Label Key="(\d{1,5})"[^>]*><!\[CDATA\[(\w{1,60})\]\]></Label>')
"""How its files name their labels (the label table of a Caret extension in the NIfTI header)."""

GROUPS = (
    (
        "bone",
        r"(rib|vertebrae|hip|femur|humerus|scapula|clavicula)_.*|sacrum|sternum|skull",
    ),
    ("cartilage", r"costal_cartilages"),
    ("lung", r"lung_.*"),
    ("airway", r"trachea"),
    ("bowel", r"stomach|duodenum|small_bowel|colon"),
    ("large vessel", r"aorta|.*_vein.*|.*_artery.*|.*vena.*|brachiocephalic_trunk|atrial_.*"),
    ("kidney", r"kidney_(left|right)"),
    ("adrenal gland", r"adrenal_gland_.*"),
    ("", r"gluteus_.*|autochthon_.*|iliopsoas_.*"),
)
"""Its classes in our words; muscles stay unlabelled, every other class keeps its own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Which program is run, and for how long.

    Parameters
    ----------
    command : str
        Name or path of the program.
    limit_s : float
        After so many seconds it is ended.
    """

    command: str = PROGRAM
    limit_s: float = LIMIT_S


def run_totalsegmentator(
    volume: Volume, backend: Backend, *, environment: Mapping[str, str] | None = None
) -> LabelMap:
    """Let TotalSegmentator segment a scan.

    Parameters
    ----------
    volume : Volume
        A rectilinear CT scan.
    backend : Backend
        The program.
    environment : mapping of str to str, optional
        Its environment; by default this process's own.

    Returns
    -------
    LabelMap
        On the scan's grid, under our names. Intrahepatic vessels and tumours are not among its
        classes.

    Raises
    ------
    FileRefusedError
        If the program or its weights are not there, it fails, does not end, or names no labels.
    GeometryRefusedError
        If it writes another grid than that of the scan.
    StructureRefusedError
        If what it writes are no labels.
    """
    surroundings = dict(os.environ if environment is None else environment)
    program = shutil.which(backend.command, path=surroundings.get("PATH"))
    if program is None:
        raise _refused(
            "backend-missing",
            f"The program {PROGRAM} is not there",
            expected="its name on the PATH, or its path by --backend-command",
            got=backend.command,
            next_step="install it in an environment of its own and give its path, or use the "
            "built-in segmentation",
        )
    weights = _weights(surroundings)
    with TemporaryDirectory(prefix="navigator-") as name:
        folder = Path(name)
        (folder / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
        surroundings |= {"TOTALSEG_HOME_DIR": name, "TOTALSEG_WEIGHTS_PATH": str(weights)}
        scan, out = folder / "scan.nii.gz", folder / "labels.nii.gz"
        save_scan(volume, scan)
        _run(
            [program, "-i", str(scan), "-o", str(out), "--ml", "--task", "total"],
            surroundings,
            folder,
            backend.limit_s,
        )
        return _labels_in(out, volume)


def _weights(surroundings: Mapping[str, str]) -> Path:
    """Find the weights where the program itself would look, for it fetches them where not."""
    home = surroundings.get("TOTALSEG_HOME_DIR") or str(
        Path(surroundings.get("HOME", "~")).expanduser() / ".totalsegmentator"
    )
    told = surroundings.get("TOTALSEG_WEIGHTS_PATH")
    weights = Path(told) if told else Path(home) / "nnunet" / "results"
    if not weights.is_dir():
        raise _refused(
            "backend-no-weights",
            f"The weights of {PROGRAM} are not there, and are not fetched while a patient waits",
            expected="a folder with weights",
            got=str(weights),
            next_step="run totalseg_download_weights -t total once, or set TOTALSEG_WEIGHTS_PATH",
        )
    return weights


def _run(
    arguments: list[str], surroundings: Mapping[str, str], folder: Path, limit_s: float
) -> None:
    """Run the program, and end it with all that it started when its time is over."""
    log = folder / "log.txt"
    with log.open("wb") as stream:
        try:
            process = subprocess.Popen(  # noqa: S603 - the program that the caller chose, no shell
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=surroundings,
                start_new_session=True,
            )
        except OSError as error:
            raise _failed(f"cannot be started: {error}") from error
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise _refused(
                "backend-timeout",
                f"{PROGRAM} did not end in time and was stopped",
                expected=f"an end within {limit_s:.0f} s",
                got="none",
                next_step="use a machine with a graphics card, or the built-in segmentation",
            ) from None
        finally:
            # its children go with it, also after Ctrl-C
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if code:
        lines = log.read_bytes()[-2000:].decode("utf-8", "replace").strip().splitlines()
        raise _failed(f"exit code {code}: {lines[-1][:200] if lines else 'no word'}")


def _labels_in(out: Path, volume: Volume) -> LabelMap:
    """Read what was written, by the names that the file itself gives."""
    if not out.is_file():
        raise _failed("it ended well and wrote nothing")
    present = {value for layer in read_label_image(out).layers for value in labels_in(layer)}
    with out.open("rb") as stream:
        header = inflate_start(stream, HEADER_BYTES)
    names = {int(key): name.decode("ascii", "replace") for key, name in LABEL.findall(header)}
    unnamed = sorted(present - set(names))
    if unnamed or not present:
        raise _failed(f"labels without a name: {unnamed[:8]}" if unnamed else "an empty label map")
    labels: dict[str, Wanted] = {}
    for value in sorted(present):
        name = our_name(names[value])
        if name:
            known = labels.setdefault(name, [])
            assert isinstance(known, list)  # noqa: S101 - made so one line above
            known.append(value)
    return load_label_map(out, labels, volume.grid)


def our_name(their_name: str) -> str:
    """Translate a class of TotalSegmentator.

    Parameters
    ----------
    their_name : str
        As its files call it.

    Returns
    -------
    str
        As requests call it; empty for muscles.

    Examples
    --------
    >>> our_name("rib_left_7"), our_name("inferior_vena_cava"), our_name("gallbladder")
    ('bone', 'large vessel', 'gallbladder')
    """
    for name, pattern in GROUPS:
        if re.fullmatch(pattern, their_name):
            return name
    return their_name.replace("_", " ")


def _failed(got: str) -> FileRefusedError:
    return _refused(
        "backend-failed",
        f"{PROGRAM} did not do its work",
        expected="a label map on the voxels of the scan, with named labels",
        got=got,
        next_step="run it by hand on the same scan to see what it says, or use the built-in "
        "segmentation",
    )


def _refused(code: str, what: str, *, expected: str, got: str, next_step: str) -> FileRefusedError:
    return FileRefusedError(
        code=code,
        what=what,
        where="--backend totalsegmentator",
        expected=expected,
        got=got,
        next_step=next_step,
    )
