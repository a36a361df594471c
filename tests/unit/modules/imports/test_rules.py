"""What addresses and answers mean."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from yarl import URL

from matinee.common.storage.port import Part
from matinee.modules.imports.errors import BrokenOffError, FileChangedError, ImportFailedError
from matinee.modules.imports.rules import (
    Answer,
    Wanted,
    follow,
    leading_parts,
    name_of,
    read_answer,
    read_url,
    shown,
    title_of,
)
from matinee.modules.uploads.rules import PartPlan

FILM = {"Content-Type": "video/mp4; codecs=avc1", "ETag": '"1"', "Content-Length": "1000"}
REST = {"Content-Type": "video/mp4", "ETag": '"1"', "Content-Range": "bytes 400-999/1000"}
WANTED = Wanted(400, '"1"', 1000)
MONDAY, LATER = "Mon, 02 Nov 2026 10:00:00 GMT", "Mon, 02 Nov 2026 10:00:01 GMT"


class TestUrl:
    @pytest.mark.parametrize(
        "text",
        ["http://films.example.org/a%2Fb?sig=%2B%2f+&x=a%20b", "HTTPS://films.example.org", "http://[2600::1]/"],
    )
    def test_an_address_is_asked_for_as_it_was_written(self, text: str) -> None:
        """Quoted anew, it would not be what was signed."""
        assert str(read_url(text)).lower().rstrip("/") == text.lower().rstrip("/")

    @pytest.mark.parametrize(
        "text",
        ["", "sea.mp4", "//films.example.org", "ftp://a/b", "http://", "http://a:b@c/", "http://a:0/", "http://a:x/"],
    )
    def test_what_is_no_address_is_refused(self, text: str) -> None:
        """Passwords among them: they would be kept."""
        with pytest.raises(ValueError, match=r"address"):
            read_url(text)

    @pytest.mark.parametrize(
        ("path", "name", "title"),
        [
            ("/a/North%20Sea.mp4?x=1", "North Sea.mp4", "North Sea"),
            ("/..%2f..%2fetc%2fpasswd", "....etcpasswd", "..."),
            ("/a%0d%0aX.mp4", "aX.mp4", "aX"),
            ("/", "films.example.org", "films.example"),
            ("", "films.example.org", "films.example"),
            ("/%20.mp4", " .mp4", "Untitled"),
            ("/" + "a" * 300, "a" * 255, "a" * 100),
        ],
    )
    def test_the_file_is_named_by_the_path(self, path: str, name: str, title: str) -> None:
        """Without what no name may have."""
        assert name_of(read_url(f"https://films.example.org{path}")) == name
        assert title_of(name) == title

    def test_what_may_be_secret_is_not_shown(self) -> None:
        """The query."""
        assert shown(read_url("https://a.org/sea.mp4?token=secret#part")) == "https://a.org/sea.mp4"


class TestRedirects:
    @pytest.mark.parametrize(
        ("location", "target"),
        [
            ("/b", "https://a.org/b"),
            ("b?sig=%2F", "https://a.org/x/b?sig=%2F"),
            ("//c.org/b", "https://c.org/b"),
            ("https://c.org/ü b", "https://c.org/%C3%BC%20b"),
        ],
    )
    def test_it_leads_on(self, location: str, target: str) -> None:
        """From where it was said."""
        assert str(follow(URL("https://a.org/x/y"), location)) == target

    @pytest.mark.parametrize(
        "location",
        [None, "", "http://a.org/", "ftp://a.org/", "file:///etc/passwd", "https://u:p@a.org/", "https://[/"],
    )
    def test_it_leads_nowhere_else(self, location: str | None) -> None:
        """Neither out of https nor to what is no address of the web."""
        with pytest.raises(ImportFailedError) as refusal:
            follow(URL("https://a.org/"), location)
        assert refusal.value.failure.code == "import_redirect_refused"


class TestAnswers:
    def test_a_file_begins(self) -> None:
        """Whether all or only a part of it was wanted."""
        whole = Answer(0, 1000, '"1"', "video/mp4")
        assert read_answer(200, FILM, Wanted()) == read_answer(200, FILM, WANTED) == whole
        assert read_answer(200, {"Content-Type": "film"}, Wanted()) == Answer(
            0, None, None, "application/octet-stream"
        )

    @pytest.mark.parametrize(
        "headers",
        [
            REST,
            {**REST, "Content-Range": "bytes 400-999/*"},
            {**REST, "ETag": ""},
            {**REST, "Content-Range": "bytes 400-499/1000"},
        ],
    )
    def test_the_rest_goes_on(self, headers: Mapping[str, str]) -> None:
        """It is the same file as far as the server says anything."""
        assert read_answer(206, headers, WANTED) == Answer(400, 1000, '"1"', "video/mp4")

    @pytest.mark.parametrize(
        "headers",
        [
            {**REST, "ETag": '"2"'},
            {**REST, "Content-Range": "bytes 400-1999/2000"},
            {**REST, "Content-Range": "bytes 0-999/1000"},
            {**REST, "Content-Range": "lines 1-2/3"},
            {"ETag": '"1"'},
        ],
    )
    def test_the_rest_of_another_file_is_not_taken(self, headers: Mapping[str, str]) -> None:
        """Nor another part."""
        with pytest.raises(FileChangedError):
            read_answer(206, headers, WANTED)

    def test_what_has_shrunk_has_changed(self) -> None:
        """There is nothing behind its end."""
        with pytest.raises(FileChangedError):
            read_answer(416, {}, WANTED)

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 599])
    def test_trouble_may_pass(self, status: int) -> None:
        """It is asked again."""
        with pytest.raises(BrokenOffError, match=str(status)):
            read_answer(status, FILM, Wanted())

    @pytest.mark.parametrize("status", [204, 206, 300, 304, 401, 403, 404, 410, 416, 451])
    def test_a_refusal_does_not(self, status: int) -> None:
        """Also a part that nobody wanted."""
        with pytest.raises(ImportFailedError) as refusal:
            read_answer(status, FILM, Wanted())
        assert refusal.value.failure.code == "import_refused"

    @pytest.mark.parametrize(
        ("headers", "validator"),
        [
            ({"ETag": '"1"'}, '"1"'),
            ({"ETag": 'W/"1"'}, None),
            ({"ETag": '"\udcff"'}, None),
            ({"Last-Modified": MONDAY, "Date": LATER}, MONDAY),
            ({"Last-Modified": MONDAY, "Date": MONDAY}, None),
            ({"Last-Modified": MONDAY}, None),
            ({"Last-Modified": "yesterday", "Date": LATER}, None),
            ({"Last-Modified": MONDAY, "Date": "Mon, 02 Nov 99999999999 10:00:00 GMT"}, None),
            ({"Last-Modified": "Mon, 02 Nov 2026 10:00:00", "Date": LATER}, None),
        ],
    )
    def test_only_strong_validators_are_trusted(self, headers: Mapping[str, str], validator: str | None) -> None:
        """By a weak one the bytes may differ."""
        assert read_answer(200, headers, Wanted()).validator == validator


class TestStored:
    def test_what_is_stored_without_a_gap_counts(self) -> None:
        """What is behind one, or has another size, is fetched again."""
        now = datetime(2026, 11, 2, tzinfo=UTC)
        parts = [Part(number, size, f"e{number}", now) for number, size in ((1, 10), (2, 10), (3, 7), (4, 10))]
        plan = PartPlan(37, 10)
        assert leading_parts(plan, parts) == parts[:2]
        assert leading_parts(plan, parts[1:]) == []
        assert leading_parts(PartPlan(27, 10), parts[:3]) == parts[:3]
