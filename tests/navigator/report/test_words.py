"""What a person reads is the number: it parses back, whole, with its sign and its unit."""

from __future__ import annotations

import itertools
import json
import locale
import os
import re
import shutil
import subprocess
import sys
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform, matrix_from_rotation_and_shift
from navigator.model.placement import (
    TemplatePlacement,
    angles_from_rotation,
    rotation_from_normal,
    template_frame,
)
from navigator.report.words import (
    duration,
    millimetres,
    percent,
    point,
    row_edge_words,
    tilt_words,
)
from template_gen import all_bores, build_default_spec, spec_hash

REPOSITORY = Path(__file__).parents[3]
HALF_A_TENTH = 0.05 + 1e-9
lengths_mm = st.floats(-1e6, 1e6, allow_nan=False)
NUMBER = r"-?\d+\.\d"


@pytest.mark.hazard(34)
def test_ten_thousand_lengths_parse_back() -> None:
    rng = np.random.default_rng(34)
    scales = 10.0 ** rng.uniform(-3, 5, size=10_000)
    for value in rng.uniform(-1, 1, size=10_000) * scales:
        text = millimetres(value)
        assert re.fullmatch(NUMBER + " mm", text)
        assert abs(float(text.removesuffix(" mm")) - value) <= HALF_A_TENTH


@pytest.mark.hazard(34)
@given(lengths_mm)
def test_no_length_reads_as_minus_nothing(value: float) -> None:
    assert not millimetres(value).startswith("-0.0")


@pytest.mark.hazard(34)
def test_no_locale_of_this_machine_changes_a_digit() -> None:
    before = locale.setlocale(locale.LC_ALL)
    tried = 0
    try:
        for name in ("C", "C.UTF-8", "de_DE.UTF-8", "fr_FR.UTF-8", "zh_CN.UTF-8", "hi_IN.UTF-8"):
            try:
                locale.setlocale(locale.LC_ALL, name)
            except locale.Error:
                continue
            tried += 1
            assert millimetres(12345.678) == "12345.7 mm"
            assert point([1234.5, -0.25, 0.0]) == "1234.5, -0.2, 0.0"
            assert percent(0.999) == "99.9 %"
    finally:
        locale.setlocale(locale.LC_ALL, before)
    assert tried


CI_VALUES, LONG_VALUES = 2_000, 100_000
CI_LOCALES = ("de_DE", "fa_IR")
LONG_LOCALES = (*CI_LOCALES, "hi_IN", "fr_FR", "de_CH", "ar_EG", "zh_CN", "ps_AF")
"""Commas and apostrophes in numbers, digits of other scripts, groups of other sizes."""

IN_A_LOCALE = """
import json, locale, sys
import numpy as np
from navigator.report.words import duration, millimetres, percent, point
name, count = sys.argv[1], int(sys.argv[2])
assert locale.setlocale(locale.LC_ALL, name)
rng = np.random.default_rng(34)
values = rng.uniform(-1, 1, count) * 10.0 ** rng.uniform(-3, 5, count)
texts = [millimetres(v) for v in values]
rest = [[percent(abs(v) % 1), point([v, -v, 0]), duration(abs(v))] for v in values[::10]]
told = {"values": values.tolist(), "texts": texts, "rest": rest}
print(json.dumps({**told, "comma": locale.format_string("%.1f", 1234.5, grouping=True)}))
"""


@pytest.mark.hazard(34)
def test_every_number_reads_alike_and_parses_back_in_every_locale(
    tmp_path: Path, *, long_run: bool
) -> None:
    localedef = shutil.which("localedef")
    if localedef is None or not Path("/usr/share/i18n/locales/de_DE").exists():
        pytest.skip("no localedef here: other locales cannot be made")
    told = {}
    for name in ("C", *(LONG_LOCALES if long_run else CI_LOCALES)):
        if name != "C":
            place = tmp_path / f"{name}.UTF-8"
            subprocess.run([localedef, "-i", name, "-f", "UTF-8", place], check=False)  # noqa: S603 - Debian's
        full = name if name == "C" else f"{name}.UTF-8"
        count = str(LONG_VALUES if long_run else CI_VALUES)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", IN_A_LOCALE, full, count],
            capture_output=True, text=True, check=True, cwd=REPOSITORY,
            env={**os.environ, "LOCPATH": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
        )  # fmt: skip
        told[name] = json.loads(done.stdout)
    plain = told.pop("C")
    assert told["de_DE"]["comma"] == "1.234,5", "no locale was in force: this proves nothing"
    for value, text in zip(plain["values"], plain["texts"], strict=True):
        assert re.fullmatch(NUMBER + " mm", text, flags=re.ASCII)
        assert abs(Decimal(text.removesuffix(" mm")) - Decimal(value)) <= Decimal(HALF_A_TENTH)
    for other in told.values():
        assert (other["texts"], other["rest"]) == (plain["texts"], plain["rest"])


@pytest.mark.hazard(34)
@given(st.tuples(lengths_mm, lengths_mm, lengths_mm))
def test_a_point_parses_back(values: tuple[float, float, float]) -> None:
    parts = point(values).split(", ")
    assert len(parts) == 3
    for part, value in zip(parts, values, strict=True):
        assert re.fullmatch(NUMBER, part)
        assert abs(float(part) - value) <= HALF_A_TENTH


@pytest.mark.hazard(34)
def test_a_share_never_reads_as_more_than_it_is() -> None:
    for thousandth in range(1001):
        shown = Decimal(percent(thousandth / 1000).removesuffix(" %"))
        assert shown == Decimal(thousandth) / 10
    for share in np.random.default_rng(1).uniform(0, 1, size=10_000):
        shown = Decimal(percent(float(share)).removesuffix(" %"))
        cut = (Decimal(float(share)) * 100).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
        assert shown == cut
    assert percent(np.nextafter(1.0, 0.0) - 1e-6) == "99.9 %"


@pytest.mark.hazard(34)
@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 61, 119, 150, 600, 3599, 59.6, 119.7])
def test_a_duration_parses_back_to_its_second(seconds: float) -> None:
    found = re.fullmatch(r"(\d+) min(?: (\d{2}) s)?", duration(seconds))
    assert found
    assert 60 * int(found.group(1)) + int(found.group(2) or 0) == round(seconds)
    assert int(found.group(2) or 0) < 60


@pytest.mark.hazard(23, 29)
def test_each_quadrant_of_tilt_has_its_own_words() -> None:
    back = {1: "→ tip to patient's left", -1: "← tip to patient's right", 0: "upright"}
    belly = {1: "← tip to patient's left", -1: "→ tip to patient's right", 0: "upright"}
    along = {1: "↑ tip to head", -1: "↓ tip to feet", 0: "upright"}
    for lateral, cranial in itertools.product((-37.5, -0.1, 0.0, 0.1, 12.0), repeat=2):
        for gravity, side in (((0, 1, 0), back), ((0.1, -0.99, 0), belly)):
            words = tilt_words(lateral, cranial, gravity)
            assert words[0] == f"{abs(lateral):.1f}° {side[int(np.sign(lateral))]}"
            assert words[1] == f"{abs(cranial):.1f}° {along[int(np.sign(cranial))]}"


@pytest.mark.hazard(29, 31)
@pytest.mark.parametrize("turn_deg", [0.0, 90.0, 180.0, 270.0])
@pytest.mark.parametrize("gravity", [(0.0, 1.0, 0.0), (0.0, -1.0, 0.0)])
def test_the_plate_s_edges_are_named_by_where_its_corner_bore_lies(
    turn_deg: float, gravity: tuple[float, float, float]
) -> None:
    """Row 1 lies where bore A1 is and the last row is not, in the patient."""
    spec = build_default_spec(rows=5, columns=5, pitch_mm=5.0, bore_diameter_mm=2.1)
    rotation = rotation_from_normal(gravity, turn_deg, gravity)
    pose = RigidTransform(
        matrix=matrix_from_rotation_and_shift(rotation, np.zeros(3)),
        target=Frame(FrameKind.LPS, "s"),
        source=template_frame(spec),
    )
    placement = TemplatePlacement(
        lps_from_template=pose, angles=angles_from_rotation(rotation, gravity),
        template_hash=spec_hash(spec),
    )  # fmt: skip
    at = {bore.label: pose.map_points(bore.entry_mm) for bore in all_bores(spec)}
    names = {(0, 1): "the patient's left", (0, -1): "the patient's right", (2, 1): "the head",
             (2, -1): "the feet"}  # fmt: skip
    words = row_edge_words(placement)
    for name, ahead in (("row 1", at["A1"] - at["A5"]), ("column A", at["A1"] - at["E1"])):
        axis = int(np.argmax(np.abs(ahead)))
        assert f"{name} toward {names[axis, int(np.sign(ahead[axis]))]}" in words


def test_a_tilt_too_small_to_be_shown_is_upright() -> None:
    assert tilt_words(0.04, -0.04, (0, 1, 0)) == ("0.0° upright", "0.0° upright")


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_never_shown_as_one(value: float) -> None:
    for write in (millimetres, percent, duration, lambda x: point([x, 0.0, 0.0])):
        try:
            text = write(value)
        except (ValueError, OverflowError):
            continue
        assert not re.search(r"\d+(\.\d+)? (mm|%|min)$", text)
