"""The command line: argv in, one JSON object or a few lines out, an exit code."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import typer

from navigator.cli import exports, machine, plans, scans, segments
from navigator.cli.shell import run_app

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN_GROUP = "navigator.commands"
"""Entry points of this group add commands: what stands above this package reaches its users so."""


def build_app() -> typer.Typer:
    """Put all commands together.

    Returns
    -------
    typer.Typer
        The application.
    """
    app = typer.Typer(
        name="navigator",
        help="Plan and guide CT-guided microwave ablation of liver tumours through a printed "
        "template. Research software, not a medical device.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for plugin in sorted(entry_points(group=PLUGIN_GROUP), key=lambda found: found.name):
        app.command(plugin.name)(plugin.load())
    rooms = (plans, scans, segments, exports, machine)
    for command in (command for room in rooms for command in room.COMMANDS):
        app.command()(command)
    return app


def main() -> None:
    """Run ``navigator``; wrong usage ends with 2."""
    with nothing_said_of_ruins(wanted="--debug" in sys.argv):
        code = run_app(build_app(), "navigator", sys.argv[1:])
    sys.exit(code)


@contextmanager
def nothing_said_of_ruins(*, wanted: bool) -> Iterator[None]:
    """Keep Python from printing a traceback where an object that was half made is taken away.

    Ctrl-C while a native library makes one leaves such an object behind; its own cleaning up
    then fails, which harms nobody and is no concern of the person at the table.

    Parameters
    ----------
    wanted : bool
        Whether the tracebacks were asked for.

    Yields
    ------
    None
        While a command runs.
    """
    before = sys.unraisablehook
    if not wanted:
        sys.unraisablehook = lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = before
