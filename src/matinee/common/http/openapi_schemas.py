"""JSON Schemas of Structs, as the OpenAPI document holds them."""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

_REF = "#/components/schemas/{name}"


def components(structs: Iterable[Any]) -> dict[str, Any]:
    """The schemas of those Structs and of all that they refer to, by name."""
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF)
    return {name: _tidy(schema) for name, schema in sorted(schemas.items())}


def inline(kind: Any) -> dict[str, Any]:
    """The schema of a plain type, in place."""
    schema: dict[str, Any] = _tidy(msgspec.json.schema(kind))
    return schema


def is_struct(kind: Any) -> bool:
    """Whether a type has a schema of its own among the components."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def reference(kind: type) -> dict[str, str]:
    """A reference to a Struct's schema."""
    return {"$ref": _REF.format(name=kind.__name__)}


def _tidy(schema: Any) -> Any:
    """msgspec leaves out `type` beside `enum`, which tools that generate code want, and leaves docstrings indented.

    Since 3.13 Python itself removes that indentation; the contract is to be the same by every Python.
    """
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {key: _tidy(value) for key, value in schema.items()}
    if "enum" in tidied and "type" not in tidied:
        tidied["type"] = "string"
    if isinstance(tidied.get("description"), str):  # else it is a field of that name
        tidied["description"] = inspect.cleandoc(tidied["description"])
    return tidied
