"""The ledger and the audit log against the raw limits of this machine, in one run.

    .venv/bin/python bench/ledger.py [--entries 1000000] [--json FILE] [--postgresql URL]

Ratios are what counts: commits against the disk's own flush, verification against hashing alone. The long log has a
signed head after every 1,000 entries, as a running gateway keeps them; verification checks each.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from sallyport_gateway.audit import checkpoint, log, tree, verify
from sallyport_gateway.audit.checkpoint import Checkpoint
from sallyport_gateway.audit.heads import keep_note
from sallyport_gateway.audit.parameters import HEAD_EVERY_ENTRIES
from sallyport_gateway.ledger import life
from sallyport_gateway.ledger.words import Door, Shown
from sallyport_gateway.store import Store
from sallyport_protocol.errors import SallyportError
from sallyport_protocol.keys import SoftwareSigner

LOG = "gateway-1"
BODY = {
    "lane": "MDI-LANE-1",
    "session": b"s" * 16,
    "verdict": "RELEASE",
    "checks": [{"number": number, "outcome": "PASS", "sentence": "As it must be."} for number in range(1, 26)],
}
DAY = timedelta(days=1)
DOOR = Door("MDI", "MDI-LANE-1", "MDI-L01")


def flushes(folder: Path, seconds: float = 2.0) -> float:
    """fdatasync of 4 KiB a second: what one commit cannot beat."""
    with (folder / "raw").open("wb", buffering=0) as file:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            file.write(b"x" * 4_096)
            os.fdatasync(file.fileno())
            count += 1
    return count / seconds


def closed_loop(store: Store, callers: int, job: Callable[[int], Any], seconds: float = 3.0) -> dict[str, float]:
    """`callers` that each wait for their own durable write: writes a second, p50 and p99 in ms, writes a commit."""
    times: list[float] = []
    before = store.commits

    async def caller(number: int, end: float) -> None:
        at = number
        while time.perf_counter() < end:
            began = time.perf_counter()
            await store.write(job(at))
            times.append(time.perf_counter() - began)
            at += callers

    async def everybody() -> None:
        end = time.perf_counter() + seconds
        await asyncio.gather(*(caller(number, end) for number in range(callers)))

    asyncio.run(everybody())
    cuts = statistics.quantiles(times, n=100)
    commits = store.commits - before
    return {
        "per_s": len(times) / seconds,
        "p50_ms": cuts[49] * 1e3,
        "p95_ms": cuts[94] * 1e3,
        "p99_ms": cuts[98] * 1e3,
        "commits_per_s": commits / seconds,
    }


def append_job(_: int) -> Callable[[Connection], Any]:
    """One audit entry the size of a decision."""
    return lambda conn: log.append(conn, LOG, "DECISION", BODY, 0)


def release_job(at: int) -> Callable[[Connection], Any]:
    """All the ledger's work of one release: create, reserve, grant, opened, and an audit entry with each."""
    name, session = f"A{at}", at.to_bytes(16, "big")

    def job(conn: Connection) -> None:
        life.create(conn, name, 0)
        life.reserve(conn, name, session, LOG, 0)
        life.grant(conn, name, session, DOOR, Shown(session, at), 0, 0)
        life.opened(conn, name, DOOR.board, session, b"e" * 32, 0)
        for kind in ("CONFIRMED", "GRANT", "OPENED"):
            log.append(conn, LOG, kind, {"authorisation": name, "session": session}, 0)

    return job


def _appends(count: int) -> Callable[[Connection], None]:
    def job(conn: Connection) -> None:
        for _ in range(count):
            log.append(conn, LOG, "DECISION", BODY, 0)

    return job


def _proof(index: int, size: int) -> Callable[[Connection], list[bytes]]:
    return lambda conn: tree.inclusion_proof(index, size, log.reader(conn, LOG))


def grow(store: Store, size: int, signer: SoftwareSigner, tell: Callable[[int], None]) -> None:
    """Appends until the log has `size` entries, with a signed head after each step."""
    have = store.read_now(lambda conn: log.size(conn, LOG))
    while have < size:
        step = min(HEAD_EVERY_ENTRIES, size - have)
        store.write_now(_appends(step))
        have += step
        store.write_now(partial(_sign_head, signer=signer))
        tell(have)


def _sign_head(conn: Connection, signer: SoftwareSigner) -> None:
    size = log.size(conn, LOG)
    keep_note(conn, checkpoint.sign(Checkpoint(LOG, size, log.root(conn, LOG, size)), signer), 0)


def make_signer() -> SoftwareSigner:
    """A gateway's key, with a certificate that it signed itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOG)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + DAY)
    return SoftwareSigner(key, builder.sign(key, hashes.SHA256()))


def append_cost(store: Store) -> float:
    """Microseconds of this thread's processor time for one append, without its share of a commit: the median of 15 runs
    of 256 (processor time, so that a busy machine does not pass for a growing log)."""

    def run(conn: Connection) -> float:
        began = time.thread_time()
        for _ in range(256):
            log.append(conn, LOG, "DECISION", BODY, 0)
        return (time.thread_time() - began) / 256

    return statistics.median(store.write_now(run) for _ in range(15)) * 1e6


def proof_times(store: Store, size: int) -> list[float]:
    """Milliseconds for an inclusion proof of 100 entries all over the log, each with a fresh reader."""
    times = []
    for number in range(100):
        index = number * (size - 1) // 99
        began = time.perf_counter()
        store.read_now(_proof(index, size))
        times.append((time.perf_counter() - began) * 1e3)
    return sorted(times)


def hashing(size: int) -> float:
    """Seconds to hash `size` entries and their tree, from memory: what a verification cannot beat."""
    body, count = cbor2.dumps(BODY, canonical=True), min(size, 100_000)
    began = time.process_time()
    for _ in range(count):
        sha256(b"\x00" + body).digest()
        sha256(b"\x01" + body[:64]).digest()
    return (time.process_time() - began) * size / count


def measure(folder: Path, entries: int, url: str | None, tell: Callable[[str], None]) -> dict[str, Any]:
    """Everything, as one map."""
    found: dict[str, Any] = {"entries": entries, "flushes_per_s": flushes(folder)}
    where = url or str(folder / "store.db")
    with Store(where) as store:
        for callers in (1, 20, 100):
            tell(f"{callers} callers append")
            found[f"append_{callers}"] = closed_loop(store, callers, append_job)
        tell("20 callers release")
        found["release_20"] = closed_loop(store, 20, release_job)
    signer = make_signer()
    with Store(folder / "long.db") as store:
        for size in (1_000, entries):
            grow(store, size, signer, lambda have: tell(f"{have:,} entries"))
            found[f"append_us_at_{size}"] = append_cost(store)
        size = store.read_now(lambda conn: log.size(conn, LOG))
        worked = time.thread_time()
        proofs = proof_times(store, size)
        found["proof_processor_ms"] = (time.thread_time() - worked) * 1e3 / len(proofs)
        found |= {"proof_p50_ms": proofs[50], "proof_p95_ms": proofs[95], "proof_max_ms": proofs[-1]}
        began, worked = time.perf_counter(), time.process_time()
        keys = [checkpoint.note_key(LOG, signer.certificate_der)]
        report = store.read_now(lambda conn: verify.verify(conn, LOG, keys, progress=lambda n: tell(f"verified {n:,}")))
        if not report.sound:
            raise SallyportError(f"the log that was just written is not sound: {report.faults[:3]}")
        found |= {"verified": report.size, "heads": report.heads, "verify_s": time.perf_counter() - began}
        found["verify_processor_s"] = time.process_time() - worked
        found["bytes_per_entry"] = (folder / "long.db").stat().st_size / size
    found["hashing_s"] = hashing(found["verified"])
    return found | _ratios(found, entries)


def _ratios(found: dict[str, Any], entries: int) -> dict[str, float]:
    return {
        "appends_per_flush": found["append_100"]["per_s"] / found["flushes_per_s"],
        "commits_against_flushes": found["append_1"]["commits_per_s"] / found["flushes_per_s"],
        "append_growth": found[f"append_us_at_{entries}"] / found["append_us_at_1000"],
        "verify_against_hashing": found["verify_processor_s"] / found["hashing_s"],
        "verify_us_per_entry": found["verify_processor_s"] / found["verified"] * 1e6,
    }


def main() -> int:
    """Prints a table, and JSON where asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--entries", type=int, default=1_000_000)
    arguments.add_argument("--json", type=Path, help="write the figures here")
    arguments.add_argument("--postgresql", help="URL of an empty database for the commit figures")
    arguments.add_argument("--folder", type=Path, help="where the stores go [default: the temporary folder]")
    given = arguments.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder, Console(stderr=True).status("") as status:
        found = measure(Path(folder), given.entries, given.postgresql, status.update)
    table = Table("ledger and audit log", "figure")
    for name, value in found.items():
        each = value.items() if isinstance(value, dict) else ()
        shown = ", ".join(f"{key} {item:,.1f}" for key, item in each) or f"{value:,.2f}"
        table.add_row(name, shown)
    console.print(table)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
