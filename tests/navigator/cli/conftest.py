"""The command line in this process, and the tiny patient that it is tried on."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from navigator.cli import main
from tests.navigator.app.tiny_patient import TinyPatient, paint, write_image, write_patient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        content, end = json.JSONDecoder().raw_decode(self.out)
        assert not self.out[end:].strip(), "more than one JSON object"
        assert isinstance(content, dict)
        return content


@pytest.fixture
def navigator(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Give the command ``navigator``, run in this process as its entry point runs it."""

    def run(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["navigator", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = 0 if ended.value.code is None else ended.value.code
        assert isinstance(code, int)
        spoken = capfd.readouterr()
        assert "Traceback" not in spoken.err
        assert "Traceback" not in spoken.out
        return Answer(code, spoken.out, spoken.err)

    return run


@pytest.fixture
def tiny(tmp_path: Path) -> TinyPatient:
    """Write a tiny patient of its own for a test."""
    return write_patient(tmp_path / "patient")


@pytest.fixture
def tiny_again(tiny: TinyPatient) -> Path:
    """Write another scan of the tiny patient: where he lay, a little brighter."""
    path = tiny.folder / "again.nii.gz"
    hounsfield, _ = paint()
    write_image((hounsfield + 1).astype(hounsfield.dtype), path)
    return path


@pytest.fixture
def tree() -> Callable[[Path], dict[str, int]]:
    """Give a way to list everything below a folder with sizes, hidden things included."""

    def listing(folder: Path) -> dict[str, int]:
        return {
            str(path.relative_to(folder)): path.stat().st_size if path.is_file() else -1
            for path in folder.rglob("*")
        }

    return listing
