"""How replacements refuse."""

from matinee.common.errors import Conflict


class SoundsAdded(Conflict):
    """Sounds were added to the video, which fit its file alone; remove them first, and add them again."""

    code = "sounds_added"
