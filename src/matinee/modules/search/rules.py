"""Words, queries and what of a text they meet: pure decisions over plain values."""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

RULES = 1
"""The number of those by which texts become words. With another one everything is indexed anew: count it up where
`tokens`, `fold`, `vector_of`, `passages` or STEMMERS change what they make."""

MOST_WORDS = 12
_LONGEST_WORD = 60

# Accents and vowel signs, which `\w` has not.
_MARKS = "".join(rf"\U{code:08x}" for code in range(0x300, 0x1200) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
# Scripts that are written without spaces: Thai to Myanmar, Khmer, kana, ideographs.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W_][{_MARKS}]*)+")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_ACCENT = re.compile(r"[\u0300-\u036f]")
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)

# ISO 639-1, as texts name languages, and the stemmers of PostgreSQL.
STEMMERS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip


class Token(NamedTuple):
    """A word of a text, folded, and the characters that it is made of."""

    word: str
    start: int
    end: int


class Line(NamedTuple):
    """What is said at a moment."""

    milliseconds: int
    text: str


class Term(NamedTuple):
    """What a query asks for: a word, or words that follow one another."""

    words: tuple[str, ...]
    is_excluded: bool = False
    is_open: bool = False
    """Its last word may not be finished."""


def fold(text: str) -> str:
    """Without case and accents, so that what is typed in haste is found."""
    if text.isascii():
        return text.lower()
    bare = _ACCENT.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def tokens(text: str) -> Iterator[Token]:
    """The words of a text. Of scripts without spaces each two characters that follow one another are one."""
    for found in _WORD.finditer(text):
        run, start = found[0], found.start()
        if _IS_UNSPACED.match(run) and len(run) > 1:
            for at in range(len(run) - 1):
                yield Token(fold(run[at : at + 2]), start + at, start + at + 2)
        elif word := fold(run)[:_LONGEST_WORD]:
            yield Token(word, start, found.end())


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in order."""
    return tuple(token.word for token in tokens(text))


_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


def read_query(text: str) -> list[Term]:
    """Words that are wanted together, "phrases" and -exclusions; words past the twelfth are not looked for."""
    terms: list[Term] = []
    room = MOST_WORDS
    for minus, phrase, word in _TERM.findall(text):
        words = words_of(phrase or word)[:room]
        room -= len(words)
        if words:
            terms.append(Term(words, is_excluded=bool(minus)))
    if terms and text[-1:].isalnum() and not terms[-1].is_excluded:
        terms[-1] = terms[-1]._replace(is_open=True)
    return terms


def stemmer_of(language: str | None) -> str | None:
    """PostgreSQL's dictionary for a language (BCP 47); None where it has none."""
    name = STEMMERS.get((language or "").partition("-")[0].lower())
    return f"{name}_stem" if name else None


def preferred_language(header: str | None) -> str | None:
    """The first language of an Accept-Language that there is a stemmer for."""
    listed = [item.partition(";")[0].strip() for item in (header or "").split(",")]
    return next((language for language in listed if stemmer_of(language)), None)


def popularity_of(views: int) -> int:
    """Eight steps for each doubling; the trigger of `video_counts` knows the same."""
    return math.floor(8 * math.log2(1 + max(views, 0)))


def quoted(lexeme: str) -> str:
    """A lexeme as tsvector and tsquery take it."""
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def vector_of(texts: Iterable[str], stems: Callable[[str], Sequence[str]], tags: Iterable[str] = ()) -> str:
    """A tsvector of the words with their places, each with its stems. No phrase reaches from one text to another."""
    places: dict[str, list[int]] = {}
    at = 0
    for text in texts:
        for token in tokens(text):
            at += 1
            for lexeme in (token.word, *(f"~{stem}" for stem in stems(token.word))):
                places.setdefault(lexeme, []).append(at)
        at += 1
    for tag in tags:
        places.setdefault(f"#{fold(tag)}", [])
    return " ".join(
        quoted(lexeme) + (":" + ",".join(map(str, where[:200])) if where and where[0] < 16_000 else "")
        for lexeme, where in places.items()
    )


def words_query(terms: Iterable[Term], lexemes: Mapping[str, Sequence[str]]) -> str | None:
    """The tsquery of what has each wanted word, and no excluded one; None where no word is named."""
    wanted = [
        "!" * term.is_excluded + f"({' & '.join(_any_of(word, lexemes) for word in term.words)})"
        for term in terms
        if not (term.is_excluded and len(term.words) > 1)  # its words are no fault, one by one
    ]
    return " & ".join(wanted) or None


def phrase_query(terms: Iterable[Term], lexemes: Mapping[str, Sequence[str]], joined: str) -> str | None:
    """The tsquery of what has the words of each term behind one another, all or any; None where there is none."""
    return joined.join(f"({' <-> '.join(_any_of(word, lexemes) for word in term.words)})" for term in terms) or None


def _any_of(word: str, lexemes: Mapping[str, Sequence[str]]) -> str:
    return f"({' | '.join(quoted(lexeme) for lexeme in lexemes.get(word, [word]))})"


class Ranges(NamedTuple):
    """Which parts of a text a query meets."""

    text: str
    ranges: list[tuple[int, int]]


class Marker:
    """Knows the words that a query meets: these, and those that begin so. Most texts have none: that is soon seen."""

    def __init__(self, words: Iterable[str], starts: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._starts = tuple(starts)

    def mark(self, text: str, most: int | None = None) -> list[tuple[int, int]]:
        """Where a text holds them, from which character to which, at most so many characters from the first on."""
        marked: list[tuple[int, int]] = []
        folded = fold(text)
        if not any(part in folded for part in (*self._words, *self._starts)):
            return marked
        for token in tokens(text):
            if marked and most is not None and token.end > marked[0][0] + most:
                break
            if token.word in self._words or token.word.startswith(self._starts):
                if marked and token.start < marked[-1][1]:  # of scripts without spaces, words overlap
                    marked[-1] = (marked[-1][0], token.end)
                else:
                    marked.append((token.start, token.end))
        return marked


SNIPPET = 160  # characters


def snippet(text: str, ranges: list[tuple[int, int]]) -> Ranges:
    """The part of a text about the first match, between blanks."""
    if len(text) <= SNIPPET or not ranges:
        return Ranges(text[:SNIPPET], [span for span in ranges if span[1] <= SNIPPET])
    start = max(0, min(ranges[0][0] - SNIPPET // 4, len(text) - SNIPPET))
    if start:
        blank = text.find(" ", start, ranges[0][0])
        start = blank + 1 if blank >= 0 else start
    end = start + SNIPPET
    if end < len(text):
        blank = text.rfind(" ", max(start, ranges[0][1]), end)
        end = blank if blank >= 0 else end
    return Ranges(text[start:end], [(a - start, b - start) for a, b in ranges if a >= start and b <= end])


_ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "αβγδεζηθικλμνξοπρστυφχψωσ")
SHORTEST_CORRECTED = 4


def neighbours(word: str) -> set[str]:
    """Every word that is one slip away: a letter too many, too few, another, or two in the wrong order."""
    alphabet = next((letters for letters in _ALPHABETS if word[0] in letters), "")
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in halves if b),
        *(a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1),
        *(a + letter + b[1:] for a, b in halves if b for letter in alphabet),
        *(a + letter + b for a, b in halves for letter in alphabet),
    } - {word}


def slips(word: str, other: str) -> int:
    """How many such slips are between two words (Damerau and Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, 1):
        before, former, row = row, before, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == its:
                cost = min(cost, former[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(word: str, known: Sequence[tuple[str, int]]) -> str | None:
    """Of known words, with how many documents have each, the one that was meant: two slips away at most."""
    most = 1 if len(word) < 6 else 2
    near = [(slips(word, other), -count, other) for other, count in known]
    best = min((one for one in near if one[0] <= most), default=None)
    return best[2] if best else None


_PASSAGE_MILLISECONDS, _PASSAGE_CHARACTERS = 60_000, 1_000
MOST_CHARACTERS = 200_000
"""Of a track; what is said after them is not found. Four hours of speech have as many."""


def passages(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """What is said in about a minute each, as far as it is looked at."""
    passage: list[Line] = []
    size = total = 0
    for line in lines:
        total += len(line.text)
        if total > MOST_CHARACTERS:
            break
        if passage and (
            size + len(line.text) > _PASSAGE_CHARACTERS
            or line.milliseconds - passage[0].milliseconds > _PASSAGE_MILLISECONDS
        ):
            yield passage
            passage, size = [], 0
        passage.append(line)
        size += len(line.text)
    if passage:
        yield passage


def write_lines(passage: Iterable[Line]) -> str:
    """As it is stored: a line each, its time first."""
    return "\n".join(f"{line.milliseconds} {' '.join(line.text.split())}" for line in passage)


def read_lines(stored: str) -> list[Line]:
    """What `write_lines` wrote."""
    pairs = (line.partition(" ") for line in stored.splitlines())
    return [Line(int(time), text) for time, _, text in pairs]
