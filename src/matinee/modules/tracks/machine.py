"""Decisions about captions by machine: whether they can be made, and that they are."""

import asyncio
from pathlib import Path
from uuid import UUID, uuid4

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue
from matinee.common.notifications import announce
from matinee.media.captions.languages import UNKNOWN, canonical_language
from matinee.media.speech.models import NoSpeech, find_model
from matinee.modules.tracks import hearing_repository, repository
from matinee.modules.tracks.errors import BeingCaptioned, NoSound, SpeechUnavailable, TooManyTracks
from matinee.modules.tracks.jobs import hear_job
from matinee.modules.tracks.repository import NewRow
from matinee.modules.tracks.rules import MOST_TRACKS
from matinee.modules.tracks.schemas import NewMachineTrack, TextTrack
from matinee.modules.tracks.service import shown
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.service import VideoService


class MachineCaptions:
    """Captions that a machine makes of the sound."""

    def __init__(self, queue: JobQueue, videos: VideoService, model: Path | None) -> None:
        """`model`: the folder that the settings name."""
        self._queue = queue
        self._videos = videos
        self._model = model

    async def begin(self, db: Connection, caller: Caller, video_id: UUID, new: NewMachineTrack) -> TextTrack:
        """Has the video captioned; the track is there at once, in the making. One that failed before goes.

        Raises VideoNotPlayable, NoSound, SpeechUnavailable, TooManyTracks, BeingCaptioned.
        """
        video = await self._videos.owned(db, caller, video_id)
        if video.status != "READY":
            raise VideoNotPlayable
        try:
            await asyncio.to_thread(find_model, self._model)
        except NoSpeech as error:
            raise SpeechUnavailable(str(error)) from None
        plan = await repository.find_plan(db, video_id)
        if plan is None or plan.audio is None:
            raise NoSound
        if not await repository.lock_video(db, video_id):
            raise VideoNotFound
        await repository.delete_failed(db, video_id)
        if await repository.count_tracks(db, video_id) >= MOST_TRACKS:
            raise TooManyTracks
        language = canonical_language(new.language or UNKNOWN) or UNKNOWN
        return await self._insert(db, video_id, plan.audio.name, language)

    async def _insert(self, db: Connection, video_id: UUID, sound: str, language: str) -> TextTrack:
        row = NewRow(
            id=uuid4(),
            kind="subtitles",
            language=language,
            name="",
            is_default=False,
            is_forced=False,
            format="vtt",
            encoding="utf-8",
            cues=0,
            state="making",
            machine_made=True,
            of_sound=True,
        )
        await repository.insert_track(db, video_id, row)
        made = await repository.find_track(db, video_id, row.id)
        if made is None:  # the constraint allows one at a time
            raise BeingCaptioned
        declared = None if language == UNKNOWN else language
        await hearing_repository.begin(db, row.id, sound=sound, declared=declared)
        await self._queue.enqueue(db, hear_job(video_id, row.id))
        await announce(db, str(video_id))
        return shown(video_id, made)
