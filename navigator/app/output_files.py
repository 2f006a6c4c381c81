"""Which files a command may write: never its own input, never somebody else's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from navigator.errors import FileRefusedError
from navigator.io.disk import check_is_no_link, check_room
from navigator.io.documents import load_plan_request, save_json
from navigator.io.documents.jsonreading import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """A file to be written, as a command names it.

    Parameters
    ----------
    path : Path
        Where it shall be.
    overwrite : bool
        Whether a file that is not an earlier result of the same kind may be replaced.
    """

    path: Path
    overwrite: bool = False


def check_may_write_file(
    output: OutputChoice, *, inputs: Iterable[Path], schema: str | None = None
) -> None:
    """Refuse an output file that would replace an input, or what is not ours to replace.

    Parameters
    ----------
    output : OutputChoice
        Where the file shall be.
    inputs : iterable of Path
        What the command reads, files and folders; never replaced, whatever is asked for.
    schema : str or None
        Of the document to be written: an earlier one of the same schema may be replaced, so
        that the same command can be given again. None where the format names no author.

    Raises
    ------
    FileRefusedError
        ``output-is-input``, ``output-exists``, ``output-is-link``, ``disk-full`` or ``unwritable``.
    """
    out = output.path
    try:
        ours = _is_ours(out, schema)
        clash = next((each for each in inputs if _is_input_of(each, out, ours=ours)), None)
        if clash is not None:
            raise _input_refusal(out, clash)
        if not out.parent.is_dir():
            raise _unwritable(out, f"no folder {out.parent}")
        is_there, is_file = out.exists() or out.is_symlink(), out.is_file()
    except (OSError, RuntimeError) as error:
        raise _unwritable(out, str(error)) from error
    if not is_there or (is_file and (output.overwrite or ours)):
        check_is_no_link(out)
        check_room(out.parent)
        return
    raise FileRefusedError(
        code="output-exists",
        what="The output would replace what is there",
        where=str(out),
        expected="a new file" + (f", or one of schema {schema}" if schema else ""),
        got="another file" if is_file else "a folder, a device or a link that leads nowhere",
        next_step="add --overwrite to replace it, or choose another name"
        if is_file
        else "choose another name",
    )


def save_document(document: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """Write a plan, registration or placement, and keep the one that was there.

    Parameters
    ----------
    document : mapping
        As it shall be written.
    out : Path
        Where; :func:`check_may_write_file` has allowed it.

    Returns
    -------
    dict
        The document as it is printed: with ``kept_earlier``, where an earlier one is kept.
    """
    kept = save_json(document, out, keep_earlier=True)
    return {**document, **({} if kept is None else {"kept_earlier": str(kept)})}


def inputs_of_request(path: Path) -> tuple[Path, ...]:
    """List the files that planning a request reads.

    Parameters
    ----------
    path : Path
        A ``plan-request/1`` file.

    Returns
    -------
    tuple of Path
        The request, and the scans, structures and template that it names.

    Raises
    ------
    InputRefusedError
        If the request cannot be used.
    """
    request = load_plan_request(path)
    named = (request.scan, request.structures, request.template, request.intraop)
    return (path, *(each for each in named if each is not None))


def _is_input_of(source: Path, out: Path, *, ours: bool) -> bool:
    """Tell whether an output is the input, by whatever name or link, or a file in its folder."""
    if not (source.exists() and out.exists()):
        return False
    if out.samefile(source):
        return True
    # an earlier result beside the slices is no slice
    held = source.is_dir() and out.is_file() and not ours
    return held and out.resolve().is_relative_to(source.resolve())


def _is_ours(out: Path, schema: str | None) -> bool:
    if schema is None or not out.is_file():
        return False
    try:
        return schema_of(out) == schema
    except FileRefusedError:
        return False


def _input_refusal(out: Path, source: Path) -> FileRefusedError:
    return FileRefusedError(
        code="output-is-input",
        what="The output would replace an input of the same command",
        where=str(out),
        expected="a name of its own",
        got=f"the same as, or a file in, {source}",
        next_step="choose another name for the output",
    )


def _unwritable(out: Path, got: str) -> FileRefusedError:
    return FileRefusedError(
        code="unwritable",
        what="The file cannot be written",
        where=str(out),
        expected="a folder that exists, may be written to, and has room",
        got=got,
        next_step="make the folder, free some room, or choose another place",
    )
