"""Whether a gateway's store is as far as what was witnessed, and the two officers' way back for one that is not."""

import json
import secrets
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from sqlalchemy import Connection

from sallyport_gateway.acts.doubt import seen_words
from sallyport_gateway.audit import generations, heads, log
from sallyport_gateway.audit.heads import Behind
from sallyport_gateway.commands.options import GATEWAY_TOML, Config, Json, trouble_is_2
from sallyport_gateway.configuration import Configuration, load_configuration
from sallyport_gateway.drivers.witness_place import open_witness
from sallyport_gateway.page_server import address
from sallyport_gateway.store.engine import is_road, open_reader, road_error
from sallyport_link.program import complain
from sallyport_protocol import envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.errors import MalformedError, RoadError, SallyportError
from sallyport_protocol.identity import identity_of
from sallyport_protocol.keys import SoftwareSigner, signer_from_pem

_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Compared:
    """A store beside its witness."""

    log: str
    size: int
    behind: tuple[Behind, ...]
    """The logs of this store that its witness knows otherwise."""


def show_standing(config: Config = GATEWAY_TOML, as_json: Json = False) -> None:
    """Compare the store with its witness. Exit code 0: it may grant; 1: it is behind; 2: one cannot be read."""
    with trouble_is_2():
        found = compare(load_configuration(config))
    good = not found.behind
    if as_json:
        shown = {"log": found.log, "size": found.size, "witnessed": seen_words(found.behind), "grants": good}
        typer.echo(json.dumps(shown))
    else:
        seen = f"; its witness has {seen_words(found.behind)}" if found.behind else ", as its witness knows it"
        typer.echo(f"{found.log}: {found.size} entries in the store{seen}")
        typer.echo(
            "The store may grant." if good else "The store grants NOTHING until two officers have reconciled it."
        )
    raise typer.Exit(0 if good else 1)


def reconcile(
    officer: Annotated[
        list[Path], typer.Option("--officer", help="Folder with an officer's key.pem and certificate.pem; give two")
    ],
    why: Annotated[str, typer.Option("--why", help="What happened to the store")],
    config: Config = GATEWAY_TOML,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Let a restored gateway go on, by two officers' signed acts. The gateway must be running; it begins anew.

    Authorisations that were alive become unknown,
    until two officers have said of each whether the person left.

    Exit code 0: done; 1: refused; 2: store, witness, gateway or key cannot be read.
    """
    try:
        if len(officer) != 2:
            raise MalformedError("It takes two officers: give --officer twice.")
        configuration = load_configuration(config)
        found = compare(configuration)
        if not found.behind:
            raise MalformedError("This store is not behind what was witnessed: there is nothing to settle.")
        typer.echo(f"Both state: the store of {found.log} was restored; its witness has {seen_words(found.behind)}.")
        if not yes:
            typer.confirm("Does no other copy of this gateway run?", abort=True)
        for signer in [_signer(folder) for folder in officer]:
            _sign(configuration, signer, found, why)
            if compare(configuration).log != found.log:
                return
        raise MalformedError("The next log is not open: two different officers must sign within ten minutes.")
    except SallyportError as error:
        complain("sallyport-gateway", error)
        raise typer.Exit(1 if isinstance(error, MalformedError) else 2) from error


def compare(configuration: Configuration) -> Compared:
    """The store beside its witness; reads only. Raises RoadError."""
    witness = open_witness(configuration)
    engine = open_reader(configuration.store_url)

    def read(conn: Connection) -> Compared:
        name = generations.current(conn, configuration.file.name)
        return Compared(name, log.size(conn, name), heads.behind(conn, name, witness.latest))

    try:
        with engine.connect() as conn:
            return read(conn)
    except Exception as error:
        raise road_error(error, configuration.store_url) if is_road(error) else error from error
    finally:
        engine.dispose()


def _signer(folder: Path) -> SoftwareSigner:
    try:
        password = folder / "key-password"
        secret = password.read_bytes().strip() if password.is_file() else None
        return signer_from_pem((folder / "certificate.pem").read_bytes(), (folder / "key.pem").read_bytes(), secret)
    except OSError as error:
        raise RoadError(f"{error.filename}: {error.strerror}; name the folder of an officer's key") from error


def _sign(configuration: Configuration, signer: SoftwareSigner, found: Compared, why: str) -> None:
    name = identity_of(signer.certificate).name
    fields = {"log": found.log, "witnessed": seen_words(found.behind), "why": why}
    act = Act(
        kind=ActKind.RESTORE,
        officer=name,
        at=int(time.time() * 1_000),
        nonce=secrets.token_bytes(16),
        fields=fields,
        gateway=configuration.file.name,
    )
    place = f"{address(configuration)}/api/acts"
    authorities = ssl.create_default_context(cafile=str(configuration.path(configuration.file.trust.authorities)))
    try:
        message = envelope.sign(act.to_map(), signer, ACT_PLACE)
        answer = httpx.post(place, content=message, timeout=_TIMEOUT_S, verify=authorities).json()
    except (httpx.HTTPError, ValueError) as error:
        raise RoadError(f"{place} does not answer ({error}); start this gateway first") from error
    sentences = " ".join(answer["sentences"])
    Console().print(f"{name}: {sentences}", highlight=False, markup=False)
