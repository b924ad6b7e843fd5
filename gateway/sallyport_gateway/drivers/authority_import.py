"""Brings records into the embedded authority from files: JSON (one list of rows) or CSV (one file for each kind).

All or nothing: every row is read before the first is stored, and a file with one wrong row changes nothing. Errors
name the row (the first data row is 1) and the field.

A JSON row is {"kind", "prisonerNumber", "record": {...}}; a CSV file has the column `prisonerNumber` and the record's
fields under their names as in case files, nested ones with dots (`dates.CRD`), lists separated by `;`.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import Any, Final, get_args, get_origin

from sqlalchemy import Connection

from sallyport_gateway.authority.identifiers import is_prisoner_number
from sallyport_gateway.authority.json_form import Record, refuse_twice
from sallyport_gateway.authority.records import Warrant
from sallyport_gateway.authority.similar import plain
from sallyport_gateway.authority.words import Source
from sallyport_gateway.drivers.authority_access import By
from sallyport_gateway.drivers.authority_records import SHAPES, Kind, hear, put
from sallyport_protocol.errors import MalformedError

MAX_BYTES: Final = 33_554_432
"""Largest file, bytes: a large prison's records fit many times."""

MAX_ROWS: Final = 100_000
_INTEGER: Final = 18
"""Longest whole number in a cell, characters; a longer one stays text and is refused as such."""

MAX_ERRORS: Final = 100
"""Errors told before the rest is only counted."""

SOURCE_OF: Final[dict[Kind, Source]] = {
    Kind.PRISONER: Source.PRISONER,
    Kind.IDENTITY: Source.IDENTITY,
    Kind.CALCULATION: Source.CALCULATION,
    Kind.ADJUSTMENT: Source.CALCULATION,
    Kind.ALERT: Source.ALERTS,
    Kind.WARRANT: Source.WARRANTS,
    Kind.PAPER: Source.WARRANTS,
    Kind.COURT_ORDER: Source.WARRANTS,
    Kind.COURT_CASE: Source.CROWN_COURT,
    Kind.IMMIGRATION: Source.IMMIGRATION,
    Kind.RECALL: Source.RECALL,
    Kind.LICENCE: Source.LICENCE,
}


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one row; `row` 0 is the file itself."""

    row: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What the import did. With errors, nothing was stored."""

    rows: int
    changed: int
    touched: tuple[str, ...]
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    kind: Kind
    prisoner_number: str | None
    record: Record


def import_json(conn: Connection, text: bytes, by: By, now: datetime, as_of: datetime) -> Imported:
    """Stores every row of a JSON list. `as_of`: the moment that the file speaks for."""
    rows, problem = _json_rows(text)
    if problem is not None:
        return Imported(0, 0, (), (RowError(0, problem),))
    read = [_read(number, row) for number, row in enumerate(rows, start=1)]
    return _store(conn, read, by, now, as_of)


def import_csv(conn: Connection, kind: Kind, text: bytes, by: By, now: datetime, as_of: datetime) -> Imported:
    """Stores every row of a CSV file (UTF-8, comma, a header) of one kind."""
    try:
        rows = list(_csv_rows(kind, text))
    except (MalformedError, csv.Error, UnicodeDecodeError) as error:
        return Imported(0, 0, (), (RowError(0, f"The file cannot be read as CSV in UTF-8: {error}."),))
    return _store(conn, [_read(number, row) for number, row in enumerate(rows, start=1)], by, now, as_of)


def _store(conn: Connection, read: Iterable[_Row | RowError], by: By, now: datetime, as_of: datetime) -> Imported:
    rows: list[_Row] = []
    errors: list[RowError] = []
    for each in read:
        if isinstance(each, RowError):
            errors.append(each)
        else:
            rows.append(each)
    errors += _twice(rows)
    if as_of > now:
        errors.append(RowError(0, "The file speaks for a time that is to come."))
    if errors:
        told = sorted(errors, key=lambda error: error.row)
        more = [RowError(0, f"{len(told) - MAX_ERRORS} more errors")] if len(told) > MAX_ERRORS else []
        return Imported(len(rows) + len(errors), 0, (), (*told[:MAX_ERRORS], *more))
    changed, touched = 0, dict[str, None]()
    for row in rows:
        done = put(conn, row.kind, row.prisoner_number, row.record, by, now)
        changed += done.changed
        touched.update(dict.fromkeys(done.touched))
    for source, number in sorted(
        {(SOURCE_OF[r.kind], r.prisoner_number) for r in rows if r.kind in SOURCE_OF}, key=str
    ):
        if number is not None:
            hear(conn, source, as_of, number)
    return Imported(len(rows), changed, tuple(touched), ())


def _twice(rows: list[_Row]) -> Iterator[RowError]:
    """The same record in two rows: which of them is right, nobody can say."""
    seen: dict[tuple[Kind, str | None], int] = {}
    for row in rows:
        key = SHAPES[row.kind].key
        name = (row.kind, row.prisoner_number if key is None else str(getattr(row.record, key)))
        if name in seen:
            yield RowError(row.number, f"{row.kind} {name[1]} is also in row {seen[name]}.")
        seen.setdefault(name, row.number)


def _read(number: int, row: Any) -> _Row | RowError:
    if not isinstance(row, dict) or set(row) - {"kind", "prisonerNumber", "record"} or "record" not in row:
        return RowError(number, 'A row is an object with "kind", "prisonerNumber" and "record", and nothing else.')
    try:
        kind = Kind(str(row.get("kind")))
    except ValueError:
        return RowError(number, f"kind: {str(row.get('kind'))[:40]!r} is none of {', '.join(Kind)}.")
    about = row.get("prisonerNumber")
    if about is None and kind is not Kind.WARRANT:
        return RowError(number, "prisonerNumber: missing.")
    if about is not None and not (isinstance(about, str) and is_prisoner_number(about)):
        return RowError(number, f"prisonerNumber: {str(about)[:40]!r} is not of the form A1234BC.")
    try:
        record = SHAPES[kind].model.parse(json.dumps(row["record"]))
    except MalformedError as error:
        return RowError(number, str(error))
    if about is None and isinstance(record, Warrant) and not plain(record.surname) and record.date_of_birth is None:
        return RowError(
            number, "record: a warrant linked to nobody needs a surname or a date of birth, or it holds all."
        )
    own = getattr(record, "prisoner_number", about)
    if own != about and (kind is Kind.PRISONER or own is not None):
        return RowError(number, f"record.prisonerNumber: the record is about {own}, the row about {about}.")
    return _Row(number, kind, about, record)


def _json_rows(text: bytes) -> tuple[list[Any], str | None]:
    if len(text) > MAX_BYTES:
        return [], f"The file has {len(text)} bytes; at most {MAX_BYTES} are read. Split it."
    try:
        rows = json.loads(text, object_pairs_hook=refuse_twice)
    except (ValueError, RecursionError, MalformedError) as error:
        return [], f"The file is not JSON in UTF-8: {error}."
    if not isinstance(rows, list) or not rows:
        return [], "The file must hold a list of rows, with one row at least."
    if len(rows) > MAX_ROWS:
        return [], f"The file has {len(rows)} rows; at most {MAX_ROWS} are read. Split it."
    return rows, None


def _csv_rows(kind: Kind, text: bytes) -> Iterator[dict[str, Any]]:
    if len(text) > MAX_BYTES:
        raise MalformedError(f"{len(text)} bytes; at most {MAX_BYTES} are read")
    reader = csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True)
    header = list(reader.fieldnames or [])
    if len(set(header)) != len(header) or "prisonerNumber" not in header:
        raise MalformedError("the header needs the column prisonerNumber, and each column once")
    count = 0
    for cells in reader:
        count += 1
        if count > MAX_ROWS:
            raise MalformedError(f"more than {MAX_ROWS} rows")
        if None in cells or None in cells.values():
            raise MalformedError(f"row {count} has not as many cells as the header")
        about = cells["prisonerNumber"] or None
        yield {"kind": kind.value, "prisonerNumber": about, "record": _nested(SHAPES[kind].model, cells)}
    if not count:
        raise MalformedError("no row below the header")


def _nested(model: type[Record], cells: dict[str, str]) -> dict[str, Any]:
    """Cells as the record's JSON: empty ones left out, dots as nesting, types as the record's fields want them."""
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    made: dict[str, Any] = {}
    for column, cell in cells.items():
        if cell == "" or (column == "prisonerNumber" and column not in fields):
            continue
        name, *rest = column.split(".")
        if rest:
            made.setdefault(name, {})[".".join(rest)] = cell
        else:
            made[name] = _typed(fields.get(name), cell)
    return made


def _typed(kind: Any, cell: str) -> Any:
    """A cell for a field of this type: lists at `;`, true and false, whole numbers; everything else stays text."""
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    if any(get_origin(each) is tuple for each in kinds):
        return [part.strip() for part in cell.split(";")]
    if bool in kinds:
        return {"true": True, "false": False}.get(cell.lower(), cell)
    if int in kinds and cell.lstrip("-").isdecimal() and cell.isascii() and len(cell) <= _INTEGER:
        return int(cell)
    return cell
