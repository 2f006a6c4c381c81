"""Whatever changes in a sealed document is found, and the section that changed is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from navigator.errors import InputRefusedError
from navigator.io.documents import (
    json_text,
    load_plan,
    save_json,
)
from navigator.io.documents.integrity import INTEGRITY, check_integrity, root_of, sealed
from navigator.io.documents.zones import load_planned_zones
from tests.navigator.io.documents.sound_documents import KINDS, plan_document
from tests.navigator.io.documents.test_documents import SCAN

if TYPE_CHECKING:
    from pathlib import Path

CI_FLIPS, LONG_FLIPS = 600, 10_000
CHANGED = "document-changed"


@pytest.mark.hazard(45)
@pytest.mark.parametrize("kind", KINDS)
def test_every_flipped_bit_is_found(kind: str, tmp_path: Path, *, long_run: bool) -> None:
    build, load = KINDS[kind]
    sound = json_text(build()).encode()
    path = tmp_path / "sound.json"
    path.write_bytes(sound)
    load(path)
    rng = np.random.default_rng(45)
    count = LONG_FLIPS if long_run else CI_FLIPS
    missed = []
    for place in rng.integers(0, 8 * len(sound), count):
        flipped = bytearray(sound)
        flipped[place // 8] ^= 1 << int(place % 8)
        path.write_bytes(flipped)
        try:
            load(path)
        except InputRefusedError:
            continue
        missed.append((int(place), bytes(flipped[place // 8 - 20 : place // 8 + 20])))
    assert missed == []


def scratched(sound: bytes, rng: np.random.Generator) -> bytes:
    """Lose, add, exchange or write over some bytes, or lose the end."""
    place, other = (int(each) for each in rng.integers(0, len(sound), 2))
    length, byte = int(rng.integers(1, 4)), bytes([int(rng.integers(32, 127))])
    changed = bytearray(sound)
    way = int(rng.integers(5))
    if way == 0:
        del changed[place : place + length]
    elif way == 1:
        changed[place:place] = byte * length
    elif way == 2:
        changed[place], changed[other] = changed[other], changed[place]
    elif way == 3:
        changed[place : place + 1] = byte
    else:
        del changed[place:]
    return bytes(changed)


@pytest.mark.hazard(43, 45)
@pytest.mark.parametrize("kind", KINDS)
def test_a_scratched_file_is_found_or_says_the_very_same(
    kind: str, tmp_path: Path, *, long_run: bool
) -> None:
    build, load = KINDS[kind]
    sound = json_text(build()).encode()
    path, rng = tmp_path / "scratched.json", np.random.default_rng(46)
    same = 0
    for _ in range(LONG_FLIPS if long_run else CI_FLIPS // 4):
        content = scratched(sound, rng)
        path.write_bytes(content)
        try:
            load(path)
        except InputRefusedError:
            continue
        same += 1
        assert json.loads(content) == json.loads(sound), "another content was taken for sound"
    # blanks between two fields may come and go
    assert same < CI_FLIPS


def leaves(value: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    """List the ways to every value that holds no other."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in pairs:
        deeper = (*way, key)
        found += leaves(item, deeper) if isinstance(item, (dict, list)) and item else [deeper]
    return found


def edited(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Change a value as little as a person would."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1e-9 if isinstance(value, float) else value + 1
    return f"{value}." if isinstance(value, str) else 0


@pytest.mark.hazard(45)
@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_of_any_value_names_its_section(kind: str, tmp_path: Path) -> None:
    build, load = KINDS[kind]
    text = json_text(build())
    ways = leaves(json.loads(text))
    assert len(ways) > 30
    for way in ways:
        document = json.loads(text)
        *outer, last = way
        inner = document
        for step in outer:
            inner = inner[step]
        inner[last] = edited(inner[last])
        path = tmp_path / "edited.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        with pytest.raises(InputRefusedError) as caught:
            load(path)
        refusal = caught.value.refusal
        if way[0] in ("schema", "minor"):
            assert refusal.code in (CHANGED, "unknown-schema")
        else:
            assert (refusal.code, refusal.where) == (CHANGED, f"{path}: {way[0]}")


@pytest.mark.hazard(45)
@pytest.mark.parametrize("kind", KINDS)
def test_a_section_taken_out_or_put_in_is_named(kind: str, tmp_path: Path) -> None:
    build, load = KINDS[kind]
    for name in build():
        document = json.loads(json_text(build()))
        del document[name]
        save_json(document, tmp_path / "less.json")
        with pytest.raises(InputRefusedError) as caught:
            load(tmp_path / "less.json")
        if name not in ("schema", INTEGRITY):
            assert f"`{name}` missing" in caught.value.refusal.got
    save_json({**build(), "remark": "fine"}, tmp_path / "more.json")
    with pytest.raises(InputRefusedError, match="`remark` added"):
        load(tmp_path / "more.json")


def test_layout_and_order_are_no_change(tmp_path: Path) -> None:
    document = plan_document()
    turned = {key: document[key] for key in reversed(document)}
    for indent in (None, 0, 7):
        (tmp_path / "plan.json").write_text(json.dumps(turned, indent=indent), encoding="utf-8")
        assert load_plan(tmp_path / "plan.json").root_sha256 == document[INTEGRITY]["root"]


def test_what_a_command_adds_in_printing_is_no_part_of_the_plan(tmp_path: Path) -> None:
    printed = {**plan_document(), "seconds": 1.5, "kept_earlier": "x"}
    (tmp_path / "plan.json").write_text(json.dumps(printed), encoding="utf-8")
    assert load_plan(tmp_path / "plan.json").plan.needles[0].name == "N1"


@pytest.mark.parametrize(
    "record",
    [
        None, [], {}, "x", {"sections": {}, "root": "", "algorithm": ""},
        {"sections": [], "root": "", "algorithm": ""}, {"sections": {"schema": 5}},
    ],
)  # fmt: skip
def test_a_record_that_is_none_is_refused(record: object, tmp_path: Path) -> None:
    document = {**plan_document(), INTEGRITY: record}
    (tmp_path / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputRefusedError, match=CHANGED):
        load_plan(tmp_path / "plan.json")


@pytest.mark.parametrize("part", ["root", "algorithm", "sections"])
def test_a_change_of_the_record_is_told_from_a_change_of_the_content(
    part: str, tmp_path: Path
) -> None:
    document = plan_document()
    record = document[INTEGRITY]
    new = {**record["sections"], "margin": "0" * 64} if part == "sections" else "0" * 64
    save_json({**document, INTEGRITY: {**record, part: new}}, tmp_path / "plan.json")
    with pytest.raises(InputRefusedError) as caught:
        load_plan(tmp_path / "plan.json")
    assert caught.value.refusal.where.endswith(f": {INTEGRITY}")
    expected = "the hash over all sections" if part == "root" else "not the content"
    assert expected in caught.value.refusal.got


def test_a_section_that_takes_its_hash_along_is_found_by_the_root(tmp_path: Path) -> None:
    document = plan_document()
    other = sealed({**document, "verdict": "accepted", "reasons": []})
    record = {**other[INTEGRITY], "root": document[INTEGRITY]["root"]}
    save_json({**other, INTEGRITY: record}, tmp_path / "plan.json")
    with pytest.raises(InputRefusedError, match=CHANGED):
        load_plan(tmp_path / "plan.json")


def test_the_tree_by_hand() -> None:
    import hashlib  # noqa: PLC0415 - the oracle alone needs it

    document = sealed({"schema": "plan/1", "depth_mm": [1.5, None, True], "b": {"z": 1, "a": "é"}})
    texts = {
        "b": '"b":{"a":"\\u00e9","z":1}',
        "depth_mm": '"depth_mm":[1.5,null,true]',
        "schema": '"schema":"plan/1"',
    }
    hashes = {
        name: hashlib.sha256(f"navigator section 1\n{text}".encode()).hexdigest()
        for name, text in texts.items()
    }
    assert document[INTEGRITY]["sections"] == hashes
    rows = ", ".join(f'"{name}": "{each}"' for name, each in hashes.items())
    root = hashlib.sha256(f"navigator root 1\n{{{rows}}}".encode()).hexdigest()
    assert document[INTEGRITY]["root"] == root == root_of(hashes)


def test_lists_in_lists_without_end_are_refused(tmp_path: Path) -> None:
    deep = b'{"integrity": {}, "a": ' + b"[" * 900 + b"]" * 900 + b"}"
    with pytest.raises(InputRefusedError):
        check_integrity(deep, tmp_path / "deep.json")


@pytest.mark.hazard(45)
def test_the_zones_of_a_changed_plan_are_not_used(tmp_path: Path) -> None:
    document = plan_document()
    document["trajectories"][0]["zone"]["long_axis_mm"] = 41.0
    save_json(document, tmp_path / "plan.json")
    with pytest.raises(InputRefusedError, match=CHANGED):
        load_planned_zones(tmp_path / "plan.json", SCAN)


def test_a_number_of_digits_that_is_none_is_refused(tmp_path: Path) -> None:
    text = json_text(plan_document()).replace("97.5", "1e999")
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputRefusedError, match="not-json"):
        load_plan(tmp_path / "plan.json")
