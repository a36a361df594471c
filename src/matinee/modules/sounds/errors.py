"""How sounds refuse."""

from matinee.common.errors import Conflict, NotFound


class NoSuchSound(NotFound):
    """The video has no such sound."""

    code = "no_such_sound"


class TooManySounds(Conflict):
    """The video has as many sounds as it may have; delete one first."""

    code = "too_many_sounds"


class LastSound(Conflict):
    """This is the only sound of the video; add another one before you delete it."""

    code = "last_sound"


class DefaultSound(Conflict):
    """One sound plays unless another is chosen; make another one the default instead."""

    code = "default_sound"


class SoundNotUploaded(Conflict):
    """The file of this sound is no longer awaited or was never sent; delete the sound and begin a new one."""

    code = "sound_not_uploaded"
