"""Wire types of replacements."""

import msgspec

from matinee.modules.uploads.schemas import FileName, FileSize, FileTypeField


class NewSource(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Another file for a video."""

    filename: FileName
    filesize: FileSize
    filetype: FileTypeField
