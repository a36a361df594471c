"""Text tracks and chapters through the API, on real servers."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from tests.integration.conftest import Person, problem

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.common.jobs import JobRun
from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys
from matinee.upkeep import register_upkeep

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello <i>there</i>\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n"


def url(video_id: str, track_id: str = "") -> str:
    return f"/api/v1/videos/{video_id}/captions" + (f"/{track_id}" if track_id else "")


async def send(
    person: Person, video_id: str, file: str | bytes = SRT, kind: str = "application/x-subrip", **about: Any
) -> httpx.Response:
    """Uploads a file."""
    query = {"language": "en", **about}
    headers = {**person.headers, "Content-Type": kind}
    content = file.encode() if isinstance(file, str) else file
    return await person.client.post(url(video_id), params=query, content=content, headers=headers)


async def added(person: Person, video_id: str, **about: Any) -> dict[str, Any]:
    answer = await send(person, video_id, **about)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def stored(services: Services, video_id: str, track_id: str) -> str:
    key = keys.captions_key(UUID(video_id), UUID(track_id))
    return (await services.storage.read(key, 0, 1 << 20)).decode()


@pytest.fixture
async def video_id(ada: Person) -> str:
    """A public video of Ada's."""
    return str((await ada.init(visibility="public"))["video"]["id"])


class TestAdd:
    async def test_the_file_becomes_webvtt(self, services: Services, ada: Person, video_id: str) -> None:
        """Stored under the video's prefix, with what was declared of it."""
        track = await added(ada, video_id, language="PT-br", name="Português", default="true")
        assert (track["language"], track["name"], track["kind"]) == ("pt-BR", "Português", "subtitles")
        assert (track["default"], track["forced"], track["origin"]) == (True, False, "upload")
        assert (track["format"], track["encoding"], track["cues"]) == ("srt", "utf-8", 2)
        assert track["url"] == f"/playback/{video_id}/captions/{track['id']}.vtt"
        text = await stored(services, video_id, track["id"])
        assert text.startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello <i>there</i>\n\n")

    @pytest.mark.parametrize(
        ("kind", "file", "form"),
        [
            ("text/vtt; charset=utf-8", "WEBVTT\n\n00:01.000 --> 00:02.000\nGrüße", "vtt"),
            ("text/x-ssa", "[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,Grüße", "ass"),
            (
                "application/ttml+xml",
                '<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="1s" end="2s">Grüße</p></body></tt>',
                "ttml",
            ),
            ("application/octet-stream", "WEBVTT\n\n00:01.000 --> 00:02.000\nGrüße", "vtt"),
        ],
    )
    async def test_every_format(
        self, services: Services, ada: Person, video_id: str, kind: str, file: str, form: str
    ) -> None:
        """By its media type, or else by its content."""
        answer = await send(ada, video_id, file, kind)
        assert (answer.status_code, answer.json()["format"]) == (201, form)
        assert "00:00:01.000 --> 00:00:02.000\nGrüße" in await stored(services, video_id, answer.json()["id"])

    async def test_the_charset_counts(self, services: Services, ada: Person, video_id: str) -> None:
        """As the Content-Type names it."""
        file = SRT.replace("Bye", "Пока").encode("cp1251")
        answer = await send(ada, video_id, file, "application/x-subrip; charset=windows-1251")
        assert "Пока" in await stored(services, video_id, answer.json()["id"])

    async def test_faults_carry_their_lines(self, ada: Person, video_id: str) -> None:
        """All of them, in one answer."""
        refusal = problem(
            await send(ada, video_id, SRT.replace("--> 00:00:02,500", "-> 2").replace("04,000", "02,000")),
            422,
            "invalid_captions",
        )
        assert [fault["path"] for fault in refusal["errors"]] == ["line[2]", "line[6]"]
        assert "Line 2: " in refusal["detail"]

    async def test_what_it_is_must_be_well_formed(self, ada: Person, video_id: str) -> None:
        """Language, kind, and no strangers."""
        for about in ({"language": "english language"}, {"forced": "perhaps"}, {"colour": "red"}):
            problem(await send(ada, video_id, **about), 422, "validation_failed")
        problem(await send(ada, video_id, SRT, "application/json"), 415, "unsupported_media_type")

    async def test_only_subtitles_can_be_forced(self, ada: Person, video_id: str) -> None:
        """Players have no other."""
        answer = await ada.client.post(
            url(video_id),
            params={"language": "en", "kind": "captions", "forced": "true"},
            content=SRT,
            headers=ada.headers,
        )
        problem(answer, 422, "forced_not_subtitles")

    async def test_a_large_file_is_refused(self, ada: Person, video_id: str) -> None:
        """Above the usual limit of bodies, yet within its own, one is read."""
        cue = "00:00:01.000 --> 00:00:02.000\n" + "a" * 900 + "\n\n"
        assert (await send(ada, video_id, "WEBVTT\n\n" + cue * 2000, "text/vtt")).status_code == 201
        problem(await send(ada, video_id, "WEBVTT\n\n" + cue * 5000, "text/vtt"), 413, "body_too_large")

    async def test_there_is_a_most(self, services: Services, ada: Person, video_id: str) -> None:
        """Every track stands in every playlist."""
        for _ in range(3):
            await added(ada, video_id)
        async with services.database.connection() as db:
            await execute(
                db,
                "INSERT INTO text_tracks"
                " (id, video_id, kind, language, name, is_default, is_forced, format, encoding, cues)"
                " SELECT gen_random_uuid(), video_id, kind, language, name, false, false, format, encoding, cues"
                " FROM text_tracks, generate_series(1, 21) LIMIT 61",
            )
        problem(await send(ada, video_id), 409, "too_many_tracks")

    async def test_a_repeated_request_adds_one(self, services: Services, ada: Person, video_id: str) -> None:
        """By its Idempotency-Key; nothing of the second is left in the storage."""
        headers = {**ada.headers, "Content-Type": "text/srt", "Idempotency-Key": "a"}
        answers = [
            await ada.client.post(url(video_id), params={"language": "en"}, content=SRT, headers=headers)
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].json() == answers[1].json()
        other = await ada.client.post(url(video_id), params={"language": "fr"}, content=SRT, headers=headers)
        problem(other, 422, "idempotency_key_reused")
        another_video = str((await ada.init())["video"]["id"])
        other = await ada.client.post(url(another_video), params={"language": "en"}, content=SRT, headers=headers)
        problem(other, 422, "idempotency_key_reused")
        assert await services.storage.delete_prefix(f"videos/{video_id}/captions/") == 1

    async def test_others_cannot(self, ada: Person, bob: Person, video_id: str) -> None:
        """Not to somebody's video, nor to one that is none."""
        problem(await send(bob, video_id), 404, "video_not_found")
        problem(await send(ada, str(uuid4())), 404, "video_not_found")
        anonymous = await ada.client.post(url(video_id), params={"language": "en"}, content=SRT)
        problem(anonymous, 401, "unauthenticated")


class TestList:
    async def test_in_the_order_they_came(self, ada: Person, video_id: str) -> None:
        """To everybody who may see the video."""
        made = [(await added(ada, video_id, language=tag))["id"] for tag in ("en", "de", "fr")]
        for headers in (ada.headers, {}):
            listed = (await ada.client.get(url(video_id), headers=headers)).json()["items"]
            assert [track["id"] for track in listed] == made

    async def test_of_a_private_video_to_its_owner_alone(self, ada: Person, bob: Person) -> None:
        """Others get the answer for a video that never was."""
        private = (await ada.init())["video"]["id"]
        assert (await ada.get(url(private))).status_code == 200
        problem(await bob.get(url(private)), 404, "video_not_found")
        problem(await bob.client.get(f"/api/v1/videos/{private}/chapters"), 404, "video_not_found")


class TestChange:
    async def test_fields_left_out_stay(self, ada: Person, video_id: str) -> None:
        """The rest is as sent."""
        track = await added(ada, video_id, name="English")
        changed = (await ada.patch(url(video_id, track["id"]), {"kind": "captions", "language": "ENG"})).json()
        assert (changed["kind"], changed["language"], changed["name"]) == ("captions", "en", "English")

    async def test_one_track_of_a_menu_is_the_default(self, ada: Person, video_id: str) -> None:
        """Subtitles and captions share one menu, descriptions have their own."""
        first = await added(ada, video_id, default="true")
        about = {"language": "en", "kind": "descriptions", "default": "true"}
        await ada.client.post(url(video_id), params=about, content=SRT, headers=ada.headers)
        second = await added(ada, video_id, default="true")
        listed = (await ada.get(url(video_id))).json()["items"]
        assert [track["default"] for track in listed] == [False, True, True]
        await ada.patch(url(video_id, first["id"]), {"kind": "captions", "default": True})
        listed = (await ada.get(url(video_id))).json()["items"]
        assert [track["id"] for track in listed if track["default"]] == [first["id"], listed[1]["id"]]
        assert second["default"]

    async def test_what_does_not_fit_is_refused(self, ada: Person, video_id: str) -> None:
        """Chapters stay chapters; forced are subtitles alone."""
        track = await added(ada, video_id, forced="true")
        problem(await ada.patch(url(video_id, track["id"]), {"kind": "chapters"}), 409, "track_kind_fixed")
        problem(await ada.patch(url(video_id, track["id"]), {"kind": "captions"}), 422, "forced_not_subtitles")
        problem(await ada.patch(url(video_id, str(uuid4())), {"name": "x"}), 404, "no_such_track")

    async def test_not_through_another_video(self, ada: Person, bob: Person, video_id: str) -> None:
        """A track is found under its own video only."""
        track = await added(ada, video_id)
        other = (await bob.init())["video"]["id"]
        problem(await bob.patch(url(other, track["id"]), {"name": "x"}), 404, "no_such_track")
        problem(await bob.delete(url(other, track["id"])), 404, "no_such_track")


class TestDelete:
    async def test_it_is_gone_at_once_and_its_file_soon(self, services: Services, ada: Person, video_id: str) -> None:
        """By a job that was enqueued with it."""
        track = await added(ada, video_id)
        assert (await ada.delete(url(video_id, track["id"]))).status_code == 204
        assert (await ada.get(url(video_id))).json()["items"] == []
        async with services.database.connection() as db:
            name = await fetch_value(
                db, "SELECT task_name FROM procrastinate_jobs WHERE args->>'track_id' = %s", (track["id"],)
            )
        assert name == "tracks.remove_file"
        register_upkeep(services)
        await services.tracks.remove_file(JobRun(1, 1, 1), video_id, track["id"])
        with pytest.raises(NoSuchObjectError):
            await stored(services, video_id, track["id"])
        problem(await ada.delete(url(video_id, track["id"])), 404, "no_such_track")

    async def test_a_deleted_video_keeps_none(self, services: Services, ada: Person, video_id: str) -> None:
        """Its prefix holds them."""
        track = await added(ada, video_id)
        await ada.delete(f"/api/v1/videos/{video_id}")
        problem(await ada.get(url(video_id)), 404, "video_not_found")
        await services.storage.delete_prefix(keys.video_prefix(UUID(video_id)))
        with pytest.raises(NoSuchObjectError):
            await stored(services, video_id, track["id"])


class TestChapters:
    async def test_are_set_and_read(self, ada: Person, video_id: str) -> None:
        """In order; to everybody who may see the video."""
        path = f"/api/v1/videos/{video_id}/chapters"
        assert (await ada.get(path)).json() == {"items": []}
        chapters = {"items": [{"start": 0.0, "title": "Start"}, {"start": 62.5, "title": "The storm"}]}
        answer = await ada.client.put(path, json=chapters, headers=ada.headers)
        assert (answer.status_code, answer.json()) == (200, chapters)
        assert (await ada.client.get(path)).json() == chapters

    async def test_out_of_order_or_behind_the_end_is_refused(
        self, services: Services, ada: Person, bob: Person, video_id: str
    ) -> None:
        """By place."""
        path = f"/api/v1/videos/{video_id}/chapters"
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET duration = 60")
        items = [{"start": 5.0, "title": "a"}, {"start": 5.0, "title": "b"}, {"start": 60.0, "title": "c"}]
        refusal = problem(
            await ada.client.put(path, json={"items": items}, headers=ada.headers), 422, "invalid_chapters"
        )
        assert [fault["path"] for fault in refusal["errors"]] == ["items[1].start", "items[2].start"]
        problem(await bob.client.put(path, json={"items": []}, headers=bob.headers), 404, "video_not_found")

    async def test_a_track_of_chapters_sets_them(self, ada: Person, video_id: str) -> None:
        """Its cues are the list."""
        about = {"language": "en", "kind": "chapters"}
        await ada.client.post(url(video_id), params=about, content=SRT, headers=ada.headers)
        items = (await ada.get(f"/api/v1/videos/{video_id}/chapters")).json()["items"]
        assert items == [{"start": 1.0, "title": "Hello there"}, {"start": 3.0, "title": "Bye"}]
