"""A real archive takes every object over DICOMweb and gives the same bytes back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.programs import find_program, give_up

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SESSION = Path(__file__).with_name("orthanc_session.py")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
LONGEST_S = 120


def own_network() -> list[str]:
    """Give the words that run a program in a network of its own; skip where none may be made."""
    unshare = find_program("unshare")
    ways = ([unshare, "--net"], [unshare, "--user", "--map-root-user", "--net"])
    for way in ways:
        tried = subprocess.run(  # noqa: S603 - the test's own arguments
            [*way, find_program("ip"), "link", "set", "lo", "up"], capture_output=True, check=False
        )
        if tried.returncode == 0:
            break
    else:
        give_up("this machine lets nobody make a network of its own")
    return way


@pytest.mark.opens(
    "segmentation",
    "structure set",
    "plan report",
    "patient registration",
    "plate registration",
    "deformable registration",
    "plate",
    "report",
    by="Orthanc",
)
@pytest.mark.hazard(53)
def test_everything_is_stored_and_fetched_unchanged(
    objects: dict[str, Dataset], object_files: dict[str, Path], tmp_path: Path
) -> None:
    orthanc = find_program("Orthanc")
    if not PLUGIN.is_file():
        give_up("the DICOMweb plugin is not installed; it comes with orthanc-dicomweb")
    uids = {str(object_files[kind]): str(objects[kind].SOPInstanceUID) for kind in objects}
    (tmp_path / "uids.json").write_text(json.dumps(uids), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - the test's own arguments
        [
            *(*own_network(), sys.executable, str(SESSION), orthanc, str(PLUGIN)),
            *(str(tmp_path), str(tmp_path / "uids.json")),
        ],
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    log = tmp_path / "orthanc.log"
    said = log.read_text("utf-8", "replace")[-2000:] if log.exists() else "no log"
    assert done.returncode == 0, f"{done.stderr[-2000:]}\n{said}"
    answer = json.loads(done.stdout)
    assert answer["failed"] == []
    assert len(answer["results"]) == len(objects)
    for name, result in answer["results"].items():
        assert result["same_bytes"], name
        assert result["patient"] == "STUDY-007"
