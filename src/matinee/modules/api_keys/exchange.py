"""API keys that are exchanged for access tokens, so that the key itself is sent now and then alone."""

from matinee.common.http.authentication import AccessTokens, InvalidApiKey, Standing
from matinee.modules.api_keys.schemas import KeyToken
from matinee.modules.api_keys.verification import ApiKeys


class KeyExchange:
    """Gives whoever has a key an access token that does what the key does."""

    def __init__(self, keys: ApiKeys, standing: Standing, tokens: AccessTokens) -> None:
        self._keys = keys
        self._standing = standing
        self._tokens = tokens

    async def exchange(self, secret: str, client: str) -> KeyToken:
        """A token that ends with the key, at the latest. Raises InvalidApiKey and RateLimited."""
        caller = await self._keys.verify(secret, client)
        seconds = self._tokens.lifetime_of(caller)
        if seconds < 1 or not await self._standing.has_access(caller):
            raise InvalidApiKey
        return KeyToken(access_token=await self._tokens.issue(caller), expires_in=seconds)
