"""How API keys refuse. What a key that is presented may not do stands in `common/http/authentication.py`."""

from matinee.common.errors import Conflict, NotFound


class ApiKeyNotFound(NotFound):
    """You have no such API key."""

    code = "api_key_not_found"


class TooManyApiKeys(Conflict):
    """You have as many API keys as an account may have; revoke one that is no longer needed."""

    code = "too_many_api_keys"
