"""Write the receipt of a release, or check one offline."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from rich.console import Console

from sallyport_gateway.audit import generations
from sallyport_gateway.audit.witness import FileWitness
from sallyport_gateway.commands.options import GATEWAY_TOML, Config, Json, trouble_is_2
from sallyport_gateway.configuration import Configuration, load_configuration
from sallyport_gateway.drivers.book_files import BookFiles
from sallyport_gateway.receipts import receipt
from sallyport_gateway.receipts.issue_receipt import identifiers, issue, log_of
from sallyport_gateway.receipts.receipt import Judged
from sallyport_gateway.store.engine import is_road, open_reader, road_error
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.identity import read_certificates

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt")],
    authority: Annotated[Path, typer.Option("--authority", help="PEM of the estate's root certificate")],
    as_json: Json = False,
) -> None:
    """Check a receipt against the estate's root certificate; needs neither network nor store.

    Exit code 0: it holds; 1: it does not; 2: a file cannot be read.
    """
    with trouble_is_2():
        roots = tuple(each for each in read_certificates(_read(authority)) if each.issuer == each.subject)
        if not roots:
            raise MalformedError(f"{authority} holds no root certificate: name the estate's authorities file")
        judged = receipt.judge(_read(file), roots)
    if as_json:
        typer.echo(json.dumps({"holds": judged.holds, "findings": asdict(judged)["findings"]}, indent=2))
    else:
        _show(judged, roots)
    raise typer.Exit(0 if judged.holds else 1)


@app.command("issue")
def issue_file(
    session: Annotated[str, typer.Argument(help="The session's number, 32 hexadecimal digits")],
    out: Annotated[Path, typer.Option("--out", help="The file to write")],
    config: Config = GATEWAY_TOML,
    witness: Annotated[Path | None, typer.Option("--witness", help="The witness's folder, for its newer head")] = None,
) -> None:
    """Write the receipt of a release that ended in an opening. Exit code 2: there is none, or it cannot be written."""
    with trouble_is_2():
        data = _issue(load_configuration(config), _session(session), witness)
        try:
            out.write_bytes(data)
        except OSError as error:
            raise RoadError(f"{out}: {error.strerror}; name a file that can be written") from error
    typer.echo(f"{out}: {len(data)} bytes")


def _issue(configuration: Configuration, session: bytes, witness: Path | None) -> bytes:
    book = BookFiles(configuration).book
    engine = open_reader(configuration.store_url)
    try:
        with engine.connect() as conn:
            logs = {log_of(conn, session), *generations.all_current(conn)}
            gateways = {generations.gateway_of(each) for each in logs} - {configuration.file.name}
            known = [book.registry.named(each) for each in (*sorted(gateways), *identifiers(conn, session))]
            own = read_certificates(configuration.read(configuration.file.identity.certificate))[0]
            ders = [each.public_bytes(Encoding.DER) for each in (own, *book.trust.authorities)]
            ders += [each.certificate for each in known if each is not None and each.certificate is not None]
            newest = {each: FileWitness(witness).latest(each) for each in logs} if witness else {}
            heads = {name: note for name, note in newest.items() if note is not None}
            return receipt.write(issue(conn, session, ders, heads))
    except Exception as error:
        raise road_error(error, configuration.store_url) if is_road(error) else error from error
    finally:
        engine.dispose()


def _show(judged: Judged, roots: tuple[x509.Certificate, ...]) -> None:
    console = Console()
    for each in judged.findings:
        mark, style = ("holds", "green") if each.passed else ("FAILS", "bold red")
        console.print(f"{each.step.value:<16} {mark}  {each.sentence}", style=style, markup=False, highlight=False)
    for root in roots:
        console.print(f"checked against the root {root.fingerprint(hashes.SHA256()).hex()}", highlight=False)
    console.print("The receipt holds." if judged.holds else "The receipt does NOT hold.")


def _session(text: str) -> bytes:
    try:
        session = bytes.fromhex(text)
    except ValueError as error:
        raise MalformedError(f"{text!r} is not a session's number: 32 hexadecimal digits") from error
    if len(session) != 16:
        raise MalformedError(f"{text!r} is not a session's number: 32 hexadecimal digits")
    return session


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RoadError(f"{file}: {error.strerror}") from error
