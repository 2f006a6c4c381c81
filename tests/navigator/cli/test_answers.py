"""With --json every end of a command is one JSON object, defects and Ctrl-C among them."""

from __future__ import annotations

import io
import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from navigator.app import verbs
from navigator.cli import answers, main, shell
from navigator.errors import InputRefusedError
from template_gen import cli as plate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.navigator.app.tiny_patient import TinyPatient
    from tests.navigator.cli.conftest import Answer

    Navigator = Callable[..., Answer]

DEFECT, REFUSED, INTERRUPTED = 1, 2, 130


def caused_by(cause: BaseException) -> RuntimeError:
    """Wrap an error as Python does where one is raised while a class is made, as on import."""
    error = RuntimeError("Error calling __set_name__ on 'cached_property' instance")
    error.__cause__ = cause
    return error


PARTS = ("code", "what", "where", "expected", "got", "next_step")
ZONE = ("zone", "--antenna", "Medtronic Emprint", "--power-w", 75, "--time-s", 300)


def refused_by(cause: BaseException) -> InputRefusedError:
    """Refuse a file whose reader was stopped half-way."""
    error = InputRefusedError(**dict.fromkeys(PARTS, "x"))
    error.__cause__ = cause
    return error


def check_error(answer: Answer, exit_code: int, code: str) -> None:
    """See that the error document is whole."""
    assert answer.code == exit_code, answer.err
    document = answer.document
    assert document["exit_code"] == exit_code
    assert document["error"]["code"] == code
    assert all(document["error"][part].strip() for part in PARTS)


@pytest.mark.parametrize(
    "words",
    [
        ("no-such-command", "--json"),
        ("--json",),
        ("plan", "--json"),
        ("plan", "--no-such-option", "--json"),
        ("zone", "--antenna", "x", "--power-w", "many", "--time-s", "1", "--json"),
        ("demo", "--out", "x", "--seed", "-1", "--json"),
    ],
)
def test_wrong_usage_is_one_json_object(navigator: Navigator, words: tuple[str, ...]) -> None:
    answer = navigator(*words)
    check_error(answer, REFUSED, "usage")
    assert "--help" in answer.document["error"]["next_step"]
    assert answer.err, "a person reads it too"


def test_without_json_wrong_usage_is_told_on_standard_error_alone(navigator: Navigator) -> None:
    answer = navigator("plan")
    assert (answer.code, answer.out) == (REFUSED, "")
    assert "Usage" in answer.err


@pytest.mark.parametrize(
    ("raised", "exit_code", "code"),
    [
        (RuntimeError("broken\nin two"), DEFECT, "internal-defect"),
        (ValueError(), DEFECT, "internal-defect"),
        (MemoryError(), DEFECT, "internal-defect"),
        (KeyboardInterrupt(), INTERRUPTED, "interrupted"),
        (caused_by(caused_by(KeyboardInterrupt())), INTERRUPTED, "interrupted"),
        (refused_by(KeyboardInterrupt()), INTERRUPTED, "interrupted"),
        (caused_by(ValueError("x")), DEFECT, "internal-defect"),
    ],
)
def test_a_defect_and_ctrl_c_are_one_json_object(
    navigator: Navigator,
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    exit_code: int,
    code: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(verbs, "zone_document", fail)
    check_error(navigator(*ZONE, "--json"), exit_code, code)
    plain = navigator(*ZONE)
    assert (plain.code, plain.out) == (exit_code, "")


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
def test_a_number_that_is_none_is_a_defect_and_not_printed(
    navigator: Navigator, monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    axis = {"value": 1.0, "low": 1.0, "high": 1.0}
    document = {
        "long_axis_mm": axis, "short_axis_mm": axis, "centre_to_tip_mm": axis, "sources": [],
        "x": value,
    }  # fmt: skip
    monkeypatch.setattr(verbs, "zone_document", lambda *_, **__: document)
    check_error(navigator(*ZONE, "--json"), DEFECT, "internal-defect")


def test_a_defect_before_any_command_is_one_json_object(
    navigator: Navigator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ImportError("no such plugin")

    monkeypatch.setattr("navigator.cli.build_app", lambda: broken)
    check_error(navigator("zone", "--json"), DEFECT, "internal-defect")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("name", ["d\u00e9j\u00e0", "\u4e2d", "\udc80"])
def test_any_letter_reaches_any_terminal(
    monkeypatch: pytest.MonkeyPatch, encoding: str, name: str
) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    answers.say(answers.json_text({"name": name}))
    answers.say(f"written: {name}")
    screen.flush()
    shown = screen.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined] - bytes below
    assert json.JSONDecoder().raw_decode(shown)[0] == {"name": name}


def test_debug_shows_the_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tiny: TinyPatient
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(verbs, "plan_to_file", fail)
    words = ["navigator", "plan", str(tiny.request), "--out", "x.json", "--debug", "--json"]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == DEFECT
    spoken = capsys.readouterr()
    assert "Traceback" in spoken.err
    assert json.loads(spoken.out)["error"]["code"] == "internal-defect"


def test_the_reference_lists_every_exit_code_and_no_other() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "exit_codes.md"
    listed = re.findall(r"^\| (\d+) \|", page.read_text("utf-8"), flags=re.MULTILINE)
    ours = {shell.DONE, shell.DEFECT, shell.REFUSED, shell.REJECTED, shell.INTERRUPTED}
    plates = {plate.DONE, plate.DEFECT, plate.REFUSED, plate.REJECTED, plate.STOPPED}
    assert {int(code) for code in listed} == ours == plates
