"""`python -m streams`: the log from the command line. Settings are read here and passed inward."""

import sys

import click

from infra.settings import SettingsError, load_settings
from streams.cli_topics import topics


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Carry events: make topics, append, follow and replay them.

    Example: python -m streams tail photos --from-beginning --limit 10
    """
    context.obj = _settings


def _settings():
    try:
        return load_settings()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(3)


main.add_command(topics)

if __name__ == "__main__":
    main(prog_name="python -m streams")
