"""Writes the small part of TOML that the estate's files use: text, numbers, booleans, arrays, tables."""

import json
from typing import Any


def to_toml(content: dict[str, Any], heading: str) -> str:
    """Plain values first, then tables, then arrays of tables; `heading` becomes the comment on top."""
    lines = [f"# {line}" for line in heading.splitlines()]
    lines += [f"{key} = {_value(value)}" for key, value in content.items() if not _is_table(value)]
    for key, value in content.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *_pairs(value)]
        elif _is_table(value):
            for row in value:
                lines += ["", f"[[{key}]]", *_pairs(row)]
    return "\n".join(lines) + "\n"


def _pairs(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {_value(value)}" for key, value in table.items()]


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {_value(item)}" for key, item in value.items()) + "}"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no place in the estate's files")
