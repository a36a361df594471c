"""Finding videos: by words, whatever their case, accents and endings; and nothing that may not be seen."""

import asyncio
import base64
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from tests.integration.conftest import Person, problem

from matinee.bootstrap import Services
from matinee.cli.searching import reindex
from matinee.common.config import Settings
from matinee.common.database import Database, DatabaseUnavailable, execute, fetch_value
from matinee.media import keys
from matinee.modules.search.indexing import Indexer
from matinee.upkeep import expire

SEARCH = "/api/v1/search"
_SUSPEND = "UPDATE users SET suspended_at = now(), suspended_why = 'Spam.' WHERE id = %s"
_WHO_WAITS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def indexer(services: Services) -> Indexer:
    return Indexer(services.database, services.storage)


class Shelf:
    """Videos that are ready, and what is found of them."""

    def __init__(self, services: Services, api: httpx.AsyncClient, indexer: Indexer) -> None:
        self._services = services
        self._api = api
        self._indexer = indexer

    async def put(self, owner: Person, title: str, **fields: Any) -> str:
        values = {"visibility": "public", "status": "READY", "plan": "{}", "title": title, **fields}
        columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        async with self._services.database.connection() as db:
            video_id = await fetch_value(
                db,
                f"INSERT INTO videos (owner_id, filename, filesize, filetype, part_size, {columns}) "
                f"VALUES (%s, 'sea.mp4', 1, 'video/mp4', 1, {marks}) RETURNING id",
                (owner.id, *values.values()),
            )
        return str(video_id)

    async def say(self, video_id: str, lines: list[tuple[float, str]], language: str = "en") -> None:
        """Captions, a line each three seconds."""
        async with self._services.database.transaction() as db:
            track_id: UUID = await fetch_value(
                db,
                "INSERT INTO text_tracks (id, video_id, kind, language, name, is_default, is_forced, format, "
                "encoding, cues) VALUES (gen_random_uuid(), %s, 'captions', %s, '', false, false, 'vtt', 'utf-8', 1) "
                "RETURNING id",
                (UUID(video_id), language),
            )
            cues = "\n\n".join(f"{_clock(at)} --> {_clock(at + 3)}\n{text}" for at, text in lines)
            key = keys.captions_key(UUID(video_id), track_id)
            await self._services.storage.put(key, f"WEBVTT\n\n{cues}\n".encode(), "text/vtt")

    async def watch(self, video_id: str, views: int) -> None:
        async with self._services.database.connection() as db:
            await execute(db, "INSERT INTO video_counts (video_id, views) VALUES (%s, %s)", (video_id, views))

    async def fold(self) -> None:
        while await self._indexer.index_some() + await self._indexer.index_account():
            pass

    async def page(self, q: str = "", person: Person | None = None, **query: Any) -> dict[str, Any]:
        await self.fold()
        params = {"q": q, **query}
        answer = await (person.get(SEARCH, params=params) if person else self._api.get(SEARCH, params=params))
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def found(self, q: str = "", person: Person | None = None, **query: Any) -> list[str]:
        return [item["video"]["title"] for item in (await self.page(q, person, **query))["items"]]


async def _killed(database: Database, work: Coroutine[Any, Any, object], *, at_word: str) -> None:
    """Work that is killed where it counts a word."""
    async with database.transaction() as holding, database.connection() as db:
        await execute(holding, "SELECT FROM search_words WHERE word = %s FOR UPDATE", (at_word,))
        working = asyncio.create_task(work)
        while not (pid := await fetch_value(db, _WHO_WAITS)):
            assert not working.done()
        await execute(db, "SELECT pg_terminate_backend(%s)", (pid,))
        with pytest.raises(DatabaseUnavailable):
            await working


def _clock(seconds: float) -> str:
    return f"00:{int(seconds) // 60:02d}:{seconds % 60:06.3f}"


@pytest.fixture
def shelf(services: Services, api: httpx.AsyncClient, indexer: Indexer) -> Shelf:
    return Shelf(services, api, indexer)


class TestWords:
    async def test_all_words_are_wanted_wherever_they_stand(self, shelf: Shelf, ada: Person) -> None:
        """Without case and accents; phrases as they stand, and nothing that is excluded."""
        await shelf.put(ada, "A walk by the sea", description="Filmed in Málaga.", tags=["Coast"])
        await shelf.put(ada, "The sea by night", description="A long walk home")
        await shelf.put(ada, "Mountains")
        assert set(await shelf.found("WALK sea")) == {"A walk by the sea", "The sea by night"}
        assert await shelf.found("malaga") == ["A walk by the sea"]
        assert await shelf.found('"by the sea"') == ["A walk by the sea"]
        assert await shelf.found("sea -night") == ["A walk by the sea"]
        assert await shelf.found('sea -"by night"') == ["A walk by the sea"]
        assert await shelf.found("coast") == ["A walk by the sea"]
        assert await shelf.found("mount") == ["Mountains"]
        assert await shelf.found("sea mountains") == []

    async def test_words_are_met_in_their_language(self, shelf: Shelf, ada: Person) -> None:
        """Also by other endings; a script without spaces by its characters."""
        await shelf.put(ada, "Wandern in den Bergen", language="de")
        await shelf.put(ada, "Running dogs", language="en")
        await shelf.put(ada, "東京の夜景", language="ja")
        german = {"language": "de"}
        assert await shelf.found("Berge", **german) == ["Wandern in den Bergen"]
        assert await shelf.found("dog run", language="en") == ["Running dogs"]
        assert await shelf.found("夜景") == ["東京の夜景"]

    async def test_a_slip_is_corrected_and_told(self, shelf: Shelf, ada: Person) -> None:
        await shelf.put(ada, "Lighthouses of Brittany")
        page = await shelf.page("lihgthouses")
        assert [item["video"]["title"] for item in page["items"]] == ["Lighthouses of Brittany"]
        assert page["corrected"] == "lighthouses"
        assert (await shelf.page("lighthouses"))["corrected"] is None

    async def test_what_is_said_is_found_at_its_time(self, shelf: Shelf, ada: Person) -> None:
        """The line with its second; captions that are gone are not found any more."""
        video_id = await shelf.put(ada, "An interview")
        await shelf.say(video_id, [(1, "Good evening."), (65.5, "We built the harbour in a year.")])
        (hit,) = (await shelf.page("harbour"))["items"]
        (spoken,) = hit["spoken"]
        assert (spoken["time"], spoken["language"]) == (65.5, "en")
        [[start, end]] = spoken["line"]["matches"]
        assert spoken["line"]["text"][start:end] == "harbour"
        assert await shelf.found('"good evening"') == ["An interview"]

    async def test_matches_are_told_by_their_places(self, shelf: Shelf, ada: Person) -> None:
        """As characters of plain text: pages mark them, and nothing in a text is markup."""
        await shelf.put(ada, "Tea & <b>sea</b>", description="far " * 100 + "sea " + "away " * 100)
        (hit,) = (await shelf.page("sea"))["items"]
        [[start, end]] = hit["title"]
        assert hit["video"]["title"][start:end] == "sea"
        [[start, end]] = hit["description"]["matches"]
        assert hit["description"]["text"][start:end] == "sea"
        assert len(hit["description"]["text"]) <= 160


class TestOrder:
    async def test_filters_and_sorts(self, shelf: Shelf, ada: Person, bob: Person) -> None:
        """By whom, how long, when, what it is about; the title's words before others, then what was watched."""
        months = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)]
        first = await shelf.put(ada, "Sea one", duration=30, tags=["Coast", "Spring"], created_at=months[0])
        second = await shelf.put(bob, "Sea two", duration=300, created_at=months[1])
        third = await shelf.put(ada, "Three", description="the sea", duration=90, created_at=months[2])
        for video_id, views in ((first, 5), (second, 500), (third, 9000)):
            await shelf.watch(video_id, views)
        assert await shelf.found("sea") == ["Sea two", "Sea one", "Three"]
        assert await shelf.found("sea", sort="newest") == ["Three", "Sea two", "Sea one"]
        assert await shelf.found("sea", sort="views") == ["Three", "Sea two", "Sea one"]
        assert await shelf.found(sort="newest") == ["Three", "Sea two", "Sea one"]
        assert await shelf.found(tag="coast") == ["Sea one"]
        for person in (None, bob, ada):
            assert set(await shelf.found("sea", person, owner=str(ada.id))) == {"Sea one", "Three"}
            assert set(await shelf.found("", person, owner=str(ada.id))) == {"Sea one", "Three"}
        assert await shelf.found("sea", min_duration=60, max_duration=200) == ["Three"]
        between = {"created_after": "2026-01-15T00:00:00Z", "created_before": "2026-02-15T00:00:00Z"}
        assert await shelf.found("sea", **between) == ["Sea two"]

    @pytest.mark.parametrize("q", ["", "sea"])
    async def test_pages_follow_one_another(self, shelf: Shelf, ada: Person, q: str) -> None:
        """Each video once, whatever the order."""
        titles = {f"Sea {number}" for number in range(7)}
        for title in titles:
            await shelf.put(ada, title)
        for sort in ("relevance", "newest", "views"):
            listed: list[str] = []
            cursor: dict[str, str] = {}
            while True:
                page = await shelf.page(q, limit=3, sort=sort, **cursor)
                listed += [item["video"]["title"] for item in page["items"]]
                if page["next_cursor"] is None:
                    break
                cursor = {"cursor": page["next_cursor"]}
            assert sorted(listed) == sorted(titles)

    async def test_a_made_up_cursor_is_refused(self, ada: Person) -> None:
        """Also one whose numbers are too large."""
        large = base64.urlsafe_b64encode(msgspec.msgpack.encode([datetime.now(UTC), uuid4(), 2**60])).decode()
        for cursor in ("nonsense", large.rstrip("=")):
            problem(await ada.get(SEARCH, params={"cursor": cursor}), 422, "invalid_cursor")


class TestPrivacy:
    @pytest.mark.parametrize("visibility", ["private", "unlisted", "signed", "password"])
    async def test_only_public_videos_are_found(
        self, shelf: Shelf, ada: Person, bob: Person, visibility: str
    ) -> None:
        """Nor are their words suggested, nor is anything corrected to them; their owner finds them among his own."""
        locked = {"password_hash": "x", "password_id": ada.id} if visibility == "password" else {}
        await shelf.put(ada, "Zanzibar", visibility=visibility, **locked)
        for person in (None, bob, ada):
            assert await shelf.found("zanzibar", person) == []
        assert await shelf.found("zanzibar", bob, owner=str(ada.id)) == []
        assert (await shelf.page("zanzibra", bob))["corrected"] is None
        assert (await bob.get(f"{SEARCH}/suggestions", params={"q": "zanz"})).json() == {"items": []}
        assert await shelf.found("zanzibar", ada, owner=str(ada.id)) == ["Zanzibar"]
        await shelf.put(ada, "Zanzibat")  # what is private does not keep its word from being corrected
        for owner in ({}, {"owner": str(bob.id)}):  # nor does he learn that it is there by asking among his own
            assert (await shelf.page("zanzibar", bob, **owner))["corrected"] == "zanzibat"
        assert (await shelf.page("zanzibar", ada, owner=str(ada.id)))["corrected"] is None

    async def test_a_cursor_names_nothing_that_is_not_shown(
        self, shelf: Shelf, ada: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The walk through another's videos passes those by that only he finds: who has an id may watch."""
        monkeypatch.setattr("matinee.modules.search.repository.WINDOW", 2)
        for number in range(3):
            await shelf.put(ada, f"Sea {number}", visibility="unlisted")
        for sort in ("newest", "views"):
            page = await shelf.page("", bob, owner=str(ada.id), sort=sort)
            assert (page["items"], page["next_cursor"]) == ([], None)
            assert len(await shelf.found("", ada, owner=str(ada.id), sort=sort)) == 2

    async def test_what_is_hidden_is_not_found_before_the_index_knows(
        self, shelf: Shelf, services: Services, ada: Person, api: httpx.AsyncClient
    ) -> None:
        """Made private, deleted, of somebody suspended: the video's own row decides."""
        hidden = await shelf.put(ada, "Hidden harbour")
        deleted = await shelf.put(ada, "Deleted harbour")
        assert len(await shelf.found("harbour")) == 2

        async def found() -> list[str]:
            return [
                item["video"]["title"] for item in (await api.get(SEARCH, params={"q": "harbour"})).json()["items"]
            ]

        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET visibility = 'private' WHERE id = %s", (hidden,))
        assert await found() == ["Deleted harbour"]
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET deleted_at = now() WHERE id = %s", (deleted,))
        assert await found() == []
        await shelf.put(ada, "Third harbour")
        assert await shelf.found("harbour") == ["Third harbour"]
        async with services.database.connection() as db:
            await execute(db, _SUSPEND, (ada.id,))
        for asked in ({"q": "harbour"}, {"owner": ada.id}, {"sort": "newest"}):  # looked up, and walked
            assert (await api.get(SEARCH, params=asked)).json()["items"] == []

    async def test_the_commonest_words_are_suggested(self, shelf: Shelf, ada: Person, api: httpx.AsyncClient) -> None:
        """Behind what is typed already, also where a hyphen joins it."""
        for title in ("Harbour", "Harbour lights", "Harvest"):
            await shelf.put(ada, title)
        await shelf.fold()
        answer = await api.get(f"{SEARCH}/suggestions", params={"q": "old har"})
        assert answer.json() == {"items": ["old harbour", "old harvest"]}
        answer = await api.get(f"{SEARCH}/suggestions", params={"q": 'old "new-har'})
        assert answer.json() == {"items": ['old "new-harbour', 'old "new-harvest']}


class TestIndex:
    async def test_follows_what_changes(self, shelf: Shelf, ada: Person, services: Services) -> None:
        """Title, tags and deletion; its words are forgotten with the last video that had them."""
        video_id = await shelf.put(ada, "Quarry")
        assert await shelf.found("quarry") == ["Quarry"]
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET title = 'Meadow' WHERE id = %s", (video_id,))
        assert await shelf.found("quarry") == []
        assert await shelf.found("meadow") == ["Meadow"]
        await expire(services.database, refresh_days=1)
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM search_words WHERE word = 'quarry'") == 0

    async def test_common_words_are_found_by_a_walk(
        self, shelf: Shelf, ada: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Some documents a request, and as many requests as it takes."""
        monkeypatch.setattr("matinee.modules.search.service.FEW", 0)
        for number in range(5):
            await shelf.put(ada, f"Sea {number}")
        listed: list[str] = []
        cursor: dict[str, str] = {}
        for _ in range(5):
            page = await shelf.page("sea", limit=2, **cursor)
            listed += [item["video"]["title"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(listed) == [f"Sea {number}" for number in range(5)]

    async def test_captions_whose_language_changes_are_read_anew(
        self, shelf: Shelf, ada: Person, services: Services
    ) -> None:
        """They have other stems then."""
        video_id = await shelf.put(ada, "An interview", language="de")
        await shelf.say(video_id, [(1, "In den Bergen.")], language="en")
        assert await shelf.found("Berg ", language="de") == []
        async with services.database.connection() as db:
            await execute(db, "UPDATE text_tracks SET language = 'de'")
        assert await shelf.found("Berg ", language="de", captions="de") == ["An interview"]

    async def test_a_worker_that_is_killed_in_the_midst_loses_nothing(
        self, shelf: Shelf, ada: Person, services: Services, indexer: Indexer
    ) -> None:
        """What it has written goes with it; the next one begins again, and each word is counted once."""
        first = await shelf.put(ada, "Harbour one")
        await shelf.put(ada, "Number two")
        await shelf.fold()
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET title = 'Harbour first' WHERE id = %s", (first,))
        await shelf.put(ada, "Harbour two")
        await _killed(services.database, indexer.index_some(), at_word="two")
        assert set(await shelf.found("harbour")) == {"Harbour first", "Harbour two"}
        async with services.database.connection() as db:
            counted = "SELECT array_agg(documents ORDER BY word) FROM search_words WHERE word = ANY(%s::text[])"
            assert await fetch_value(db, counted, (["harbour", "one", "two"],)) == [2, 0, 2]

    async def test_an_account_that_is_suspended_is_one_row(
        self, shelf: Shelf, ada: Person, bob: Person, services: Services, indexer: Indexer
    ) -> None:
        """However many videos it has. They are folded some at a time, by whoever comes next, and each once."""
        for number in range(5):
            await shelf.put(ada, f"Harbour {number}")
        await shelf.put(bob, "Harbour of Bob")
        assert len(await shelf.found("harbour")) == 6
        listed = "SELECT count(*) FROM search_documents WHERE is_listed"
        lift = "UPDATE users SET suspended_at = NULL, suspended_why = NULL WHERE id = %s"
        async with services.database.connection() as db:
            await execute(db, _SUSPEND, (ada.id,))
            assert await fetch_value(db, "SELECT count(*) FROM search_changes") == 0
            assert await fetch_value(db, "SELECT count(*) FROM search_account_changes") == 1
            assert await indexer.index_account(2)
            assert await fetch_value(db, listed) == 4
            await shelf.put(ada, "Harbour of late")
            await shelf.fold()
            assert await fetch_value(db, listed) == 1
            assert await fetch_value(db, "SELECT listed FROM search_words WHERE word = 'harbour'") == 1
            await execute(db, lift, (ada.id,))
            await execute(db, _SUSPEND, (ada.id,))
            await execute(db, lift, (ada.id,))
            await shelf.fold()
            assert await fetch_value(db, listed) == 7
            assert await fetch_value(db, "SELECT listed FROM search_words WHERE word = 'harbour'") == 7
            assert await fetch_value(db, "SELECT count(*) FROM search_account_changes") == 0

    async def test_a_worker_that_is_killed_amid_an_account_loses_nothing(
        self, shelf: Shelf, ada: Person, services: Services, indexer: Indexer
    ) -> None:
        """How far it was is written with what it has folded."""
        for number in range(4):
            await shelf.put(ada, f"Harbour {number}")
        await shelf.fold()
        async with services.database.connection() as db:
            await execute(db, _SUSPEND, (ada.id,))
            await _killed(services.database, indexer.index_account(2), at_word="harbour")
            await shelf.fold()
            assert await fetch_value(db, "SELECT array_agg(DISTINCT is_listed) FROM search_documents") == [False]
            assert await fetch_value(db, "SELECT listed FROM search_words WHERE word = 'harbour'") == 0

    async def test_everything_is_folded_anew_on_wish(
        self, shelf: Shelf, ada: Person, services: Services, indexer: Indexer, settings: Settings
    ) -> None:
        """From where it was left; what is missing comes back."""
        titles = {f"Sea {number}" for number in range(5)}
        for title in titles:
            await shelf.say(await shelf.put(ada, title), [(1, "Ahoy!")])
        assert set(await shelf.found("ahoy")) == titles
        async with services.database.connection() as db:
            for table in ("documents", "passages", "words"):
                await execute(db, f"DELETE FROM search_{table}")
        await indexer.begin_rebuild()
        assert await indexer.rebuild_some(2) == 2
        await indexer.begin_rebuild()
        assert len(await shelf.found("sea")) == 2
        assert await indexer.count_left() == 3
        await reindex(settings)
        assert set(await shelf.found("ahoy")) == titles
        assert await indexer.count_left() is None

    async def test_new_rules_fold_everything_anew(
        self, shelf: Shelf, ada: Person, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once; a worker that knows the former ones leaves what changes to others."""
        await shelf.put(ada, "Sea")
        await shelf.fold()
        assert await indexer.rebuild_some() == 0
        monkeypatch.setattr("matinee.modules.search.indexing.RULES", 2)
        assert [await indexer.rebuild_some() for _ in range(2)] == [1, 0]
        await shelf.put(ada, "Meadow")
        monkeypatch.undo()
        assert await shelf.found("meadow") == []
