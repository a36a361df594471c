"""How imports refuse, and how they end."""

from matinee.common.errors import Forbidden, Invalid
from matinee.modules.encoding.errors import Failure


class ImportsOff(Forbidden):
    """This server fetches no files; upload the file instead."""

    code = "imports_off"


class InvalidImportUrl(Invalid):
    """Nothing is fetched from this address; give the public http or https address of a file."""

    code = "invalid_import_url"


IMPORT_CRASHED = Failure("import_crashed", "The file could not be fetched, for a reason that is the server's own.")
ADDRESS_REFUSED = Failure(
    "import_address_refused",
    "The address leads to a network or a port from which this server fetches nothing.",
)
BAD_CERTIFICATE = Failure("import_certificate_invalid", "The server's certificate is not valid for its name.")
BAD_REDIRECT = Failure("import_redirect_refused", "The server redirects to something that is not an address.")
DOWNGRADED = Failure("import_redirect_refused", "The server redirects from https to http, which is not followed.")
REDIRECTED_ON = Failure("import_redirect_refused", "The server redirects again and again.")
EMPTY = Failure("import_empty", "The file is empty.")
TOO_SLOW = Failure("import_too_slow", "The file was not here within the time that this server allows.")


class ImportFailedError(Exception):
    """The file cannot be had, however often it is tried."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.code)


class BrokenOffError(Exception):
    """The server is away or broke off; it may be asked again. Its text is a sentence for people."""


class FileChangedError(Exception):
    """The server has another file by now, or does not know the rest of the one that was begun: begin anew."""
