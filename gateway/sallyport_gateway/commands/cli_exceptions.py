"""Record what a person cannot do at the kiosk: who says so, why, until when.

No record lowers a threshold. For a covering, a patch, a missing eye, an injury:
either name the part that stays covered (the face is compared as it is),
or record an exception for the whole face (the finger must then suffice).
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer
from sqlalchemy import Connection

from sallyport_gateway.commands.options import GATEWAY_TOML, Config
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_needs import end_needs, exceptions_of, needs_of, record_needs
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.store import Store
from sallyport_protocol.actions import Action, Part
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.subject import Modality, Needs, RecordedException

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Prisoner = Annotated[str, typer.Argument(help="Prisoner number, such as A1234BC")]
Officer = Annotated[str, typer.Option(help="Who records it")]
Why = Annotated[str, typer.Option(help="Why; the kiosk is not told")]
Until = Annotated[str, typer.Option(help="Last day on which it holds, YYYY-MM-DD")]


@app.command()
def needs(
    prisoner: Prisoner,
    officer: Officer,
    why: Why,
    until: Until,
    unable: Annotated[list[Action] | None, typer.Option(help="What the person cannot do; repeat")] = None,
    covered: Annotated[list[Part] | None, typer.Option(help="What of the face stays covered; repeat")] = None,
    slow: Annotated[bool, typer.Option("--slow", help="Longer to answer, and more steps")] = False,
    no_light: Annotated[bool, typer.Option("--no-light", help="No changing colours (epilepsy)")] = False,
    config: Config = GATEWAY_TOML,
) -> None:
    """Record what a person needs of the challenge; it replaces what was recorded before."""
    content = {"unable": unable or [], "slow": slow, "no_light": no_light, "covered": covered or []}
    needed, by, ends, now = Needs.parse(content), By(officer, why), _end_of(until), datetime.now(UTC)
    with Store(load_configuration(config).store_url) as store:
        store.write_now(lambda conn: record_needs(conn, prisoner, needed, by, ends, now))
    typer.echo(f"{prisoner}: {_told(needed)}, until {until}")


@app.command()
def modality(
    prisoner: Prisoner,
    which: Annotated[Modality, typer.Argument(help="What cannot be used")],
    officer: Officer,
    why: Why,
    until: Until,
    config: Config = GATEWAY_TOML,
) -> None:
    """Record that a modality cannot be used. The other must then reach the fused threshold alone."""
    by, ends, now = By(officer, why), _end_of(until), datetime.now(UTC)
    if ends <= now:
        raise MalformedError(f"{until} is past; name a later day.")
    recorded = RecordedException.parse({"modality": which.value, "reason": by.why, "officer": by.who})
    configuration = load_configuration(config)
    authority = EmbeddedAuthority(configuration.read(configuration.file.secrets.references), lambda: True)
    with Store(configuration.store_url) as store:
        store.write_now(lambda conn: authority.except_modality(conn, prisoner, recorded, ends, now))
    typer.echo(f"{prisoner}: no {which} until {until}")


@app.command()
def show(prisoner: Prisoner, config: Config = GATEWAY_TOML) -> None:
    """Show what is recorded of a person and holds now."""
    now = datetime.now(UTC)
    with Store(load_configuration(config).store_url) as store:
        found, excused = store.read_now(
            lambda conn: (needs_of(conn, prisoner, now), exceptions_of(conn, prisoner, now))
        )
    if found is not None:
        typer.echo(f"{prisoner}: {_told(found.needs)}, until {found.ends:%Y-%m-%d}, by {found.officer}: {found.reason}")
    for each in excused:
        typer.echo(f"{prisoner}: no {each.modality}, by {each.officer}: {each.reason}")
    if found is None and not excused:
        typer.echo(f"{prisoner}: nothing is recorded")


@app.command()
def end(prisoner: Prisoner, officer: Officer, why: Why, config: Config = GATEWAY_TOML) -> None:
    """End what is recorded, of the challenge and of whole modalities. Exit code 1: nothing was."""
    by, now = By(officer, why), datetime.now(UTC)

    def job(conn: Connection) -> bool:
        return end_needs(conn, prisoner, by, now)

    with Store(load_configuration(config).store_url) as store:
        ended = store.write_now(job)
    typer.echo(f"{prisoner}: {'ended' if ended else 'nothing is recorded'}")
    if not ended:
        raise typer.Exit(1)


def _told(needed: Needs) -> str:
    said = [f"not {each.value.lower().replace('_', ' ')}" for each in needed.unable]
    said += ["more time"] if needed.slow else []
    said += ["no changing light"] if needed.no_light else []
    said += [f"{each.value.lower()} covered" for each in needed.covered]
    return ", ".join(said)


def _end_of(day: str) -> datetime:
    try:
        last = date.fromisoformat(day)
    except ValueError:
        raise MalformedError(f"{day!r} is not a day such as 2026-06-10.") from None
    return datetime.combine(last + timedelta(days=1), time(), UTC)
