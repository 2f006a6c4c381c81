"""A plate as a folder of files: all of it, or nothing."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from template_gen.errors import FileRefusedError, InternalDefectError
from template_gen.marks import place_marks
from template_gen.meshfiles import stl_bytes, threemf_bytes
from template_gen.remeasure import remeasure_mesh
from template_gen.rules import check_spec
from template_gen.sheet import sheet_pdf
from template_gen.solid import build_solid, expected_volume_mm3
from template_gen.spec import all_bores, save_spec, spec_hash
from template_gen.verdicts import rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from template_gen.mesh import TriangleMesh
    from template_gen.models import TemplateSpec
    from template_gen.verdicts import MeshReading

MANIFEST_SCHEMA = "template-manifest/1"
VOLUME_TOLERANCE = 1e-6
"""Relative; float32 rounding of a plate gives 1e-8."""
DRILL_COLUMNS = (
    "label", "x_mm", "y_mm", "direction_x", "direction_y", "direction_z",
    "diameter_mm", "guide_length_mm", "sleeve_mm",
)  # fmt: skip


def _silent(_stage: str) -> None:
    """Say nothing: the library's default."""


def build_template(
    spec: TemplateSpec,
    out_dir: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[str], None] = _silent,
) -> dict[str, Any]:
    """Build a plate and write all its files in one step.

    Parameters
    ----------
    spec : TemplateSpec
    out_dir : Path
        Made where it does not exist.
    overwrite : bool
        Whether a folder that an earlier build made is replaced.
    progress : callable
        Called with a few words before each stage.

    Returns
    -------
    dict
        The manifest, as written to ``manifest.json``.

    Raises
    ------
    GeometryRefusedError
        If the spec breaks a rule.
    FileRefusedError
        If `out_dir` holds anything else, or cannot be written.
    InternalDefectError
        If the STL, measured back, is not the plate asked for. Nothing is written then.
    """
    _check_target(out_dir, overwrite=overwrite)
    progress("building the solid")
    mesh = build_solid(spec)
    try:
        out_dir.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.", dir=out_dir.parent))
    except OSError as error:
        raise _not_writable(out_dir, error) from error
    try:
        manifest = _fill(workshop, spec, mesh, progress)
        workshop.chmod(0o755)
        _swap(workshop, out_dir)
    except OSError as error:
        raise _not_writable(out_dir, error) from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return manifest


def _fill(
    folder: Path, spec: TemplateSpec, mesh: TriangleMesh, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Write every file into an empty folder and give the manifest."""
    digest = spec_hash(spec)
    title = f"Template {spec.serial} {digest[:8]} unit=mm"
    progress("writing STL and 3MF")
    for name, content in _files(spec, mesh, title, digest):
        (folder / name).write_bytes(content)
    save_spec(spec, folder / "template.json")
    progress("measuring the STL back")
    reading = remeasure_mesh(folder / "template.stl", spec)
    _check_own_work(reading, spec)
    manifest: dict[str, Any] = {
        "schema": MANIFEST_SCHEMA,
        "serial": spec.serial,
        "spec_sha256": digest,
        "units": "mm",
        "files": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.iterdir())
        },
        "volume_mm3": round(reading.soundness.volume_mm3, 3),
        "triangles": reading.triangles,
        "bores": len(reading.bores),
        "findings": [asdict(finding) for finding in check_spec(spec)],
        "checks": _summary(reading),
    }
    text = json.dumps(manifest, indent=1, allow_nan=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    read_back: dict[str, Any] = json.loads(text)
    return read_back


def _files(
    spec: TemplateSpec, mesh: TriangleMesh, title: str, digest: str
) -> Iterator[tuple[str, bytes]]:
    yield "template.stl", stl_bytes(mesh, title)
    metadata = {
        "Title": title,
        "Designer": "template_gen",
        "Description": f"serial={spec.serial} spec_sha256={digest} unit=mm; research software",
    }
    yield "template.3mf", threemf_bytes(mesh, metadata)
    yield "drill.csv", drill_table(spec).encode()
    yield "sheet.pdf", sheet_pdf(spec, place_marks(spec))


def drill_table(spec: TemplateSpec) -> str:
    """List every bore as CSV, template frame, millimetres.

    Parameters
    ----------
    spec : TemplateSpec

    Returns
    -------
    str
        A header and a row per bore.

    Examples
    --------
    >>> from template_gen.layout import build_default_spec
    >>> spec = build_default_spec(rows=1, columns=2, pitch_mm=5, bore_diameter_mm=2.1)
    >>> print(drill_table(spec))
    label,x_mm,y_mm,direction_x,direction_y,direction_z,diameter_mm,guide_length_mm,sleeve_mm
    A1,-2.5000,0.0000,0.000000,0.000000,1.000000,2.1000,15.0000,0.0000
    B1,2.5000,0.0000,0.000000,0.000000,1.000000,2.1000,15.0000,0.0000
    <BLANKLINE>
    """
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(DRILL_COLUMNS)
    for bore in all_bores(spec):
        lengths = (bore.diameter_mm, bore.guide_length_mm, bore.sleeve_mm)
        table.writerow([
            bore.label,
            *(f"{value:.4f}" for value in bore.entry_mm[:2]),
            *(f"{value:.6f}" for value in bore.direction),
            *(f"{value:.4f}" for value in lengths),
        ])  # fmt: skip
    return text.getvalue()


def _check_own_work(reading: MeshReading, spec: TemplateSpec) -> None:
    expected = expected_volume_mm3(spec)
    volume = reading.soundness.volume_mm3
    if not abs(volume / expected - 1) <= VOLUME_TOLERANCE:
        raise InternalDefectError(f"volume: expected {expected:.3f} mm³, got {volume:.3f} mm³")
    if reading.verdict != "accepted":
        reasons = "; ".join(reason.message for reason in (*reading.rejections, *reading.warnings))
        raise InternalDefectError(f"the plate measured back is not the one asked for: {reasons}")


def _summary(reading: MeshReading) -> dict[str, Any]:
    """Give the reading without its row per bore."""
    whole = reading.as_json()
    found = [bore for bore in reading.bores if bore.hole is not None]
    worst = {
        "position_error_mm": max(bore.position_error_mm or 0.0 for bore in found),
        "axis_error_deg": max(bore.axis_error_deg or 0.0 for bore in found),
        "least_diameter_above_asked_mm": min(
            (bore.diameter_mm or 0.0) - bore.asked_diameter_mm for bore in found
        ),
    }
    kept = (
        "verdict", "reasons", "watertight", "self_intersections", "walls", "soundness",
        "size_mm", "attitude", "letters_found_percent",
    )  # fmt: skip
    return {**{key: whole[key] for key in kept}, "worst_bore": rounded(worst)}


def _check_target(out_dir: Path, *, overwrite: bool) -> None:
    """Refuse to touch a folder that is not ours."""
    if not out_dir.exists():
        return
    if out_dir.is_dir() and (not any(out_dir.iterdir()) or (overwrite and _is_ours(out_dir))):
        return
    ours = out_dir.is_dir() and _is_ours(out_dir)
    raise FileRefusedError(
        code="folder-not-empty",
        what="The output folder is in use",
        where=str(out_dir),
        expected="a new or empty folder",
        got="a template built earlier" if ours else "other files",
        next_step="add --overwrite to replace it" if ours else "choose another folder",
    )


def _is_ours(folder: Path) -> bool:
    """Tell whether a folder holds what an earlier build wrote, and nothing else."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        names = {*manifest["files"], "manifest.json"}
        ours = manifest["schema"] == MANIFEST_SCHEMA
        return bool(ours and {path.name for path in folder.iterdir()} <= names)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _swap(workshop: Path, out_dir: Path) -> None:
    """Put the finished folder in place; the old one comes back if that fails."""
    if not out_dir.exists():
        workshop.replace(out_dir)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.old.", dir=out_dir.parent))
    try:
        out_dir.replace(aside / "old")
        try:
            workshop.replace(out_dir)
        except OSError:
            (aside / "old").replace(out_dir)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _not_writable(out_dir: Path, error: OSError) -> FileRefusedError:
    return FileRefusedError(
        code="not-writable",
        what="The template cannot be written",
        where=str(out_dir),
        expected="a folder that can be made and written to, with room on the disk",
        got=os.strerror(error.errno) if error.errno else str(error),
        next_step="choose another folder or make room; nothing was written",
    )
