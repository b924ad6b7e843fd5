"""An estate for `bench/gateway.py`: a prison, a lane, a kiosk and a board many times over, and people who may leave."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from sallyport_gateway.configuration import Configuration, load_configuration
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_office import EmbeddedAuthority
from sallyport_gateway.ledger import life
from sallyport_gateway.ports import RecordEntry
from sallyport_gateway.store import Store
from sallyport_protocol.subject import Modality, Reference
from sallyport_provisioning.apply import apply
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.description import Description
from sallyport_provisioning.development import describe_development
from sallyport_provisioning.estate import Estate, open_estate
from sallyport_rig.demonstration import records
from sallyport_rig.demonstration.loopback import free_port

OFFICER, GOVERNOR, APPROVERS = "s.patel", "d.morgan", ("j.hughes", "m.okafor")
_MODELS = {name: sha256(name.encode()).digest() for name in ("face", "finger")}
_BUILD = sha256(b"the kiosk's build").digest()
_BATCH = 20
_SIZES = {Modality.FACE: 530, Modality.FINGER: 1_400}
"""Bytes of a template."""


def make_estate(root: Path, lanes: int) -> Estate:
    """As many prisons as lanes, all of one gateway; each kiosk and each board with its own keys."""
    plain = describe_development(broker_port=free_port(), gateway_port=free_port(), screen_port=free_port()).to_map()
    codes = [f"{chr(65 + number // 26)}{chr(65 + number % 26)}I" for number in range(lanes)]
    kiosk = plain["kiosk"][0]
    plain["prison"] = [{"code": code, "name": f"Prison {code}"} for code in codes]
    plain["lane"] = [{"name": f"{code}-LANE-1", "prison": code, "kind": "pedestrian"} for code in codes]
    plain["kiosk"] = [kiosk | {"name": f"{code}-K01", "lane": f"{code}-LANE-1"} for code in codes]
    plain["interlock"] = [{"name": f"{code}-L01", "lane": f"{code}-LANE-1"} for code in codes]
    plain["gateway"][0]["prisons"] = codes
    plain["officer"] = [each | {"prison": None} for each in plain["officer"]]
    root.mkdir(parents=True)
    (root / "estate.toml").write_text(Description.parse(plain).to_toml())
    apply(open_estate(root), now=datetime.now(UTC), approved=Approved(_MODELS, (_BUILD,)))
    return open_estate(root)


def populate(estate: Estate, people: int, tell: Callable[[int], None]) -> list[list[str]]:
    """People in every prison whose release is due today and in order; their authorisations by prison."""
    configuration = load_configuration(estate.gateway_config)
    codes = [prison.code for prison in estate.description.prison]
    authority, now = _authority(configuration), datetime.now(UTC)
    papers: list[list[str]] = [[] for _ in codes]
    with Store(configuration.store_url) as store:
        store.write_now(lambda conn: [authority.heard(conn, source, now) for source in records.SOURCES])
        for low in range(0, people, _BATCH):
            batch = range(low, min(low + _BATCH, people))
            store.write_now(partial(_enter, authority=authority, batch=batch, codes=codes, now=now))
            for number in batch:
                papers[number % len(codes)].append(f"A-{number}")
            tell(low + len(batch))
    return papers


def _authority(configuration: Configuration) -> EmbeddedAuthority:
    return EmbeddedAuthority(configuration.read(configuration.file.secrets.references), lambda: None)


def _enter(conn: Connection, authority: EmbeddedAuthority, batch: range, codes: list[str], now: datetime) -> None:
    for number in batch:
        prisoner, code = f"A{number:04d}BC", codes[number % len(codes)]
        for kind, record in records.standing(now):
            entry = RecordEntry(kind, prisoner, _of(record, number, code), "feed")
            authority.record(conn, entry, GOVERNOR, now)
        paper = records.authorisation(f"A-{number}", now)
        refusal = authority.create(conn, _of(paper, number, code), GOVERNOR, now)
        for officer in APPROVERS:
            refusal = refusal or authority.approve(conn, f"A-{number}", officer, now)
        assert refusal is None, refusal
        life.create(conn, f"A-{number}", int(now.timestamp() * 1_000))
        for modality, size in _SIZES.items():
            authority.enrol(conn, prisoner, _reference(modality, size), By("reception", "bench"), now)


def _of(record: dict[str, object], number: int, code: str) -> str:
    """The demonstration's record, of another person."""
    text = json.dumps(record, separators=(",", ":"))
    for old, new in {
        records.PRISONER: f"A{number:04d}BC",
        '"MDI"': f'"{code}"',
        '"surname":"A"': f'"surname":"Person {number}"',
        "W-100": f"W-{number}",
        "T20250001": f"T{number:08d}",
        '"L-1"': f'"L-{number}"',
        records.CALCULATION: f"{number:08x}{records.CALCULATION[8:]}",
    }.items():
        text = text.replace(old, new)
    return text


def _reference(modality: Modality, size: int) -> Reference:
    return Reference(
        modality=modality,
        position=0 if modality is Modality.FACE else 2,
        template=os.urandom(size),
        captured_on="2026-06-01",
        record=os.urandom(32),
    )
