"""The backend is another program: what it does is checked, and what goes wrong is told."""

from __future__ import annotations

import gzip
import json
import os
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from navigator.errors import InputRefusedError
from navigator.io.backends import Backend, our_name, run_totalsegmentator
from navigator.model.volume import Volume
from tests.navigator.imaging.digitised import upright_grid

if TYPE_CHECKING:
    from collections.abc import Callable

FAKE = """#!{python}
import gzip, json, os, struct, subprocess, sys, time
from pathlib import Path
import numpy as np
import SimpleITK as sitk
Path({told!r}).write_text(json.dumps({{
    "argv": sys.argv[1:],
    "config": json.loads((Path(os.environ["TOTALSEG_HOME_DIR"]) / "config.json").read_text()),
    "weights": os.environ["TOTALSEG_WEIGHTS_PATH"],
}}))
image = sitk.ReadImage(sys.argv[sys.argv.index("-i") + 1])
out = sys.argv[sys.argv.index("-o") + 1]
values = (sitk.GetArrayFromImage(image) > 0).astype("uint8") * 5
values[0, 0, :6] = [92, 104, 52, 80, 4, 0]
{deed}
labels = sitk.GetImageFromArray(values)
labels.CopyInformation(image)
sitk.WriteImage(labels, out)
raw = bytearray(gzip.open(out, "rb").read())
names = {names!r}
table = "".join('<Label Key="%d" Red="0"><![CDATA[%s]]></Label>' % item for item in names.items())
size = (8 + len(table) + 15) // 16 * 16
start = struct.pack("<f", 352.0 + size)
extension = struct.pack("<2i", size, 0) + table.encode().ljust(size - 8, bytes(1))
raw = raw[:108] + start + raw[112:348] + b"\\1\\0\\0\\0" + extension + raw[352:]
gzip.open(out, "wb").write(bytes(raw))
"""
NAMES = {
    5: "liver",
    92: "rib_left_1",
    104: "rib_right_1",
    52: "aorta",
    80: "gluteus_maximus_left",
    4: "gallbladder",
}


@pytest.fixture
def volume() -> Volume:
    grid = upright_grid((6, 8, 10), (2.5, 1.0, 1.0), (-5.0, 7.0, -100.0))
    values = np.full(grid.shape_kji, -100.0, dtype=np.float32)
    values[2:4, 2:6, 3:8] = 100.0
    return Volume(values, grid)


@pytest.fixture
def backend(tmp_path: Path) -> Callable[..., tuple[Backend, dict[str, str], Path]]:
    """Give a maker of programs that behave like TotalSegmentator, up to one deed."""
    (tmp_path / "weights").mkdir()

    def make(
        deed: str = "", names: dict[int, str] = NAMES, limit_s: float = 60.0
    ) -> tuple[Backend, dict[str, str], Path]:
        program, told = tmp_path / "TotalSegmentator", tmp_path / "told.json"
        text = FAKE.format(python=sys.executable, told=str(told), deed=deed, names=names)
        program.write_text(text, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        environment = {**os.environ, "TOTALSEG_WEIGHTS_PATH": str(tmp_path / "weights")}
        return Backend(command=str(program), limit_s=limit_s), environment, told

    return make


def refusal_code(volume: Volume, made: tuple[Backend, dict[str, str], Path]) -> str:
    with pytest.raises(InputRefusedError) as caught:
        run_totalsegmentator(volume, made[0], environment=made[1])
    return caught.value.refusal.code


def test_its_labels_come_back_under_our_names(
    volume: Volume, backend: Callable[..., tuple[Backend, dict[str, str], Path]]
) -> None:
    program, environment, _ = backend()
    labels = run_totalsegmentator(volume, program, environment=environment)
    assert set(labels.names) == {"bone", "gallbladder", "large vessel", "liver"}
    assert labels.grid is volume.grid
    assert np.array_equal(labels.mask("liver").members[1:], (volume.values_hu > 0)[1:])
    assert labels.mask("bone").members.sum() == 2


@pytest.mark.hazard(60)
def test_it_reports_no_use_and_fetches_no_weights(
    volume: Volume, backend: Callable[..., tuple[Backend, dict[str, str], Path]], tmp_path: Path
) -> None:
    program, environment, told = backend()
    run_totalsegmentator(volume, program, environment=environment)
    word = json.loads(told.read_text(encoding="utf-8"))
    assert word["config"]["send_usage_stats"] is False
    assert word["weights"] == str(tmp_path / "weights")
    assert word["argv"][-3:] == ["--ml", "--task", "total"]
    assert not Path(word["argv"][1]).exists()
    assert (
        refusal_code(volume, (program, environment | {"TOTALSEG_WEIGHTS_PATH": "/nowhere"}, told))
        == "backend-no-weights"
    )


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("sys.exit('no memory')", "backend-failed"),
        ("sys.exit(0)", "backend-failed"),
        ("Path(out).write_bytes(b'garbage' * 99); sys.exit(0)", "unreadable-file"),
        ("values = values[:-1]; image = image[:, :, :-1]", "label-map-not-on-scan"),
        ("image.SetOrigin((0, 0, 0))", "label-map-not-on-scan"),
        ("values[:] = 0", "backend-failed"),
        ("values[0, 0, 0] = 200", "backend-failed"),
        ("values = values * 0.5", "not-labels"),
    ],
)
def test_whatever_it_does_wrong_is_refused(
    volume: Volume,
    backend: Callable[..., tuple[Backend, dict[str, str], Path]],
    deed: str,
    code: str,
) -> None:
    assert refusal_code(volume, backend(deed)) == code


def test_a_program_that_hangs_is_ended_with_its_children(
    volume: Volume, backend: Callable[..., tuple[Backend, dict[str, str], Path]], tmp_path: Path
) -> None:
    mark = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(6); pathlib.Path({str(mark)!r}).touch()"
    deed = f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    start = time.monotonic()
    assert refusal_code(volume, backend(deed, limit_s=3.0)) == "backend-timeout"
    assert time.monotonic() - start < 30.0
    time.sleep(5.0)
    assert not mark.exists()


def test_a_program_that_is_not_there_is_named(volume: Volume) -> None:
    with pytest.raises(InputRefusedError) as caught:
        run_totalsegmentator(volume, Backend(command="no-such-program"))
    assert caught.value.refusal.code == "backend-missing"
    assert "no-such-program" in caught.value.refusal.got


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("vertebrae_T12", "bone"),
        ("costal_cartilages", "cartilage"),
        ("lung_upper_lobe_left", "lung"),
        ("portal_vein_and_splenic_vein", "large vessel"),
        ("iliac_vena_left", "large vessel"),
        ("colon", "bowel"),
        ("autochthon_left", ""),
        ("urinary_bladder", "urinary bladder"),
        ("kidney_cyst_left", "kidney cyst left"),
    ],
)
def test_classes_are_translated(theirs: str, ours: str) -> None:
    assert our_name(theirs) == ours


@pytest.mark.real_data
def test_the_labels_of_a_real_file_carry_names(real_data: Path) -> None:
    from navigator.io.backends import HEADER_BYTES, LABEL  # noqa: PLC0415 - of this test alone

    path = real_data / "totalseg_abdomen" / "example_seg_fast_force_split.nii.gz"
    with gzip.open(path) as stream:
        names = dict(LABEL.findall(stream.read(HEADER_BYTES)))
    assert names[b"5"] == b"liver"
    assert len(names) == 117
