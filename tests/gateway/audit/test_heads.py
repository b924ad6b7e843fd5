"""The witness and a store's standing before it: a restored backup grants nothing."""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from sallyport_gateway.audit import checkpoint, generations, log
from sallyport_gateway.audit.checkpoint import note_key
from sallyport_gateway.audit.generations import Reconciliation
from sallyport_gateway.audit.heads import Behind, Heads, Standing
from sallyport_gateway.audit.witness import FileWitness, HttpWitness, Submission, Verdict, Witness
from sallyport_gateway.audit.witness_app import witness_app
from sallyport_gateway.ledger import life
from sallyport_gateway.ledger.states import State
from sallyport_gateway.store import Store
from sallyport_protocol.errors import RoadError
from sallyport_protocol.keys import SoftwareSigner

LOG = "gateway-1"


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    """The address of a real server on loopback."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@contextmanager
def _http(folder: Path, signer: SoftwareSigner) -> Iterator[HttpWitness]:
    keys = {name: [note_key(name, signer.certificate_der)] for name in (LOG, "gateway-1.2")}
    app = witness_app(FileWitness(folder), keys, signer, "witness")
    with _served(app) as address, httpx.Client() as client:
        yield HttpWitness(client, address)


@pytest.fixture(params=["file", "http"])
def witness(request: pytest.FixtureRequest, tmp_path: Path, signer: SoftwareSigner) -> Iterator[Witness]:
    folder = tmp_path / "witness"
    folder.mkdir()
    if request.param == "file":
        yield FileWitness(folder)
        return
    with _http(folder, signer) as witness:
        yield witness


@pytest.fixture
def keeper(store: Store, signer: SoftwareSigner, witness: Witness) -> Heads:
    return Heads(store, LOG, signer, witness, lambda: 1)


def test_heads_follow_the_log_to_the_witness(
    keeper: Heads, fill: Callable[[int], None], witness: Witness, signer: SoftwareSigner
) -> None:
    assert keeper.standing is Standing.UNCHECKED
    assert keeper.advance() is None and keeper.standing is Standing.GOOD
    for count in (1, 299, 1, 700):
        fill(count)
        head = keeper.advance()
        assert head is not None and keeper.advance() is None
        note = witness.latest(LOG)
        assert note is not None
        assert checkpoint.verify(note, [note_key(LOG, signer.certificate_der)]) == head
    assert keeper.witnessed == 1001


def test_covering_an_entry_waits_for_the_witness(keeper: Heads, fill: Callable[[int], None]) -> None:
    fill(10)
    assert asyncio.run(keeper.cover(9))
    assert not asyncio.run(keeper.cover(10))


def test_a_store_restored_from_a_backup_is_behind(
    tmp_path: Path, keeper: Heads, store: Store, fill: Callable[[int], None], witness: Witness, signer: SoftwareSigner
) -> None:
    fill(50)
    keeper.advance()
    store.write_now(lambda conn: life.create(conn, "A", 1))
    with Store(_backup(store, tmp_path)) as restored:
        fill(5)
        keeper.advance()
        again = Heads(restored, LOG, signer, witness, lambda: 1)
        assert again.check() is Standing.BEHIND
        assert again.advance() is None
        assert not asyncio.run(again.cover(0))


def test_a_store_restored_while_running_is_found_at_the_next_head(
    tmp_path: Path, keeper: Heads, store: Store, fill: Callable[[int], None], witness: Witness, signer: SoftwareSigner
) -> None:
    fill(50)
    keeper.advance()
    with Store(_backup(store, tmp_path)) as restored:
        twin = Heads(restored, LOG, signer, witness, lambda: 1)
        assert twin.check() is Standing.GOOD
        fill(5)
        keeper.advance()
        restored.write_now(lambda conn: log.append(conn, LOG, "test", {"other": 1}, 1))
        twin.advance()
        assert twin.standing is Standing.BEHIND


def test_another_history_of_the_same_length_is_a_fork(
    tmp_path: Path, keeper: Heads, store: Store, fill: Callable[[int], None], witness: Witness, signer: SoftwareSigner
) -> None:
    fill(50)
    with Store(_backup(store, tmp_path)) as other:
        fill(5)
        keeper.advance()
        for _ in range(7):
            other.write_now(lambda conn: log.append(conn, LOG, "test", {"other": 1}, 1))
        assert Heads(other, LOG, signer, witness, lambda: 1).check() is Standing.FORKED


def test_two_officers_reconcile_and_open_the_next_log(
    tmp_path: Path, keeper: Heads, store: Store, fill: Callable[[int], None], witness: Witness, signer: SoftwareSigner
) -> None:
    fill(50)
    store.write_now(lambda conn: life.create(conn, "A", 1))
    where = _backup(store, tmp_path)
    fill(5)
    keeper.advance()
    with Store(where) as restored:
        note = witness.latest(LOG)
        assert note is not None
        behind = Heads(restored, LOG, signer, witness, lambda: 1)
        assert behind.check() is Standing.BEHIND
        [doubt] = behind.behind
        assert doubt == Behind(LOG, checkpoint.parse(note)[0], "gateway-1.2")
        stated = Reconciliation(("officer 1", "officer 2"), "disk failed", doubt.seen, doubt.opens)
        name = restored.write_now(lambda conn: generations.succeed(conn, LOG, stated, 5))
        assert name == "gateway-1.2" == restored.read_now(lambda conn: generations.current(conn, LOG))
        held = restored.read_now(lambda conn: life.find(conn, "A"))
        assert held is not None and held.state is State.UNKNOWN
        entry = restored.read_now(lambda conn: log.find(conn, name, 0))
        assert entry is not None and entry.content["own_size"] == 50 and entry.content["witnessed_size"] == 55
        again = Heads(restored, name, signer, witness, lambda: 1)
        assert again.advance() is not None and again.standing is Standing.GOOD
    assert keeper.check() is Standing.BEHIND, "the old log has a successor: nothing may go on with it"
    assert keeper.behind[0].opens == "gateway-1.3", "a backup from before the reconciliation takes a name of its own"


def test_generations_count_on() -> None:
    assert generations.successor("gateway-1") == "gateway-1.2"
    assert generations.successor("gateway-1.2") == "gateway-1.3"


def test_an_unreachable_witness_is_no_witness(store: Store, signer: SoftwareSigner, tmp_path: Path) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    broken = HttpWitness(httpx.Client(transport=httpx.MockTransport(fail)), "http://witness")
    keeper = Heads(store, LOG, signer, broken, lambda: 1)
    with pytest.raises(RoadError, match="does not answer"):
        keeper.check()
    assert keeper.standing is Standing.UNCHECKED
    assert not asyncio.run(keeper.cover(0)) and keeper.trouble is not None
    (tmp_path / "witness").write_text("a file")
    with pytest.raises(RoadError, match="mount it"):
        FileWitness(tmp_path / "witness").submit(Submission(0, (), _note(signer)))


class Hung:
    """A witness that takes the call and says nothing until the test is over; then it cannot be reached."""

    def __init__(self) -> None:
        self.over, self.asked = threading.Event(), 0

    def latest(self, name: str) -> str | None:
        self.asked += 1
        self.over.wait(20)
        raise RoadError(f"no word about {name}")

    submit = latest


def test_a_witness_that_hangs_holds_grants_and_nothing_else(
    store: Store, signer: SoftwareSigner, fill: Callable[[int], None]
) -> None:
    fill(1)
    hung = Hung()
    heads = Heads(store, LOG, signer, hung, lambda: 1)  # type: ignore[arg-type]

    async def run() -> None:
        waiting = [asyncio.create_task(heads.cover(0)) for _ in range(40)]
        try:
            for _ in range(3):
                await asyncio.sleep(0)
            assert await asyncio.wait_for(store.read(lambda conn: log.size(conn, LOG)), 10) == 1
            await asyncio.wait_for(asyncio.to_thread(lambda: None), 10)
        finally:
            hung.over.set()
            assert not any(await asyncio.gather(*waiting))

    asyncio.run(run())
    assert hung.asked <= 2, "who waits shares the attempt that began after"


def test_the_keeper_works_by_itself(keeper: Heads, fill: Callable[[int], None]) -> None:
    async def run() -> None:
        task = asyncio.create_task(keeper.keep())
        fill(1_200)
        for _ in range(100):
            await asyncio.sleep(0.05)
            if keeper.witnessed == 1_200:
                break
        task.cancel()

    asyncio.run(run())
    assert keeper.witnessed == 1_200


def test_the_witness_takes_no_stranger_no_rewriting_and_no_step_back(
    tmp_path: Path, signer: SoftwareSigner, stranger: SoftwareSigner
) -> None:
    (tmp_path / "w").mkdir()
    app = witness_app(FileWitness(tmp_path / "w"), {LOG: [note_key(LOG, signer.certificate_der)]})
    with _served(app) as address, httpx.Client(base_url=address) as client:
        _take_only_honest_heads(client, signer, stranger)


def _take_only_honest_heads(client: httpx.Client, signer: SoftwareSigner, stranger: SoftwareSigner) -> None:
    def post(body: str) -> int:
        return client.post("/add-checkpoint", content=body.encode()).status_code

    good = f"old 0\n\n{_note(signer)}"
    assert post(good.replace("old 0", "old 00")) == 400
    assert post(good.replace("old 0", "old 9")) == 400
    assert post("old 0\n" + "AAAA\n" * 64 + "\n" + _note(signer)) == 400
    assert post("x" * 100_000) == 400
    assert post(f"old 0\n\n{_note(stranger)}") == 403
    assert post(f"old 0\n\n{_note(signer, log='gateway-9')}") == 404
    assert post(good) == 200
    assert post(good) == 409
    assert post(f"old 5\n\n{_note(signer)}") == 200
    assert post(f"old 5\n\n{_note(signer, root=b'y' * 32)}") == 422
    assert post(f"old 5\n\n{_note(signer, size=6)}") == 422
    assert client.get("/checkpoint/gateway-9").status_code == 404


def test_a_conflict_says_what_the_witness_holds(tmp_path: Path, signer: SoftwareSigner) -> None:
    (tmp_path / "w").mkdir()
    with _http(tmp_path / "w", signer) as http:
        for witness in (FileWitness(tmp_path / "w"), http):
            witness.submit(Submission(0, (), _note(signer)))
            reply = witness.submit(Submission(3, (), _note(signer, size=9)))
            assert (reply.verdict, reply.held) == (Verdict.CONFLICT, 5)


def test_the_witness_signs_what_it_takes(tmp_path: Path, signer: SoftwareSigner) -> None:
    (tmp_path / "w").mkdir()
    with _http(tmp_path / "w", signer) as witness:
        reply = witness.submit(Submission(0, (), _note(signer)))
    assert reply.note is not None
    keys = [note_key("witness", signer.certificate_der), note_key(LOG, signer.certificate_der)]
    assert checkpoint.signers(reply.note, keys) == {LOG, "witness"}


def _note(signer: SoftwareSigner, *, log: str = LOG, size: int = 5, root: bytes = b"r" * 32) -> str:
    return checkpoint.sign(checkpoint.Checkpoint(log, size, root), signer)


def _backup(store: Store, tmp_path: Path) -> Path:
    store.write_now(lambda conn: None)
    for suffix in ("", "-wal"):
        source = Path(store.where + suffix)
        if source.exists():
            shutil.copy(source, tmp_path / f"backup.db{suffix}")
    return tmp_path / "backup.db"
