"""A voice that says what a test wants to be heard: eSpeak NG by its library, and nothing is installed for it."""

import ctypes

import espeakng_loader

_SYNCHRONOUS = 2
_UTF8 = 1
_END_PAUSE = 0x1000
_RATE = 1


def speak(text: str, *, words_a_minute: int = 150) -> tuple[bytes, int]:
    """The sound as 16-bit samples of one channel, and how many a second."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
    assert rate > 0, "eSpeak NG finds its data"
    sound = bytearray()

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: int) -> int:
        del events
        if samples and count:
            sound.extend(ctypes.string_at(samples, 2 * count))
        return 0

    library.espeak_SetSynthCallback(take)
    assert library.espeak_SetVoiceByName(b"en-us") == 0
    library.espeak_SetParameter(_RATE, words_a_minute, 0)
    said = text.encode()
    assert library.espeak_Synth(said, len(said) + 1, 0, 0, 0, _UTF8 | _END_PAUSE, None, None) == 0
    library.espeak_Terminate()
    return bytes(sound), rate
