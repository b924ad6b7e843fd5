"""Reads case files, variants of one another included. Errors name the file, the place and what to do."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sallyport_gateway.authority.json_form import MAX_BYTES, refuse_twice
from sallyport_gateway.casebook.words import FORM, Case, Variant
from sallyport_protocol.errors import MalformedError, RoadError

LIBRARY: Final = Path(str(files("sallyport_gateway.casebook") / "library"))
"""The cases that come with this release."""

_DEPTH: Final = 4
"""Longest chain of variants."""

_PATCHED: Final = frozenset({"now", "request", "admission", "evidence", "policy"})


def read_case(path: Path) -> Case:
    """Reads one file. Raises RoadError when it cannot be read, MalformedError when it is no case."""
    return Case.parse(json.dumps(expand(path)))


def expand(path: Path, depth: int = 0) -> dict[str, Any]:
    """The complete form of a case file, as plain JSON values; not yet validated beyond its outline."""
    content = _read(path)
    if content.get("form") != FORM:
        raise MalformedError(f'{path.name}: the field "form" must be "{FORM}".')
    if "extends" not in content:
        return content
    if depth >= _DEPTH:
        raise MalformedError(f"{path.name}: more than {_DEPTH} cases extend one another; is there a circle?")
    try:
        variant = Variant.parse(json.dumps(content))
    except MalformedError as error:
        raise MalformedError(f"{path.name}: {error}") from None
    if strange := sorted(variant.changes.keys() - _PATCHED):
        raise MalformedError(f"{path.name}: changes.{strange[0]} is not one of {', '.join(sorted(_PATCHED))}.")
    base = expand(path.with_name(f"{variant.extends}.json"), depth + 1)
    merged = merge(base, variant.changes)
    own = {key: content[key] for key in ("name", "lesson", "source", "expect") if key in content}
    return {**{key: value for key, value in merged.items() if key != "source"}, **own}


def merge(base: Any, patch: Any) -> Any:
    """JSON merge patch, RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    target = dict(base) if isinstance(base, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge(target.get(key), value)
    return target


def library(folder: Path = LIBRARY) -> list[tuple[Path, Case]]:
    """Every case of a folder, by file name. Raises MalformedError naming the file that is wrong."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise RoadError(f"There are no case files (*.json) in {folder}.")
    return [(path, named_case(path)) for path in paths]


def named_case(path: Path) -> Case:
    """`read_case` whose errors name the file."""
    try:
        return read_case(path)
    except MalformedError as error:
        told = str(error)
        raise MalformedError(told if told.startswith(path.name) else f"{path.name}: {told}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MalformedError(f"{path.name} has more than {MAX_BYTES} bytes; a case is one person, one moment.")
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=refuse_twice)
    except OSError as error:
        raise RoadError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{path.name} is not JSON in UTF-8: {error}.") from None
    if not isinstance(content, dict):
        raise MalformedError(f"{path.name} must hold one JSON object.")
    return content
