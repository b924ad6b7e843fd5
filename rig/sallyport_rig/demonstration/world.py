"""The world of the demonstration: a whole estate on loopback, real programs, simulated hardware at its pins."""

import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import httpx

from sallyport_protocol import canonical, envelope
from sallyport_protocol.acts import ACT_PLACE, Act, ActKind
from sallyport_protocol.errors import RoadError
from sallyport_provisioning.apply import create_development_estate
from sallyport_provisioning.broker import Broker
from sallyport_provisioning.estate import DESCRIPTION, Estate
from sallyport_rig.demonstration import records
from sallyport_rig.demonstration.booth import Booth
from sallyport_rig.demonstration.loopback import free_port, read_board_keys
from sallyport_rig.demonstration.programs import Programs
from sallyport_rig.doorway import Walk
from sallyport_rig.finger_sensor import FingerSensorSimulator
from sallyport_rig.interlock_board import InterlockBoard, Transition

APPROVERS: Final = ("j.hughes", "m.okafor")
OFFICER: Final = "s.patel"
GOVERNOR: Final = "d.morgan"
LANE: Final = "MDI-LANE-1"
KIOSK: Final = "MDI-K01"
_POLL_S: Final = 0.1
_MARK: Final = ".demonstration"
"""The file that says: this folder is the demonstration's and may be made afresh."""


class World:
    """Everything runs while the context lasts; `run/` keeps the logs."""

    def __init__(
        self,
        folder: Path,
        samples: Path,
        camera: str | None = None,
        say: Callable[[str], None] = print,
        *,
        with_kiosk: bool = True,
    ) -> None:
        self.folder, self.samples, self.say = folder, samples, say
        self._camera, self._with_kiosk = camera, with_kiosk
        self._stack = ExitStack()
        self._programs = Programs(folder)
        self._booth = Booth(folder, samples)
        self.hostile_port = free_port()
        self.recording: bytes | None = None
        """A result that somebody at the broker wrote down."""

    def __enter__(self) -> Self:
        try:
            self._prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._programs.end_all()
        self._stack.close()

    def _prepare(self) -> None:
        _empty(self.folder)
        self.say("estate: authority, certificates, keys, access rules, signed model set")
        self.estate = self._make_estate()
        self.broker = Broker(self.estate, hostile_port=self.hostile_port)
        self.broker.start()
        self._stack.callback(self.broker.stop)
        self.say(f"broker: Mosquitto on port {self.broker.port}, mutual TLS")
        self.sensor = self._stack.enter_context(FingerSensorSimulator(self._booth.finger, self.folder / "sensor"))
        keys = read_board_keys(self.estate.interlock_keys)
        self.board = self._stack.enter_context(InterlockBoard(self.folder / "board", keys, walk=Walk(0.6, 1.4)))
        self.pins = self.board.transitions()
        self.say("interlock: the shipped firmware on MicroPython, 128 KiB heap; fingerprint module on a serial line")
        self._enrol()
        self.start_gateway()
        if self._with_kiosk:
            self.start_kiosk()
        self.client = self._stack.enter_context(httpx.Client(base_url=self.gateway_url, timeout=10.0))
        if not self._with_kiosk:
            return
        self.wait(lambda: self.lane()["kiosk"]["connected"], 40, "the kiosk to be heard")
        self.wait(lambda: self.lane()["door"]["state"] == "locked", 20, "the interlock to be heard")

    def _make_estate(self) -> Estate:
        self._booth.open()
        camera = self._camera or f"folder:{self._booth.face.resolve()}"
        return create_development_estate(
            self.folder / "estate",
            broker_port=free_port(),
            gateway_port=free_port(),
            screen_port=free_port(),
            camera=camera,
            sensor=f"r503:{(self.folder / 'sensor').resolve()}?baud=921600",
            lock=f"serial:{(self.folder / 'board/uart').resolve()}",
        )

    def _enrol(self) -> None:
        command = [sys.executable, "-m", "sallyport_gateway", "enrol", records.PRISONER, "--officer", "reception"]
        command += ["--config", str(self.estate.gateway_config), "--captured-on", "2026-06-01"]
        command += ["--face", str(self.samples / "subject-a-1.jpg"), "--finger", f"2={self.samples / 'finger-a-1.png'}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RoadError(f"enrolment failed: {done.stderr.strip()[-300:]}")
        self.say("enrolment: Subject A, one face and one finger, stored encrypted")

    # Programs

    @property
    def gateway_url(self) -> str:
        place = self.estate.description.gateway[0]
        return f"http://{place.web_host}:{place.web_port}"

    @property
    def screen_url(self) -> str:
        place = self.estate.description.kiosk[0]
        return f"http://{place.screen_host}:{place.screen_port}"

    def programs(self) -> dict[str, subprocess.Popen[bytes]]:
        """What runs, by name."""
        return self._programs.all()

    def start_gateway(self) -> None:
        self._programs.begin("gateway", "sallyport_gateway", self.estate.gateway_config)

    def start_kiosk(self) -> None:
        self._programs.begin("kiosk", "sallyport_kiosk", self.estate.kiosk_config)

    def end(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends a program; SIGKILL is a power cut."""
        self._programs.end(name, how)

    def runs(self, name: str) -> bool:
        """Whether that program was started and has not ended."""
        return self._programs.runs(name)

    # The prisoner

    def present(self, face: str | None, finger: str | None) -> None:
        """Puts a person before the kiosk: a photograph before the camera, a print on the sensor."""
        self._booth.present(face, finger)

    # The officers

    def signed_act(self, officer: str, what: ActKind, /, **fields: str) -> bytes:
        """One act, signed with the officer's certificate."""
        now, nonce = int(time.time() * 1_000), secrets.token_bytes(16)
        gateway = self.estate.description.gateway[0].name
        act = Act(kind=what, officer=officer, at=now, nonce=nonce, fields=dict(fields), gateway=gateway)
        return envelope.sign(act.to_map(), self.estate.signer(officer), ACT_PLACE)

    def act(self, officer: str, what: ActKind, /, **fields: str) -> tuple[bool, str]:
        """One signed act, over HTTP like the browser's: whether it was accepted, and what the officer is told."""
        message = self.signed_act(officer, what, **fields)
        try:
            answer = self.client.post("/api/acts", content=message).json()
        except (httpx.HTTPError, ValueError) as error:
            raise RoadError(f"the gateway does not answer ({error}); look into {self.folder}/gateway.log") from error
        return bool(answer["accepted"]), " ".join(answer["sentences"])

    def must(self, officer: str, what: ActKind, /, **fields: str) -> None:
        """An act that has to be accepted."""
        accepted, told = self.act(officer, what, **fields)
        if not accepted:
            raise RoadError(f"{what} by {officer} was refused: {told}")

    def record(self, kind: str, record: dict[str, Any]) -> None:
        """A source says something about the prisoner."""
        document = records.text(record)
        self.must(GOVERNOR, ActKind.RECORD, kind=kind, prisoner=records.PRISONER, document=document, reason="feed")

    def all_in_order(self) -> None:
        """Every source says that the release is due today and nothing stands against it."""
        for kind, record in records.standing(datetime.now(UTC)):
            self.record(kind, record)
        self.hear_sources()

    def hear_sources(self) -> None:
        """Every source has just been heard: what they said stands."""
        for source in records.SOURCES:
            self.must(GOVERNOR, ActKind.HEARD, source=source)

    def authorise(self, number: str) -> str:
        """A new authorisation, approved by two officers."""
        document = records.text(records.authorisation(number, datetime.now(UTC)))
        self.must(GOVERNOR, ActKind.CREATE, document=document)
        for officer in APPROVERS:
            self.must(officer, ActKind.APPROVE, authorisation=number)
        return number

    def settle(self) -> None:
        """Sets the scene back: nobody at the kiosk, no paper open, the person inside."""
        self.present(None, None)
        session = self.lane().get("session")
        if session and session["state"] != "This check has ended":
            self.act(OFFICER, ActKind.CANCEL, session=session["session"])
        for paper in self.papers():
            self.act(APPROVERS[0], ActKind.WITHDRAW, authorisation=paper["authorisation"], reason="scenario over")
        self.record("PRISONER", records.person())
        self.strikes()

    # What can be seen

    def lane(self) -> dict[str, Any]:
        """The lane as the officer's page has it."""
        try:
            return dict(self.client.get(f"/api/lanes/{LANE}").json())
        except (httpx.HTTPError, ValueError):
            return {"kiosk": {"connected": False}, "door": {"state": "unknown"}, "events": [], "alarms": []}

    def papers(self) -> list[dict[str, Any]]:
        """The open authorisations; none while the gateway does not answer."""
        try:
            return list(self.client.get("/api/lanes").json()["authorisations"])
        except (httpx.HTTPError, ValueError):
            return []

    def audited(self, kind: str) -> frozenset[int]:
        """The checks that failed in the newest audit entry of that kind."""
        rows = self._audit('SELECT body FROM audit WHERE kind = ? ORDER BY "index" DESC LIMIT 1', kind)
        checks = canonical.decode(rows[0][0], limit=1 << 20)["checks"] if rows else []
        return frozenset(each["number"] for each in checks if each["outcome"] == "FAIL")

    def count(self, kind: str) -> int:
        """How many audit entries there are of that kind."""
        return int(self._audit("SELECT count(*) FROM audit WHERE kind = ?", kind)[0][0])

    def _audit(self, query: str, kind: str) -> list[tuple[Any, ...]]:
        database = self.estate.gateway_config.parent / "gateway.db"
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as store:
            return store.execute(query, (kind,)).fetchall()

    def wait(self, happens: Callable[[], Any], seconds: float, what: str) -> Any:
        """What `happens` gives as soon as it is true. Raises RoadError after `seconds`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if found := happens():
                return found
            self._programs.must_run()
            time.sleep(_POLL_S)
        raise RoadError(f"waited {seconds:.0f} s in vain for {what}; look into {self.folder}/*.log")

    def strikes(self) -> list[Transition]:
        """The strike's transitions since the last call: what the door's own pin did."""
        found = []
        while not self.pins.empty():
            transition = self.pins.get()
            if transition.name == "strike":
                found.append(transition)
        return found


def _empty(folder: Path) -> None:
    """An empty folder in place of an earlier demonstration's. Raises RoadError for one with anything else in it."""
    try:
        ours = (folder / _MARK).exists() or (folder / "estate" / DESCRIPTION).exists()
        if folder.is_dir() and any(folder.iterdir()) and not ours:
            raise RoadError(f"{folder} holds other files and no demonstration; name another --folder")
        if folder.is_dir():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise RoadError(f"{folder}: {error.strerror}; make it writable or name another --folder") from error
