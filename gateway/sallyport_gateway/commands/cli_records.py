"""`sallyport-gateway records`: imports, holds, who is due, releases told to others, and the figures, on its own store.

The store may be in use: what is imported voids approvals and revises lives in the same transaction.
"""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from sallyport_gateway.authority.calendar import LONDON, from_millis
from sallyport_gateway.authority.identifiers import is_prison_code
from sallyport_gateway.commands.options import GATEWAY_TOML, Config, Json
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.drivers import release_outbox
from sallyport_gateway.drivers.authority_access import Access, Action, By, accesses_of, log_access
from sallyport_gateway.drivers.authority_feed import asides, settle_aside
from sallyport_gateway.drivers.authority_holds import open_holds
from sallyport_gateway.drivers.authority_import import Imported, import_csv, import_json
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.authority_plot import draw
from sallyport_gateway.drivers.authority_preflight import log_look
from sallyport_gateway.drivers.authority_records import Kind
from sallyport_gateway.drivers.authority_search import search
from sallyport_gateway.drivers.authority_statistics import figures, write_csv
from sallyport_gateway.drivers.release_rules import read_rules
from sallyport_gateway.ledger import life
from sallyport_gateway.store import Store
from sallyport_protocol.errors import MalformedError, RoadError

_HELP = """Import records; list holds, who is due and what was told; count what happened.

The store may be in use: what is imported voids approvals in the same transaction."""

app = typer.Typer(help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command(name="import")
def import_records(
    file: Annotated[Path, typer.Argument(help="A JSON list of rows, or CSV of one kind")],
    officer: Annotated[str, typer.Option(help="Who imports")],
    why: Annotated[str, typer.Option(help="Why")],
    as_of: Annotated[str, typer.Option(help="The moment that the file speaks for, such as 2026-06-10T06:00:00Z")],
    kind: Annotated[Kind | None, typer.Option(help="Kind of the rows of a CSV file", show_default=False)] = None,
    config: Config = GATEWAY_TOML,
) -> None:
    """Import records, all or nothing. Exit code 1: a row is wrong; a line for each says how."""
    text, at, by = _read(file), _moment(as_of), By(officer, why)
    if kind is None and file.suffix.lower() == ".csv":
        raise MalformedError("A CSV file holds one kind of records: say which with --kind.")

    def job(conn: Connection) -> Imported:
        now = datetime.now(UTC)
        done = import_json(conn, text, by, now, at) if kind is None else import_csv(conn, kind, text, by, now, at)
        life.revise(conn, done.touched)
        return done

    with Store(load_configuration(config).store_url) as store:
        done = store.write_now(job)
    for error in done.errors:
        typer.echo(f"row {error.row}: {error.sentence}" if error.row else error.sentence, err=True)
    if done.errors:
        typer.echo("Nothing was imported.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{done.rows} rows read, {done.changed} records changed, {len(done.touched)} authorisations concerned")


@app.command("search")
def search_people(
    text: Annotated[str, typer.Argument(help="A prisoner number, or (part of) a name or an alias")],
    officer: Annotated[str, typer.Option(help="Who asks")],
    why: Annotated[str, typer.Option(help="Why: the law asks for it")],
    born: Annotated[str | None, typer.Option(help="Only who was born on this day, such as 1991-04-17")] = None,
    config: Config = GATEWAY_TOML,
) -> None:
    """Find people by number, name or alias, spelling aside, as JSON lines, best first. Exit code 1: nobody is found.

    Every search is a line in the log of consultations.
    """
    by, day, now = By(officer, why), None if born is None else _day(born), datetime.now(UTC)
    with Store(load_configuration(config).store_url) as store:
        hits = store.write_now(lambda conn: search(conn, text, by, now, day))
    for hit in hits:
        shown = {"prisoner_number": hit.prisoner_number, "name": hit.shown, "alias": hit.alias}
        at = hit.date_of_birth.isoformat() if hit.date_of_birth else None
        typer.echo(json.dumps(shown | {"born": at, "likeness": hit.likeness}, ensure_ascii=False))
    if not hits:
        typer.echo("Nobody of that name or number.", err=True)
        raise typer.Exit(1)


@app.command()
def consultations(
    prisoner: Annotated[str, typer.Argument(help="A prisoner number")],
    officer: Annotated[str, typer.Option(help="Who asks")],
    why: Annotated[str, typer.Option(help="Why: the law asks for it")],
    config: Config = GATEWAY_TOML,
) -> None:
    """Who read or changed what about a person, when and why, as JSON lines, oldest first; asking is such a line too."""
    by, now = By(officer, why), datetime.now(UTC)

    def job(conn: Connection) -> list[Access]:
        found = accesses_of(conn, prisoner)
        log_access(conn, Action.CONSULTED, prisoner, "log of consultations", by, now)
        return found

    with Store(load_configuration(config).store_url) as store:
        lines = store.write_now(job)
    for each in lines:
        said = {"who": each.who, "action": each.action.value, "what": each.what, "why": each.why}
        typer.echo(json.dumps({"at": from_millis(each.at).isoformat()} | said, ensure_ascii=False))


@app.command()
def holds(
    prison: Annotated[str | None, typer.Option(help="A prison's code", show_default="all")] = None,
    config: Config = GATEWAY_TOML,
) -> None:
    """List the open holds with cause, owner, first step and clock, as JSON lines, oldest first."""
    now = datetime.now(UTC)
    with Store(load_configuration(config).store_url) as store:
        found = store.read_now(lambda conn: open_holds(conn, None if prison is None else _prison(prison), now))
    for each in found:
        held, clock = each.held, each.clock
        line: dict[str, Any] = {
            "id": each.id,
            "prison": held.prison,
            "prisoner_number": held.prisoner_number,
            "authorisation": held.authorisation,
            "cause": held.cause.value,
            "reasons": list(held.reasons),
            "owner": held.owner.value,
            "next_step": held.next_step.value,
            "minutes": int(clock.running.total_seconds() // 60),
            "told": clock.level.value,
            "over_detained": clock.over_detained,
        }
        typer.echo(json.dumps(line))


@app.command()
def preflight(
    prison: Annotated[str, typer.Argument(help="A prison's code, such as MDI")],
    as_json: Json = False,
    config: Config = GATEWAY_TOML,
) -> None:
    """List who is due within 14 or 2 days. Exit code 1: something must be settled before."""
    configuration, now = load_configuration(config), datetime.now(UTC)
    if prison not in configuration.file.prisons:
        ours = ", ".join(configuration.file.prisons)
        raise MalformedError(f"This gateway has nothing of {prison!r}; it serves {ours}. Nobody was looked at.")
    with Store(configuration.store_url) as store:
        rules = read_rules(configuration, store)
        authority = EmbeddedAuthority(configuration.read(configuration.file.secrets.references), lambda: True, rules)
        lines = store.read_now(lambda conn: authority.preflight(conn, prison, now))
        store.write_now(lambda conn: log_look(conn, lines, now))
    for each in lines:
        said = [*(finding.sentence for finding in each.findings), *each.references]
        if as_json:
            row = {"day": each.day.isoformat(), "within_days": each.band, "prisoner_number": each.prisoner_number}
            typer.echo(json.dumps({**row, "authorisation": each.authorisation, "ready": each.ready, "settle": said}))
        else:
            typer.echo(f"{each.day}  {each.prisoner_number}  {each.name}: {'ready' if each.ready else '; '.join(said)}")
    if not all(each.ready for each in lines):
        raise typer.Exit(1)


@app.command()
def events(
    settle: Annotated[
        int | None, typer.Option(help="Number of an event that was looked at", show_default=False)
    ] = None,
    officer: Annotated[str, typer.Option(help="Who looked at it")] = "",
    why: Annotated[str, typer.Option(help="What it was")] = "",
    config: Config = GATEWAY_TOML,
) -> None:
    """List events of HMPPS's feed that nobody could read, as JSON lines; with --settle, close one first."""
    with Store(load_configuration(config).store_url) as store:
        if settle is not None:
            by, now = By(officer, why), datetime.now(UTC)
            if not store.write_now(lambda conn: settle_aside(conn, settle, by, now)):
                raise MalformedError(f"There is no event {settle} that waits to be looked at.")
        found = store.read_now(asides)
    for each in found:
        at = from_millis(int(str(each["at"]))).isoformat()
        typer.echo(json.dumps({name: each[name] for name in ("id", "sequence", "name", "why", "text")} | {"at": at}))


@app.command()
def releases(
    prison: Annotated[str, typer.Argument(help="A prison's code, such as MDI")],
    after: Annotated[int, typer.Option(help="Those after this number")] = 0,
    again: Annotated[bool, typer.Option("--say-again", help="Let the gateway tell them again on MQTT")] = False,
    config: Config = GATEWAY_TOML,
) -> None:
    """List what other systems are told of releases, as JSON lines: number, who, on what paper, how often."""
    with Store(load_configuration(config).store_url) as store:
        _prison(prison)
        if again:
            count = store.write_now(lambda conn: release_outbox.say_again(conn, prison, after))
            typer.echo(f"{count} releases of {prison} will be told again.", err=True)
        found = store.read_now(lambda conn: release_outbox.told(conn, prison, after))
    for each in found:
        typer.echo(json.dumps(each))


@app.command(name="figures")
def tell_figures(
    since: Annotated[str, typer.Option(help="From this day, such as 2026-04-01, or this moment")],
    until: Annotated[str, typer.Option(help="Until this day begins, or to this moment")],
    plot: Annotated[Path | None, typer.Option(help="Also draw them into this SVG file", show_default=False)] = None,
    config: Config = GATEWAY_TOML,
) -> None:
    """Count prevented errors, real errors, holds and over-detentions by month, prison and cause, as CSV."""
    low, high = _edge(since), _edge(until)
    with Store(load_configuration(config).store_url) as store:
        rows = store.read_now(lambda conn: figures(conn, low, high))
    typer.echo(write_csv(rows), nl=False)
    if plot is not None:
        try:
            plot.write_text(draw(rows, f"Holds and errors from {since[:10]} until {until[:10]}"), encoding="utf-8")
        except OSError as error:
            raise RoadError(f"{plot} cannot be written: {error.strerror}.") from error


def _prison(code: str) -> str:
    """A mistyped code would look like nothing to do."""
    if not is_prison_code(code):
        raise MalformedError(f"{code!r} is not a prison's code, such as MDI.")
    return code


def _edge(text: str) -> datetime:
    """A day begins at London's midnight."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), LONDON)
    except ValueError:
        return _moment(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise MalformedError(f"{text!r} is not a day such as 1991-04-17.") from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise MalformedError(f"{text!r} is not a time such as 2026-06-10T06:00:00Z.") from None
    if moment.tzinfo is None:
        raise MalformedError(f"{text!r} has no time zone: add Z for UTC.")
    return moment


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RoadError(f"{path} cannot be read: {error.strerror}.") from error
