"""`c360 token`: a token of the development issuer."""

from typing import Annotated

import typer

from gateway.commands.options import DEFAULT_CONFIG, ConfigOption
from gateway.development_issuer import DevelopmentIssuer
from gateway.failures import WRONG_USE, CommandFailed
from gateway.policy import packaged_policy
from gateway.settings import load_settings


def token(
    role: Annotated[str, typer.Option(help="The role that the token names, e.g. support_agent.")],
    config: ConfigOption = DEFAULT_CONFIG,
    subject: Annotated[str | None, typer.Option(help="Who it stands for; the role's name if not given.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="For the role integration; may be repeated.")] = None,
) -> None:
    """Print a token of the development issuer; it lasts 12 hours."""
    settings = load_settings(config)
    if not settings.identity.development:
        raise CommandFailed(
            f"{config} names an external issuer: only it makes tokens",
            "On a developer's machine, set development = true in [identity] instead",
            WRONG_USE,
        )
    roles = packaged_policy().roles
    if role not in roles:
        raise CommandFailed(f'there is no role "{role}"', f"There are: {', '.join(roles)}", WRONG_USE)
    issuer = DevelopmentIssuer(settings.gateway.data_directory, settings.identity)
    typer.echo(issuer.token(role, subject, scope or ()))
