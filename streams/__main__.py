"""`python -m streams`: the log from the command line. Settings are read here and passed inward."""

import sys

import click

from infra.settings import SettingsError, load_settings
from schemas.codec import open_codec
from streams.cli_dead import dead
from streams.cli_emit import emit
from streams.cli_replay import replay_command
from streams.cli_snapshots import snapshots
from streams.cli_tail import tail
from streams.cli_topics import topics
from streams.frames import frame_decoder
from streams.kafka import build_consumer


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Carry events: make topics, append, follow and replay them, settle dead letters, and look at snapshots.

    Example: python -m streams tail photos --from-beginning --limit 10
    """
    context.obj = _settings


def _settings():
    try:
        return load_settings()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(3)


def _reading_tools():
    return build_consumer(_settings().kafka_bootstrap), frame_decoder(open_codec().decoder)


main.add_command(topics)
main.add_command(emit)
main.add_command(tail)
main.add_command(dead)
main.add_command(snapshots)
main.add_command(replay_command(_reading_tools))

if __name__ == "__main__":
    main(prog_name="python -m streams")
