"""Every night: who is due soon, and what must be settled before the day. Looking reads; that one looked is logged."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, select

from sallyport_gateway.authority.calendar import london_day
from sallyport_gateway.authority.evidence import AuthorityEvidence
from sallyport_gateway.authority.findings import finding
from sallyport_gateway.authority.policy import Basis, ReleasePolicy
from sallyport_gateway.authority.preflight import BANDS, HeldReference, Line, band_of, look_ahead
from sallyport_gateway.authority.records import Calculation, PrisonerRecord
from sallyport_gateway.authority.words import CalculationStatus
from sallyport_gateway.drivers import authority_embedded as embedded
from sallyport_gateway.drivers.authority_access import Action, By, log_access
from sallyport_gateway.drivers.authority_compose import compose
from sallyport_gateway.drivers.authority_records import Kind
from sallyport_gateway.drivers.authority_references import SealedReference, references_of
from sallyport_gateway.drivers.authority_tables import names, records
from sallyport_gateway.drivers.authority_unmatched import UnmatchedWarrants

Opens = Callable[[SealedReference], bool]
"""Does a sealed reference open with this gateway's key?"""


def preflight(
    conn: Connection,
    prison: str,
    policy: ReleasePolicy,
    now: datetime,
    opens: Opens,
    with_ledger: Callable[[AuthorityEvidence], AuthorityEvidence],
) -> list[Line]:
    """Everybody of a prison who is due within 14 days, soonest first; people due without a paper included. Reads
    only: `log_look` follows."""
    lines: list[Line] = []
    unmatched, least = UnmatchedWarrants(looking=True), policy.measures.name_similarity.value
    papered: set[str] = set()
    for given in embedded.of_prison(conn, prison, now):
        papered.add(given.prisoner_number)
        references = [
            HeldReference(each.modality, each.captured_on, opens(each))
            for each in references_of(conn, given.prisoner_number)
        ]
        evidence = with_ledger(compose(conn, given.prisoner_number, unmatched, least))
        line = look_ahead(given, evidence, references, policy, now)
        if line is not None:
            lines.append(line)
    lines += _without_paper(conn, prison, policy, now, papered)
    return sorted(lines, key=lambda line: (line.day, line.prisoner_number))


def log_look(conn: Connection, lines: Iterable[Line], now: datetime) -> None:
    """That somebody's records were looked at, and why (DPA 2018 s.62)."""
    for line in lines:
        log_access(conn, Action.CONSULTED, line.prisoner_number, "pre-flight", By("gateway", "due soon"), now)


def calculations_of(prison: str) -> Select[tuple[str, str]]:
    """Key and document of the calculation of everybody who is in this prison."""
    there = select(names.c.prisoner_number).where(names.c.prison_id == prison)
    here = records.c.kind == Kind.CALCULATION.value
    return select(records.c.key, records.c.document).where(here, records.c.key.in_(there))


def _without_paper(
    conn: Connection, prison: str, policy: ReleasePolicy, now: datetime, papered: set[str]
) -> list[Line]:
    """People whose confirmed release date comes within 14 days and for whom nobody has asked."""
    dated = {kind for each in policy.purposes if each.basis is Basis.CALCULATION for kind in each.date_types}
    last = london_day(now) + timedelta(days=max(BANDS))
    found: list[Line] = []
    for row in conn.execute(calculations_of(prison)).all():
        made = Calculation.parse(row.document)
        days = [day for kind, day in made.dates.items() if kind in dated and day <= last]
        if row.key in papered or not days or made.status is not CalculationStatus.CONFIRMED:
            continue
        document = conn.execute(
            select(records.c.document).where(records.c.kind == Kind.PRISONER.value, records.c.key == row.key)
        ).scalar()
        person = None if document is None else PrisonerRecord.parse(document)
        band = band_of(min(days), now)
        if person is None or person.prison_id != prison or person.in_out_status != "IN" or band is None:
            continue
        nothing = finding("NO_AUTHORISATION", id="of any kind", number=row.key)
        name = f"{person.forenames} {person.surname}".strip()
        found.append(Line("", row.key, name, min(days), band, (nothing,), ()))
    return found
