"""Databases to test against: SQLite always, PostgreSQL where a server is installed."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from sallyport_gateway.store import Store
from sallyport_gateway.store.engine import open_engines
from sallyport_gateway.store.migrate import migrate
from sallyport_provisioning.estate import Estate

if TYPE_CHECKING:
    from lane_world import World

HERE = Path(__file__).parent
for folder in (HERE / "simulation", HERE.parent / "interlock/simulation", HERE.parents[1] / "firmware/interlock"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
"""For the simulated lane, and the board's own firmware and flash within it."""


def _programs() -> Path | None:
    """Where PostgreSQL's own programs are: Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _account() -> str | None:
    """Whom to run the server as: it refuses root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL, without a database's name, of a private PostgreSQL server on a socket in its own folder."""
    pytest.importorskip("psycopg", reason="the extra 'postgres' is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (Debian: apt-get install postgresql)")
    home = Path(tempfile.mkdtemp(prefix="sallyport-pg-"))
    account = _account()
    if account is not None:
        shutil.chown(home, account)

    def run(*args: str | Path) -> None:
        subprocess.run([str(each) for each in args], user=account, cwd=home, check=True, capture_output=True)

    try:
        run(programs / "initdb", "-D", home / "data", "-A", "trust", "-U", "sallyport", "-E", "UTF8", "--locale", "C")
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c max_connections=60"
        run(programs / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://sallyport@/{{name}}?host={home}"
        finally:
            run(programs / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def new_postgresql(postgresql: str) -> Iterator[str]:
    """The URL of a fresh database there."""
    name = f"t{uuid.uuid4().hex}"
    engine = create_engine(postgresql.format(name="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name}"))
        yield postgresql.format(name=name)
        with engine.connect() as conn:
            conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The writer's engine of one migrated store of each kind, for tests that roll back."""
    if request.param == "sqlite":
        where = str(tmp_path_factory.mktemp("shared") / "store.db")
    else:
        where = request.getfixturevalue("postgresql").format(name="postgres")
    writer, reader = open_engines(where)
    migrate(writer)
    yield writer
    writer.dispose()
    reader.dispose()


@pytest.fixture
def conn(engine: Engine) -> Iterator[Connection]:
    """A transaction on a migrated store of each kind; nothing of it stays."""
    with engine.connect() as conn:
        transaction = conn.begin()
        yield conn
        transaction.rollback()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh, empty database of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "store.db")
    url: str = request.getfixturevalue("new_postgresql")
    return url


@pytest.fixture(scope="session")
def fast_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where a database's flush costs nothing: its durability is not what these tests are about."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path_factory.mktemp("fast")
        return
    folder = Path(tempfile.mkdtemp(prefix="sallyport-", dir=memory))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(fast_folder: Path) -> Path:
    """A migrated store with one person's references in it, made once and copied."""
    from lane_world import fill

    path = fast_folder / "template.db"
    with Store(path) as store:
        fill(store)
    return path


@pytest.fixture
def new_world(estate: Estate, template: Path, fast_folder: Path) -> "Iterator[Callable[..., World]]":
    """Makes worlds of one lane each, of the plain kind or another."""
    from lane_world import World

    made: list[World] = []

    def make(kind: type[World] = World) -> World:
        made.append(kind(estate, template, Path(tempfile.mkdtemp(dir=fast_folder))))
        made[-1].connect()
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(new_world: "Callable[[], World]") -> "World":
    """One lane whose kiosk and board have been heard."""
    return new_world()
