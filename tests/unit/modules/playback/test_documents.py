from uuid import uuid4

from tests.unit.media.plans import plan

from matinee.modules.playback.documents import DocumentCache, PlanCache, document


class TestDocument:
    def test_the_same_text_has_the_same_etag_and_another_has_another(self) -> None:
        assert document("a").etag == document("a").etag != document("b").etag

    def test_the_etag_is_a_strong_quoted_one(self) -> None:
        etag = document("a").etag
        assert etag.startswith('"')
        assert etag.endswith('"')


class TestDocumentCache:
    def test_keeps_what_fits(self) -> None:
        cache = DocumentCache(limit=10)
        kept = cache.keep("a", document("12345"))
        assert cache.get("a") is kept
        assert cache.get("b") is None

    def test_drops_the_least_used_first(self) -> None:
        cache = DocumentCache(limit=10)
        for name in "ab":
            cache.keep(name, document("12345"))
        cache.get("a")
        cache.keep("c", document("12345"))
        assert [name for name in "abc" if cache.get(name)] == ["a", "c"]

    def test_replacing_a_document_does_not_count_it_twice(self) -> None:
        cache = DocumentCache(limit=10)
        cache.keep("other", document("12345"))
        for _ in range(5):
            cache.keep("a", document("12345"))
        assert cache.get("other") is not None


class TestPlanCache:
    def test_a_plan_holds_for_one_version_of_the_video(self) -> None:
        cache, video_id = PlanCache(), uuid4()
        cache.keep(video_id, 7, made := plan())
        assert cache.get(video_id, 7) is made
        assert cache.get(video_id, 8) is None

    def test_drops_the_least_used_first(self) -> None:
        cache = PlanCache(limit=2)
        first, second, third = uuid4(), uuid4(), uuid4()
        cache.keep(first, 1, plan())
        cache.keep(second, 1, plan())
        cache.get(first, 1)
        cache.keep(third, 1, plan())
        assert cache.get(first, 1) is not None
        assert cache.get(second, 1) is None
