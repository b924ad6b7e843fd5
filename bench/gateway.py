"""Decisions end to end, against the raw limits of this machine, in one run.

    .venv/bin/python bench/gateway.py [--json FILE]

A whole estate on loopback: as many prisons as kiosks, the real broker with mutual TLS, the real gateway process, and in
this process the kiosks' links and the officers. Timed is what one kiosk sees: its signed result handed to the link, to
the gateway's signed acknowledgement, which leaves only when the decision on all 25 checks is on the disk.

Result to decision: the sessions are started and the results signed beforehand, every kiosk has one, and never more
than `--flight` are unanswered. Whole movements: from the officer's signed start over HTTP, by way of the sealed offer
and the result, to the acknowledgement; the lanes take turns. Acknowledgements are verified after the clock has
stopped. Ratios are what counts.
"""

import argparse
import asyncio
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import psutil
from gateway_estate import OFFICER, make_estate, populate
from gateway_kiosks import Desk, Kiosk, acknowledged
from gateway_table import DAY, table
from ledger import LOG, append_job, closed_loop
from rich.console import Console
from sqlalchemy import func, select

from sallyport_gateway.audit import generations, log
from sallyport_gateway.configuration import load_configuration
from sallyport_gateway.drivers.authority_tables import preflights
from sallyport_gateway.store import Store
from sallyport_gateway.store.engine import open_reader
from sallyport_gateway.store.tables import sessions
from sallyport_protocol import envelope
from sallyport_protocol.errors import SallyportError
from sallyport_protocol.topics import Kind, Topic
from sallyport_provisioning.broker import Broker
from sallyport_provisioning.estate import Estate

READY_EVERY_S = 5.0


@dataclass
class Phase:
    """What one phase took: milliseconds of each answer, seconds, processor seconds by process."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    rates: list[float] = field(default_factory=list)
    """Answers a second, wave by wave: on a machine that is shared, the middle one says more than the mean."""
    worked: dict[str, float] = field(default_factory=dict)
    answers: list[tuple[Kiosk, bytes, bytes]] = field(default_factory=list)
    """Who sent which result and what came back: to be verified when the clock stands still."""

    def figures(self) -> dict[str, float]:
        cuts = statistics.quantiles(self.times, n=1000)
        found = {"count": len(self.times), "per_s": len(self.times) / self.seconds}
        found |= {"slowest_wave_per_s": min(self.rates), "middle_wave_per_s": statistics.median(self.rates)}
        found["fastest_wave_per_s"] = max(self.rates)
        found |= {"p50_ms": cuts[499], "p95_ms": cuts[949], "p99_ms": cuts[989], "most_ms": max(self.times)}
        return found | {f"{name}_cpu_ms": spent * 1e3 / len(self.times) for name, spent in self.worked.items()}


class Bench:
    """The running estate and its load."""

    def __init__(self, estate: Estate, papers: list[list[str]], programs: dict[str, psutil.Process], flight: int):
        self.estate, self.programs, self.flight = estate, programs, flight
        models, policy = estate.model_set(), estate.policy()
        self.kiosks = [Kiosk(estate, each.name, models, policy) for each in estate.description.kiosk]
        self.papers = {kiosk.name: cycle(each) for kiosk, each in zip(self.kiosks, papers, strict=True)}
        self.desks = [Desk(estate, OFFICER) for _ in range(flight)]
        self._good = acknowledged(estate)
        self.wrong = 0
        self._ready: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Connects everybody; returns when the gateway has heard every kiosk."""
        for kiosk in self.kiosks:
            await kiosk.begin()
        while not all(kiosk.link.connected for kiosk in self.kiosks):
            await asyncio.sleep(0.05)
        while not await self.desks[0].all_heard():
            for kiosk in self.kiosks:
                kiosk.say_ready()
            await asyncio.sleep(1.0)
        (self.programs["link"],) = self.programs["gateway"].children()
        self._ready = asyncio.create_task(self._say_ready())
        await night_over(self.estate)

    async def end(self) -> None:
        if self._ready is not None:
            self._ready.cancel()
        for desk in self.desks:
            desk.close()
        for kiosk in self.kiosks:
            await kiosk.link.stop()

    async def started(self) -> list[bytes]:
        """Every kiosk gets a check; their results, signed and ready to be sent."""
        waiting = list(zip(self.kiosks, range(len(self.kiosks)), strict=True))
        results = [b""] * len(waiting)

        async def officer(desk: Desk) -> None:
            while waiting:
                kiosk, place = waiting.pop()
                results[place] = await self._started(desk, kiosk)

        await asyncio.gather(*(officer(desk) for desk in self.desks))
        return results

    async def closed(self, waves: int) -> Phase:
        """Never more than `flight` results unanswered; the next leaves when one is answered."""
        phase = Phase()
        for _ in range(waves):
            waiting = list(enumerate(await self.started()))
            await self._timed(phase, partial(self._in_flight, phase, waiting))
        return phase

    async def _in_flight(self, phase: Phase, waiting: list[tuple[int, bytes]]) -> None:
        async def worker() -> None:
            while waiting:
                await self._answered(phase, *waiting.pop())

        await asyncio.gather(*(worker() for _ in range(self.flight)))

    async def opened(self, rate: float, waves: int) -> Phase:
        """A result every 1/rate seconds, whether or not the earlier ones are answered."""
        phase = Phase()
        for _ in range(waves):
            await self._timed(phase, partial(self._at_rate, phase, await self.started(), rate))
        return phase

    async def _at_rate(self, phase: Phase, results: list[bytes], rate: float) -> None:
        began = time.perf_counter()

        async def sent(place: int, result: bytes) -> None:
            await asyncio.sleep(max(0.0, began + place / rate - time.perf_counter()))
            await self._answered(phase, place, result)

        await asyncio.gather(*(sent(place, result) for place, result in enumerate(results)))

    async def whole(self, movements: int, seconds: float) -> Phase:
        """Whole movements, as many at once as may be in flight; the lanes take turns."""
        phase, left, free = Phase(), iter(range(movements)), deque(self.kiosks)
        until = time.perf_counter() + seconds

        async def officer(desk: Desk) -> None:
            for _ in left:
                kiosk, began = free.popleft(), time.perf_counter()
                result = await self._started(desk, kiosk)
                _, ack = await kiosk.answer(result)
                phase.times.append((time.perf_counter() - began) * 1e3)
                phase.answers.append((kiosk, result, ack))
                free.append(kiosk)
                if time.perf_counter() > until:
                    return

        await self._timed(phase, lambda: asyncio.gather(*(officer(desk) for desk in self.desks)))
        return phase

    async def _started(self, desk: Desk, kiosk: Kiosk) -> bytes:
        refusal = await desk.start(kiosk.lane, next(self.papers[kiosk.name]))
        if refusal is not None:
            raise SallyportError(f"{kiosk.name}: the check did not begin: {refusal}")
        return kiosk.result_for(*await kiosk.offered())

    async def _answered(self, phase: Phase, place: int, result: bytes) -> None:
        took, ack = await self.kiosks[place].answer(result)
        phase.times.append(took)
        phase.answers.append((self.kiosks[place], result, ack))

    async def _timed(self, phase: Phase, work: Callable[[], Any]) -> None:
        before, began, answered = self._worked(), time.perf_counter(), len(phase.times)
        await work()
        took = time.perf_counter() - began
        phase.seconds += took
        phase.rates.append((len(phase.times) - answered) / took)
        for name, spent in self._worked().items():
            phase.worked[name] = phase.worked.get(name, 0.0) + spent - before[name]
        self.wrong += sum(not self._good(*each) for each in phase.answers)
        phase.answers.clear()

    def _worked(self) -> dict[str, float]:
        times = {name: each.cpu_times() for name, each in self.programs.items()}
        return {name: each.user + each.system for name, each in times.items()}

    async def _say_ready(self) -> None:
        while True:
            for kiosk in self.kiosks:
                kiosk.say_ready()
                await asyncio.sleep(READY_EVERY_S / len(self.kiosks))


@contextmanager
def running(estate: Estate, folder: Path) -> Iterator[dict[str, psutil.Process]]:
    """Broker and gateway, as processes."""
    place = estate.description.gateway[0]
    with Broker(estate) as broker, (folder / "gateway.log").open("ab") as words:
        command = [sys.executable, "-m", "sallyport_gateway", "run", "--config", str(estate.gateway_config)]
        gateway = subprocess.Popen(command, stdout=words, stderr=words)
        try:
            until = time.monotonic() + 30
            while not _listens(gateway.pid, place.web_port):
                if gateway.poll() is not None or time.monotonic() > until:
                    raise SallyportError(f"the gateway did not start: {(folder / 'gateway.log').read_text()[-500:]}")
                time.sleep(0.1)
            assert broker._process is not None
            programs = {"gateway": gateway.pid, "broker": broker._process.pid, "load": psutil.Process().pid}
            yield {name: psutil.Process(pid) for name, pid in programs.items()}
        finally:
            gateway.terminate()
            gateway.wait(15)


def _listens(pid: int, port: int) -> bool:
    found = psutil.Process(pid).net_connections("tcp")
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in found)


def raw_signatures(estate: Estate, seconds: float = 2.0) -> float:
    """Verifications a second of a message as large as a result, on one core and nothing else."""
    name, content = estate.description.kiosk[0].name, {"session": bytes(16), "words": bytes(1_200)}
    topic = str(Topic(estate.description.prison[0].code, name, Kind.RESULT))
    message, resolve = envelope.sign(content, estate.signer(name), topic), estate.registry().resolve
    count, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        envelope.verify(message, topic, resolve)
        count += 1
    return count / (time.process_time() - began)


@contextmanager
def other_core_busy() -> Iterator[None]:
    """Something that never rests. Two virtual cores may be threads of one real one: then each is half as quick."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.5)
        yield
    finally:
        other.kill()
        other.wait()


def grow(estate: Estate, entries: int) -> None:
    """Appends to the gateway's audit log while the gateway is stopped."""
    with Store(load_configuration(estate.gateway_config).store_url) as store:
        name = store.read_now(lambda conn: generations.current(conn, LOG))

        def job(conn: Any) -> None:
            for _ in range(1_000):
                log.append(conn, name, "GROWN", {}, 0)

        for _ in range(entries // 1_000):
            store.write_now(job)


def decided(estate: Estate) -> dict[str, int]:
    """What the store holds now: audit entries, decisions, releases."""
    with open_reader(load_configuration(estate.gateway_config).store_url).connect() as conn:
        query = (
            select(sessions.c.verdict, func.count()).where(sessions.c.verdict.is_not(None)).group_by(sessions.c.verdict)
        )
        counts = {verdict: count for verdict, count in conn.execute(query)}  # noqa: C416  rows are no pairs to mypy
        size = log.size(conn, LOG)
    return {"entries": size, "decisions": sum(counts.values()), "releases": counts.get("RELEASE", 0)}


async def night_over(estate: Estate) -> None:
    """Returns when the night's look ahead, which a gateway makes up for at its start, is done in every prison."""
    looked = select(func.count()).where(preflights.c.ended_at.is_not(None))
    engine = open_reader(load_configuration(estate.gateway_config).store_url)
    while True:
        with engine.connect() as conn:
            if conn.execute(looked).scalar() == len(estate.description.prison):
                break
        await asyncio.sleep(0.5)
    engine.dispose()


async def drive(bench: Bench, given: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, Any]:
    """Every phase of the load."""
    found: dict[str, Any] = {}
    await bench.begin()
    try:
        tell("warming up")
        await bench.closed(3)
        tell("closed loop")
        found["closed"] = (await bench.closed(given.waves)).figures()
        tell(f"open loop, {given.rate:.0f} a second")
        found["open"] = (await bench.opened(given.rate, given.waves)).figures()
        tell("whole movements")
        found["whole"] = (await bench.whole(given.movements, given.seconds)).figures()
        for name in ("gateway", "link"):
            found[f"{name}_mib"] = bench.programs[name].memory_info().rss / 2**20
        found["wrong_acknowledgements"] = bench.wrong
    finally:
        await bench.end()
    return found


async def again(bench: Bench, waves: int) -> dict[str, float]:
    """The closed loop once more."""
    await bench.begin()
    try:
        await bench.closed(3)
        return (await bench.closed(waves)).figures()
    finally:
        await bench.end()


def measure(folder: Path, given: argparse.Namespace, tell: Callable[[str], None]) -> dict[str, Any]:
    """Everything, as one map."""
    tell(f"an estate of {given.kiosks} kiosks")
    estate = make_estate(folder / "estate", given.kiosks)
    papers = populate(estate, given.people, lambda done: tell(f"{done} people"))
    tell("signatures and commits alone")
    found: dict[str, Any] = {"verifications_per_s": raw_signatures(estate), "rate": given.rate}
    with other_core_busy():
        found["verifications_beside_another_per_s"] = raw_signatures(estate)
    with Store(folder / "alone.db") as store:
        found["commits"] = closed_loop(store, given.flight, append_job)

    def load(work: Callable[[Bench], Any]) -> Any:
        async def everything() -> Any:
            return await work(Bench(estate, papers, programs, given.flight))

        with running(estate, folder) as programs:
            return asyncio.run(everything())

    found |= load(lambda bench: drive(bench, given, tell))
    found["store"] = decided(estate)
    if given.entries:
        tell(f"{given.entries:,} more audit entries")
        grow(estate, given.entries)
        found["longer"] = load(lambda bench: again(bench, max(3, given.waves // 3)))
        found["longer"]["entries"] = decided(estate)["entries"]
    return found


def main() -> None:
    """Prints a table; `--json` also writes the figures."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", type=Path, help="write the figures here")
    arguments.add_argument("--kiosks", type=int, default=120, help="kiosks, one in each prison")
    arguments.add_argument("--flight", type=int, default=20, help="results unanswered at once; devices of movements")
    arguments.add_argument("--people", type=int, default=1_200, help="authorised people")
    arguments.add_argument("--waves", type=int, default=15, help="results of every kiosk, in each loop")
    arguments.add_argument("--rate", type=float, default=300.0, help="of the open loop, a second")
    arguments.add_argument("--movements", type=int, default=DAY, help="whole movements, at most")
    arguments.add_argument("--seconds", type=float, default=60.0, help="of whole movements, at most")
    arguments.add_argument(
        "--entries", type=int, default=1_000_000, help="audit entries added for the closed loop once more; 0: none"
    )
    given = arguments.parse_args()
    logging.getLogger("sallyport_link").setLevel(logging.ERROR)
    console = Console(file=sys.stderr)
    with console.status("") as status, tempfile.TemporaryDirectory(prefix="sallyport-bench-") as folder:
        found = measure(Path(folder), given, status.update)
    Console(file=sys.stdout).print(table(found, given.flight))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
