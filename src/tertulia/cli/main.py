"""`tertulia` and its commands. Imports nothing heavy: `--help` and `--version` answer at once."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tertulia import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tertulia", message="%(prog)s %(version)s")
def main() -> None:
    """A self-hosted chat: one core of rooms, and many doors into it."""


@main.command()
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Read settings from this TOML file.",
)
@click.option("--data", metavar="DIR", help="Keep the database in this folder.")
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Set any setting, such as doors.line.max_sessions=10. Repeatable.",
)
@click.option(
    "--listen",
    "listens",
    metavar="DOOR=HOST:PORT",
    multiple=True,
    help="Open this door here, and only the doors so named. Port 0 takes a free one. Repeatable.",
)
@click.option(
    "--plugin",
    "plugins",
    metavar="FILE_OR_MODULE",
    multiple=True,
    help="Load this plugin, along with those of the settings. Repeatable.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="How the log on standard error is written.",
)
def serve(
    config_file: Path | None,
    data: str | None,
    overrides: tuple[str, ...],
    listens: tuple[str, ...],
    plugins: tuple[str, ...],
    log_format: str | None,
) -> None:
    """Run the chat server until it is told to stop."""
    from tertulia.cli.serve import serve_chat

    named = {"server.data": data, "log.format": log_format}
    given = [f"{key}={value}" for key, value in named.items() if value is not None]
    sys.exit(serve_chat(config_file, (*overrides, *given), listens, plugins))


@main.command()
@click.argument("url", required=False)
@click.option("--nick", metavar="NAME", help="The nick to have; without it, a guest's.")
@click.option("--room", metavar="ROOM", help="The room to talk in; without it, the main room.")
@click.option("--json", "as_json", is_flag=True, help="Write events as JSON, one to a line.")
def chat(url: str | None, nick: str | None, room: str | None, as_json: bool) -> None:
    """Talk in a chat, from a terminal or through a pipe.

    URL is tcp://HOST:PORT, ws://HOST:PORT/events or wss://HOST/events; without it, /connect asks.
    """
    from tertulia.cli.chat import talk

    sys.exit(talk(url, nick, room, as_json=as_json))
