"""Commands on the machine: doctor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from navigator.cli.shell import DebugOption, JsonOption, Outcome, finish

if TYPE_CHECKING:
    from collections.abc import Callable


def doctor(
    folder: Annotated[Path, typer.Option(help="where results shall be written")] = Path(),
    as_json: bool = JsonOption,
    debug: bool = DebugOption,
) -> None:
    """Say what this machine lacks, and the line that installs it.

    Example: navigator doctor
    """

    def verb(progress: Callable[[str], None]) -> Outcome:
        from navigator.app.doctor import examination_lines, examine

        document = examine(folder, progress=progress)
        return Outcome(document, examination_lines(document))

    finish(verb, as_json=as_json, debug=debug)


COMMANDS = (doctor,)
