"""What clients say of an upload in headers."""

import base64
import hashlib
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.modules.uploads.errors import InvalidUploadHeader
from matinee.modules.uploads.headers import (
    Concat,
    Window,
    describe_upload,
    read_checksum,
    read_concat,
    read_content_range,
    read_metadata,
    read_number,
    write_concat,
)
from matinee.modules.uploads.rules import Span, spans


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class TestNumbers:
    @pytest.mark.parametrize(
        "text", [None, "", "-1", "+1", "1.0", " 1", "1e3", "٣", "9" * 19, "9" * 5000, "0" * 5000 + "1"]
    )
    def test_what_is_none_is_refused(self, text: str | None) -> None:
        """However long it is."""
        with pytest.raises(InvalidUploadHeader, match="Upload-Length"):
            read_number("Upload-Length", text)

    def test_zero_is_one(self) -> None:
        """An upload begins with it."""
        assert read_number("Upload-Offset", "0") == 0


class TestMetadata:
    def test_pairs_are_read(self) -> None:
        """A name may stand alone."""
        assert read_metadata(f"filename {encoded('Über.mp4')},is_new") == {"filename": "Über.mp4", "is_new": ""}
        assert read_metadata(None) == read_metadata("") == {}

    @pytest.mark.parametrize("text", [",", "a !", "a /w==", "a YQ==,a YQ==", "a YQ==,", "ä YQ=="])
    def test_what_cannot_be_read_is_refused(self, text: str) -> None:
        """No base64, no UTF-8, a name twice."""
        with pytest.raises(InvalidUploadHeader):
            read_metadata(text)

    def test_it_has_a_bound(self) -> None:
        """What a video takes of it fits in, in any script."""
        fits = {"title": "🎬" * 100, "description": "🎬" * 1000, "filename": "海" * 255}
        assert read_metadata(",".join(f"{name} {encoded(text)}" for name, text in fits.items())) == fits
        with pytest.raises(InvalidUploadHeader):
            read_metadata(f"filename {encoded('x' * 8192)}")

    def test_uppy_names_its_file_otherwise(self) -> None:
        """`name` and `type`; a kind of file that is not known is left to the content."""
        fields = describe_upload({"name": "sea.mp4", "type": "video/mp4", "relativePath": "null"}, 7)
        expected = {"title": "sea", "filename": "sea.mp4", "filetype": "video/mp4", "filesize": 7}
        assert fields == expected
        assert describe_upload({"tags": "sea, walks,"}, 7)["tags"] == ["sea", " walks"]
        assert describe_upload({"filetype": "text/html"}, 7)["filetype"] == "application/octet-stream"

    @given(
        st.dictionaries(
            st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=","), min_size=1), st.text()
        )
    )
    def test_whatever_is_written_is_read(self, said: dict[str, str]) -> None:
        """Any text."""
        assert read_metadata(",".join(f"{name} {encoded(value)}" for name, value in said.items())) == said


class TestChecksum:
    @pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
    def test_it_holds_for_its_bytes_alone(self, algorithm: str) -> None:
        """In as many bits as they come."""
        digest = base64.b64encode(hashlib.new(algorithm, b"some bytes").digest()).decode()
        for sent, holds in (([b"some ", b"bytes"], True), ([b"some byte"], False)):
            checksum = read_checksum(f"{algorithm} {digest}")
            assert checksum is not None
            for chunk in sent:
                checksum.update(chunk)
            assert checksum.holds() is holds

    @pytest.mark.parametrize("text", ["", "crc32 AAAA", "sha1", "sha1 AAAA", "sha1 !", "shake_128 AAAA"])
    def test_what_cannot_be_checked_is_refused(self, text: str) -> None:
        """Rather than ignored."""
        with pytest.raises(InvalidUploadHeader):
            read_checksum(text)


class TestConcat:
    def test_fragments_are_named_by_their_addresses(self) -> None:
        """Relative or absolute."""
        a, b = uuid4(), uuid4()
        text = f"final;/api/v1/uploads/{a} https://example.org/api/v1/uploads/{b}"
        assert read_concat(text) == Concat("final", (a, b))
        assert read_concat("partial") == Concat("partial")
        assert read_concat(None) == Concat()

    @pytest.mark.parametrize(
        "text", ["", "whole", "partial;", "final", "final;", "final;/x", f"final;{UUID(int=1)} {UUID(int=1)}"]
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        """A fragment twice, too."""
        with pytest.raises(InvalidUploadHeader):
            read_concat(text)

    def test_it_is_said_again(self) -> None:
        """As it was."""
        assert write_concat(False, []) is None
        assert write_concat(True, []) == "partial"
        assert write_concat(False, ["/a", "/b"]) == "final;/a /b"

    @given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.data())
    def test_bytes_are_found_where_they_lie(self, sizes: list[int], data: st.DataObject) -> None:
        """Of files one behind the other."""
        files = [bytes([number]) * size for number, size in enumerate(sizes)]
        whole = b"".join(files)
        start = data.draw(st.integers(0, len(whole) - 1))
        size = data.draw(st.integers(1, len(whole) - start))
        found = spans(sizes, start, size)
        assert b"".join(files[s.file][s.start : s.start + s.size] for s in found) == whole[start : start + size]
        assert spans([5], 1, 2) == [Span(0, 1, 2)]


class TestContentRange:
    def test_without_one_it_is_the_whole_file(self) -> None:
        """As `curl -T` sends it."""
        assert read_content_range(None, 10, 10) == Window(0, 10, 10)

    def test_a_window_is_read(self) -> None:
        """The last byte is counted from 0."""
        assert read_content_range("bytes 0-4/10", 5, 10) == Window(0, 5, 10)
        assert read_content_range("bytes 9-9/10", None, 10) == Window(9, 10, 10)
        assert read_content_range("bytes */10", 0, 10) == Window(None, 0, 10)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "bytes",
            "bytes 0-4",
            "bytes 0-4/*",
            "bytes 0-4/11",
            "bytes 5-3/10",
            "bytes 6-10/10",
            "bytes 0-5/10",
            "items 0-4/10",
        ],
    )
    def test_what_does_not_fit_is_refused(self, text: str) -> None:
        """The file, or the body of five bytes."""
        with pytest.raises(InvalidUploadHeader):
            read_content_range(text, 5, 10)
