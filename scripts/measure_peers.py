"""Measure what SimpleITK's series reader makes of every fault that the gate stops.

Each fault is put into a clean series at the sixth of its sixteen slices; the reader runs in a
process of its own, so that what it prints can be seen and what kills it kills nothing else::

    python scripts/measure_peers.py        # writes docs/reference/peers.toml
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.hostile.fault_list import FAULTS
from tests.hostile.series import clean_series
from tests.navigator.io.dicom_writer import write_files

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs" / "reference" / "peers.toml"
PLACE = 5

READ = """
import sys
import SimpleITK as sitk
reader = sitk.ImageSeriesReader()
names = reader.GetGDCMSeriesFileNames(sys.argv[1])
if not names:
    raise SystemExit("no series found")
reader.SetFileNames(names)
print(reader.Execute().GetSize())
"""
"""How its own documentation reads a series: the first one found in the folder."""


def reaction_to(folder: Path) -> str:
    """Let the reader read a folder: ``raises``, ``warns`` or ``is silent``."""
    done = subprocess.run(  # noqa: S603 - our own program, in files that we wrote
        [sys.executable, "-c", READ, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return "raises"
    return "warns" if done.stderr.strip() else "is silent"


def main() -> None:
    """Measure every fault and write the figures."""
    lines = [f'reader = "SimpleITK {version("simpleitk")}"', "", "[reaction]"]
    for fault in FAULTS:
        with tempfile.TemporaryDirectory() as name:
            slices = clean_series()
            fault.inject(slices, PLACE)
            paths = write_files(slices, Path(name))
            if fault.damage is not None:
                fault.damage(paths, PLACE)
            lines.append(f'"{fault.name}" = "{reaction_to(Path(name))}"')
    FIGURES.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
