"""How files turn out to be others than was announced."""

from matinee.modules.encoding.errors import Failure

CHECKSUM_MISMATCH = Failure(
    "checksum_mismatch",
    "The file that arrived has another SHA-256 than was announced: it was damaged on its way, or is another file. "
    "Upload it again.",
)
