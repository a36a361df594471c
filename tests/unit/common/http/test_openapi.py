"""The OpenAPI document of some operations."""

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from matinee.common.errors import Conflict
from matinee.common.http.answers import NOT_MODIFIED, PARTIAL_CONTENT, RANGE, Parameter
from matinee.common.http.authentication import KeyScope
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, declared_operations, operation
from matinee.common.http.openapi import build_contract
from matinee.common.http.rate_limits import RateLimit


class Full(Conflict):
    """The shelf is full."""

    code = "full"


class Book(msgspec.Struct):
    """A book."""

    title: Annotated[str, Meta(description="Its title.")]


class Change(msgspec.Struct):
    """What to change."""

    title: str | UnsetType = UNSET


class Query(msgspec.Struct):
    """Which books."""

    limit: Annotated[int, Meta(ge=1, description="How many.")] = 20
    author: Annotated[str, Meta(description="Whose.")] | UnsetType = UNSET
    first: int = msgspec.field(default=1, name="from")


class Shelf:
    """Operations on books."""

    @operation("GET", "/books", tag="books", access=Access.PUBLIC)
    async def list_books(self, query: Query) -> Book:
        """The books."""
        raise NotImplementedError

    @operation(
        "POST",
        "/books",
        tag="books",
        scope="uploads:write",
        status=201,
        errors=(Full,),
        idempotent=True,
        limit=RateLimit("books", 5, 60),
    )
    async def add_book(self, call: Call, body: Book) -> Book:
        """Add a book.

        It stays there.
        """
        raise NotImplementedError

    @operation(
        "PATCH",
        "/books/{book}",
        tag="books",
        access=Access.PERSON,
        accepts=(Parameter("shelf", "Which.", "cookie"),),
    )
    async def change_book(self, book: int, body: Change) -> None:
        """Change a book."""
        raise NotImplementedError

    @operation(
        "GET",
        "/books/{book}/cover",
        tag="books",
        access=Access.OPTIONAL,
        scope="videos:read",
        produces=("image/png", "text/plain"),
        accepts=(RANGE,),
        also=(PARTIAL_CONTENT, NOT_MODIFIED),
    )
    async def get_cover(self, book: int) -> Response:
        """Its cover."""
        raise NotImplementedError

    @operation("PUT", "/books/{book}/cover", tag="books", scope="videos:write", consumes=("image/png", "image/jpeg"))
    async def put_cover(self, book: int, body: bytes) -> None:
        """Another cover."""
        raise NotImplementedError

    @operation("GET", "/books/events", tag="books", scope="videos:read", produces="text/event-stream", emits=Book)
    async def follow(self, call: Call) -> Response:
        """New books."""
        raise NotImplementedError


CONTRACT: dict[str, Any] = build_contract(declared_operations(Shelf), {"books": "Books."})


class TestParameters:
    def test_query_parameters_are_inline_and_never_null(self) -> None:
        """With names, defaults and descriptions of their own."""
        limit, author, first = CONTRACT["paths"]["/books"]["get"]["parameters"]
        assert limit == {
            "name": "limit",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "default": 20},
            "description": "How many.",
        }
        assert author["schema"] == {"type": "string"}
        assert (first["name"], first["schema"]["default"]) == ("from", 1)

    def test_path_parameters_are_required(self) -> None:
        """In the order of the path."""
        parameter = CONTRACT["paths"]["/books/{book}"]["patch"]["parameters"][0]
        assert (parameter["name"], parameter["in"], parameter["required"]) == ("book", "path", True)

    def test_headers_and_cookies_that_are_read_are_listed(self) -> None:
        """The key of idempotent requests too."""
        assert CONTRACT["paths"]["/books/{book}"]["patch"]["parameters"][1]["in"] == "cookie"
        assert [p["name"] for p in CONTRACT["paths"]["/books"]["post"]["parameters"]] == ["Idempotency-Key"]
        assert "Range" in {p["name"] for p in CONTRACT["paths"]["/books/{book}/cover"]["get"]["parameters"]}


class TestBodies:
    def test_a_body_is_required_where_a_field_is(self) -> None:
        """An empty one is read as an empty object."""
        assert CONTRACT["paths"]["/books"]["post"]["requestBody"]["required"]
        assert not CONTRACT["paths"]["/books/{book}"]["patch"]["requestBody"]["required"]


class TestResponses:
    def test_a_body_of_bytes_has_media_types_without_a_schema(self) -> None:
        """And what is none of them is refused."""
        put = CONTRACT["paths"]["/books/{book}/cover"]["put"]
        assert put["requestBody"] == {"required": True, "content": {"image/png": {}, "image/jpeg": {}}}
        assert {"400", "413", "415"} <= set(put["responses"])

    def test_success_has_the_declared_status_and_schema(self) -> None:
        """And the headers that may come with it."""
        created = CONTRACT["paths"]["/books"]["post"]["responses"]["201"]
        assert created["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Book"}
        assert {"RateLimit-Limit", "Idempotency-Replayed", "X-Request-ID"} <= set(created["headers"])

    def test_nothing_to_return_is_204(self) -> None:
        """Without a body."""
        assert "content" not in CONTRACT["paths"]["/books/{book}"]["patch"]["responses"]["204"]

    def test_errors_are_grouped_by_status(self) -> None:
        """Declared and implied ones; each with its code and an example."""
        responses = CONTRACT["paths"]["/books"]["post"]["responses"]
        assert set(responses) == {"201", "400", "401", "403", "409", "413", "415", "422", "429", "503", "504"}
        conflict = responses["409"]
        assert "`full`: The shelf is full." in conflict["description"]
        assert set(conflict["content"]["application/problem+json"]["examples"]) == {
            "full",
            "idempotency_key_in_flight",
        }
        assert CONTRACT["components"]["examples"]["full"]["value"]["status"] == 409

    def test_refusals_carry_the_headers_that_say_what_to_do(self) -> None:
        """Wait, or sign in."""
        responses = CONTRACT["paths"]["/books"]["post"]["responses"]
        assert "Retry-After" in responses["429"]["headers"]
        assert "Retry-After" in responses["503"]["headers"]
        assert "WWW-Authenticate" in responses["401"]["headers"]

    def test_bytes_have_no_schema_and_text_is_text(self) -> None:
        """In whole and in part; an unchanged answer has no body."""
        responses = CONTRACT["paths"]["/books/{book}/cover"]["get"]["responses"]
        for status in ("200", "206"):
            assert responses[status]["content"] == {"image/png": {}, "text/plain": {"schema": {"type": "string"}}}
        assert "content" not in responses["304"]

    def test_events_are_described_by_their_data(self) -> None:
        """JSON inside a text field."""
        content = CONTRACT["paths"]["/books/events"]["get"]["responses"]["200"]["content"]
        data = content["text/event-stream"]["schema"]["properties"]["data"]
        assert data["contentSchema"] == {"$ref": "#/components/schemas/Book"}


class TestSecurity:
    def test_who_may_call_is_told(self) -> None:
        """Anyone, the signed-in, API keys with a scope."""
        paths = CONTRACT["paths"]
        assert "security" not in paths["/books"]["get"]
        assert paths["/books"]["post"]["security"] == [{"bearer": []}, {"api_key": ["uploads:write"]}]
        assert paths["/books/{book}"]["patch"]["security"] == [{"bearer": []}]
        cover = paths["/books/{book}/cover"]["get"]
        assert cover["security"] == [{}, {"bearer": []}, {"api_key": ["videos:read"]}]
        assert "WWW-Authenticate" in cover["responses"]["403"]["headers"]

    @pytest.mark.parametrize(
        ("access", "scope"),
        [(Access.USER, None), (Access.OPTIONAL, None), (Access.PUBLIC, "videos:read"), (Access.ADMIN, "videos:read")],
    )
    def test_whoever_adds_an_operation_decides_the_scope(self, access: Access, scope: KeyScope | None) -> None:
        """Where an API key may do it, and nowhere else; the application does not even start without."""

        async def undecided() -> None:
            """Nobody knows."""

        with pytest.raises(TypeError, match="undecided: decide which `scope`"):
            operation("GET", "/", tag="books", access=access, scope=scope)(undecided)


class TestDocumentation:
    def test_a_docstring_is_summary_and_description(self) -> None:
        """The first line without its full stop; the rest as it is, and the scope that an API key needs."""
        post = CONTRACT["paths"]["/books"]["post"]
        assert post["summary"] == "Add a book"
        assert post["description"] == "It stays there.\n\nAn API key needs the scope `uploads:write`."
        assert "description" not in CONTRACT["paths"]["/books"]["get"]
