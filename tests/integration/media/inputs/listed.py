"""The list."""

from __future__ import annotations

from .damage import DAMAGE
from .formats import CODECS, CONTAINERS
from .hostile import BOMBS, DISGUISES, NAMES
from .pictures import PICTURES, RATES
from .sounds import SOUNDS
from .times import TIMES, TRACKS

CASES = [*CONTAINERS, *CODECS, *PICTURES, *RATES, *SOUNDS, *TIMES, *TRACKS, *DAMAGE, *DISGUISES, *BOMBS, *NAMES]
