"""Imports: all or nothing, and every wrong row is told by its number and field."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from sallyport_gateway.authority.words import DateType, Source
from sallyport_gateway.casebook.words import Case
from sallyport_gateway.drivers.authority_access import By, accesses_of
from sallyport_gateway.drivers.authority_compose import compose
from sallyport_gateway.drivers.authority_import import MAX_BYTES, Imported, import_csv, import_json
from sallyport_gateway.drivers.authority_records import Kind
from sallyport_gateway.drivers.authority_tables import accesses, records

BY = By("i.clerk", "nightly import")
NUMBER = "A1234BC"


def rows(case: Case) -> list[dict[str, Any]]:
    whole = case.evidence.to_map()
    made = [{"kind": "PRISONER", "prisonerNumber": NUMBER, "record": whole["prisoner"]}]
    made += [{"kind": "CALCULATION", "prisonerNumber": NUMBER, "record": whole["calculation"]}]
    made += [{"kind": "WARRANT", "prisonerNumber": NUMBER, "record": each} for each in whole["warrants"]]
    return made


def stored(conn: Connection) -> int:
    count = conn.execute(select(func.count()).select_from(records)).scalar()
    assert count is not None
    return count


def load(conn: Connection, case: Case, content: object) -> Imported:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return import_json(conn, text, BY, case.now, case.now)


def test_a_good_file_is_stored_heard_and_logged(conn: Connection, base: Case) -> None:
    done = load(conn, base, rows(base))
    assert (done.rows, done.changed, done.errors) == (3, 3, ())
    found = compose(conn, NUMBER)
    assert found.prisoner == base.evidence.prisoner and found.calculation == base.evidence.calculation
    assert found.warrants == base.evidence.warrants
    assert found.as_of == dict.fromkeys((Source.PRISONER, Source.CALCULATION, Source.WARRANTS), base.now)
    assert {line.who for line in accesses_of(conn, NUMBER)} == {"i.clerk"}
    assert load(conn, base, rows(base)).changed == 0


@pytest.mark.parametrize(
    ("change", "row", "words"),
    [
        (lambda r: r[1].update(kind="RUMOUR"), 2, "kind: 'RUMOUR' is none of"),
        (lambda r: r[1].pop("kind"), 2, "kind: 'None' is none of"),
        (lambda r: r[0].update(prisonerNumber="A1234B"), 1, "not of the form A1234BC"),
        (lambda r: r[0].update(prisonerNumber=None), 1, "prisonerNumber: missing"),
        (lambda r: r[0].update(prisonerNumber="B1234BC"), 1, "the record is about A1234BC, the row about B1234BC"),
        (lambda r: r[2]["record"].update(status="GONE"), 3, "status: "),
        (lambda r: r[2]["record"].pop("surname"), 3, "surname is missing"),
        (lambda r: r[0]["record"].update(dateOfBirth="1991-02-30"), 1, "dateOfBirth is not a day"),
        (lambda r: r[0].update(extra=1), 1, "and nothing else"),
        (lambda r: r.append(dict(r[2])), 4, "WARRANT W-100 is also in row 3"),
        (lambda r: r.append(7), 4, "A row is an object"),
        (
            lambda r: r[2].update(prisonerNumber=None) or r[2]["record"].update(surname=" .", dateOfBirth=None),
            3,
            "needs a surname or a date of birth",
        ),
    ],
)
def test_one_wrong_row_and_nothing_is_stored(conn: Connection, base: Case, change: Any, row: int, words: str) -> None:
    content = json.loads(json.dumps(rows(base)))
    change(content)
    done = load(conn, base, content)
    assert [error.row for error in done.errors] == [row] and words in done.errors[0].sentence
    assert done.changed == 0 and stored(conn) == 0
    assert conn.execute(select(func.count()).select_from(accesses)).scalar() == 0


def test_every_wrong_row_is_told(conn: Connection, base: Case) -> None:
    wrong = [{"kind": "ALERT", "prisonerNumber": NUMBER, "record": {}} for _ in range(150)]
    done = load(conn, base, rows(base) + wrong)
    assert len(done.errors) == 101 and done.errors[0].row == 4 and done.errors[-1].sentence == "50 more errors"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "not JSON"),
        (b"{}", "list of rows"),
        (b"[]", "one row at least"),
        (b"\xff\xfe[", "not JSON"),
        (b"[" * 200_000, "not JSON"),
        (b'[{"kind": "ALERT", "kind": "HOLD"}]', "occurs twice"),
        (b" " * (MAX_BYTES + 1), "bytes; at most"),
    ],
)
def test_what_is_no_file_of_rows(conn: Connection, base: Case, text: bytes, words: str) -> None:
    done = load(conn, base, text)
    assert done.errors[0].row == 0 and words in done.errors[0].sentence


def test_a_number_of_a_thousand_digits_is_told(conn: Connection, base: Case) -> None:
    text = f"prisonerNumber,adjustmentId,days\n{NUMBER},ada-1,{'9' * 5_000}\n".encode()
    assert "days: " in import_csv(conn, Kind.ADJUSTMENT, text, BY, base.now, base.now).errors[0].sentence


def test_a_file_from_the_future_is_refused(conn: Connection, base: Case) -> None:
    text = json.dumps(rows(base)).encode()
    done = import_json(conn, text, BY, base.now, base.now + timedelta(seconds=1))
    assert done.errors and stored(conn) == 0


CSV = """prisonerNumber,calculationReference,status,calculatedByUsername,calculatedAt,checkedByUsername,checkedAt,\
inputsChanged,dates.CRD,warrantsIncluded
A1234BC,1f0c3a52-7d0e-4b67-9f6e-0a4b5c6d7e8f,CONFIRMED,e.fenn,2026-05-27T11:00:00Z,g.hart,2026-05-28T09:00:00Z,\
FALSE,2026-06-10,W-100;W-101
"""


def test_csv_with_nesting_lists_and_truth(conn: Connection, base: Case) -> None:
    done = import_csv(conn, Kind.CALCULATION, CSV.encode("utf-8-sig"), BY, base.now, base.now)
    assert done.errors == () and done.changed == 1
    made = compose(conn, NUMBER).calculation
    assert made is not None and made.inputs_changed is False and made.warrants_included == ("W-100", "W-101")
    assert made.dates[DateType.CRD].isoformat() == "2026-06-10"


def test_csv_names_in_any_script_with_commas_and_lines(conn: Connection, base: Case) -> None:
    header = "prisonerNumber,warrantId,kind,status,surname,forenames"
    text = header + '\n,W-1,FINE,OUTSTANDING,"Ковальчук, ""мол.""","王\n小明"\n'
    assert import_csv(conn, Kind.WARRANT, text.encode(), BY, base.now, base.now).errors == ()
    found = compose(conn, NUMBER).unmatched_warrants[0]
    assert (found.surname, found.forenames) == ('Ковальчук, "мол."', "王\n小明")


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        (b"", 0, "needs the column prisonerNumber"),
        (b"number\n1\n", 0, "needs the column prisonerNumber"),
        (b"prisonerNumber,alertId,alertId\nA1234BC,1,2\n", 0, "each column once"),
        (b"prisonerNumber,alertId\n", 0, "no row below the header"),
        (b"prisonerNumber,alertId\nA1234BC\n", 0, "not as many cells"),
        (b"prisonerNumber,alertId\nA1234BC,1,2\n", 0, "not as many cells"),
        (b"prisonerNumber,alertId\nA1234BC,\xff\n", 0, "CSV in UTF-8"),
        (b'prisonerNumber,alertId\nA1234BC,"1\n', 0, "CSV in UTF-8"),
        (b"prisonerNumber,alertId,alertType,alertCode,active\nA1234BC,1,X,XNR,perhaps\n", 1, "active: "),
        (b"prisonerNumber,alertId,alertType,alertCode,wings\nA1234BC,1,X,XNR,2\n", 1, "wings is no field of it"),
        (b"prisonerNumber,alertId,alertType,alertCode\n=cmd(),1,X,XNR\n", 1, "not of the form"),
    ],
)
def test_wrong_csv(conn: Connection, base: Case, text: bytes, row: int, words: str) -> None:
    done = import_csv(conn, Kind.ALERT, text, BY, base.now, base.now)
    assert done.errors[0].row == row and words in done.errors[0].sentence and stored(conn) == 0
