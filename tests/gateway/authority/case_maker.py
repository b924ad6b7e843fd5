"""Makes cases at random: somebody who should leave, then up to three things changed, which may or may not matter.

Everything comes from one `Random`, so a case is named by its seed. The cases are plain JSON values, as in case files.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from naive_oracle import RULES, first_day

Case = dict[str, Any]
SURNAMES = [
    "Harte",
    "Okafor",
    "Nowak",
    "O'Brien",
    "Kaddour-Cherif",
    "Núñez",
    "Ковальчук",
    "王",
    "Al Ḥasan",
    "Smith",
    "Smyth",
    "राम",
    "रोमा",
]
FORENAMES = [
    "Rowan James",
    "Daniel",
    "Zoë",
    "Brahim",
    "Олена",
    "小明",
    "Jon",
    "John",
    "Mary-Ann",
    "Muhammad",
    "Mohammed",
]
OFFICERS = ["a.bell", "c.dale", "k.lane", "n.moss", "d.governor", "e.fenn", "g.hart", "A.Bell", "E.FENN ", "ａ.bell"]
OFFICERS += ["а.bell", "k.Iane", "C_DALE_GEN", "ñ.moss", "n.moss", "g.hart", "k.lane"]
MOVES = ["CRD", "ARD", "SED", "HDCED", "HDCAD", "APD", "NPD", "PRRD", "ERSED"]


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def make(random: Random) -> Case:
    """A case that should release, changed 0 to 3 times."""
    case = good(random)
    for change in random.choices(CHANGES, k=random.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        change(case, random)
    return case


def good(random: Random) -> Case:
    reason = random.choice(list(RULES))
    rests, which, statuses, lanes, weekend, licences, escorted, _ = RULES[reason]
    status = random.choice(statuses)
    dated = rests == "date" or (rests == "deportation" and status != "IMMIGRATION_DETAINEE")
    due, kind = date(2026, 1, 5) + timedelta(days=random.randrange(700)), random.choice(which) if which else ""
    early = random.random() < 0.2
    day = first_day(due, weekend or "exact", early) + timedelta(days=random.choice([0, 0, 0, 0, 1, 3, 40]))
    now = datetime(day.year, day.month, day.day, random.randrange(7, 16), random.randrange(60), tzinfo=UTC)
    number = "".join(random.choices("ABCDEFG", k=1) + random.choices("0123456789", k=4) + random.choices("XYZ", k=2))
    born = f"{random.randrange(1950, 2005)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
    person = {"surname": random.choice(SURNAMES), "forenames": random.choice(FORENAMES), "dateOfBirth": born}
    prison, lane = random.choice(["MDI", "WWI", "CDI", "BWI"]), random.choice(lanes)
    checked, reference = now - timedelta(days=5), f"1f0c3a52-7d0e-4b67-9f6e-{random.randrange(16**12):012x}"
    first, second, door = random.sample(["a.bell", "c.dale", "k.lane", "n.moss"], 3)
    session = f"{random.randrange(16**32):032x}"
    paper: Case = {
        **person,
        "id": "auth-1",
        "prisonerNumber": number,
        "prisonId": prison,
        "movementType": "REL",
        "movementReason": reason,
        "laneKind": lane,
        "windowOpens": stamp(now - timedelta(minutes=random.randrange(0, 300))),
        "windowCloses": stamp(now + timedelta(minutes=random.randrange(1, 300))),
        "state": "APPROVED",
        "createdBy": "omu.clerk",
        "createdAt": stamp(now - timedelta(days=3)),
        "approvals": [
            {"officer": first, "dutyGovernor": False, "at": stamp(now - timedelta(days=2))},
            {"officer": second, "dutyGovernor": reason == "ETR", "at": stamp(now - timedelta(days=1))},
        ],
    }
    evidence: Case = {
        "prisonerNumber": number,
        "asOf": {source: stamp(now - timedelta(minutes=random.randrange(0, 14))) for source in _SOURCES},
        "prisoner": {
            **person,
            "prisonerNumber": number,
            "status": "ACTIVE IN",
            "inOutStatus": "IN",
            "prisonId": prison,
            "legalStatus": status,
            "recall": status == "RECALL",
            "aliases": [],
            "identifiers": [{"type": "PNC", "value": "2002/0073319Z"}],
        },
        "identity": {"cprUuids": ["one"], "numbers": [{"prisonerNumber": number}], "aliases": []},
        "authorisations": [paper],
        "alerts": [],
        "warrants": [],
        "courtCases": [],
        "immigration": [],
        "recalls": [],
        "licences": [],
        "lives": {"auth-1": {"state": "AVAILABLE"}},
        "ledgerCurrent": True,
    }
    if dated:
        paper |= {"dateType": kind, "calculationReference": reference}
        if early:
            paper["earlyDayDecision"] = "early-1"
        evidence["calculation"] = {
            "calculationReference": reference,
            "status": "CONFIRMED",
            "calculatedByUsername": "e.fenn",
            "calculatedAt": stamp(checked - timedelta(days=1)),
            "checkedByUsername": "g.hart",
            "checkedAt": stamp(checked),
            "inputsChanged": False,
            "dates": {kind: due.isoformat(), "LED": "2031-01-01"},
            "warrantsIncluded": ["W-100"],
            "adjustmentsIncluded": ["ada-0"],
        }
        evidence["adjustments"] = [{"adjustmentId": "ada-0", "days": 7}]
        evidence["warrants"] = [{**person, "warrantId": "W-100", "kind": "SENTENCING", "status": "APPLIED"}]
        evidence["courtCases"] = [{"caseId": "T1", "custodialStatus": "CUSTODIAL_SENTENCE", "warrantId": "W-100"}]
    if rests == "order":
        paper["orderId"] = "ord-1"
        order = {**person, "orderId": "ord-1", "kind": which[0], "channel": "COURT_SYSTEM", "madeOn": day.isoformat()}
        evidence["courtOrders"] = [order]
    if rests == "immigration bail":
        evidence["immigration"] = [{"recordId": "im-1", "kind": "IMMIGRATION_BAIL"}]
    if rests == "deportation":
        evidence["immigration"] = [{"recordId": "im-1", "kind": "DEPORTATION_ORDER"}]
    if reason == "ETR":
        evidence["immigration"] = [{"recordId": "im-1", "kind": random.choice(["IS91", "DEPORTATION_ORDER"])}]
    if escorted:
        accepted = {"acceptedAt": stamp(now - timedelta(minutes=5)), "acceptance": "9f2c"}
        paper["escort"] = {"name": "T. Reid", "organisation": "Immigration Enforcement", **accepted}
    if status == "RECALL":
        evidence["recalls"] = [{"recallId": "rc-1", "recallType": "FTR_28", "status": "APPLIED"}]
    if licences:
        evidence["licences"] = [{"licenceId": "L-1", "kind": random.choice(licences), "status": "ACTIVE"}]
    request = {
        "session": session,
        "prisonId": prison,
        "lane": f"{prison}-LANE-1",
        "laneKind": lane,
        "prisonerNumber": number,
        "authorisationId": "auth-1",
        "movementType": "REL",
        "movementReason": reason,
        "confirmingOfficer": door,
    }
    if random.random() < 0.1:
        hands = [door, next(o for o in ["k.lane", "n.moss", "x.ray", "y.zed"] if o not in (first, second, door))]
        request |= {"path": "MANUAL", "manual": {"officers": hands, "why": "sensor broken", "after": "FAULT"}}
    return {
        "form": "sallyport-case/1",
        "name": "made",
        "lesson": "-",
        "now": stamp(now),
        "request": request,
        "evidence": evidence,
    }


_SOURCES = [
    "PRISONER",
    "IDENTITY",
    "ALERTS",
    "CALCULATION",
    "WARRANTS",
    "CROWN_COURT",
    "IMMIGRATION",
    "RECALL",
    "LICENCE",
]


def shifted(case: Case, random: Random, *spans: float) -> str:
    """The case's time moved by one of these seconds."""
    return stamp(datetime.fromisoformat(case["now"]) + timedelta(seconds=random.choice(spans)))


def _paper(case: Case) -> Case:
    papers = case["evidence"]["authorisations"]
    return papers[0] if papers else {"approvals": [], "prisonerNumber": "none"}


def _set(where: Callable[[Case], Case | None], name: str, *values: Any) -> Callable[[Case, Random], None]:
    def change(case: Case, random: Random) -> None:
        place = where(case)
        if place is not None:
            place[name] = random.choice(values)

    return change


def _add(field: str, *values: Case) -> Callable[[Case, Random], None]:
    def change(case: Case, random: Random) -> None:
        case["evidence"].setdefault(field, [])
        case["evidence"][field] = [*case["evidence"][field], dict(random.choice(values))]

    return change


def _person(case: Case) -> Case | None:
    found: Case | None = case["evidence"].get("prisoner")
    return found


def _sums(case: Case) -> Case | None:
    found: Case | None = case["evidence"].get("calculation")
    return found


def _ask(case: Case) -> Case:
    found: Case = case["request"]
    return found


def _known(case: Case) -> Case:
    found: Case = case["evidence"]
    return found


def _identity(case: Case) -> Case | None:
    found: Case | None = case["evidence"].get("identity")
    return found


def _source(case: Case, random: Random) -> None:
    source = random.choice(_SOURCES)
    ages = [-6, -5, -1, 0, 899, 900, 901, 3_600, 3_601, 4_500, 4_501, 14_400, 14_401, 86_400, 86_401]
    case["evidence"]["asOf"][source] = shifted(case, random, *[-each for each in ages])
    if random.random() < 0.2:
        del case["evidence"]["asOf"][source]


def _clock(case: Case, random: Random) -> None:
    """Another time of the day, or another day: near both midnights, the window's ends and the clock's changes."""
    case["now"] = shifted(case, random, -86_400, -3_600, -1, 1, 60, 3_600, 7_200, 86_400, -45_000, 45_000)


def _window(case: Case, random: Random) -> None:
    paper = _paper(case)
    paper["windowOpens"] = shifted(case, random, -90_000, -43_200, -3_600, 0, 1)
    paper["windowCloses"] = shifted(case, random, 0, 1, 3_600, 43_200, 43_201)


def _date(case: Case, random: Random) -> None:
    sums = _sums(case)
    if sums is not None:
        today = datetime.fromisoformat(case["now"]).date()
        for kind in sums["dates"]:
            sums["dates"][kind] = (today + timedelta(days=random.randrange(-4, 6))).isoformat()


def _officers(case: Case, random: Random) -> None:
    paper = _paper(case)
    count = random.choice([1, 2, 2, 3])
    paper["approvals"] = [
        {
            "officer": random.choice(OFFICERS),
            "dutyGovernor": random.random() < 0.4,
            "at": shifted(case, random, -6 * 86_400, -86_400, -60, 0, 60),
        }
        for _ in range(count)
    ]


def spell(name: str, random: Random) -> str:
    """A name as another clerk, a scanner or somebody with bad intentions writes it."""
    vowels = "aeiou"
    return random.choice(
        [
            name.replace("a", "а").replace("o", "ο"),
            " ".join(name),
            f"Mc {name}",
            f"{name}son",
            name[:3],
            "\u202e" + name[::-1],
            "".join(random.choice(vowels) if sign in vowels else sign for sign in name),
            name.replace("a", "aa").replace("t", "tt"),
            name.replace("o", "ø").replace("l", "ł"),
        ]
    )


def _unmatched(case: Case, random: Random) -> None:
    person = _person(case) or {"dateOfBirth": "1980-05-06"}
    born = person.get("dateOfBirth") or "1980-05-06"
    swapped = f"{born[:4]}-{born[8:]}-{born[5:7]}" if int(born[8:]) <= 12 else born
    warrant = {
        "warrantId": "W-?",
        "kind": random.choice(["REMAND", "SENTENCING", "ARREST", "FINE", "CIVIL", "IMMIGRATION"]),
        "status": random.choice(["OUTSTANDING", "OUTSTANDING", "UNKNOWN", "APPLIED", "SATISFIED", "WITHDRAWN"]),
        "surname": random.choice(
            [
                *SURNAMES,
                person.get("surname", "Harte"),
                "Hart",
                "Cherif-Kaddour",
                "Brown",
                "",
                "Smith Jon",
                "Nowak-Smith",
                *(spell(person.get("surname", "Harte"), random) for _ in range(4)),
            ]
        ),
        "forenames": random.choice(
            [*FORENAMES, person.get("forenames", ""), "", "Rowan", "J", "James R", spell("Rowan James", random)]
        ),
        "dateOfBirth": random.choice([born, swapped, "1949-12-31", "1949-12-31", "1949-12-31", None]),
    }
    if random.random() < 0.2:
        ruled = {"prisonerNumber": random.choice([_paper(case)["prisonerNumber"], "Z0000ZZ"]), "by": "r.omu"}
        warrant["notThisPerson"] = [{**ruled, "at": shifted(case, random, -3_600, 60)}]
    case["evidence"]["unmatchedWarrants"] = [warrant]


def _alias(case: Case, random: Random) -> None:
    alias = {"surname": random.choice(SURNAMES), "forenames": random.choice(FORENAMES), "dateOfBirth": "1981-02-03"}
    person, identity = _person(case), _identity(case)
    if person is not None and random.random() < 0.7:
        person["aliases"] = [alias]
    if identity is not None and random.random() < 0.7:
        looked = {"reviewedBy": "r.omu", "reviewedAt": shifted(case, random, -86_400, -86_400, 60)}
        identity["aliases"] = [{**alias, **(looked if random.random() < 0.8 else {})}]


def _linked(case: Case, random: Random) -> None:
    identity = _identity(case)
    if identity is not None:
        looked = {"reviewedBy": "r.omu", "reviewedAt": shifted(case, random, -86_400, 60)}
        identity["numbers"] = [
            {
                "prisonerNumber": random.choice(["Q7777QQ", "Q7777QQ", "Q777"]),
                **(looked if random.random() < 0.7 else {}),
            }
        ]


def _order(case: Case, random: Random) -> None:
    orders = case["evidence"].get("courtOrders")
    if orders:
        order = orders[0]
        order["channel"] = random.choice(["COURT_SYSTEM", "EMAIL", "PAPER", "UNKNOWN"])
        if random.random() < 0.5:
            order |= {"confirmedBy": "m.court", "confirmedAt": shifted(case, random, -3_600, -90_000, 60)}
        order["conditions"] = random.choice(
            [[], [{"text": "t", "met": True}], [{"text": "t", "met": False}], [{"text": "t"}]]
        )
        order["superseded"] = random.random() < 0.2
        order["kind"] = random.choice([order["kind"], order["kind"], order["kind"], "BAIL", "HOSPITAL"])
        if random.random() < 0.2:
            order["surname"] = random.choice(SURNAMES)
        if random.random() < 0.2:
            order["madeOn"] = shifted(case, random, -86_400, 0, 86_400, -27 * 86_400, -30 * 86_400)[:10]


def _check(case: Case, random: Random) -> None:
    sums = _sums(case)
    if sums is not None:
        sums["checkedByUsername"] = random.choice(["g.hart", "E.Fenn", None, "a.bell"])
        sums["checkedAt"] = random.choice([None, shifted(case, random, -86_400 * 9, -86_400 * 2, -3_600, 60)])


def _escort(case: Case, random: Random) -> None:
    signed = {"acceptedAt": shifted(case, random, -60, 0, 60), "acceptance": random.choice(["9f2c", None])}
    escort = {"name": random.choice(["T. Reid", " "]), "organisation": "Immigration Enforcement"}
    _paper(case)["escort"] = random.choice([None, escort, {**escort, **signed}])


def _second_paper(case: Case, random: Random) -> None:
    papers = case["evidence"]["authorisations"]
    if papers:
        other = {**papers[0], "id": "auth-0", "state": random.choice(["APPROVED", "APPROVED", "CANCELLED", "EXPIRED"])}
        case["evidence"]["authorisations"] = [papers[0], other]
        state = random.choice(["AVAILABLE", "CONSUMED", "SETTLED", "UNKNOWN", "GRANTED"])
        case["evidence"]["lives"]["auth-0"] = {"state": state}
        if random.random() < 0.3:
            papers[0]["cites"] = "auth-0"


def _life(case: Case, random: Random) -> None:
    state = random.choice(["AVAILABLE", "RESERVED", "RESERVED", "GRANTED", "CONSUMED", "UNKNOWN", "SETTLED"])
    life: Case = {"state": state, "stopped": random.random() < 0.1}
    if state in ("RESERVED", "GRANTED"):
        life["session"] = random.choice([case["request"]["session"], "ff"])
    case["evidence"]["lives"]["auth-1"] = life


def _freeze(case: Case, random: Random) -> None:
    ask, scope = case["request"], random.choice(["ESTATE", "PRISON", "LANE"])
    name = {"ESTATE": "*", "PRISON": random.choice([ask["prisonId"], "PVI"]), "LANE": random.choice([ask["lane"], "X"])}
    case["evidence"]["freezes"] = [{"scope": scope, "name": name[scope]}]


def _manual(case: Case, random: Random) -> None:
    hands = random.sample(OFFICERS, random.choice([1, 2, 2, 3]))
    manual = {
        "officers": hands,
        "why": random.choice(["broken", " "]),
        "after": random.choice(["", "NON_MATCH", "FAULT", "non match", " ATTACK-SUSPECTED"]),
    }
    if random.random() < 0.5:
        manual["dutyGovernor"] = "d.governor"
    case["request"] |= {"path": "MANUAL", "manual": random.choice([manual, manual, manual, None])}
    if random.random() < 0.7:
        case["request"]["confirmingOfficer"] = random.choice(hands)


def _lose(case: Case, random: Random) -> None:
    case["evidence"].pop(
        random.choice(["prisoner", "identity", "calculation", "courtOrders", "licences", "ledgerCurrent"]), None
    )


def _born(case: Case, random: Random) -> None:
    """Both papers agree, and are near the ends of what can be."""
    today = datetime.fromisoformat(case["now"])
    years, days = random.choice([10, 120, 121, 50]), random.choice([-1, 0, 1])
    born = (today.replace(year=today.year - years, day=min(today.day, 28)) + timedelta(days=days)).date().isoformat()
    for place in (_person(case), _paper(case)):
        if place is not None:
            place["dateOfBirth"] = born


def _misfiled(case: Case, random: Random) -> None:
    for warrant in case["evidence"]["warrants"]:
        warrant |= {"surname": random.choice([*SURNAMES, ""]), "dateOfBirth": random.choice([None, "1949-12-31"])}
        warrant["prisonerNumber"] = random.choice([None, case["evidence"]["prisonerNumber"], "Q7777QQ", "Z1111ZZ"])


def _made(case: Case, random: Random) -> None:
    _paper(case)["createdAt"] = shifted(case, random, -86_400 * 3, -86_400, -86_395, -86_394, -3_600, 1)


def _expiry(case: Case, random: Random) -> None:
    sums = _sums(case)
    if sums is not None:
        sums["dates"][random.choice(["SED", "SLED"])] = shifted(case, random, -86_400 * 9, 86_400 * 99)[:10]
        other = random.choice(["CRD", "ARD", "NPD", "PRRD", "HDCED", "PED", "Tariff"])
        sums["dates"].setdefault(other, shifted(case, random, -86_400 * 99, 86_400 * 9)[:10])
        sums["offences"] = [{"code": "X", "committedOn": shifted(case, random, -86_400, 0, 86_400)[:10]}]


def _name(case: Case, random: Random) -> None:
    place = random.choice([_person(case), _paper(case)])
    if place is not None:
        name = place.get("surname", "")
        place["surname"] = random.choice([name.upper(), name + " ", name[1:] or "x", random.choice(SURNAMES)])
        if random.random() < 0.3:
            place["surname"], place["forenames"] = place.get("forenames", ""), name


_STATUSES = (
    "RECALL DEAD INDETERMINATE_SENTENCE SENTENCED CONVICTED_UNSENTENCED"
    " CIVIL_PRISONER IMMIGRATION_DETAINEE REMAND UNKNOWN OTHER"
)
CHANGES: list[Callable[[Case, Random], None]] = [
    *(_source, _source, _clock, _clock, _window, _date, _date, _officers, _unmatched, _unmatched, _alias, _linked),
    *(_order, _order, _check, _escort, _second_paper, _life, _freeze, _manual, _lose, _name, _name),
    _set(_person, "legalStatus", *_STATUSES.split()),
    _set(_person, "inOutStatus", "IN", "OUT", "TRN"),
    _set(_person, "status", "ACTIVE IN", "ACTIVE OUT", "INACTIVE OUT", "active in"),
    _set(_person, "prisonId", "MDI", "WWI", "PVI"),
    _set(_person, "recall", True, False),
    _set(_person, "restrictedPatient", True, False),
    _set(_person, "dateOfBirth", "1981-02-03", "1990-12-11", None),
    _born,
    _set(_person, "prisonId", "MD1"),
    _set(
        _person, "identifiers", [{"type": "PNC", "value": "2000/1234567A"}], [{"type": "CRO", "value": "29906/12J"}], []
    ),
    _set(_person, "prisonerNumber", "A1234BC"),
    _set(_sums, "status", "PRELIMINARY", "CONFIRMED", "ERROR", "TEST", "RECORD_A_RECALL", "BULK", "OVERRIDDEN"),
    _set(_sums, "inputsChanged", True, False, None),
    _set(_sums, "calculationReference", "not-a-uuid", "1f0c3a52-7d0e-4b67-9f6e-0a4b5c6d7e8f"),
    _set(_sums, "warrantsIncluded", [], ["W-100", "W-101"]),
    _set(_sums, "calculatedByUsername", "a.bell", "k.lane", "z.zed"),
    _set(_sums, "offences", [{"code": "X", "committedOn": "2024-02-11", "inForceUntil": "2020-11-30"}], []),
    _set(_sums, "offences", [{"code": "X", "committedOn": "2019-02-11", "inForceFrom": "2019-02-11"}]),
    _set(_paper, "state", "PENDING", "APPROVED", "PAUSED", "CANCELLED", "DENIED", "EXPIRED"),
    _set(_paper, "movementReason", *RULES, "UAL", "DEC"),
    _set(_paper, "dateType", *MOVES, None),
    _set(_paper, "laneKind", "pedestrian", "vehicle"),
    _made,
    _misfiled,
    _expiry,
    _expiry,
    _set(_paper, "prisonId", "MDI", "WWI"),
    _set(_paper, "orderId", "ord-2", None),
    _set(_paper, "prisonerNumber", "A1234BC"),
    _set(_paper, "dateOfBirth", "1981-02-03", None),
    _set(_ask, "movementReason", *RULES, "UAL", "ESCP", "DEC", "MRG"),
    _set(_ask, "movementType", "REL", "TAP", "CRT"),
    _set(_ask, "laneKind", "pedestrian", "vehicle"),
    _set(_ask, "prisonerNumber", "A1234BC", "a1234bc", "", "A1234BCD", "Ａ1234BC", "A12３4BC"),
    _set(_ask, "confirmingOfficer", None, "a.bell", " A.BELL", "x.ray"),
    _set(_ask, "authorisationId", "auth-9"),
    _set(_known, "ledgerCurrent", True, False, None),
    _set(_known, "conflicts", ["the court says otherwise"], []),
    _set(_known, "papers", [{"paperId": "p", "kind": "CALCULATION_REQUIRED", "receivedAt": "2026-01-01T00:00:00Z"}]),
    _set(_known, "papers", [{"paperId": "p", "kind": "NEW_WARRANT", "receivedAt": "2026-01-01T00:00:00Z"}], []),
    _set(_identity, "cprUuids", ["one"], ["one", "two"], [], ["one", "one"]),
    *(
        _add(
            "alerts",
            *(
                {"alertId": "a", "alertType": t, "alertCode": c, "active": live}
                for t, c in pairs
                for live in (True, False)
            ),
        )
        for pairs in (
            [("X", "XNR"), ("T", "TG"), ("T", "TSE"), ("x", "xnr "), ("w", "W2")],
            [("W", "W1"), ("W", "WO")],
            [("X", "XILLENT"), ("X", "XLDEPORT")],
            [("H", "HA"), ("X", "XEL")],
        )
    ),
    _add(
        "holds",
        {"holdId": "h", "kind": "SECURITY", "why": "w", "placedBy": "s", "placedAt": "2026-01-01T00:00:00Z"},
        {
            "holdId": "h",
            "kind": "GOVERNOR",
            "why": "w",
            "placedBy": "s",
            "placedAt": "2026-01-01T00:00:00Z",
            "liftedAt": "2026-01-02T00:00:00Z",
        },
    ),
    _add(
        "warrants",
        *(
            {"warrantId": "W-101", "kind": k, "status": s, "surname": "Any"}
            for k in ("REMAND", "FINE", "IMMIGRATION", "SENTENCING")
            for s in ("OUTSTANDING", "APPLIED", "SATISFIED", "WITHDRAWN", "UNKNOWN")
        ),
    ),
    _add(
        "courtCases",
        *(
            {"caseId": "T2", "custodialStatus": s, "warrantId": w}
            for s in (
                "CUSTODIAL_SENTENCE",
                "REMANDED",
                "BAILED",
                "NON_CUSTODIAL",
                "ACQUITTED",
                "DISCONTINUED",
                "UNKNOWN",
            )
            for w in ("W-100", None)
        ),
    ),
    _add(
        "immigration",
        *(
            {"recordId": "im-2", "kind": k, "current": c}
            for k in ("IS91", "DEPORTATION_ORDER", "UNKNOWN", "NO_LONGER_OF_INTEREST", "IMMIGRATION_BAIL")
            for c in (True, False)
        ),
    ),
    _add(
        "recalls",
        *(
            {"recallId": "rc-2", "recallType": "LR", "status": s}
            for s in ("OUTSTANDING", "APPLIED", "COMPLETED", "RESCINDED", "UNKNOWN")
        ),
    ),
    _add("adjustments", *({"adjustmentId": "ada-9", "days": d, "active": a} for d in (14, -14) for a in (True, False))),
    _set(
        _known,
        "licences",
        [],
        [{"licenceId": "L", "kind": "CRD", "status": "APPROVED"}],
        [{"licenceId": "L", "kind": "HDC", "status": "SUBMITTED"}],
        [{"licenceId": "L", "kind": "PRRD", "status": "INACTIVE"}],
    ),
    _set(_known, "immigration", []),
]
