"""The contract itself: committed as the application exports it, valid, complete."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from matinee.app import TAGS, all_operations, export_contract
from matinee.common.errors import DomainError
from matinee.common.http.problems import CONTENT_TYPE, status_of

CONTRACT: dict[str, Any] = export_contract()
OPERATIONS = {
    operation["operationId"]: operation for path in CONTRACT["paths"].values() for operation in path.values()
}
SCHEMAS = CONTRACT["components"]["schemas"]
COMMITTED = Path(__file__).parents[2] / "contract" / "openapi.json"


class TestDocument:
    def test_the_committed_contract_is_what_the_application_exports(self) -> None:
        """`make contract` writes it again after a change."""
        assert json.loads(COMMITTED.read_text()) == CONTRACT

    def test_it_is_valid_openapi_3_1(self) -> None:
        """By the meta-schema of the OpenAPI Initiative."""
        schemathesis.openapi.from_dict(export_contract()).validate()

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_every_schema_is_valid_json_schema(self, name: str) -> None:
        """The meta-schema of OpenAPI leaves schemas out, so each is held against that of JSON Schema 2020-12."""
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **SCHEMAS[name]})

    def test_no_description_keeps_the_indentation_of_its_docstring(self) -> None:
        """Python removes it since 3.13; by each Python the contract is the same."""
        descriptions = [value for key, value in _walk(CONTRACT) if key == "description" and isinstance(value, str)]
        assert [text for text in descriptions if text != inspect.cleandoc(text)] == []

    def test_every_reference_leads_somewhere(self) -> None:
        """And everything among the components is referred to."""
        referred = {value for key, value in _walk(CONTRACT) if key == "$ref"}
        defined = {
            f"#/components/{kind}/{name}"
            for kind, components in CONTRACT["components"].items()
            for name in components
            if kind != "securitySchemes"
        }
        assert referred == defined


class TestOperations:
    def test_ids_are_unique_and_named_like_methods(self) -> None:
        """Generated clients make method names of them."""
        ids = [operation.operation_id for operation in all_operations()]
        assert len(ids) == len(set(ids))
        assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", name) for name in ids)

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_it_is_described(self, name: str) -> None:
        """A tag that exists, a summary in a line, a description of each parameter."""
        operation = OPERATIONS[name]
        assert len(operation["tags"]) == 1
        assert operation["tags"][0] in TAGS
        assert 3 < len(operation["summary"]) <= 80
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], parameter["name"]
            assert parameter["schema"]["type"], parameter["name"]

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_its_errors_are_problems(self, name: str) -> None:
        """Each status with its codes, as problem details; what every request can meet is among them."""
        responses = OPERATIONS[name]["responses"]
        assert {"422", "503", "504"} <= set(responses)
        assert "2" in {status[0] for status in responses}
        for status, response in responses.items():
            assert response["description"]
            assert response["headers"]["X-Request-ID"]
            if status >= "400":
                assert list(response["content"]) == [CONTENT_TYPE]
                assert response["content"][CONTENT_TYPE]["examples"]

    @pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if operation.get("security")])
    def test_who_must_sign_in_is_told_by_401(self, name: str) -> None:
        """With the header that says how."""
        assert "WWW-Authenticate" in OPERATIONS[name]["responses"]["401"]["headers"]

    def test_cookies_are_the_front_doors(self) -> None:
        """Over https they go to every path; nothing else reads one, so that no answer varies by them."""
        reading = {
            path
            for path, operations in CONTRACT["paths"].items()
            for operation in operations.values()
            if any(parameter["in"] == "cookie" for parameter in operation.get("parameters", ()))
        }
        assert reading
        assert all(path.startswith("/api/v1/auth/") for path in reading)

    def test_a_body_is_required_where_one_of_its_fields_is(self) -> None:
        """An empty body is read as an empty object."""
        required = {
            name: operation["requestBody"]["required"]
            for name, operation in OPERATIONS.items()
            if "requestBody" in operation
        }
        assert required["register"]
        assert not required["refresh"]
        assert not required["complete_upload"]


class TestFields:
    @pytest.mark.parametrize(
        ("schema", "field"), [(name, field) for name, schema in SCHEMAS.items() for field in schema["properties"]]
    )
    def test_it_is_described(self, schema: str, field: str) -> None:
        """Every field of everything that is sent or received."""
        assert SCHEMAS[schema]["properties"][field].get("description")

    @pytest.mark.parametrize("schema", SCHEMAS)
    def test_its_struct_is_described(self, schema: str) -> None:
        """In a sentence."""
        assert len(SCHEMAS[schema]["description"]) > 5

    @pytest.mark.parametrize(
        ("schema", "field"),
        [
            (name, field)
            for name in (
                "Register",
                "Login",
                "RefreshToken",
                "NewUpload",
                "VideoChange",
                "ProfileChange",
                "ClaimedPart",
                "TrackChange",
                "Chapter",
                "PosterChoice",
                "NewApiKey",
            )
            for field in SCHEMAS[name]["properties"]
        ],
    )
    def test_what_clients_send_is_bounded(self, schema: str, field: str) -> None:
        """Text and lists have a greatest length, numbers both ends, choices are listed."""
        definition = SCHEMAS[schema]["properties"][field]
        options = [o for o in definition.get("anyOf", [definition]) if o.get("type") != "null"]
        for option in options:
            assert "maxItems" in option or option.get("type") != "array"
            each = option.get("items", option)
            few = "enum" in each or each["type"] == "boolean" or each.get("format") == "uuid"
            assert few or "maxLength" in each or {"minimum", "maximum"} <= set(each)


class TestErrorCodes:
    def test_a_code_means_one_thing(self) -> None:
        """One class, so one title and one status."""
        by_code: dict[str, set[type[DomainError]]] = {}
        for kind in _every_error():
            by_code.setdefault(kind.code, set()).add(kind)
        shared = {code: kinds for code, kinds in by_code.items() if len(kinds) > 1}
        assert not shared

    def test_codes_and_titles_are_for_their_readers(self) -> None:
        """Codes are snake case; titles are sentences."""
        for kind in _every_error():
            assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", kind.code)
            assert kind.title().endswith("."), kind
            assert 400 <= status_of(kind) <= 599


def _every_error() -> set[type[DomainError]]:
    return {error for operation in all_operations() for error in operation.errors}


def _walk(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key, value
            yield from _walk(value)
