"""Which log a command looks at, and that log opened for reading: the same options for every command of `audit`."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Concatenate, Final, ParamSpec

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection

from sallyport_gateway.audit import generations
from sallyport_gateway.audit.checkpoint import NoteKey, note_key
from sallyport_gateway.commands.options import trouble_is_2
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.store.engine import is_road, open_reader, road_error
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.identity import read_certificates

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class OpenedLog:
    """A connection that cannot write, the log's name, and the certificates that vouch for it."""

    conn: Connection
    name: str
    certificates: tuple[bytes, ...]

    @property
    def keys(self) -> list[NoteKey]:
        """Keys whose signature of a head counts."""
        return [note_key(self.name, der) for der in self.certificates]


def reads_a_log(command: Callable[Concatenate[OpenedLog, P], None]) -> Callable[..., None]:
    """Gives a command the options that say which log; it gets the log, opened, as its first argument."""

    def run(
        *,
        config: Path | None,
        store: str | None,
        name: str | None,
        certificate: list[Path] | None,
        **own: Any,
    ) -> None:
        with _opened(config, store, name, certificate) as opened:
            command(opened, **own)  # type: ignore[call-arg]

    _, *parameters = inspect.signature(command).parameters.values()
    shown = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*parameters, *_OPTIONS)]
    run.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in shown}
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    return run


def _option(name: str, kind: Any, told: str, **more: Any) -> inspect.Parameter:
    option = Annotated[kind, typer.Option(told, **more)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)


_OPTIONS: Final = (
    _option("config", Path | None, "--config", help="The gateway's configuration file"),
    _option("store", str | None, "--store", help="A store's file or URL, instead of --config"),
    _option("name", str | None, "--log", help="The log's name", show_default="the gateway's current one"),
    _option("certificate", list[Path] | None, "--certificate", help="PEM of the gateway whose heads count; may repeat"),
)


@contextmanager
def _opened(
    config: Path | None, store: str | None, name: str | None, certificates: list[Path] | None
) -> Iterator[OpenedLog]:
    """Every error of the road or of the bytes ends with exit code 2."""
    with trouble_is_2():
        try:
            where, gateway, ders = _place(config, store, certificates)
            engine = open_reader(where)
            try:
                with engine.connect() as conn:
                    yield OpenedLog(conn, name or _current(conn, gateway), ders)
            finally:
                engine.dispose()
        except Exception as error:
            if is_road(error):
                raise road_error(error, str(store or config)) from error
            raise


def _place(
    config: Path | None, store: str | None, certificates: list[Path] | None
) -> tuple[str | Path, str | None, tuple[bytes, ...]]:
    """Where the store is, whose it is where that is known, and who vouches for it."""
    ders = tuple(c.public_bytes(Encoding.DER) for file in certificates or () for c in _certificates(file))
    if store is not None:
        return store, None, ders
    if config is None:
        raise typer.BadParameter("name the gateway's configuration with --config, or a store with --store and --log")
    found = load_configuration(config)
    own = read_certificates(found.read(found.file.identity.certificate))[0].public_bytes(Encoding.DER)
    return found.store_url, found.file.name, (own, *ders)


def _certificates(file: Path) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(read_certificates(file.read_bytes()))
    except OSError as error:
        raise RoadError(f"{file}: {error.strerror}; name the gateway's certificate in PEM form") from error


def _current(conn: Connection, gateway: str | None) -> str:
    if gateway is None:
        raise MalformedError("Name the log with --log: a store alone does not say whose log is meant.")
    return generations.current(conn, gateway)
