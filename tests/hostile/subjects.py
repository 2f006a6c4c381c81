"""The readers that are fuzzed: a whole sample, how it is damaged, read, and what must hold then."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

import lib3mf
import numpy as np
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.rigid import RigidTransform
from navigator.io.findings import Severity
from navigator.io.structures.label_reading import read_label_image
from navigator.io.volumes import load_scan
from tests.hostile.mutations import BINARY, BOTH, TEXT, mutated
from tests.hostile.plain_headers import enhanced_place, meta_place, nifti_place, nrrd_place
from tests.hostile.transforms import carried, itk_transform, points_of, prepare_h5

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from navigator.model.volume import Grid

Attempt: TypeAlias = "Callable[[Random], str]"
"""Damages a file, reads it, checks the law.

Gives ``same``, ``asked`` or ``other`` for the place that was read; ``read`` where there is no place
to be compared.
"""

SAME_MM = 1e-6
SLICE_MM = 0.11
"""How far the gate lets one slice of a series lie beside the straight row, and rounding."""
FRAME = Frame(FrameKind.LPS, "1.2.3")


class LawBrokenError(AssertionError):
    """A damaged file was read as something that it does not say."""


def corners(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Give where the eight outer voxels lie."""
    ends = np.stack(np.meshgrid(*((0, n - 1) for n in shape), indexing="ij"), -1).reshape(-1, 3)
    return ends @ affine[:3, :3].T + affine[:3, 3]


def check_place(grid: Grid, said: tuple[tuple[int, ...], np.ndarray], limit_mm: float) -> None:
    """Break the law where a grid lies elsewhere than its header says."""
    if tuple(grid.shape_kji) != tuple(said[0]):
        raise LawBrokenError(f"shape {grid.shape_kji} where the header says {said[0]}")
    ours, theirs = corners(grid.shape_kji, grid.lps_from_index), corners(*said)
    apart_mm = float(np.abs(ours - theirs).max())
    # digits of the header's own numbers, where these are large
    if not apart_mm <= limit_mm + 1e-6 * float(np.abs(theirs).max()):
        raise LawBrokenError(f"{apart_mm:.6g} mm from where the header puts it")


def small_image(seed: int = 0) -> sitk.Image:
    """Make an oblique, anisotropic image of 60 voxels that are all different."""
    rng = np.random.default_rng(seed)
    image = sitk.GetImageFromArray(rng.permutation(60).reshape(3, 4, 5).astype(np.int16))
    image.SetDirection(Rotation.from_euler("xyz", [10, 20, 30], degrees=True).as_matrix().ravel())
    image.SetSpacing([0.75, 0.875, 2.5])
    image.SetOrigin([-31.25, 12.5, 140.0])
    return image


def image_subject(name: str, place: Any, repack: Any = None) -> Callable[[Path], Attempt]:  # noqa: ANN401
    """Fuzz one image format; where it is packed, half of the inputs are packed after the damage."""

    def prepare(folder: Path) -> Attempt:
        path = folder / name
        is_mask = name.endswith(".seg.nrrd")
        image = small_image()
        if is_mask:
            image = sitk.Cast(image > 30, sitk.sitkUInt8)
            image.SetMetaData("Segment0_Name", "liver")
            image.SetMetaData("Segment0_LabelValue", "1")
        sitk.WriteImage(image, str(path), useCompression=repack is not None)
        sample = path.read_bytes()
        shape, affine = place(sample)
        original = corners(shape, affine)

        def attempt(random: Random) -> str:
            if repack is not None and random.random() < 0.5:
                content = repack(sample, lambda inner: mutated(inner, random, BOTH))
            else:
                content = mutated(sample, random, BOTH)
            path.write_bytes(content)
            read = read_label_image(path) if is_mask else load_scan(path)
            grid = read.grid if is_mask else read.volume.grid  # type: ignore[union-attr] - by kind
            check_place(grid, place(content), SAME_MM)
            now = corners(grid.shape_kji, grid.lps_from_index)
            if np.abs(now - original).max() <= 1e-3:
                return "same"
            asked = any(finding.severity is Severity.CONFIRM for finding in read.findings
                        if finding.code != "spacing-above-2-mm")  # fmt: skip
            return "asked" if asked else "other"

        return attempt

    return prepare


def repack_gzip(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Damage a file inside its gzip container."""
    return gzip.compress(change(gzip.decompress(content)), 1)


def repack_nrrd(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Damage the voxels of an NRRD inside their gzip container."""
    end = content.index(b"\n\n") + 2
    return content[:end] + gzip.compress(change(gzip.decompress(content[end:])), 1)


def repack_meta(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Damage the voxels of a MetaImage inside their container, and keep the header's size right."""
    end = content.index(b"LOCAL\n") + 6
    packed = zlib.compress(change(zlib.decompress(content[end:])), 1)
    start, _, rest = content[:end].partition(b"CompressedDataSize = ")
    return start + b"CompressedDataSize = %d\n" % len(packed) + rest.partition(b"\n")[2] + packed


def repack_zip(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Damage the largest part of a ZIP archive inside it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w") as new:
        largest = max(old.infolist(), key=lambda part: part.file_size).filename
        for name in old.namelist():
            inner = old.read(name)
            new.writestr(name, change(inner) if name == largest else inner)
    return packed.getvalue()


def stored_slices(count: int) -> np.ndarray:
    """Give voxels that are all different."""
    return np.arange(count * 120, dtype=np.int16).reshape(count, 12, 10)


def prepare_headers(folder: Path) -> Attempt:
    """Fuzz the header of one DICOM file, in both plain syntaxes, and with a sequence in it."""
    from pydicom.dataset import Dataset  # noqa: PLC0415 - half a second that others need not wait
    from pydicom.sequence import Sequence  # noqa: PLC0415 - the same
    from pydicom.uid import ImplicitVRLittleEndian  # noqa: PLC0415 - the same

    from navigator.io.dicom import read_headers  # noqa: PLC0415 - the same
    from tests.navigator.io.dicom_writer import ct_slices, write_files  # noqa: PLC0415 - the same

    samples = []
    for number, syntax in enumerate((None, ImplicitVRLittleEndian)):
        (dataset,) = ct_slices(stored_slices(1))
        item = Dataset()
        item.ReferencedSOPInstanceUID = "1.2.3"
        dataset.ReferencedImageSequence = Sequence([item, item])
        if syntax is not None:
            dataset.file_meta.TransferSyntaxUID = syntax
        samples.append(write_files([dataset], folder, [f"{number}.dcm"])[0].read_bytes())
    path = folder / "slice.dcm"

    def attempt(random: Random) -> str:
        path.write_bytes(mutated(random.choice(samples), random, BOTH))
        for header in read_headers(path):
            numbers = (*(header.position_mm or ()), *(header.orientation or ()))
            if not np.isfinite(numbers).all():
                raise LawBrokenError("a header with numbers that are none")
        return "read"

    return attempt


def prepare_series(folder: Path) -> Attempt:
    """Fuzz one slice of five: the series is stopped, or lies where it lay."""
    from tests.navigator.io.dicom_writer import ct_slices, write_files  # noqa: PLC0415 - half a second

    series = folder / "series"
    names = [f"{number}.dcm" for number in range(5)]
    paths = write_files(ct_slices(stored_slices(5)), series, names)
    samples = [path.read_bytes() for path in paths]
    grid = load_scan(series).volume.grid
    original = (grid.shape_kji, grid.lps_from_index)

    def attempt(random: Random) -> str:
        number = random.randrange(5)
        paths[number].write_bytes(mutated(samples[number], random, BOTH))
        try:
            check_place(load_scan(series).volume.grid, original, SLICE_MM)
        finally:
            paths[number].write_bytes(samples[number])
        return "same"

    return attempt


def prepare_enhanced(folder: Path) -> Attempt:
    """Fuzz an enhanced CT of four frames."""
    from tests.navigator.io.dicom_writer import AXIAL, enhanced_ct, write_files  # noqa: PLC0415 - half a second

    (path,) = write_files([enhanced_ct(stored_slices(4), AXIAL, [2, 0, 3, 1])], folder, ["e.dcm"])
    sample = path.read_bytes()
    original = corners(*enhanced_place(sample))

    def attempt(random: Random) -> str:
        content = mutated(sample, random, BOTH)
        path.write_bytes(content)
        scan = load_scan(path)
        check_place(scan.volume.grid, enhanced_place(content), SLICE_MM)
        now = corners(scan.volume.grid.shape_kji, scan.volume.grid.lps_from_index)
        if np.abs(now - original).max() <= SLICE_MM:
            return "same"
        asked = any(finding.severity is Severity.CONFIRM for finding in scan.findings)
        return "asked" if asked else "other"

    return attempt


def prepare_pixels(folder: Path) -> Attempt:
    """Fuzz one slice in each kind of compression, pixels decoded."""
    import gdcm  # noqa: PLC0415 - a native library that only this needs
    from pydicom.uid import RLELossless  # noqa: PLC0415 - half a second

    from navigator.io.dicom import decode_frames, read_headers  # noqa: PLC0415 - the same
    from tests.navigator.io.dicom_writer import ct_slices, write_files  # noqa: PLC0415 - the same

    (dataset,) = ct_slices(stored_slices(1))
    (plain,) = write_files([dataset], folder, ["plain.dcm"])
    samples = [plain.read_bytes()]
    dataset.compress(RLELossless)
    samples.append(write_files([dataset], folder, ["rle.dcm"])[0].read_bytes())
    syntaxes = ("JPEG2000Lossless", "JPEGLSLossless", "JPEGLosslessProcess14_1")
    samples += [_changed_by_gdcm(gdcm, plain, syntax).read_bytes() for syntax in syntaxes]
    path = folder / "slice.dcm"

    def attempt(random: Random) -> str:
        path.write_bytes(mutated(random.choice(samples), random, BINARY))
        for header in read_headers(path):
            (frame,) = decode_frames([header.source])
            if frame.shape != header.source.shape_ji:
                raise LawBrokenError(f"{frame.shape} pixels instead of {header.source.shape_ji}")
        return "read"

    return attempt


def _changed_by_gdcm(gdcm: Any, plain: Path, syntax: str) -> Path:  # noqa: ANN401 - no types
    """Compress a file with GDCM."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    if not reader.Read():
        raise RuntimeError("gdcm does not read our own file")
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    if not change.Change():
        raise RuntimeError(f"gdcm does not write {syntax}")
    out = plain.with_name(f"{syntax}.dcm")
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(out))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise RuntimeError(f"gdcm does not write {out}")
    return out


def document_subject(
    name: str, sample: Callable[[Path], bytes], read: Callable[[Path], str]
) -> Callable[[Path], Attempt]:
    """Fuzz a text document."""

    def prepare(folder: Path) -> Attempt:
        content = sample(folder)
        path = folder / name
        path.write_bytes(content)
        if read(path) not in ("same", "read"):
            raise LawBrokenError("the sample itself is not read")

        def attempt(random: Random) -> str:
            path.write_bytes(mutated(content, random, TEXT))
            return read(path)

        return attempt

    return prepare


def json_bytes(document: object) -> bytes:
    """Write JSON as our commands do."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def sample_request(folder: Path) -> bytes:
    """Give a request whose files are there."""
    from template_gen import build_default_spec, save_spec  # noqa: PLC0415 - half a second
    from tests.hostile.test_requests import full_request  # noqa: PLC0415 - the same

    save_spec(build_default_spec(rows=5, columns=5, pitch_mm=5.0, bore_diameter_mm=2.1),
              folder / "template.json")  # fmt: skip
    for name in ("scan.nii.gz", "labels.nii.gz"):
        (folder / name).write_bytes(b"1")
    return json_bytes(full_request())


def read_request(path: Path) -> str:
    """Read a request."""
    from navigator.io.documents import load_plan_request  # noqa: PLC0415 - half a second

    load_plan_request(path)
    return "read"


def a_motion() -> RigidTransform:
    """Give a motion of many digits."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", [5, -7, 11], degrees=True).as_matrix()
    matrix[:3, 3] = [12.345678, -98.7654321, 140.5]
    return RigidTransform(
        matrix=matrix, target=Frame(FrameKind.LPS, "1/2"), source=Frame(FrameKind.LPS, "3/4")
    )


def sample_registration(_: Path) -> bytes:
    """Give a registration as we write it."""
    from navigator.io.documents import (  # noqa: PLC0415 - half a second
        RegistrationDocument,
        registration_to_json,
    )
    from navigator.model.outcome import Verdict  # noqa: PLC0415 - the same

    return json_bytes(registration_to_json(RegistrationDocument(
        intraop_from_planning=a_motion(), verdict=Verdict.accepted(),
        metrics={"expected_tre_mm": 1.25, "seconds": 3.0},
        input_hashes={"planning": "ab" * 32, "intraop": "cd" * 32},
    )))  # fmt: skip


def check_as_written(path: Path, field: str, matrix: np.ndarray) -> None:
    """Break the law where a matrix is not the one in the file."""
    written = json.loads(path.read_bytes())[field]
    if not np.array_equal(np.asarray(written, dtype=np.float64), matrix):
        raise LawBrokenError(f"{field} is not what the file says")


def read_registration(path: Path) -> str:
    """Read a registration."""
    from navigator.io.documents import load_registration  # noqa: PLC0415 - half a second

    matrix = load_registration(path).intraop_from_planning.matrix
    check_as_written(path, "intraop_from_planning", matrix)
    return "same" if np.abs(matrix - a_motion().matrix).max() < 1e-6 else "other"


def sample_placement(_: Path) -> bytes:
    """Give a placement as we write it."""
    from navigator.io.documents import located_template_to_json  # noqa: PLC0415 - half a second
    from navigator.model.outcome import Verdict  # noqa: PLC0415 - the same

    pose = RigidTransform(matrix=a_motion().matrix, target=Frame(FrameKind.LPS, "1/2"),
                          source=Frame(FrameKind.TEMPLATE, "T-1"))  # fmt: skip
    return json_bytes(located_template_to_json(
        pose, Verdict.accepted(), sha256={"template": "ab" * 32, "scan": "cd" * 32},
        markers=[{"label": "M1", "lps_mm": [1.0, 2.0, 3.0], "residual_mm": 0.1}],
        metrics={"fre_mm": 0.1, "expected_tre_mm": 0.2, "ambiguity_ratio": 5.0},
    ))  # fmt: skip


def read_placement(path: Path) -> str:
    """Read a placement."""
    from navigator.io.documents import load_placement  # noqa: PLC0415 - half a second

    matrix = load_placement(path).lps_from_template.matrix
    check_as_written(path, "lps_from_template", matrix)
    return "same" if np.abs(matrix - a_motion().matrix).max() < 1e-6 else "other"


POINTS = b"label,x_mm,y_mm,z_mm\n" + b"".join(
    b"P%d,%d.5,-%d.25,1%d.125\n" % (number, number, number, number) for number in range(12)
)


def read_points(path: Path) -> str:
    """Read points."""
    from navigator.io.documents import load_points_csv  # noqa: PLC0415 - half a second

    labels, points_mm = load_points_csv(path)
    if len(labels) != len(points_mm) or not np.isfinite(points_mm).all():
        raise LawBrokenError("labels and points do not agree")
    return "read"


ZONE = {"centre_lps_mm": [1.5, 2, -3.5], "axis_lps": [0.0, 0.6, 0.8], "long_axis_mm": 40.0,
        "short_axis_mm": 30}  # fmt: skip
ZONES = json_bytes({"schema": "zones/1", "zones": [ZONE, {**ZONE, "long_axis_mm": 44.25}]})


def sample_plan(_: Path) -> bytes:
    """Give a plan as we write it."""
    from navigator.io.documents import plan_to_json  # noqa: PLC0415 - half a second
    from tests.navigator.io.documents.test_documents import one_needle_plan  # noqa: PLC0415 - the same

    return json_bytes(plan_to_json(one_needle_plan()))


def read_zones(path: Path) -> str:
    """Read zones."""
    from navigator.io.documents import load_zones  # noqa: PLC0415 - half a second

    for zone in load_zones(path, FRAME):
        if not (np.isfinite(zone.centre_mm).all() and zone.size.short_axis_mm.value > 0):
            raise LawBrokenError("a zone that is none")
    return "read"


def sample_spec(folder: Path) -> bytes:
    """Give a template as we write it."""
    from template_gen import build_default_spec, save_spec  # noqa: PLC0415 - half a second

    spec = build_default_spec(rows=5, columns=5, pitch_mm=5.0, bore_diameter_mm=2.1)
    save_spec(spec, folder / "spec.json")
    return (folder / "spec.json").read_bytes()


def read_spec(path: Path) -> str:
    """Read a template, and judge it."""
    from template_gen import load_spec  # noqa: PLC0415 - half a second
    from template_gen.rules import check_spec  # noqa: PLC0415 - the same

    check_spec(load_spec(path))
    return "read"


def sample_tfm(folder: Path) -> bytes:
    """Give a text transform as ITK writes it."""
    sitk.WriteTransform(itk_transform(), str(folder / "written.tfm"))
    return (folder / "written.tfm").read_bytes()


def read_tfm(path: Path) -> str:
    """Read a text transform; SimpleITK has to carry points to the same places."""
    from navigator.io.transforms.foreign import UNVERIFIED, load_foreign_transform  # noqa: PLC0415 - half a second

    read = load_foreign_transform(path)
    ours = carried(read.matrix)
    if np.abs(ours - points_of(itk_transform())).max() < 1e-6:
        return "same"
    try:
        theirs = points_of(sitk.ReadTransform(str(path)))
    except RuntimeError as error:
        raise LawBrokenError(f"SimpleITK refuses it: {str(error).splitlines()[-1]}") from error
    # rounded numbers in the file turn within our limit of rotations
    if not np.abs(ours - theirs).max() <= 0.05 + 1e-4 * np.abs(theirs).max():
        raise LawBrokenError(f"{np.abs(ours - theirs).max():.3g} mm from SimpleITK")
    return "asked" if UNVERIFIED in read.findings else "other"


def check_as_lib3mf(library: Any, content: bytes, corners_mm: np.ndarray) -> None:  # noqa: ANN401
    """Break the law where the 3MF consortium's own reader takes the file and finds other facets."""
    model = library.CreateModel()
    try:
        model.QueryReader("3mf").ReadFromBuffer(content)
    except lib3mf.ELib3MFException:
        return
    bodies = model.GetMeshObjects()
    if bodies.Count() != 1 or not bodies.MoveNext():
        raise LawBrokenError(f"lib3mf finds {bodies.Count()} bodies")
    body = bodies.GetCurrentMeshObject()
    points = np.array([list(vertex.Coordinates) for vertex in body.GetVertices()])
    rows = np.array([list(triangle.Indices) for triangle in body.GetTriangleIndices()])
    if len(rows) != len(corners_mm) or not np.allclose(points[rows], corners_mm, 1e-6, 1e-6):
        raise LawBrokenError("lib3mf reads another shape")


def mesh_subject(name: str) -> Callable[[Path], Attempt]:
    """Fuzz a mesh file."""

    def prepare(folder: Path) -> Attempt:
        from template_gen.mesh import TriangleMesh, measure_soundness  # noqa: PLC0415 - half a second
        from template_gen.meshfiles import load_mesh, stl_bytes, threemf_bytes  # noqa: PLC0415 - the same

        tips = np.array([[0.0, 0, 0], [50, 0, 0], [0, 50, 0], [0, 0, 50]])
        mesh = TriangleMesh(tips, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]))
        words = {"Title": "x", "Description": "y"}
        sample = stl_bytes(mesh, "x") if name.endswith("stl") else threemf_bytes(mesh, words)
        path, library = folder / name, lib3mf.get_wrapper()

        def attempt(random: Random) -> str:
            if name.endswith("3mf") and random.random() < 0.5:
                content = repack_zip(sample, lambda inner: mutated(inner, random, BOTH))
            else:
                content = mutated(sample, random, BINARY)
            path.write_bytes(content)
            read = load_mesh(path)
            if not np.isfinite(read.vertices_mm).all():
                raise LawBrokenError("a mesh with corners that are no numbers")
            measure_soundness(read)
            if name.endswith("3mf"):
                check_as_lib3mf(library, content, read.corners_mm)
            same = len(read.vertices_mm) == 4 and np.array_equal(
                np.sort(read.vertices_mm, axis=0), np.sort(tips, axis=0)
            )
            return "same" if same else "other"

        return attempt

    return prepare


Prepare: TypeAlias = "Callable[[Path], Attempt]"
"""Writes the sample into a folder and gives the attempt."""

SUBJECTS: dict[str, Prepare] = {
    "nifti": image_subject("scan.nii", nifti_place),
    "nifti-gz": image_subject("scan.nii.gz", nifti_place, repack_gzip),
    "nrrd": image_subject("scan.nrrd", nrrd_place, repack_nrrd),
    "seg-nrrd": image_subject("mask.seg.nrrd", nrrd_place, repack_nrrd),
    "metaimage": image_subject("scan.mha", meta_place, repack_meta),
    "dicom-header": prepare_headers,
    "dicom-series": prepare_series,
    "dicom-enhanced": prepare_enhanced,
    "dicom-pixels": prepare_pixels,
    "request": document_subject("request.json", sample_request, read_request),
    "registration": document_subject("r.json", sample_registration, read_registration),
    "placement": document_subject("p.json", sample_placement, read_placement),
    "points": document_subject("points.csv", lambda _: POINTS, read_points),
    "zones": document_subject("zones.json", lambda _: ZONES, read_zones),
    "plan": document_subject("plan.json", sample_plan, read_zones),
    "template": document_subject("template.json", sample_spec, read_spec),
    "tfm": document_subject("transform.tfm", sample_tfm, read_tfm),
    "h5": prepare_h5,
    "stl": mesh_subject("plate.stl"),
    "3mf": mesh_subject("plate.3mf"),
}
"""Every reader by name."""
