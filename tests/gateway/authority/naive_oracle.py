"""A deliberately naive second opinion on releases, written from the field's facts and the published policy table.

It reads a case file's plain JSON and shares nothing with the product: its own calendar, its own summer time, its own
name comparison, its own tables. Slow and flat on purpose: one look should show whether it is right.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Any

ENGLISH_BANK_HOLIDAYS = {
    *("2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28"),
    *("2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28"),
}
"""As published on gov.uk; weekends are never working days anyway."""

SERVE = ["SENTENCED"]
ANY_LANE = ["pedestrian", "vehicle"]
# reason: (what it rests on, which, legal statuses, lanes, weekend rule, licences, escort, immigration escort)
RULES: dict[str, tuple[str, list[str], list[str], list[str], str, list[str], bool, bool]] = {
    "CR": ("date", ["CRD"], SERVE, ANY_LANE, "before", ["CRD", "VARIATION", "HARD_STOP", "TIME_SERVED"], False, False),
    "SC": ("date", ["ARD", "SED"], SERVE, ANY_LANE, "before", [], False, False),
    "HR": ("date", ["HDCAD"], SERVE, ANY_LANE, "after", ["HDC"], False, False),
    "PX": ("date", ["APD"], ["SENTENCED", "INDETERMINATE_SENTENCE"], ANY_LANE, "after", [], False, False),
    "PD": ("date", ["PRRD"], ["RECALL"], ANY_LANE, "before", ["PRRD", "CRD", "VARIATION", "HARD_STOP"], False, False),
    "NP": ("date", ["NPD"], SERVE, ANY_LANE, "before", [], False, False),
    "ETR": ("date", ["ERSED"], SERVE, ["vehicle"], "exact", [], True, True),
    "BL": ("order", ["BAIL"], ["REMAND", "CONVICTED_UNSENTENCED"], ANY_LANE, "", [], False, False),
    "NG": ("order", ["NOT_GUILTY"], ["REMAND"], ANY_LANE, "", [], False, False),
    "NCS": ("order", ["NON_CUSTODIAL_SENTENCE"], ["REMAND", "CONVICTED_UNSENTENCED"], ANY_LANE, "", [], False, False),
    "DS": ("order", ["CHARGES_WITHDRAWN"], ["REMAND"], ANY_LANE, "", [], False, False),
    "DA": (
        *("order", ["APPEAL_ALLOWED"], ["SENTENCED", "INDETERMINATE_SENTENCE", "CONVICTED_UNSENTENCED"], ANY_LANE),
        *("", [], False, False),
    ),  # type: ignore[dict-item]
    "BD": ("immigration bail", [], ["IMMIGRATION_DETAINEE"], ANY_LANE, "", [], False, False),
    "DD": (
        "deportation",
        ["CRD", "ARD", "SED"],
        ["SENTENCED", "IMMIGRATION_DETAINEE"],
        ["vehicle"],
        "exact",
        [],
        True,
        True,
    ),
    "DE": (
        "deportation",
        ["CRD", "ARD", "SED"],
        ["SENTENCED", "IMMIGRATION_DETAINEE"],
        ["vehicle"],
        "exact",
        [],
        True,
        True,
    ),
    "EX": (
        *("order", ["EXTRADITION"], ["REMAND", "CONVICTED_UNSENTENCED", "SENTENCED"], ["vehicle"], "", [], True, True),
    ),  # type: ignore[dict-item]
    "HP": (
        *(
            "order",
            ["HOSPITAL"],
            ["REMAND", "CONVICTED_UNSENTENCED", "SENTENCED", "INDETERMINATE_SENTENCE"],
            ["vehicle"],
        ),
        *("", [], True, False),
    ),  # type: ignore[dict-item]
    "PF": ("order", ["FINE_PAID"], ["CIVIL_PRISONER"], ANY_LANE, "", [], False, False),
}
MINUTES = {
    "PRISONER": 15,
    "IDENTITY": 24 * 60,
    "ALERTS": 15,
    "CALCULATION": 60,
    "WARRANTS": 15,
    "CROWN_COURT": 75,
    "IMMIGRATION": 4 * 60,
    "RECALL": 15,
    "LICENCE": 24 * 60,
}


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def london_day(moment: datetime) -> date:
    """Summer time: from 01:00 UTC on March's last Sunday to 01:00 UTC on October's."""
    utc = moment - (moment.utcoffset() or timedelta()) if moment.tzinfo else moment
    plain = utc.replace(tzinfo=None)
    edges = []
    for month in (3, 10):
        day = datetime(plain.year, month, 31, 1)
        while day.weekday() != 6:
            day -= timedelta(days=1)
        edges.append(day)
    summer = edges[0] <= plain < edges[1]
    return (plain + timedelta(hours=1 if summer else 0)).date()


def works(day: date) -> bool:
    return day.weekday() < 5 and day.isoformat() not in ENGLISH_BANK_HOLIDAYS


def first_day(due: date, rule: str, decision: bool) -> date:
    one = timedelta(days=1)
    if rule == "exact":
        return due
    if rule == "after":
        while not works(due):
            due += one
        return due
    while not works(due):
        due -= one
    if decision and (due.weekday() == 4 or (due + one).isoformat() in ENGLISH_BANK_HOLIDAYS):
        for _ in range(2):
            due -= one
            while not works(due):
                due -= one
    return due


def letters(text: str) -> str:
    text = text.casefold().replace("'", "").replace("’", "")
    out = ""
    for sign in unicodedata.normalize("NFKD", text):
        if unicodedata.combining(sign) or unicodedata.category(sign) == "Cf":
            continue
        vowel_sign = unicodedata.category(sign) in ("Mn", "Mc", "Me")
        if sign in OTHER_LATIN:
            sign = OTHER_LATIN[sign]
        out += sign if sign.isalnum() or vowel_sign else " "
    return " ".join(out.split())


OTHER_LATIN = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
OTHER_LATIN["ŋ"] = "n"
TWINS = {
    "а": "a", "α": "a", "в": "b", "β": "b", "е": "e", "ε": "e", "к": "k", "κ": "k", "м": "m", "μ": "m", "н": "h",
    "η": "h", "о": "o", "ο": "o", "р": "p", "ρ": "p", "с": "c", "т": "t", "τ": "t", "у": "y", "υ": "y", "х": "x",
    "χ": "x", "і": "i", "ι": "i", "ј": "j", "ѕ": "s", "һ": "h", "г": "r", "ν": "n", "ζ": "z",
}  # fmt: skip
LEFT_OUT = ["al", "ap", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la", "le"]
LEFT_OUT += ["mac", "mc", "o", "st", "ter", "van", "von"]


def seen(text: str) -> list[str]:
    """The words as they look."""
    if "\u202e" in text:
        place = text.index("\u202e")
        text = text[:place] + "".join(reversed(text[place + 1 :]))
    found = []
    for word in letters(text).split():
        if any(sign in "abcdefghijklmnopqrstuvwxyz" for sign in word):
            word = "".join(TWINS.get(sign, sign) for sign in word)
        found.append(word)
    return found


def looks(person: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Words of surname and forenames; a surname in s p a c e s is one word, and so are its forenames."""
    last, rest = seen(person["surname"]), seen(person.get("forenames", ""))
    if len(last) >= 3 and max(len(word) for word in last) == 1:
        last = ["".join(last)]
        if rest and max(len(word) for word in rest) == 1:
            rest = ["".join(rest)]
    return last, rest


def hard(word: str) -> str:
    """How it sounds without its vowels."""
    if not all(ord(sign) < 128 for sign in word):
        return ""
    out = ""
    for sign in word[1:]:
        if sign not in "aeiouy " and not out.endswith(sign):
            out += sign
    return (word[0].translate(str.maketrans("eiou", "aaaa")) + out) if out else ""


def like(a: str, b: str) -> float:
    value = jaro_winkler(a, b)
    if len(a) > 2 and len(b) > 2 and (a[: len(b)] == b or b[: len(a)] == a):
        return max(value, 0.9)
    if value >= 0.77 and hard(a) and hard(a) == hard(b):
        return max(value, 0.9)
    return value


def parts(person: dict[str, Any]) -> tuple[str, str]:
    return letters(person["surname"]), (letters(person.get("forenames", "")) + " ").split(" ")[0]


def same_name(a: dict[str, Any], b: dict[str, Any]) -> bool:
    (s1, f1), (s2, f2) = parts(a), parts(b)
    s1, s2 = "".join(s1.split()), "".join(s2.split())
    return s1 != "" and ((s1, f1) == (s2, f2) or (s1, f1) == (f2, s2))


def jaro_winkler(a: str, b: str) -> float:
    """As in the textbook: matches within half the longer length, half the transpositions, a prefix of up to four."""
    if a == b:
        return 1.0 if a else 0.0
    reach = max(max(len(a), len(b)) // 2 - 1, 0)
    used = [False] * len(b)
    first = []
    for i, sign in enumerate(a):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            if not used[j] and b[j] == sign:
                used[j] = True
                first.append(sign)
                break
    if not first:
        return 0.0
    second = [sign for sign, taken in zip(b, used, strict=True) if taken]
    swaps = sum(x != y for x, y in zip(first, second, strict=True)) // 2
    m = len(first)
    jaro = (m / len(a) + m / len(b) + (m - swaps) / m) / 3
    prefix = 0
    while prefix < min(4, len(a), len(b)) and a[prefix] == b[prefix]:
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro) if jaro > 0.7 else jaro


def alike(a: dict[str, Any], b: dict[str, Any]) -> bool:
    (w1, r1), (w2, r2) = looks(a), looks(b)
    s1, s2, f1, f2 = " ".join(w1), " ".join(w2), [*r1, ""][0], [*r2, ""][0]
    if not s1 or not s2:
        return False
    if not f1 or not f2:
        return like(s1, s2) >= 0.88
    straight = min(like(s1, s2), like(f1, f2))
    crossed = min(like(s1, f2), like(f1, s2))
    return max(straight, crossed) >= 0.88


def word_like(a: str, b: str) -> bool:
    if len(a) == 1 or len(b) == 1:
        return a[0] == b[0]
    return like(a, b) >= 0.88


def perhaps(paper: dict[str, Any], person: dict[str, Any]) -> bool:
    """An unmatched paper's name may be short of words, in one field, or in initials."""
    if alike(paper, person):
        return True
    (surnames, firsts), (theirs, others) = looks(paper), looks(person)
    surnames = [word for word in surnames if word not in LEFT_OUT] or surnames
    theirs = [word for word in theirs if word not in LEFT_OUT] or theirs
    if not [1 for a in surnames for b in theirs if like(a, b) >= 0.88]:
        return False
    few, many = surnames + firsts, theirs + others
    if len(few) > len(many):
        few, many = many, few
    return all(any(word_like(a, b) for b in many) for a in few)


def alphabet(name: str) -> set[str]:
    return {unicodedata.name(sign, "?").split()[0] for sign in letters(name) if sign.isalpha()}


def same_birthday(a: str | None, b: str | None) -> bool:
    if not a or not b:
        return False
    return a == b or a == f"{b[:4]}-{b[8:]}-{b[5:7]}"


def who(name: str) -> str:
    """One word for each human; "?" where the letters are not English ones."""
    word = ""
    for sign in unicodedata.normalize("NFKD", name).lower().split("@")[0]:
        if "a" <= sign <= "z" or "0" <= sign <= "9" or sign in "_-":
            word += {"1": "l", "i": "l", "0": "o"}.get(sign, sign)
        elif ord(sign) > 127 and unicodedata.category(sign) not in ("Cf", "Mn", "Zs"):
            return "?"
    for ending in ("_gen", "-gen", "_adm", "-adm"):
        word = word.removesuffix(ending)
    return word.replace("_", "").replace("-", "").replace("rn", "m").replace("vv", "w") or "?"


def one_of_these(paper: dict[str, Any], people: list[dict[str, Any]]) -> bool:
    """Name and date of birth stand together in one of a person's names."""
    for each in people:
        born = each.get("dateOfBirth") or people[0].get("dateOfBirth")
        if same_name(paper, each) and paper.get("dateOfBirth") and paper["dateOfBirth"] == born:
            return True
    return False


def good_letter(kind: str, value: str) -> bool:
    table = "ZABCDEFGHJKLMNPQRTUVWXY"
    if kind == "PNC":
        found = re.fullmatch(r"[0-9]{2}([0-9]{2})/([0-9]{7})([A-Z])", value)
        return bool(found) and table[int(found[1] + found[2]) % 23] == found[3]
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{2})([A-Z])", value)
    if found:
        return table[int(found[2] + found[1].rjust(6, "0")) % 23] == found[3]
    found = re.fullmatch(r"SF([0-9]{2})/([0-9]{1,6})([A-Z])", value)
    return bool(found) and table[int(found[1] + found[2]) % 23] == found[3]


def refused_checks(case: dict[str, Any]) -> set[int]:
    """The numbers of checks 13 to 26 that must not pass; empty means that the law lets this person go."""
    bad: set[int] = set()
    now, ask, known = when(case["now"]), case["request"], case["evidence"]
    number, reason = ask["prisonerNumber"], ask["movementReason"]
    rule = RULES.get(reason)
    person = known.get("prisoner")
    given = [each for each in known.get("authorisations", []) if each["id"] == ask["authorisationId"]]
    paper = given[0] if len(given) == 1 else None
    sums = known.get("calculation")
    identity = known.get("identity")
    legal = person["legalStatus"] if person else None
    rests, which, statuses, lanes, weekend, licences, escorted, immigration_escort = rule or (
        "",
        [],
        [],
        [],
        "",
        [],
        False,
        False,
    )
    dated = rests == "date" or (rests == "deportation" and legal != "IMMIGRATION_DETAINEE")
    continues = reason in ("EX", "HP")

    # who is fresh
    need = set(MINUTES) if rule is None else set(MINUTES) - {"CALCULATION", "LICENCE"}
    if rule and dated:
        need.add("CALCULATION")
    if rule and licences:
        need.add("LICENCE")
    old = set()
    for source in need:
        heard = known["asOf"].get(source)
        if heard is None or not -5 <= (now - when(heard)).total_seconds() <= MINUTES[source] * 60:
            old.add(source)
    if old or known.get("conflicts"):
        bad.add(24)
    for check, looks in {
        13: ["PRISONER"],
        15: ["CALCULATION", "WARRANTS", "IMMIGRATION", "PRISONER"],
        16: ["ALERTS"],
        17: ["WARRANTS", "CROWN_COURT", "ALERTS", "PRISONER", "IDENTITY"],
        18: ["IMMIGRATION", "ALERTS"],
        19: ["RECALL", "PRISONER"],
        20: ["PRISONER"],
        21: ["LICENCE"],
        22: ["IDENTITY", "PRISONER"],
    }.items():
        if old & set(looks):
            bad.add(check)

    # 13 and 20: the record
    if not re.fullmatch("[A-Z][0-9]{4}[A-Z]{2}", number) or known["prisonerNumber"] != number:
        bad.add(13)
    if not re.fullmatch("[A-Z]{2}I", ask["prisonId"]):
        bad.add(13)
    if person is None:
        bad |= {13, 20}
    else:
        if person["prisonerNumber"] != number or person["status"] != "ACTIVE IN":
            bad.add(13)
        if person.get("dateOfBirth"):
            born, today = date.fromisoformat(person["dateOfBirth"]), london_day(now)
            years = today.year - born.year - (1 if today.timetuple()[1:3] < born.timetuple()[1:3] else 0)
            if years < 10 or years > 120:
                bad.add(13)
        if person["inOutStatus"] != "IN" or person["prisonId"] != ask["prisonId"] or person.get("restrictedPatient"):
            bad.add(13)
        people = [person, *person.get("aliases", [])]
        if paper and not one_of_these(paper, people):
            bad.add(13)
        if legal not in statuses:
            bad.add(20)

    # 14: the paper
    live = [
        each
        for each in known.get("authorisations", [])
        if each["state"] == "APPROVED"
        and when(each["windowCloses"]) > now
        and known["lives"].get(each["id"], {}).get("state") not in ("CONSUMED", "SETTLED")
    ]
    signed = False
    if len(live) > 1 or paper is None or rule is None or ask["movementType"] != "REL":
        bad.add(14)
    if paper is not None:
        opens, closes = when(paper["windowOpens"]), when(paper["windowCloses"])
        right = (
            paper["state"] == "APPROVED"
            and paper["prisonerNumber"] == number
            and paper["prisonId"] == ask["prisonId"]
            and paper["movementType"] == ask["movementType"]
            and paper["movementReason"] == reason
            and paper["laneKind"] == ask["laneKind"]
            and opens <= now < closes
            and closes - opens <= timedelta(hours=24)
            and when(paper["createdAt"]) <= now
        )
        if not right or (rule and ask["laneKind"] not in lanes):
            bad.add(14)
        escort = paper.get("escort") or {}
        signed = bool(
            escort.get("name", "").strip()
            and escort.get("organisation", "").strip()
            and escort.get("acceptance")
            and escort.get("acceptedAt")
            and when(paper["createdAt"]) - timedelta(seconds=5) <= when(escort["acceptedAt"]) <= now
        )
        if escorted and not signed:
            bad.add(14)

    # 15: the basis
    if rule is None or paper is None:
        bad.add(15)
    immigration = [each for each in known.get("immigration", []) if each.get("current", True)]
    if rests == "immigration bail" and not any(each["kind"] == "IMMIGRATION_BAIL" for each in immigration):
        bad.add(15)
    if rests == "date" and immigration_escort:
        says = {each["kind"] for each in immigration}
        if not says & {"IS91", "DEPORTATION_ORDER"} or says & {"NO_LONGER_OF_INTEREST", "IMMIGRATION_BAIL"}:
            bad.add(15)
    if rests == "deportation" and not any(each["kind"] == "DEPORTATION_ORDER" for each in immigration):
        bad.add(15)
    if rests == "order" and paper is not None:
        orders = [each for each in known.get("courtOrders", []) if each["orderId"] == paper.get("orderId")]
        if len(orders) != 1:
            bad.add(15)
        else:
            order = orders[0]
            rung = order.get("confirmedBy") and order.get("confirmedAt") and when(order["confirmedAt"]) <= now
            rung = rung and london_day(when(order["confirmedAt"])).isoformat() >= order["madeOn"]
            fine = (
                order["kind"] in which
                and (order["channel"] == "COURT_SYSTEM" or rung)
                and not order.get("superseded")
                and 0 <= (london_day(now) - date.fromisoformat(order["madeOn"])).days <= 28
                and all(each.get("met") is True for each in order.get("conditions", []))
            )
            if person is not None:
                people = [person, *person.get("aliases", [])]
                fine = fine and one_of_these(order, people)
            if not fine:
                bad.add(15)
    if dated:
        if sums is None:
            bad.add(15)
        else:
            checked = sums.get("checkedByUsername") and sums.get("checkedAt")
            fine = (
                re.fullmatch(
                    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", sums["calculationReference"]
                )
                and sums["status"] == "CONFIRMED"
                and checked
                and who(sums["checkedByUsername"]) != who(sums["calculatedByUsername"])
                and "?" not in (who(sums["checkedByUsername"]), who(sums["calculatedByUsername"]))
                and when(sums["calculatedAt"]) <= when(sums["checkedAt"]) <= now
                and sums.get("inputsChanged") is False
            )
            if not fine or (paper and paper.get("calculationReference") != sums["calculationReference"]):
                bad.add(15)
            for each in known.get("adjustments", []):
                longer = each.get("active", True) and each["days"] > 0
                if longer and each["adjustmentId"] not in sums.get("adjustmentsIncluded", []):
                    bad.add(15)
            for each in sums.get("offences", []):
                if each.get("inForceFrom") and each["committedOn"] < each["inForceFrom"]:
                    bad.add(15)
                if each.get("inForceUntil") and each["committedOn"] > each["inForceUntil"]:
                    bad.add(15)
                if each["committedOn"] > london_day(now).isoformat():
                    bad.add(15)
            if paper is not None:
                kind = paper.get("dateType") or (which[0] if len(which) == 1 else None)
                due = sums["dates"].get(kind) if kind in which else None
                if due is None or london_day(now) < first_day(
                    date.fromisoformat(due), weekend, bool(paper.get("earlyDayDecision"))
                ):
                    bad.add(15)
                if due and person and person.get("dateOfBirth") and due <= person["dateOfBirth"]:
                    bad.add(15)
                if due and any(due <= each["committedOn"] for each in sums.get("offences", [])):
                    bad.add(15)
                if due and any(due > sums["dates"].get(end, "9999-12-31") for end in ("SED", "SLED", "LED")):
                    bad.add(15)
                ends = ("CRD", "ARD", "NPD", "PRRD")
                if due and kind in ends and any(sums["dates"].get(other, "") > due for other in ends):
                    bad.add(15)
                before = {"HDCAD": ["CRD", "ARD"], "ERSED": ["CRD", "ARD"], "APD": ["CRD", "NPD"]}.get(kind or "", [])
                if due and any(due > sums["dates"].get(other, "9999-12-31") for other in before):
                    bad.add(15)
                if due and kind == "HDCAD" and due < sums["dates"].get("HDCED", ""):
                    bad.add(15)
                if due and kind == "APD" and due < max(sums["dates"].get("PED", ""), sums["dates"].get("Tariff", "")):
                    bad.add(15)

    # 16 to 18: what stands against it
    to_escort = immigration_escort and signed
    for alert in known.get("alerts", []):
        if not alert.get("active", True):
            continue
        code = alert["alertCode"].strip().upper()
        if code in ("XNR", "TG", "TSE"):
            bad.add(16)
        elif alert["alertType"].strip().upper() == "W" or code == "WO":
            bad.add(17)
        elif code in ("XILLENT", "XLDEPORT") and not to_escort:
            bad.add(18)
    for hold in known.get("holds", []):
        lifted = hold.get("liftedAt") and when(hold["placedAt"]) <= when(hold["liftedAt"]) <= now
        if not lifted:
            bad.add(16)
    counted = sums.get("warrantsIncluded", []) if sums else []
    gone = [each["warrantId"] for each in known.get("warrants", []) if each["status"] == "WITHDRAWN"]
    if dated and set(gone) & set(counted):
        bad.add(17)
    for warrant in known.get("warrants", []):
        if warrant["status"] in ("OUTSTANDING", "UNKNOWN"):
            bad.add(17)
        if warrant["status"] == "APPLIED" and rule and not continues:
            if warrant["kind"] == "IMMIGRATION":
                stands = not (to_escort or rests == "immigration bail")
            elif warrant["kind"] in ("SENTENCING", "FINE", "CIVIL"):
                stands = not dated or warrant["warrantId"] not in counted
            else:
                stands = True
            if stands:
                bad.add(17)
            ours = (
                person is not None and paper is not None and one_of_these(paper, [person, *person.get("aliases", [])])
            )
            if dated and warrant["warrantId"] in counted and person is not None and ours:
                mine = [number, None, *(each["prisonerNumber"] for each in (identity or {}).get("numbers", []))]
                known_as = [person, *person.get("aliases", []), *(identity or {}).get("aliases", [])]
                named = warrant["surname"].strip() == "" or any(
                    same_birthday(warrant.get("dateOfBirth"), each.get("dateOfBirth")) or perhaps(warrant, each)
                    for each in known_as
                )
                if not named or warrant.get("prisonerNumber") not in mine:
                    bad.add(17)
    if dated and set(counted) - {warrant["warrantId"] for warrant in known.get("warrants", [])}:
        bad.add(17)
    if known.get("papers"):
        bad.add(17)
    everyone = [person, *person.get("aliases", [])] if person else []
    everyone += identity.get("aliases", []) if identity else []
    for warrant in known.get("unmatchedWarrants", []):
        if warrant["status"] in ("SATISFIED", "WITHDRAWN"):
            continue
        rulings = warrant.get("notThisPerson", [])
        if any(each["prisonerNumber"] == number and when(each["at"]) <= now for each in rulings):
            continue
        for each in everyone:
            if same_birthday(warrant.get("dateOfBirth"), each.get("dateOfBirth")) or perhaps(warrant, each):
                bad.add(17)
        readable = [each for each in everyone if alphabet(warrant["surname"]) & alphabet(each["surname"])]
        if everyone and not readable and not warrant.get("dateOfBirth"):
            bad.add(17)
    for court in known.get("courtCases", []):
        status = court["custodialStatus"]
        if status == "UNKNOWN":
            bad.add(17)
        if rule is None or continues:
            continue
        if status == "REMANDED":
            bad.add(17)
        if status == "CUSTODIAL_SENTENCE" and (not dated or court.get("warrantId") not in counted):
            bad.add(17)
    for each in immigration:
        if each["kind"] == "UNKNOWN" or (each["kind"] in ("IS91", "DEPORTATION_ORDER") and not to_escort):
            bad.add(18)

    # 19: recall
    marked = person is not None and (person["recall"] or legal == "RECALL")
    standing = [each for each in known.get("recalls", []) if each["status"] in ("OUTSTANDING", "APPLIED", "UNKNOWN")]
    for each in standing:
        if each["status"] != "APPLIED" or not (reason == "PD" or continues):
            bad.add(19)
    if (marked and not standing) or (standing and person is not None and not marked):
        bad.add(19)

    # 21: licence
    if rule is None:
        bad.add(21)
    if licences and not any(
        each["kind"] in licences and each["status"] in ("APPROVED", "ACTIVE") for each in known.get("licences", [])
    ):
        bad.add(21)

    # 22: one person
    if identity is None or len(set(identity["cprUuids"])) != 1:
        bad.add(22)
    if identity is not None:
        looked = [each for each in identity.get("numbers", []) if each["prisonerNumber"] != number]
        if any(not re.fullmatch("[A-Z][0-9]{4}[A-Z]{2}", each["prisonerNumber"]) for each in looked):
            bad.add(22)
        for each in [*looked, *identity.get("aliases", [])]:
            if not each.get("reviewedBy") or not each.get("reviewedAt") or when(each["reviewedAt"]) > now:
                bad.add(22)
        for held in person.get("aliases", []) if person else []:
            if not any(
                same_name(held, each) and held.get("dateOfBirth") == each.get("dateOfBirth")
                for each in [person, *identity.get("aliases", [])]
            ):
                bad.add(22)
    for each in person.get("identifiers", []) if person else []:
        if each["type"] in ("PNC", "CRO") and not good_letter(each["type"], each["value"]):
            bad.add(22)

    # 23: two officers
    if paper is None or not ask.get("confirmingOfficer"):
        bad.add(23)
    if paper is not None:
        approvals = paper.get("approvals", [])
        officers = {who(each["officer"]) for each in approvals}
        named = officers | {
            who(ask.get("confirmingOfficer") or "x"),
            who(sums["calculatedByUsername"]) if sums else "x",
        }
        if "?" in named:
            bad.add(23)
        if len(officers) < 2 or (ask.get("confirmingOfficer") and who(ask["confirmingOfficer"]) in officers):
            bad.add(23)
        if sums and who(sums["calculatedByUsername"]) in officers:
            bad.add(23)
        made = when(paper["createdAt"]) - timedelta(seconds=5)
        if any(not made <= when(each["at"]) <= now for each in approvals):
            bad.add(23)
        checked = sums.get("checkedAt") if sums and dated else None
        if checked and any(when(each["at"]) < when(checked) for each in approvals):
            bad.add(23)
        if reason == "ETR" and not any(each.get("dutyGovernor") for each in approvals):
            bad.add(23)

    # 25: used, held, frozen
    life = known["lives"].get(ask["authorisationId"])
    if (
        life is None
        or life["state"] in ("CONSUMED", "SETTLED", "UNKNOWN", "GRANTED")
        or life.get("stopped")
        or (life["state"] == "RESERVED" and life.get("session") != ask["session"])
    ):
        bad.add(25)
    for other in known.get("authorisations", []):
        if other["id"] == ask["authorisationId"] or (paper and paper.get("cites") == other["id"]):
            continue
        if known["lives"].get(other["id"], {}).get("state") in ("UNKNOWN", "GRANTED"):
            bad.add(25)
    for freeze in known.get("freezes", []):
        place = {"ESTATE": freeze["name"], "PRISON": ask["prisonId"], "LANE": ask["lane"]}[freeze["scope"]]
        if freeze["name"] == place:
            bad.add(25)
    if known.get("ledgerCurrent") is not True:
        bad.add(25)

    # 26: by hand
    if ask.get("path") == "MANUAL":
        manual = ask.get("manual")
        if manual is None:
            bad.add(26)
        else:
            hands = {who(each) for each in manual["officers"]}
            approvers = {who(each["officer"]) for each in paper.get("approvals", [])} if paper else set()
            if "?" in hands or len(hands) < 2 or hands & approvers or not manual["why"].strip():
                bad.add(26)
            if sums and who(sums["calculatedByUsername"]) in hands:
                bad.add(26)
            if ask.get("confirmingOfficer") and who(ask["confirmingOfficer"]) not in hands - {"?"}:
                bad.add(26)
            said = "".join(sign for sign in manual.get("after", "").upper() if sign.isalpha())
            grave = said in ("NONMATCH", "ATTACKSUSPECTED")
            if grave and who(manual.get("dutyGovernor") or "") not in hands:
                bad.add(26)
    return bad
