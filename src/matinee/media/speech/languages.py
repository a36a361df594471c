"""The languages that Whisper models know: their names in English, and where its tags are not BCP 47's."""

from __future__ import annotations

import re

_TAGS = {"jw": "jv", "no": "nb"}
_WHISPER = {"jv": "jw", "nb": "no", "fil": "tl"}
_NAMES: dict[str, str] = dict(
    re.findall(
        r"(\w+):([^,]+)",
        "af:Afrikaans,am:Amharic,ar:Arabic,as:Assamese,az:Azerbaijani,ba:Bashkir,be:Belarusian,bg:Bulgarian,bn:Bangla,"
        "bo:Tibetan,br:Breton,bs:Bosnian,ca:Catalan,cs:Czech,cy:Welsh,da:Danish,de:German,el:Greek,en:English,"
        "es:Spanish,et:Estonian,eu:Basque,fa:Persian,fi:Finnish,fo:Faroese,fr:French,gl:Galician,gu:Gujarati,ha:Hausa,"
        "haw:Hawaiian,he:Hebrew,hi:Hindi,hr:Croatian,ht:Haitian Creole,hu:Hungarian,hy:Armenian,id:Indonesian,"
        "is:Icelandic,it:Italian,ja:Japanese,jv:Javanese,ka:Georgian,kk:Kazakh,km:Khmer,kn:Kannada,ko:Korean,la:Latin,"
        "lb:Luxembourgish,ln:Lingala,lo:Lao,lt:Lithuanian,lv:Latvian,mg:Malagasy,mi:Māori,mk:Macedonian,ml:Malayalam,"
        "mn:Mongolian,mr:Marathi,ms:Malay,mt:Maltese,my:Burmese,nb:Norwegian,ne:Nepali,nl:Dutch,nn:Norwegian Nynorsk,"
        "oc:Occitan,pa:Punjabi,pl:Polish,ps:Pashto,pt:Portuguese,ro:Romanian,ru:Russian,sa:Sanskrit,sd:Sindhi,"
        "si:Sinhala,sk:Slovak,sl:Slovenian,sn:Shona,so:Somali,sq:Albanian,sr:Serbian,su:Sundanese,sv:Swedish,"
        "sw:Swahili,ta:Tamil,te:Telugu,tg:Tajik,th:Thai,tk:Turkmen,tl:Tagalog,tr:Turkish,tt:Tatar,uk:Ukrainian,"
        "ur:Urdu,uz:Uzbek,vi:Vietnamese,yi:Yiddish,yo:Yoruba,yue:Cantonese,zh:Chinese",
    )
)


def to_bcp47(language: str) -> str:
    """What a model calls a language, as players want it."""
    return _TAGS.get(language, language)


def to_model(tag: str) -> str:
    """A BCP 47 tag as models know it: without its region and script."""
    primary = tag.split("-")[0].lower()
    return _WHISPER.get(primary, primary)


def english_name(tag: str) -> str:
    """A language's name in English; the tag itself where it is not known."""
    primary, _, rest = tag.partition("-")
    name = _NAMES.get(primary.lower())
    if name is None:
        return tag
    return f"{name} ({rest})" if rest else name
