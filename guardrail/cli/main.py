"""The command line: one group, one file per family of commands.

Exit status, everywhere: 0 what was asked for is so, 1 it is not (something was blocked, a case failed, a log does
not verify), 2 it could not be done.
"""

import sys
from importlib import import_module

import click

from guardrail import __version__
from guardrail.errors import GuardrailError

_COMMANDS = {
    "serve": ("guardrail.cli.serve", "serve"),
    "check": ("guardrail.cli.check", "check"),
    "policy": ("guardrail.cli.policy", "policy"),
    "audit": ("guardrail.cli.audit", "audit"),
    "fingerprint": ("guardrail.cli.fingerprint", "fingerprint"),
    "canary": ("guardrail.cli.canary", "canary"),
    "eval": ("guardrail.cli.eval", "evaluate"),
    "report": ("guardrail.cli.report", "report"),
    "probe": ("guardrail.cli.probe", "probe"),
    "models": ("guardrail.cli.models", "models"),
}


class _Lazy(click.Group):
    """Imports a command when it is asked for: `audit verify` should not wait for the detectors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[name]
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "GUARDRAIL"})
@click.version_option(__version__, prog_name="guardrail")
def guardrail() -> None:
    """A sidecar that reads what a language model says before anyone else does, and applies your policy to it."""


def main() -> None:
    """Run the command line; an error of ours becomes one line on standard error and exit status 2."""
    try:
        sys.exit(guardrail.main(standalone_mode=False))  # `ctx.exit(1)` arrives here as a number
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except GuardrailError as error:
        click.echo(f"guardrail: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
