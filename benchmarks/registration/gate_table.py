"""The table of the gate: what was refused, what was accepted and how far off it was."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from benchmarks.registration.injuries import BAD, EITHER, GOOD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FAR_MM = 5.0
"""A lesion accepted farther off than this is a fault that hurts."""


def is_refused(run: Mapping[str, Any]) -> bool:
    """Tell whether a run was rejected."""
    return bool(run["outcome"] == "rejected")


def is_harmful(run: Mapping[str, Any]) -> bool:
    """Tell whether a run was not rejected, and a lesion lies more than 5 mm off."""
    return not is_refused(run) and run.get("tumour_mean_mm", 0.0) > FAR_MM


def is_wrong(run: Mapping[str, Any]) -> bool:
    """Tell whether a run should have ended otherwise.

    Examples
    --------
    >>> is_wrong({"state": "flipped", "outcome": "warning"})
    True
    >>> is_wrong({"state": "half", "outcome": "rejected"})
    False
    """
    if run["state"] in GOOD:
        return is_refused(run) or is_harmful(run)
    if run["state"] in BAD:
        return not is_refused(run)
    return is_harmful(run)


def coverage(runs: Iterable[Mapping[str, Any]], group: str) -> float | None:
    """Give the share of places that lie within their radius; None where none is known.

    Examples
    --------
    >>> coverage([{"liver_known": 4, "liver_within": 3}, {"state": "flipped"}], "liver")
    0.75
    """
    known = within = 0
    for run in runs:
        known += run.get(f"{group}_known", 0)
        within += run.get(f"{group}_within", 0)
    return within / known if known else None


def markdown_of(runs: Sequence[Mapping[str, Any]]) -> str:
    """Write the tables.

    Parameters
    ----------
    runs : sequence of mapping
        As :func:`benchmarks.registration.gate.register_run` gives them.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        "| state | should be | runs | accepted | warned | rejected | wrong | lesion over 5 mm |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for state in (*GOOD, *BAD, *EITHER):
        own = [run for run in runs if run["state"] == state]
        if not own:
            continue
        should = "accepted" if state in GOOD else "rejected" if state in BAD else "either"
        ends = Counter(run["outcome"] for run in own)
        counted = [ends["accepted"], ends["warning"], ends["rejected"]]
        faults = [sum(map(is_wrong, own)), sum(map(is_harmful, own))]
        cells = [state, should, len(own), *counted, *faults]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    good = [run for run in runs if run["state"] in GOOD]
    refused, harmful = sum(map(is_refused, good)), sum(map(is_harmful, runs))
    lines += ["", f"Good ones refused: {refused} of {len(good)}."]
    lines += [f"Not rejected, and a lesion more than 5 mm off: {harmful} of {len(runs)}."]
    kept = [run for run in good if not is_refused(run)]
    for group in ("liver", "tumour"):
        share = coverage(kept, group)
        if share is not None:
            lines.append(f"Places within their 95 % radius, {group}: {share:.1%}.")
    reasons = Counter(reason for run in good if is_refused(run) for reason in run["reasons"])
    lines += [f"Why good ones were refused: {dict(reasons.most_common())}."]
    return "\n".join(lines) + "\n"
