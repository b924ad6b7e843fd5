"""Which gateways are alive, and which of them keeps each lane: where several share a store."""

import json

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from sallyport_gateway.commands.options import GATEWAY_TOML, Config, Json
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.ledger import leases
from sallyport_gateway.store.engine import is_road, open_reader, road_error


def keepers_command(
    config: Config = GATEWAY_TOML,
    as_json: Json = False,
) -> None:
    """Show which gateway keeps which lane. Exit code 1: a lane has none."""
    where = load_configuration(config).store_url
    if where.startswith("sqlite:"):
        typer.echo("{}" if as_json else "One gateway has this store for itself, and keeps all its lanes.")
        return
    engine = open_reader(where)
    try:
        with engine.connect() as conn:
            alive, kept = _now(conn)
    except Exception as error:
        raise road_error(error, where) if is_road(error) else error from error
    finally:
        engine.dispose()
    if as_json:
        typer.echo(json.dumps({"alive": alive, "lanes": kept}))
    else:
        table = Table("lane", "keeper", title=f"Gateways alive: {', '.join(alive) or 'none'}")
        for lane, gateway in kept.items():
            table.add_row(lane, gateway or "[bold red]nobody[/]")
        Console().print(table)
    raise typer.Exit(1 if "" in kept.values() else 0)


def _now(conn: Connection) -> tuple[list[str], dict[str, str]]:
    now = leases.clock(conn)
    held = sorted(leases.known(conn).items())
    kept = {lane: lease.gateway if lease.until > now else "" for lane, lease in held}
    return [each.name for each in leases.alive(conn, now)], kept
