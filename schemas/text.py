"""The rules of texts: what may be typed, and what counts as the same name, tag and place.

Texts are kept as typed; a *key* is the form that is compared. All functions are pure, and their answers are part of the
log's meaning (keys place records and name rows), so that a change of rules is a new version of what was folded with them.
"""

import unicodedata

import regex

from schemas.links import link_spans

MAX_TEXT = 2_200
MAX_DISPLAY_NAME = 64
MAX_PLACE = 100
MAX_HASHTAGS = 30

Problems = list[tuple[str, str]]

_USERNAME = regex.compile(r"[A-Za-z0-9_.]{1,30}", regex.ASCII)
_UNSENDABLE = regex.compile(r"[\x00\ud800-\udfff]")
_NOTHING_TO_SEE = regex.compile(r"[\s\p{Z}\p{Cc}\p{Cf}]*")

# Letters, marks and digits of any script, and what is written inside words: joiners, Hebrew, katakana and Tibetan marks.
_INSIDE_WORDS = r"_\u200c\u200d\ua67e\u05be\u05f3\u05f4\uff5e\u301c\u309b\u309c\u30a0\u30fb\u3003\u0f0b\u0f0c\u00b7"
_TAG_CHARACTER = rf"[\p{{L}}\p{{M}}\p{{Nd}}{_INSIDE_WORDS}]"
# A tag begins where no word goes on, nor an entity such as &#39;. A variation selector ends the emoji before it.
_TAG = regex.compile(
    rf"(?:(?<![&\p{{L}}\p{{M}}\p{{Nd}}{_INSIDE_WORDS}])|(?<=[\ufe0e\ufe0f]))"
    rf"[#＃](?![\ufe0f\u20e3])({_TAG_CHARACTER}*+(?<=[\p{{L}}\p{{M}}]{_TAG_CHARACTER}*))(?![#＃]|://)"
)
_ACCENTED = r"\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0300-\u036F\u1E00-\u1EFF"
_MENTION = regex.compile(
    rf"(?:(?<![A-Za-z0-9_!#$%&*@＠])|(?<=\bRT:?))[@＠]((?>[A-Za-z0-9_.]*[A-Za-z0-9_]))(?![@＠{_ACCENTED}]|://)",
    regex.IGNORECASE,
)
_MARKS_OF_THREE_SCRIPTS = regex.compile(r"(?<=[[\p{Latin}\p{Greek}\p{Cyrillic}]&&\p{L}])\p{M}+", regex.VERSION1)


def name_key(username: str) -> str:
    """Return the form in which user names are compared; ValueError when it is not 1 to 30 of A-Z a-z 0-9 _ and dot."""
    problems = username_problems(username)
    if problems:
        raise ValueError(f"user name {username!r}: {problems[0][1]}")
    return username.lower()


def text_key(text: str) -> str:
    """Return the form in which tags and places are compared: NFKC, case folded, Latin, Greek and Cyrillic without marks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = _MARKS_OF_THREE_SCRIPTS.sub("", unicodedata.normalize("NFKD", folded))
    # Folding a compatibility character can give a capital or a composition again; the second time nothing is left.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).casefold())


def place_key(place: str) -> str:
    """Return the form in which places are compared: that of tags, white space at the ends left out and inside one space."""
    return " ".join(text_key(place).split())


def hashtags(caption: str | None) -> list[tuple[str, str]]:
    """Return a caption's tags by twitter-text's rules, each as (shown, key), the first 30 different ones in their order."""
    if not caption or not ("#" in caption or "＃" in caption):
        return []
    links = link_spans(caption)
    tags: dict[str, str] = {}
    for match in _TAG.finditer(caption):
        if not _inside(match.span(), links):
            tags.setdefault(text_key(match[1]), match[1])
    return [(shown, key) for key, shown in tags.items()][:MAX_HASHTAGS]


def mentions(text: str | None) -> list[str]:
    """Return the user names that a text mentions with @, as typed, each once, in their order; those in links are none."""
    if not text or not ("@" in text or "＠" in text):
        return []
    links = link_spans(text)
    names: dict[str, str] = {}
    for match in _MENTION.finditer(text):
        if _USERNAME.fullmatch(match[1]) and not _inside(match.span(), links):
            names.setdefault(match[1].lower(), match[1])
    return list(names.values())


def username_problems(username: str, field: str = "username") -> Problems:
    """Return what is wrong with a user name as (field, message), nothing when it may be claimed."""
    if _USERNAME.fullmatch(username):
        return []
    return [(field, "must be 1 to 30 of the characters A-Z a-z 0-9 _ and .")]


def display_name_problems(name: str, field: str = "display_name") -> Problems:
    """Return what is wrong with a display name as (field, message): 1 to 64 code points."""
    return _problems(name, field, 1, MAX_DISPLAY_NAME)


def caption_problems(caption: str | None, field: str = "caption") -> Problems:
    """Return what is wrong with a caption as (field, message): at most 2,200 code points, None is none."""
    return [] if caption is None else _problems(caption, field, 0, MAX_TEXT)


def place_problems(place: str | None, field: str = "place") -> Problems:
    """Return what is wrong with a place as (field, message): at most 100 code points, None is none."""
    return [] if place is None else _problems(place, field, 0, MAX_PLACE)


def comment_problems(text: str, field: str = "text") -> Problems:
    """Return what is wrong with a comment as (field, message): at most 2,200 code points, something to see in it."""
    problems = _problems(text, field, 0, MAX_TEXT)
    if not problems and _NOTHING_TO_SEE.fullmatch(text):
        return [(field, "must not be blank")]
    return problems


def _problems(text: str, field: str, least: int, most: int) -> Problems:
    problems = []
    if not least <= len(text) <= most:
        wanted = f"at most {most:,}" if least == 0 else f"{least} to {most}"
        problems.append((field, f"must have {wanted} characters, has {len(text):,}"))
    if found := _UNSENDABLE.search(text):
        what = "a NUL" if found[0] == "\0" else "half a surrogate pair"
        problems.append((field, f"must not contain {what} (character {found.start() + 1:,})"))
    return problems


def _inside(span: tuple[int, int], links: list[tuple[int, int]]) -> bool:
    return any(begin < span[1] and span[0] < end for begin, end in links)
