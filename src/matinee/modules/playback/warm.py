"""The short way for the request that a server of films answers most: a cell that is known and at hand.

It gives the answer that the operation `get_segment` would give, out of the same functions, without what that one
needs for all other cases: no token to verify, no parameters to convert, no database to ask. Whatever is not at hand
is handed on to the operation.
"""

from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.common.http.call import Runtime
from matinee.common.http.contract import Endpoint, declared_operations
from matinee.common.http.viewer import ANYBODY, Grants, Viewer
from matinee.modules.playback.cells import Cells
from matinee.modules.playback.delivery import Delivery
from matinee.modules.playback.objects import StoredObject
from matinee.modules.playback.responses import object_response, unchanged_response
from matinee.modules.playback.routes import CELL, PlaybackRoutes


class WarmCells:
    """ASGI endpoint for GET of `CELL`, in front of the operation."""

    def __init__(self, operation: ASGIApp, grants: Grants, cells: Cells, delivery: Delivery) -> None:
        self._operation = operation
        self._grants = grants
        self._cells = cells
        self._delivery = delivery

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        stored = None if b"authorization" in headers else self._find(scope)
        source = None if stored is None else self._delivery.find(stored.key)
        if stored is None or source is None:
            await self._operation(scope, receive, send)
            return
        scope["matinee.operation"] = "get_segment"
        response = unchanged_response(stored, headers) or object_response(stored, source, headers)
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> StoredObject | None:
        viewer, token = ANYBODY, scope.get("matinee.playback_token")
        if token is not None:
            viewer = Viewer(None, self._grants.known(token))
            if viewer.grant is None:
                return None
        path = scope["path_params"]
        index = path["index"]
        if not (index.isascii() and index.isdecimal() and len(index) < 10):
            return None
        try:
            video_id = UUID(path["video_id"])
        except ValueError:
            return None
        return self._cells.remembered(viewer, video_id, path["recipe"], path["rendition"], int(index))


def warm_cells(runtime: Runtime, routes: PlaybackRoutes, cells: Cells, delivery: Delivery) -> WarmCells:
    """The endpoint to add at GET `CELL`, in the operation's place."""
    [operation] = [op for op in declared_operations(PlaybackRoutes) if op.path == CELL]
    return WarmCells(Endpoint(operation, routes.get_segment, runtime), runtime.grants, cells, delivery)
