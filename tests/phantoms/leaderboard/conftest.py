"""A case as small as a judge lets it be, laid down without a scanner."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from phantoms.leaderboard.methods import load_methods

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from phantoms.leaderboard.methods import Method

POINTS = "label,x_mm,y_mm,z_mm\nliver-1,0,0,0\nliver-2,1,2,3\n"
MOVED = "label,x_mm,y_mm,z_mm\nliver-1,3,0,4\nliver-2,1,2,3\n"
FILES = ("labels.nrrd", "labels_older.nrrd", "ablation.nrrd", "ablation_after.nrrd",
         "template.json", "request.json")  # fmt: skip


@pytest.fixture
def put_case(tmp_path: Path) -> Callable[..., Path]:
    """Write a case of seed 5 into the folder of a leaderboard."""

    def put(name: str, asks: dict[str, str], /, **more: Any) -> Path:  # noqa: ANN401 - JSON
        case = tmp_path / "cases" / f"{name}-5"
        for scan in ("planning", "intraop", "after", "older"):
            (case / scan).mkdir(parents=True)
            (case / scan / "1.dcm").write_text(f"slice of {scan}")
        texts = {each: f"content of {each}" for each in FILES}
        texts |= {f"points_{each}.csv": MOVED for each in ("intraop", "older")}
        texts["points_planning.csv"] = POINTS
        for each, text in texts.items():
            (case / each).write_text(text)
        hashes = {each: hashlib.sha256(text.encode()).hexdigest() for each, text in texts.items()}
        truth = {
            "schema": "phantom-truth/1",
            "case": name,
            "seed": 5,
            "asks": asks,
            "plate": {"lps_from_template": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
                      "thickness_mm": 15.0},
            "intraop": {"needles": []},
            "lesions": [{"lps_from_lesion": np.eye(4).tolist(), "radii_mm": [5.0] * 3}],
            "ablation": {"mam_mm": -1.0},
            "files_sha256": hashes,
        } | more  # fmt: skip
        (case / "truth.json").write_text(json.dumps(truth))
        return case

    return put


@pytest.fixture
def method(tmp_path: Path) -> Callable[..., tuple[Method, ...]]:
    """Load a methods file with one method that does one task by one command line."""

    def load(task: str, command: list[str], name: str = "m") -> tuple[Method, ...]:
        path = tmp_path / "methods.toml"
        line = json.dumps(command)
        path.write_text(f'[[method]]\nname = "{name}"\n[method.{task}]\ncommands = [{line}]\n')
        return load_methods(path)

    return load
