"""The strict JSON form of records and case files, and what is said of one that cannot be read. No I/O.

Field names are in camel case, as HMPPS writes them. A field that is not known refuses.
"""

from difflib import get_close_matches
from typing import Annotated, Any, Final, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from sallyport_protocol.errors import MalformedError

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]
"""Not blank: blanks name nobody and nothing."""
NameText = Annotated[str, Field(max_length=200)]
Line = Annotated[str, Field(max_length=500)]
MAX_BYTES: Final = 1_048_576
"""Largest JSON document accepted for one person or one case, bytes."""
_NUL: Final = "\\u0000"
"""As JSON writes it; unescaped it is no JSON."""


class Record(BaseModel):
    """A frozen value with a strict JSON form."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
    )

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Reads JSON. Raises MalformedError that names every wrong field (the first ten)."""
        if len(text) > MAX_BYTES:
            raise MalformedError(f"{len(text)} bytes; at most {MAX_BYTES} are read. Send one person at a time.")
        if _NUL.encode() in text if isinstance(text, bytes) else _NUL in text:
            raise MalformedError(f"{cls.__name__} holds the character U+0000, which no database keeps: take it out.")
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise MalformedError(explain(cls.__name__, error, cls)) from None

    def to_map(self) -> dict[str, Any]:
        """The JSON form as plain values."""
        return self.model_dump(mode="json", by_alias=True)

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True)


def explain(what: str, error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """One line for each wrong field, the first ten. With `model`, a field that is none of ours gets a suggestion."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(str(part) for part in each['loc']) or what}{_wrong(each, model)}" for each in found[:10]]
    more = f"; and {len(found) - 10} more" if len(found) > 10 else ""
    return f"{what} cannot be read: {'; '.join(lines)}{more}."


def _wrong(each: Any, model: type[BaseModel] | None) -> str:
    """What is wrong with one field, and what would be right."""
    kind = each["type"]
    if kind == "extra_forbidden":
        near = get_close_matches(str(each["loc"][-1]), _fields_at(model, each["loc"][:-1]), 1)
        return f" is no field of it (is {near[0]} meant?)" if near else " is no field of it"
    if kind == "missing":
        return " is missing"
    if kind == "string_pattern_mismatch" and each["msg"].endswith(r"'\S'"):
        return " is blank"
    if kind.startswith(("datetime", "timezone")):
        return " is not a time with its zone, such as 2026-06-10T09:30:00Z"
    if kind.startswith("date"):
        return " is not a day, such as 2026-06-10"
    return f": {each['msg']}"


def _fields_at(model: type[BaseModel] | None, place: tuple[int | str, ...]) -> list[str]:
    """The names that fields may have there."""
    for part in place:
        if model is not None and isinstance(part, str):
            names = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
            model = next((each for each in _classes(names.get(part)) if issubclass(each, BaseModel)), None)
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _classes(annotation: Any) -> list[type]:
    """Every class that an annotation names, however deep."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation]
    return [each for inner in get_args(annotation) for each in _classes(inner)]


def refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """For `json.loads`: a key that occurs twice refuses, or two readers of one file would see different things."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise MalformedError(f'The key "{twice}" occurs twice.')
    return made
