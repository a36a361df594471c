"""The OpenAPI 3.1 document, from the declared operations: `contract/openapi.json` is its committed copy."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec

from matinee import __version__
from matinee.common.http.authentication import KEY_MARK
from matinee.common.http.contract import SIGNED_IN_OR_NOT, Access, Operation
from matinee.common.http.idempotency import LONGEST_KEY
from matinee.common.http.openapi_responses import HEADERS, describe_responses, problem_examples
from matinee.common.http.openapi_schemas import components, inline, is_struct, reference
from matinee.common.http.problems import Problem

_DESCRIPTION = """The HTTP contract of Matinee, a self-hosted video streaming backend.

Errors are RFC 9457 problem details (`application/problem+json`); programs decide by `code`. Lists are paged by
`cursor`. A creating POST may carry an `Idempotency-Key`. Every answer carries an `X-Request-ID`: your own, where you
sent one of 8 to 128 letters, digits, `.`, `_` and `-`. Every GET also answers HEAD, and every address OPTIONS."""
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeating a request with the same key and body within 24 hours gives the same answer, once done.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}


def build_contract(operations: Iterable[Operation], tags: dict[str, str]) -> dict[str, Any]:
    """The whole document. `tags` maps each tag to its description, in the order of display."""
    operations = list(operations)
    types = [t for op in operations for t in (op.body, op.returns, op.emits) if is_struct(t)]
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for op in operations:
        paths[op.path][op.method.lower()] = _operation(op)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Matinee",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in tags.items()],
        "paths": dict(paths),
        "components": {
            # named by the Struct; each path and query parameter carries its schema inline
            "schemas": components([*types, Problem]),
            "headers": HEADERS,
            "examples": problem_examples(operations),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "`access_token` of POST /api/v1/auth/login, /refresh or /token; for 15 minutes.",
                },
                "api_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": f"{KEY_MARK}…",
                    "description": "For programs: the `secret` of POST /api/v1/api-keys, in the same header. "
                    "Some servers want it exchanged first (`api_key_not_exchanged`): POST /api/v1/auth/token. "
                    "What each operation needs of its scopes stands with the operation.",
                },
            },
        },
    }


def _operation(op: Operation) -> dict[str, Any]:
    document: dict[str, Any] = {"operationId": op.operation_id, "tags": [op.tag], "summary": op.summary}
    needed = f"An API key needs the scope `{op.scope}`." if op.scope else ""
    if op.description or needed:
        document["description"] = "\n\n".join(filter(None, (op.description, needed)))
    parameters = [*_path_parameters(op), *_query_parameters(op), *_header_parameters(op)]
    if parameters:
        document["parameters"] = parameters
    if op.body is not None:
        document["requestBody"] = _request_body(op)
    document["responses"] = describe_responses(op)
    if op.access is not Access.PUBLIC:
        nobody: list[dict[str, list[str]]] = [{}] if op.access in SIGNED_IN_OR_NOT else []
        by_key: list[dict[str, list[str]]] = [{"api_key": [op.scope]}] if op.scope else []
        document["security"] = [*nobody, {"bearer": []}, *by_key]
    return document


def _request_body(op: Operation) -> dict[str, Any]:
    body = op.body
    if body is None or not issubclass(body, msgspec.Struct):
        # no schema for bytes: JSON Schema has no word for them
        return {"required": body is bytes, "content": {kind: {} for kind in op.consumes}}
    # an empty body is read as {}
    required = any(field.required for field in msgspec.structs.fields(body))
    bytes_instead: dict[str, Any] = {kind: {} for kind in op.consumes if kind != "application/json"}
    return {"required": required, "content": {"application/json": {"schema": reference(body)}, **bytes_instead}}


def _path_parameters(op: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", op.path)
    return [_parameter(name, "path", inline(op.path_types[name]), required=True) for name in names]


def _query_parameters(op: Operation) -> list[dict[str, Any]]:
    if op.query is None:
        return []
    parameters = []
    for field in msgspec.structs.fields(op.query):
        schema = inline(field.type)
        # a query parameter is left out, never null
        schema = next((s for s in schema.get("anyOf", []) if s.get("type") != "null"), schema)
        if not field.required and field.default not in (None, msgspec.UNSET, msgspec.NODEFAULT):
            schema["default"] = field.default
        parameters.append(_parameter(field.encode_name, "query", schema, required=field.required))
    return parameters


def _header_parameters(op: Operation) -> list[dict[str, Any]]:
    parameters = []
    for accepted in op.accepts:
        schema = {"type": "string", "description": accepted.description}
        parameters.append(_parameter(accepted.name, accepted.location, schema, required=False))
    return [*parameters, _IDEMPOTENCY_KEY] if op.idempotent else parameters


def _parameter(name: str, location: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    parameter = {"name": name, "in": location, "required": required, "schema": schema}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    return parameter
