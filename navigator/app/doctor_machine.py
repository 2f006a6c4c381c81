"""The machine itself: memory, cores, the disk under a folder, and programs beside this one."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from navigator.app.doctor_checks import Check, Status

GIB = 1024**3
LEAST_FREE_GIB = 1.0
"""A thousand slices are half a gigabyte, and as much again when they are converted."""
GOOD_MEMORY_GIB = 4.0
"""`navigator demo` takes 1.3 GiB; a scan of more slices takes more."""
CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says how much of the machine's memory a container may use."""

PROGRAMS = {
    "dciodvfy": ("checks the DICOM objects that are written", "dicom3tools"),
    "Orthanc": ("an archive to send scans and results to", "orthanc orthanc-dicomweb"),
    "TotalSegmentator": ("outlines organs, as a program of its own", ""),
    "prusa-slicer": ("turns a template's mesh into a print", "prusa-slicer"),
}
"""Programs that are used where they are there: what for, and their Debian packages."""


def check_folder(folder: Path) -> list[Check]:
    """Write to a folder, and see how much room it has.

    Parameters
    ----------
    folder : Path
        Where results shall be.

    Returns
    -------
    list of Check
        Both needed.
    """
    elsewhere = "work in a folder that is yours, or ask who runs this machine"
    probe = folder / f".doctor.{os.getpid()}.part"
    try:
        probe.write_bytes(b"written")
        written = Check("writing here", Status.OK, str(folder.resolve()))
    except OSError as error:
        why = f"{folder}: {error.strerror}"
        return [Check("writing here", Status.MISSING, why, elsewhere)]
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    free_gib = shutil.disk_usage(folder).free / GIB
    found = f"{free_gib:.1f} GiB free"
    if free_gib < LEAST_FREE_GIB:
        more = f"free some room: {LEAST_FREE_GIB:.0f} GiB are needed"
        return [written, Check("room on the disk", Status.MISSING, found, more)]
    return [written, Check("room on the disk", Status.OK, found)]


def check_memory() -> Check:
    """See how much memory this process may use.

    Returns
    -------
    Check
        Low below 4 GiB; a machine that does not say is taken as it is.
    """
    memory_bytes = _memory_bytes()
    if memory_bytes is None:
        return Check("memory", Status.OK, "unknown", needed=False)
    found = f"{memory_bytes / GIB:.1f} GiB"
    if memory_bytes < GOOD_MEMORY_GIB * GIB:
        more = f"close other programs, or use a machine with {GOOD_MEMORY_GIB:.0f} GiB"
        return Check("memory", Status.LOW, found, more)
    return Check("memory", Status.OK, found)


def check_cores() -> Check:
    """Count the cores.

    Returns
    -------
    Check
        One is enough.
    """
    return Check("cores", Status.OK, str(os.cpu_count() or "unknown"), needed=False)


def check_programs() -> list[Check]:
    """Look for the programs that are used where they are there.

    Returns
    -------
    list of Check
        None of them needed.
    """
    return [_check_program(name, *about) for name, about in PROGRAMS.items()]


def _check_program(name: str, use: str, packages: str) -> Check:
    place = shutil.which(name)
    if place is not None:
        return Check(name, Status.OK, place, needed=False)
    step = f"only where it is wanted ({use}): "
    step += f"apt-get install {packages}" if packages else "install it in an environment of its own"
    return Check(name, Status.MISSING, "not on the PATH", step, needed=False)


def _memory_bytes() -> int | None:
    """Ask the system for its memory, and the container for what it may use of it."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    limits = [machine]
    for place in CGROUP_LIMITS:
        try:
            limits.append(int(place.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return min(limits)
