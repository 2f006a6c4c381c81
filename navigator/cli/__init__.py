"""The command line: argv in, one JSON object or a few lines out, an exit code."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer

from navigator.cli import exports, machine, plans, scans, segments
from navigator.cli.shell import run_app

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
    sys.exit(run_app(build_app(), "navigator", sys.argv[1:]))
