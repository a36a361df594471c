"""Things that exist, so that generated requests find something: a user's videos in every state."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID, uuid4

import argon2
import httpx
import msgspec
import psycopg
import schemathesis
from tests.unit.media.plans import plan, sound

from matinee.media import keys
from matinee.media.model import Plan, Watermark

PASSWORD = "correct horse battery"
PASSWORD_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
_UUID_LENGTH = 36
STORED_CELLS = 2  # of each rendition, from the first on
_INSERT_VIDEO = """
INSERT INTO videos (id, owner_id, title, filename, filesize, filetype, part_size,
    status, visibility, plan, has_poster, failure_code, failure_detail, duration, width, height, watermark, ready_at,
    viewers, password_hash, password_id)
VALUES (%(id)s, %(owner)s, 'Sea', 'sea.mp4', 1000, 'video/mp4', 16777216,
    %(status)s, %(visibility)s, %(plan)s, %(ready)s, %(code)s, %(detail)s, 60, 1920, 1080, %(watermark)s,
    CASE WHEN %(ready)s THEN now() END,
    %(viewers)s, %(password_hash)s, %(password_id)s)
"""
_INSERT_RENDITION = """
INSERT INTO renditions (video_id, name, kind, recipe, position, cells, stored, bytes, keyframe_bytes, first_cell_at)
VALUES (%s, %s, %s, %s, %s, %s, int4multirange(int4range(0, %s)), %s, %s, now())
"""
_INSERT_TRACK = """
INSERT INTO text_tracks (id, video_id, kind, language, name, is_default, is_forced, format, encoding, cues)
VALUES (%s, %s, 'subtitles', 'en', '', false, false, 'vtt', 'utf-8', 1)
"""
_INSERT_COMMENT = """
INSERT INTO comments (id, video_id, author_id, state, text)
SELECT %s, id, owner_id, 'shown', 'Hello' FROM videos WHERE id = %s
"""
_INSERT_PLAYLIST = """
INSERT INTO playlists (id, owner_id, title, visibility)
SELECT %s, owner_id, 'For later', CASE visibility WHEN 'password' THEN 'unlisted' ELSE visibility END
FROM videos WHERE id = %s
"""
_INSERT_ITEM = "INSERT INTO playlist_items (id, playlist_id, video_id, place) VALUES (%s, %s, %s, 1)"
# Every state, and every visibility of what can be played, which come first.
VIDEOS = (
    ("READY", "public"),
    ("READY", "private"),
    ("READY", "unlisted"),
    ("INITIATED", "private"),
    ("PROCESSING", "public"),
    ("FAILED", "unlisted"),
)

_CAPTIONS = b"WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n"
# It may be moved and removed; nobody makes what it asks for.
_WATERMARK = Watermark("0" * 32, 200, 100, "top", opacity=1.0, scale=0.1, margin=0.0)


def reads_objects(path: str) -> bool:
    """Whether an operation with this path reads what is stored of a video."""
    return any(part in path for part in ("/playback/", "{track_id}", "/transcript"))


class Person(msgspec.Struct):
    """A registered user and the header that says so; with the address where that is of a session."""

    id: UUID
    headers: dict[str, str]
    email: str | None = None


def sign_up(base_url: str, connection: psycopg.Connection[Any], role: str, name: str | None = None) -> Person:
    """A new user of that role, signed in."""
    email = f"{name or role.lower()}@example.org"
    account = {"email": email, "password": PASSWORD, "name": "Ada"}
    httpx.post(f"{base_url}/api/v1/auth/register", json=account).raise_for_status()
    connection.execute("UPDATE users SET role = %s WHERE email = %s", [role, email])
    return sign_in(base_url, email)


def sign_in(base_url: str, email: str) -> Person:
    """The user of an address, with what he is now in his token."""
    account = {"email": email, "password": PASSWORD}
    tokens = httpx.post(f"{base_url}/api/v1/auth/login", json=account).raise_for_status().json()
    return Person(UUID(tokens["user"]["id"]), {"Authorization": f"Bearer {tokens['access_token']}"}, email)


def sign_in_again(base_url: str, connection: psycopg.Connection[Any], people: Iterable[Person | None]) -> None:
    """Those whose sessions were ended get others: the server remembers what has ended, also if that is taken back."""
    ended = connection.execute("DELETE FROM sessions WHERE revoked_at IS NOT NULL RETURNING user_id").fetchall()
    for person in people:
        if person is not None and person.email is not None and (person.id,) in ended:
            person.headers = sign_in(base_url, person.email).headers


def make_key(base_url: str, person: Person, scopes: Sequence[str]) -> Person:
    """The person, calling by an API key."""
    body = {"password": PASSWORD, "name": "contract", "scopes": scopes}
    made = httpx.post(f"{base_url}/api/v1/api-keys", json=body, headers=person.headers).raise_for_status()
    return Person(person.id, {"Authorization": f"Bearer {made.json()['secret']}"})


def exchange_key(base_url: str, person: Person) -> Person:
    """The person, calling by the token that his key was exchanged for."""
    body = {"api_key": person.headers["Authorization"].removeprefix("Bearer ")}
    token = httpx.post(f"{base_url}/api/v1/auth/token", json=body).raise_for_status().json()
    return Person(person.id, {"Authorization": f"Bearer {token['access_token']}"})


class Stage:
    """A user's videos, and requests pointed at them."""

    def __init__(
        self,
        owner: Person,
        connection: psycopg.Connection[Any],
        put_object: Callable[[str, bytes], None],
        videos: Sequence[tuple[str, str]] = VIDEOS,
        viewers: Sequence[UUID] = (),
    ) -> None:
        self.owner = owner
        self._put_object = put_object
        self._is_stored = False
        self.plan = plan(seconds=12, audio=sound())
        self.renditions = [*(rung.name for rung in self.plan.video), "audio"]
        self.videos = [uuid4() for _ in videos]
        self.tracks = [uuid4() for _ in videos]
        self.comments = [uuid4() for _ in videos]
        self.playlists = [uuid4() for _ in videos]
        self.items = [uuid4() for _ in videos]
        with connection.pipeline():  # some fifty rows: each would be waited for
            for video_id, (status, visibility) in zip(self.videos, videos, strict=True):
                _insert(connection, video_id, owner, status, visibility, self.plan, self.renditions, viewers)
            with connection.cursor() as cursor:
                cursor.executemany(_INSERT_TRACK, zip(self.tracks, self.videos, strict=True))
                cursor.executemany(_INSERT_COMMENT, zip(self.comments, self.videos, strict=True))
                cursor.executemany(_INSERT_PLAYLIST, zip(self.playlists, self.videos, strict=True))
                cursor.executemany(_INSERT_ITEM, zip(self.items, self.playlists, self.videos, strict=True))
        self._ids = {
            "video_id": self.videos,
            "track_id": self.tracks,
            "comment_id": self.comments,
            "playlist_id": self.playlists,
            "item_id": self.items,
        }

    def store(self) -> None:
        """Stores the objects, once: to put thirty takes longer than most requests, few of which read one.

        One video is enough to read bytes from; the cells of the others are recorded and lost.
        """
        if not self._is_stored:
            self._is_stored = True
            _store(self._put_object, self.videos[0], self.plan, self.renditions)
            for video_id, track_id in zip(self.videos, self.tracks, strict=True):
                self._put_object(keys.captions_key(video_id, track_id), _CAPTIONS)

    def aim(self, case: schemathesis.Case[Any]) -> None:
        """Points a well-formed request at what exists: the generated values choose among it.

        One id in a few stays as it was generated, and malformed values always do.
        """
        if reads_objects(case.path):
            self.store()
        path = dict(case.path_parameters)
        if len(str(path.get("channel"))) == _UUID_LENGTH:  # others are handles, which nobody has
            case.path_parameters = {**path, "channel": str(self.owner.id)}
            return
        chosen = _uuid(path.get("playlist_id", path.get("video_id")))
        if chosen is None:
            return
        place = chosen.int % (len(self.videos) + 1)
        if place == len(self.videos):
            return
        for name, ids in self._ids.items():
            if _uuid(path.get(name)) is not None:
                path[name] = str(ids[place])
        if "rendition" in path and keys.is_segment(str(path["recipe"])) and keys.is_segment(str(path["rendition"])):
            path["recipe"] = self.plan.recipe
            path["rendition"] = self.renditions[chosen.int % len(self.renditions)]
        if "sound_id" in path:
            path["sound_id"] = "audio"
        if isinstance(path.get("index"), int):
            path["index"] = abs(path["index"]) % (STORED_CELLS + 2)
        case.path_parameters = path


def _insert(
    connection: psycopg.Connection[Any],
    video_id: UUID,
    owner: Person,
    status: str,
    visibility: str,
    plan: Plan,
    renditions: list[str],
    viewers: Sequence[UUID],
) -> None:
    planned, failed = status in ("READY", "PROCESSING"), status == "FAILED"
    values = {
        "id": video_id,
        "owner": owner.id,
        "status": status,
        "visibility": visibility,
        "plan": msgspec.json.encode(plan).decode() if planned else None,
        "ready": status == "READY",
        "watermark": msgspec.json.encode(_WATERMARK).decode(),
        "code": "not_a_video" if failed else None,
        "detail": "This is not a video." if failed else None,
        "viewers": list(viewers),
        "password_hash": PASSWORD_HASH if visibility == "password" else None,
        "password_id": uuid4() if visibility == "password" else None,
    }
    connection.execute(_INSERT_VIDEO, values)
    for position, name in enumerate(renditions if planned else ()):
        sizes, kind = [10] * STORED_CELLS, "audio" if name == "audio" else "video"
        connection.execute(
            _INSERT_RENDITION,
            [video_id, name, kind, plan.recipe, position, plan.grid.cells, STORED_CELLS, sum(sizes), sizes],
        )


def _store(put_object: Callable[[str, bytes], None], video_id: UUID, plan: Plan, renditions: list[str]) -> None:
    put_object(keys.poster_key(video_id), b"poster")
    for name in renditions:
        put_object(keys.init_key(video_id, plan.recipe, name), b"init segment")
        for index in range(STORED_CELLS):
            put_object(keys.cell_key(video_id, plan.recipe, name, index), b"cell")


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
