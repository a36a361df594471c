"""Encrypted cells: made from the stored ones when they are first asked for, and kept in the local cache as they are,
or a few in memory where the disk can hold none.

What is stored stays clear, and nobody gets it by this way: an encrypted object's key names nothing in the storage.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator

import structlog

from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.boxes import BadFragment
from matinee.media.encryption.boxes import Description, encrypt_cell, encrypt_init
from matinee.media.encryption.model import NotEncryptable
from matinee.media.encryption.whole import encrypt_segment
from matinee.modules.encryption.content_keys import ContentKeys
from matinee.modules.pictures.objects import read_whole
from matinee.modules.playback.cell_cache import CellCache
from matinee.modules.playback.cell_memory import CellMemory, MemoryCell
from matinee.modules.playback.delivery import Source
from matinee.modules.playback.errors import CellNotReady, NoSuchCell
from matinee.modules.playback.objects import Cipher, StoredObject

log = structlog.get_logger()

_DESCRIPTIONS = 2000  # remembered; some hundred bytes each


class EncryptedCells:
    """Gives the bytes of objects that have a cipher."""

    def __init__(self, storage: Storage, cache: CellCache, content_keys: ContentKeys) -> None:
        self._storage = storage
        self._cache = cache
        self._memory = CellMemory()
        self._content_keys = content_keys
        self._descriptions: OrderedDict[str, Description] = OrderedDict()

    async def open(self, stored: StoredObject, cipher: Cipher) -> Source:
        """Where the encrypted object is to be had. Raises CellNotReady; NoSuchCell for what cannot be encrypted."""

        async def make() -> bytes:
            return await self._encrypted(cipher)

        async def read(_: str) -> AsyncGenerator[bytes, None]:
            yield await make()

        try:
            cached = await self._cache.fetch(stored.key, read)
            return cached or MemoryCell(self._memory, stored.key, make, len(await self._memory.get(stored.key, make)))
        except NoSuchObjectError:
            raise CellNotReady from None
        except (NotEncryptable, BadFragment) as error:
            log.warning("cell_not_encrypted", key=stored.key, error=str(error))
            raise NoSuchCell from None

    async def close(self) -> None:
        """Stops what is being made."""
        await self._memory.close()

    async def _encrypted(self, cipher: Cipher) -> bytes:
        place = (cipher.chosen.video_id, cipher.recipe, cipher.rendition)
        samples = self._content_keys.of_samples(cipher.chosen)
        if cipher.index is None:
            init = await read_whole(self._storage, keys.init_key(*place))
            return init if samples is None else encrypt_init(init, samples)
        cell = await read_whole(self._storage, keys.cell_key(*place, cipher.index))
        if samples is None:
            period = cipher.index // self._content_keys.cells_per_key
            key = self._content_keys.of_segments(cipher.chosen, cipher.recipe, cipher.rendition, period)
            return await asyncio.to_thread(encrypt_segment, cell, key, cipher.index)
        description = await self._described(keys.init_key(*place))
        return await asyncio.to_thread(encrypt_cell, cell, description, samples)

    async def _described(self, init_key: str) -> Description:
        known = self._descriptions.get(init_key)
        if known is None:
            known = self._descriptions[init_key] = Description(await read_whole(self._storage, init_key))
            if len(self._descriptions) > _DESCRIPTIONS:
                self._descriptions.popitem(last=False)
        return known
