"""The JSON Schema of case files, made from the words; `schema.json` is its kept copy."""

from typing import Any

from pydantic import TypeAdapter

from sallyport_gateway.casebook.words import Case, Variant


def case_schema() -> dict[str, Any]:
    """A complete case or a variant of another one (JSON Schema 2020-12)."""
    made = TypeAdapter(Case | Variant).json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Sallyport case, form 1"}
    return {**head, **made}
