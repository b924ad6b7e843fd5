"""Audit entries for people and for other programs: CBOR as JSON, bytes as hex, times as ISO 8601. Pure."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from sallyport_gateway.audit.log import Entry


def plain(value: Any) -> Any:
    """A decoded value as JSON can hold it: bytes become hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def stamp(at: int) -> str:
    """Milliseconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_map(entry: Entry) -> dict[str, Any]:
    """An entry as one JSON object."""
    return {
        "log": entry.log,
        "index": entry.index,
        "at": stamp(entry.at),
        "kind": entry.kind,
        "leaf": entry.leaf.hex(),
        "body": plain(entry.content),
    }


def json_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """One JSON object a line."""
    for entry in entries:
        yield json.dumps(as_map(entry), ensure_ascii=False) + "\n"


def csv_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Index, time, kind, what most entries name, and the whole body as JSON. A cell that a spreadsheet would run as a
    formula is put in quotes."""
    named = ("lane", "session", "authorisation", "prisoner_number", "verdict", "cause", "officer")
    yield _row(["index", "at", "kind", *named, "leaf", "body"])
    for entry in entries:
        body = plain(entry.content)
        cells = [_cell(body.get(name)) for name in named]
        whole = json.dumps(body, ensure_ascii=False)
        yield _row([entry.index, stamp(entry.at), entry.kind, *cells, entry.leaf.hex(), whole])


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _row(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
