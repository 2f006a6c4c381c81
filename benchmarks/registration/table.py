"""One table out of all rows: by kind and method, every seed, and ratios of ours to each peer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.registration.methods import METHODS, OURS
from benchmarks.registration.scoring import ratios

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHOWN = (
    ("liver_mean_mm", "liver mean", 2),
    ("liver_p95_mm", "95 %", 2),
    ("liver_max_mm", "max", 1),
    ("tumour_mean_mm", "tumour", 2),
    ("tumour_p95_mm", "95 %", 2),
    ("bone_mean_mm", "bone", 2),
    ("fold_share", "folds %", 3),
    ("cpu_s", "CPU s", 1),
    ("warm_cpu_s", "warm", 1),
    ("wall_s", "wall s", 1),
    ("peak_mib", "MiB", 0),
)
COMPARED = ("liver_mean_mm", "liver_p95_mm", "warm_cpu_s")
"""What ours has to be better in than every peer, on every seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one method did on one problem.

    Parameters
    ----------
    method, kind, seed : str, str, int
        Who, and on what.
    making : int
        Of the problem (:data:`benchmarks.registration.problem.MAKINGS`); 0 where none is told.
    outcome : str
        ``scored``, ``declined`` (a command of ours that refuses to use its own result), ``absent``,
        ``failed (code)`` or ``timed out``.
    scores : mapping of str to float
        Empty unless scored.
    reason : str
        Its last words where it did not succeed.
    """

    method: str
    kind: str
    seed: int
    outcome: str
    making: int = 0
    scores: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the row as JSON can hold it."""
        return asdict(self)

    def line(self) -> str:
        """Say it in one line."""
        if self.outcome != "scored":
            return f"{self.kind}-{self.seed} {self.method}: {self.outcome} {self.reason}"
        return f"{self.kind}-{self.seed} {self.method}: " + ", ".join(
            f"{title} {_number(self.scores, name, digits)}" for name, title, digits in SHOWN
        )


def _number(scores: Mapping[str, float], name: str, digits: int) -> str:
    if name not in scores:
        return ""
    return f"{scores[name] * (100.0 if name == 'fold_share' else 1.0):.{digits}f}"


def markdown_of(rows: Sequence[Row]) -> str:
    """Write all of it as Markdown.

    Parameters
    ----------
    rows : sequence of Row
        Every run.

    Returns
    -------
    str
        For each kind the mean over the seeds, the worst of each seed's maxima, and every seed;
        then ours against each peer, and every seed that ours lost.
    """
    parts = []
    for kind in dict.fromkeys(row.kind for row in rows):
        own = [row for row in rows if row.kind == kind]
        parts += [f"## {kind}", _means(own), "### Every seed", _every_seed(own)]
    parts += ["## Ours against each peer", _against(rows)]
    return "\n\n".join(parts) + "\n"


def _table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    titles = list(head)
    all_lines = [titles, ["---"] * len(titles), *map(list, lines)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in all_lines)


def _means(rows: Sequence[Row]) -> str:
    lines = []
    for method in dict.fromkeys(row.method for row in rows):
        own = [row for row in rows if row.method == method]
        done = [row for row in own if row.outcome == "scored"]
        title = METHODS[method].title if method in METHODS else method
        if not done:
            lines.append([title, *[""] * len(SHOWN), ", ".join({row.outcome for row in own})])
            continue
        mean = {}
        for name, _, _ in SHOWN:
            values = [row.scores[name] for row in done if name in row.scores]
            if values:
                # the worst point and the most memory stay the worst
                is_worst = name in {"liver_max_mm", "peak_mib", "fold_share"}
                mean[name] = float(np.max(values) if is_worst else np.mean(values))
        cells = [_number(mean, name, digits) for name, _, digits in SHOWN]
        lines.append([title, *cells, f"{len(done)} of {len(own)}"])
    return _table(["method", *(title for _, title, _ in SHOWN), "scored"], lines)


def _every_seed(rows: Sequence[Row]) -> str:
    ordered = sorted(rows, key=lambda row: row.seed)
    lines = [
        [
            str(row.seed),
            row.method,
            *(_number(row.scores, name, digits) for name, _, digits in SHOWN),
            row.outcome,
        ]
        for row in ordered
        if row.outcome != "absent"
    ]
    return _table(["seed", "method", *(title for _, title, _ in SHOWN), "outcome"], lines)


def _against(rows: Sequence[Row]) -> str:
    """Compare the first of ours that was scored with every peer, seed by seed."""
    done = {(row.method, row.kind, row.seed): row for row in rows if row.outcome == "scored"}
    mine = next((name for name in OURS if any(key[0] == name for key in done)), None)
    if mine is None:
        return "Ours was not scored."
    lines = []
    peers = [name for name in dict.fromkeys(key[0] for key in done) if name not in (*OURS, "none")]
    for peer in peers:
        pairs = {
            key: ratios(done[key].scores, done[peer, *key[1:]].scores)
            for key in done
            if key[0] == mine and (peer, *key[1:]) in done
        }
        for name in COMPARED:
            found = {key: each[name] for key, each in pairs.items() if name in each}
            if not found:
                continue
            lost = sorted((key for key in found if found[key] >= 1.0), key=found.__getitem__)[::-1]
            told = ", ".join(
                f"{kind}-{seed} ({found[_, kind, seed]:.2f})" for _, kind, seed in lost
            )
            middle = float(np.median(list(found.values())))
            wins = f"{len(found) - len(lost)} of {len(found)}"
            lines.append([peer, name, f"{middle:.2f}", f"{max(found.values()):.2f}", wins, told])
    head = ["peer", "figure", "median ratio", "worst ratio", "won", "lost (ratio)"]
    return _table(head, lines) if lines else "There was no peer to compare with."
