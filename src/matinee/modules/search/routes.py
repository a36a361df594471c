"""HTTP in and out of searching."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor
from matinee.modules.search.schemas import SearchPage, SearchQuery, SuggestionQuery, Suggestions
from matinee.modules.search.service import SearchService

TAG = "search"
BASE = "/api/v1/search"


class SearchRoutes:
    """Operations that find videos."""

    def __init__(self, search: SearchService) -> None:
        self._search = search

    @operation("GET", BASE, tag=TAG, access=Access.OPTIONAL, scope="videos:read", errors=(InvalidCursor,))
    async def search_videos(self, call: Call, db: Connection, query: SearchQuery) -> SearchPage:
        """Find videos by their titles, descriptions, tags and what is said in them.

        Public videos that can be played; with `owner` oneself, or a team that one is in, all of theirs. What was
        changed is found within about a second.
        """
        return await self._search.find(db, call.viewer, call.header(b"accept-language"), query)

    @operation("GET", f"{BASE}/suggestions", tag=TAG, access=Access.PUBLIC)
    async def suggest_searches(self, db: Connection, query: SuggestionQuery) -> Suggestions:
        """Words that complete what is typed, of public videos."""
        return await self._search.suggest(db, query.q)
