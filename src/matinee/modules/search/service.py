"""Decisions about searching: what was meant, by which way it is found, and what is shown of why."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection
from matinee.common.http.pagination import decode_cursor, encode_cursor
from matinee.common.http.viewer import Viewer
from matinee.modules.search import index_repository, repository
from matinee.modules.search.repository import FEW, FEW_PHRASES, FoundRow, Place, WordRow
from matinee.modules.search.rules import (
    SHORTEST_CORRECTED,
    SNIPPET,
    Marker,
    Term,
    fold,
    nearest,
    neighbours,
    phrase_query,
    preferred_language,
    read_lines,
    read_query,
    snippet,
    stemmer_of,
    tokens,
    words_query,
)
from matinee.modules.search.schemas import Hit, SearchPage, SearchQuery, Snippet, Spoken, Suggestions
from matinee.modules.teams.rules import MEMBERS
from matinee.modules.videos.schemas import VideoSummary
from matinee.modules.videos.service import VideoService

_MOST_BEGUN = 20
_MOST_SUGGESTED = 8
_MOST_SPOKEN = 3


class _Meant(msgspec.Struct, frozen=True):
    """A query, with the lexemes that each of its words stands for."""

    terms: list[Term]
    lexemes: dict[str, list[str]]
    rarest: str | None
    """The word, or the tag, that the fewest documents have; None: it names none."""
    documents: int
    """How many have that one."""
    corrected: str | None


class SearchService:
    """What is found."""

    def __init__(self, videos: VideoService) -> None:
        self._videos = videos

    async def find(
        self, db: Connection, viewer: Viewer, accept_language: str | None, query: SearchQuery
    ) -> SearchPage:
        """A page of what the viewer may see. Raises InvalidCursor."""
        after = decode_cursor(query.cursor, Place)
        language = preferred_language(accept_language) if query.language is UNSET else query.language
        tag = None if query.tag is UNSET else f"#{fold(query.tag)}"
        owner = query.owner if query.owner is not UNSET and _is_his(viewer, query.owner) else None
        meant = await _meant(db, read_query(query.q), language, tag, owner)
        words = words_query([*meant.terms, *([Term((tag,))] if tag else [])], meant.lexemes)
        phrases = [term for term in meant.terms if len(term.words) > 1]
        params = {
            **_filters(query),
            "words": words,
            "phrases": phrase_query([one for one in phrases if not one.is_excluded], meant.lexemes, " & "),
            "banned": phrase_query([one for one in phrases if one.is_excluded], meant.lexemes, " | "),
        }
        by = query.sort if words is not None or query.sort != "relevance" else "views"
        if meant.rarest is not None and meant.documents <= (FEW_PHRASES if phrases else FEW):
            params["rarest"] = words_query([Term((meant.rarest,))], meant.lexemes)
            found = await repository.find_few(db, params, query.limit + 1, after, by=by, owned=owner is not None)
        else:
            found = await repository.walk(db, params, query.limit + 1, after, by=by, owned=owner is not None)
        shown = [row for row in found[: query.limit] if row.is_met]
        hits = await self._hits(db, viewer, shown, meant)
        last = _last(found, query.limit)
        cursor = None if last is None else encode_cursor(Place(last.created_at, last.video_id, last.score))
        return SearchPage(hits, cursor, meant.corrected)

    async def suggest(self, db: Connection, typed: str) -> Suggestions:
        """Words of public videos that complete what is typed."""
        terms = read_query(typed)
        if not terms or not terms[-1].is_open:
            return Suggestions([])
        last = list(tokens(typed))[-1]
        begun = await repository.list_begun(db, last.word, _MOST_BEGUN)
        before = typed[: last.start]
        return Suggestions([before + row.word for row in begun if row.word[0] not in "~#"][:_MOST_SUGGESTED])

    async def _hits(self, db: Connection, viewer: Viewer, shown: Sequence[FoundRow], meant: _Meant) -> list[Hit]:
        ids = [row.video_id for row in shown]
        videos = await self._videos.summaries(db, viewer, ids)
        marker = _marker(meant)
        spoken: dict[UUID, list[Spoken]] = {}
        anything = phrase_query([term for term in meant.terms if not term.is_excluded], meant.lexemes, " | ")
        if anything is not None:
            for passage in await repository.list_spoken(db, list(videos), anything):
                lines = spoken.setdefault(passage.video_id, [])
                for line in read_lines(passage.lines):
                    if len(lines) < _MOST_SPOKEN and (ranges := marker.mark(line.text)):
                        lines.append(Spoken(line.milliseconds / 1000, passage.language, _snippet(line.text, ranges)))
        return [_hit(videos[video_id], marker, spoken.get(video_id, [])) for video_id in ids if video_id in videos]


async def _meant(
    db: Connection, terms: list[Term], language: str | None, tag: str | None, owner: UUID | None
) -> _Meant:
    """What is asked for; `owner` is whose videos are looked through as he sees them."""
    words = {word for term in terms for word in term.words}
    stemmer = stemmer_of(language)
    stems = await index_repository.find_stems(db, stemmer, words) if stemmer and words else {}
    lexemes = {word: [word, *(f"~{stem}" for stem in stems.get(word, ())), f"#{word}"] for word in words}
    if terms and terms[-1].is_open:
        last = terms[-1].words[-1]
        lexemes[last] += [row.word for row in await repository.list_begun(db, last, _MOST_BEGUN)]
    asked = [one for each in lexemes.values() for one in each] + ([tag] if tag else [])
    known = await repository.find_words(db, asked) if asked else {}
    wanted = {word for term in terms if not term.is_excluded for word in term.words}
    # What private videos alone say is unknown to others: whether something is corrected tells them nothing of it.
    standing = {word for word, row in known.items() if row.listed > 0}
    if owner is not None:
        standing |= await _his_own(db, owner, [row for row in known.values() if row.listed == 0])
    corrected = await _corrections(db, {word for word in wanted if standing.isdisjoint(lexemes[word])})
    lexemes |= {word: [other.word] for word, other in corrected.items()}
    known |= {other.word: other for other in corrected.values()}
    counts = {word: sum(known[one].documents for one in lexemes[word] if one in known) for word in wanted}
    if tag:
        counts[tag] = known[tag].documents if tag in known else 0
    rarest = min(counts, key=lambda word: counts[word], default=None)
    sentence = " ".join(
        ("-" if term.is_excluded else "")
        + " ".join(corrected[word].word if word in corrected else word for word in term.words)
        for term in terms
    )
    documents = 0 if rarest is None else counts[rarest]
    return _Meant(terms, lexemes, rarest, documents, sentence if corrected else None)


async def _his_own(db: Connection, owner: UUID, unlisted: list[WordRow]) -> set[str]:
    """Words of private videos that stand in those of the owner. One that very many have is no secret of anybody's."""
    common = {row.word for row in unlisted if row.documents > FEW}
    rare = [row.word for row in unlisted if 0 < row.documents <= FEW]
    return common | (await repository.find_standing(db, owner, rare) if rare else set())


async def _corrections(db: Connection, unknown: Collection[str]) -> dict[str, WordRow]:
    """The words of public videos that were probably meant: a slip away or, where none is, two."""
    missed = [word for word in unknown if len(word) >= SHORTEST_CORRECTED]
    if not missed:
        return {}
    one_away = await repository.find_words(db, {other for word in missed for other in neighbours(word)})
    near = [row for row in one_away.values() if row.listed > 0]
    found = _nearest(missed, near)
    left = [word for word in missed if word not in found]
    return found | (_nearest(left, await repository.list_alike(db, left)) if left else {})


def _nearest(words: Iterable[str], near: Iterable[WordRow]) -> dict[str, WordRow]:
    rows = {row.word: row for row in near if row.word[0] not in "~#"}
    known = [(row.word, row.listed) for row in rows.values()]
    return {word: rows[best] for word in words if (best := nearest(word, known)) is not None}


def _is_his(viewer: Viewer, owner_id: UUID) -> bool:
    caller = viewer.caller
    return caller is not None and (caller.user_id == owner_id or caller.teams.get(owner_id) in MEMBERS)


def _filters(query: SearchQuery) -> dict[str, object]:
    def given(value: object) -> object:
        return None if value is UNSET else value

    return {
        "owner": given(query.owner),
        "language": given(query.language),
        "captions": given(query.captions),
        "shortest": given(query.min_duration),
        "longest": given(query.max_duration),
        "since": given(query.created_after),
        "until": given(query.created_before),
    }


def _last(found: Sequence[FoundRow], limit: int) -> FoundRow | None:
    """Behind which the next page begins; None at the end."""
    if len(found) > limit:
        return found[limit - 1]
    return found[-1] if found and not found[-1].is_met else None


def _marker(meant: _Meant) -> Marker:
    wanted = {
        lexeme
        for term in meant.terms
        if not term.is_excluded
        for word in term.words
        for lexeme in meant.lexemes[word]
    }
    return Marker(
        (lexeme for lexeme in wanted if lexeme[0] not in "~#"), (lexeme[1:] for lexeme in wanted if lexeme[0] == "~")
    )


def _snippet(text: str, ranges: Iterable[tuple[int, int]]) -> Snippet:
    part = snippet(text, list(ranges))
    return Snippet(part.text, [list(span) for span in part.ranges])


def _hit(video: VideoSummary, marker: Marker, spoken: list[Spoken]) -> Hit:
    ranges = marker.mark(video.description, SNIPPET)
    return Hit(
        video,
        [list(span) for span in marker.mark(video.title)],
        _snippet(video.description, ranges) if ranges else None,
        spoken,
    )
