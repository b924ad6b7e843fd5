"""`sallyport-gateway records papers`: what holds people because nobody has read it or knows whose it is."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy import Connection, select

from sallyport_gateway.authority.policy import ReleasePolicy
from sallyport_gateway.authority.records import Warrant
from sallyport_gateway.commands.options import GATEWAY_TOML, Config
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.drivers.authority_access import Action, By, log_access
from sallyport_gateway.drivers.authority_compose import compose
from sallyport_gateway.drivers.authority_records import Kind
from sallyport_gateway.drivers.authority_tables import records
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants
from sallyport_gateway.drivers.release_rules import read_rules
from sallyport_gateway.store import Store


def list_papers(
    officer: Annotated[str, typer.Option(help="Who asks")],
    why: Annotated[str, typer.Option(help="Why: the law asks for it")],
    prisoner: Annotated[
        str | None, typer.Option(help="Only warrants that may be this person's", show_default=False)
    ] = None,
    config: Config = GATEWAY_TOML,
) -> None:
    """List warrants that are linked to nobody, and papers that nobody has read, as JSON lines. Exit code 1: there are.

    Asking is a line in the log of consultations, for each person who is named.
    """
    by, now, configuration = By(officer, why), datetime.now(UTC), load_configuration(config)
    with Store(configuration.store_url) as store:
        rules = read_rules(configuration, store)
        lines = store.write_now(lambda conn: papers_of(conn, prisoner, rules, by, now))
    for line in lines:
        typer.echo(json.dumps(line, ensure_ascii=False))
    if lines:
        raise typer.Exit(1)


def papers_of(
    conn: Connection, prisoner: str | None, rules: ReleasePolicy, by: By, now: datetime
) -> list[dict[str, object]]:
    """Warrants of nobody, then unread papers; each consultation is logged with them."""
    query = select(records.c.prisoner_number, records.c.document).where(records.c.kind == Kind.PAPER.value)
    if prisoner is not None:
        query = query.where(records.c.prisoner_number == prisoner)
    unread = conn.execute(query.order_by(records.c.prisoner_number, records.c.key)).all()
    about = {row.prisoner_number for row in unread} | ({prisoner} if prisoner is not None else {None})
    for number in sorted(about, key=str):
        log_access(conn, Action.CONSULTED, number, "warrants of nobody and unread papers", by, now)
    papers = ({"paper": json.loads(row.document), "prisonerNumber": row.prisoner_number} for row in unread)
    return [*({"warrant": each.to_map()} for each in _stray(conn, prisoner, rules)), *papers]


def _stray(conn: Connection, prisoner: str | None, rules: ReleasePolicy) -> tuple[Warrant, ...]:
    memory, least = UnmatchedWarrants(looking=True), rules.measures.name_similarity.value
    return memory.all(conn) if prisoner is None else compose(conn, prisoner, memory, least).unmatched_warrants
