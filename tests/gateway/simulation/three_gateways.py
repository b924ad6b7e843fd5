"""An estate with several gateways on one PostgreSQL and one broker, every part of it real but cameras and doors.

Processes: the broker with mutual TLS, the gateways, and one board for each lane (shipped firmware on MicroPython). In
this process: the kiosks without cameras, the officers, and whoever kills gateways. What is true is read at the doors.
"""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
from lane_world import APPROVERS, GOVERNOR, OFFICER
from paper_kiosk import PaperKiosk
from sqlalchemy import Connection, create_engine, text

from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.drivers.book_files import BookFiles, read_board_keys
from sallyport_gateway.ledger import life
from sallyport_gateway.ports import RecordEntry
from sallyport_gateway.store import Store
from sallyport_models.firmware import firmware_digest
from sallyport_protocol import envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.subject import Modality, Reference
from sallyport_provisioning.apply import apply
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.broker import Broker
from sallyport_provisioning.description import Description
from sallyport_provisioning.development import WITNESS, describe_development
from sallyport_provisioning.estate import Estate, open_estate
from sallyport_rig.demonstration import records
from sallyport_rig.demonstration.loopback import free_port
from sallyport_rig.demonstration.loopback import read_board_keys as board_file
from sallyport_rig.doorway import Walk
from sallyport_rig.interlock_board import InterlockBoard

WALK = Walk(0.2, 0.5)
FINAL = ("AVAILABLE", "CONSUMED")
NOW = "extract(epoch FROM clock_timestamp()) * 1000"


def make_estate(root: Path, store: str, gateways: int, lanes: int) -> Estate:
    """One prison; each lane with its kiosk and its board."""
    plain = describe_development(
        broker_port=free_port(), gateway_port=free_port(), screen_port=free_port(), store=store
    ).to_map()
    first, kiosk = plain["gateway"][0], plain["kiosk"][0]
    ports = {free_port() for _ in range(4 * gateways)}
    shared = first | {"witness": WITNESS}
    plain["gateway"] = [shared | {"name": f"gateway-{n + 1}", "web_port": ports.pop()} for n in range(gateways)]
    names = [f"MDI-LANE-{n + 1}" for n in range(lanes)]
    plain["lane"] = [{"name": name, "prison": "MDI", "kind": "pedestrian"} for name in names]
    plain["kiosk"] = [kiosk | {"name": f"MDI-K{n + 1:02d}", "lane": name} for n, name in enumerate(names)]
    plain["interlock"] = [{"name": f"MDI-L{n + 1:02d}", "lane": name} for n, name in enumerate(names)]
    root.mkdir(parents=True)
    (root / "estate.toml").write_text(Description.parse(plain).to_toml())
    approved = Approved({"face": b"f" * 32, "finger": b"g" * 32}, (b"k" * 32,), (firmware_digest(),))
    apply(open_estate(root), now=datetime.now(UTC), approved=approved)
    return open_estate(root)


@dataclass(frozen=True, slots=True)
class Release:
    """One authorisation let out at one lane."""

    authorisation: str
    lane: str
    seconds: float
    tries: int


class Together:
    """The running estate. Gateways are known by their names."""

    def __init__(self, folder: Path, store: str, people: int, *, gateways: int = 3, lanes: int = 3, ready_s: float = 5):
        self.folder = folder
        self.estate = make_estate(folder / "estate", store, gateways, lanes)
        self.names = [each.name for each in self.estate.description.gateway]
        self.configuration = load_configuration(self.estate.folder(self.names[0]) / "gateway.toml")
        self.book = BookFiles(self.configuration).book
        self._engine = create_engine(store)
        self.papers = self._enter(people)
        self._ready_s = ready_s
        self._stack = ExitStack()
        self.programs: dict[str, subprocess.Popen[bytes]] = {}
        self.boards: dict[str, InterlockBoard] = {}
        self.kiosks: dict[str, PaperKiosk] = {}
        self.verdicts: Counter[str] = Counter()

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for kiosk in self.kiosks.values():
            kiosk.stop()
        for name in tuple(self.programs):
            self.end(name, signal.SIGKILL)
        self._stack.close()
        self._engine.dispose()

    def _begin(self) -> None:
        self._stack.enter_context(Broker(self.estate))
        keys = read_board_keys(self.configuration, self.book.registry)
        for described in self.estate.description.interlock:
            folder = self.folder / described.name
            loaded = board_file(self.estate.folder(described.name) / "keys.json")
            self.boards[described.lane] = self._stack.enter_context(InterlockBoard(folder, loaded, walk=WALK))
        self.strikes = {lane: board.transitions() for lane, board in self.boards.items()}
        self.openings = dict.fromkeys(self.boards, 0)
        for described in self.estate.description.kiosk:
            line = self.folder / keys[described.lane].board / "uart"
            kiosk = PaperKiosk(self.estate, self.book, described.name, keys[described.lane], line, self._ready_s)
            self.kiosks[described.lane] = kiosk
            kiosk.start()
        for name in self.names:
            self.start(name)

    # The gateways

    def start(self, name: str) -> None:
        """A process of its own; its words go to a file."""
        with (self.folder / f"{name}.log").open("ab") as words:
            config = self.estate.folder(name) / "gateway.toml"
            command = [sys.executable, "-m", "sallyport_gateway", "run", "--config", str(config)]
            environment = {**os.environ, "COLUMNS": "300"}
            self.programs[name] = subprocess.Popen(command, stdout=words, stderr=words, env=environment)

    def end(self, name: str, how: signal.Signals) -> None:
        """SIGKILL is a power cut, SIGTERM a farewell."""
        program = self.programs.pop(name)
        program.send_signal(how)
        program.wait(20)

    def pause(self, name: str, *, go_on: bool = False) -> None:
        """The process stands still, and its connections stay open: or goes on as if nothing had been."""
        self.programs[name].send_signal(signal.SIGCONT if go_on else signal.SIGSTOP)

    def keepers(self) -> dict[str, str]:
        """Lane -> gateway, by the store's own clock; '' for none."""
        query = f"SELECT lane, gateway, until > {NOW} AS lives FROM lease ORDER BY lane"
        return {row.lane: row.gateway if row.lives else "" for row in self.rows(query)}

    def alive(self) -> set[str]:
        """Gateways with a fresh heartbeat."""
        return {row.name for row in self.rows(f"SELECT name FROM gateway WHERE until > {NOW}")}

    def all_kept(self, without: Sequence[str] = ()) -> bool:
        """Every lane is kept by a gateway that is not among `without`."""
        keepers = self.keepers()
        return len(keepers) == len(self.boards) and not {"", *without} & set(keepers.values())

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    # The officers

    def address(self, name: str) -> str:
        return next(each.address for each in self.estate.description.gateway if each.name == name)

    def act(self, client: httpx.Client, officer: str, what: ActKind, /, **fields: str) -> tuple[bool, str]:
        """One signed act at whatever gateway answers; it is brought on to where it belongs."""
        now, nonce = int(time.time() * 1_000), secrets.token_bytes(16)
        for name in self._shuffled():
            act = Act(kind=what, officer=officer, at=now, nonce=nonce, fields=dict(fields), gateway=name)
            message = envelope.sign(act.to_map(), self.estate.signer(officer), ACT_PLACE)
            try:
                answer = client.post(f"{self.address(name)}/api/acts", content=message).json()
            except (httpx.HTTPError, ValueError):
                continue
            return bool(answer["accepted"]), " ".join(answer["sentences"])
        return False, "no gateway answers"

    def lane(self, client: httpx.Client, lane: str) -> dict[str, Any]:
        """The lane as an officer sees it, from wherever it is kept."""
        for name in self._shuffled():
            try:
                answer = client.get(f"{self.address(name)}/api/lanes/{lane}")
                return dict(answer.json()) if answer.status_code == 200 else {}
            except (httpx.HTTPError, ValueError):
                continue
        return {}

    def _shuffled(self) -> list[str]:
        return sorted(self.names, key=lambda _: secrets.randbits(30))

    def release(self, lane: str, paper: str, seconds: float, confirmed: Callable[[], None] | None = None) -> Release:
        """Lets one person out, whatever happens on the way. `confirmed` is called after each accepted confirmation."""
        began, tries = time.monotonic(), 0
        told = ""
        with httpx.Client(timeout=3.0, follow_redirects=True) as client:
            while time.monotonic() - began < seconds:
                if self.state_of(paper) == "CONSUMED":
                    return Release(paper, lane, time.monotonic() - began, tries)
                accepted, told = self.act(client, OFFICER, ActKind.START, lane=lane, authorisation=paper)
                if not accepted:
                    time.sleep(0.3)
                    continue
                tries += 1
                session = self._verdict(client, lane)
                if session is None:
                    time.sleep(0.3)
                    continue
                accepted, told = self.act(client, OFFICER, ActKind.CONFIRM, session=session)
                if accepted and confirmed is not None:
                    confirmed()
                if accepted:
                    self.wait(lambda: self.state_of(paper) in FINAL, seconds, f"{paper} to be settled")
        raise AssertionError(f"{paper} is still {self.state_of(paper)} at {lane} after {seconds} s: {told}")

    def _verdict(self, client: httpx.Client, lane: str) -> str | None:
        """The session when its verdict is RELEASE; None when it is not, or the check was lost on the way."""
        until = time.monotonic() + 8
        while time.monotonic() < until:
            found = self.lane(client, lane)
            session = found.get("session") or {}
            if found and session.get("state") in (None, "This check has ended"):
                return None
            if found.get("decision"):
                self.verdicts[found["decision"]["verdict"]] += 1
                return str(session["session"]) if found["decision"]["verdict"] == "RELEASE" else None
            time.sleep(0.1)
        return None

    # What is true

    def rows(self, query: str, **values: Any) -> Sequence[Any]:
        with self._engine.connect() as conn:
            return conn.execute(text(query), values).all()

    def state_of(self, paper: str) -> str:
        return str(self.rows("SELECT state FROM life WHERE authorisation = :paper", paper=paper)[0].state)

    def look(self) -> None:
        """S1, S6 and S7 at the doors: what moved, by the pins, and on what, by the nonces that the boards told."""
        opened: dict[str, list[str]] = {}
        for lane, queue in self.strikes.items():
            while not queue.empty():
                transition = queue.get()
                self.openings[lane] += transition.name == "strike" and transition.level
            nonces = self.kiosks[lane].opened
            assert len(nonces) <= self.openings[lane] + 1, f"{lane}: more openings told than seen"
            for nonce in nonces:
                found = self.rows("SELECT authorisation, decision FROM nonce WHERE nonce = :nonce", nonce=nonce)
                assert len(found) == 1 and found[0].decision == "GRANT", (
                    f"{lane} opened and no durable grant explains it"
                )
                opened.setdefault(found[0].authorisation, []).append(lane)
        for paper, lanes in opened.items():
            assert len(lanes) == 1, f"S6: {paper} opened {lanes}"

    def settled(self, seconds: float) -> None:
        """Everything comes to rest, and the ledger says what the doors did."""
        self.wait(lambda: {row.state for row in self.rows("SELECT state FROM life")} <= set(FINAL), seconds, "rest")
        self.look()
        opened = {
            row.authorisation
            for kiosk in self.kiosks.values()
            for nonce in kiosk.opened
            for row in self.rows("SELECT authorisation FROM nonce WHERE nonce = :nonce", nonce=nonce)
        }
        consumed = {row.authorisation for row in self.rows("SELECT authorisation FROM life WHERE state = 'CONSUMED'")}
        assert consumed == opened
        assert sum(self.openings.values()) == len(opened), (self.openings, opened)

    def wait(self, happens: Callable[[], Any], seconds: float, what: str) -> float:
        """Seconds until it was true."""
        began = time.monotonic()
        while not happens():
            assert time.monotonic() - began < seconds, f"waited {seconds:.0f} s in vain for {what}: {self.keepers()}"
            for name, program in tuple(self.programs.items()):
                ended = program.poll() not in (None, 0) and self.programs.get(name) is program
                assert not ended, f"{name} ended: {self.said(name)[-500:]}"
            time.sleep(0.05)
        return time.monotonic() - began

    # The people

    def _enter(self, people: int) -> list[str]:
        authority = EmbeddedAuthority(self.configuration.read(self.configuration.file.secrets.references), lambda: True)
        now = datetime.now(UTC)

        def job(conn: Connection) -> None:
            for source in records.SOURCES:
                authority.heard(conn, source, now)
            for number in range(people):
                _enter_person(conn, authority, number, now)

        with Store(self.configuration.store_url) as store:
            store.write_now(job)
        return [f"A-{number}" for number in range(people)]


def _enter_person(conn: Connection, authority: EmbeddedAuthority, number: int, now: datetime) -> None:
    """Somebody whose release is due today and in order, approved by two."""
    prisoner, paper = f"A{number:04d}BC", f"A-{number}"
    for kind, record in records.standing(now):
        authority.record(conn, RecordEntry(kind, prisoner, _of(record, number), "feed"), GOVERNOR, now)
    refusal = authority.create(conn, _of(records.authorisation(paper, now), number), GOVERNOR, now)
    for officer in APPROVERS:
        refusal = refusal or authority.approve(conn, paper, officer, now)
    assert refusal is None, refusal
    life.create(conn, paper, int(now.timestamp() * 1_000))
    for modality, position in ((Modality.FACE, 0), (Modality.FINGER, 2)):
        mark = {"captured_on": "2026-06-01", "record": secrets.token_bytes(32)}
        reference = Reference.parse({"modality": modality, "position": position, "template": b"t" * 64} | mark)
        authority.enrol(conn, prisoner, reference, By("reception", "enrolment"), now)


def _of(record: dict[str, object], number: int) -> str:
    """The demonstration's record, of another person."""
    said = json.dumps(record, separators=(",", ":"))
    for old, new in {
        records.PRISONER: f"A{number:04d}BC",
        '"surname":"A"': f'"surname":"Person {number}"',
        "W-100": f"W-{number}",
        "T20250001": f"T{number:08d}",
        '"L-1"': f'"L-{number}"',
        records.CALCULATION: f"{number:08x}{records.CALCULATION[8:]}",
    }.items():
        said = said.replace(old, new)
    return said
