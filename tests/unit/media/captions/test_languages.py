import pytest

from matinee.media.captions.languages import canonical_language


class TestCanonicalLanguage:
    @pytest.mark.parametrize(
        ("tag", "made"),
        [
            ("en", "en"),
            ("ENG", "en"),
            ("ger", "de"),
            ("deu", "de"),
            ("en-us", "en-US"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("gsw", "gsw"),
            ("und", "und"),
            ("sl-rozaj-biske", "sl-rozaj-biske"),
            ("de-x-SIMP-le", "de-x-simp-le"),
        ],
    )
    def test_tags_are_written_as_bcp_47_recommends(self, tag: str, made: str) -> None:
        """The shortest, in their usual case."""
        assert canonical_language(tag) == made

    @pytest.mark.parametrize(
        "tag", ["", "e", "english language", "en_US", "en-", "-en", "en-u", "e n", "en\n", "123", "dé"]
    )
    def test_what_is_no_tag_is_refused(self, tag: str) -> None:
        """Nothing is guessed."""
        assert canonical_language(tag) is None
