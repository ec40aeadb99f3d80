"""Tags and mentions: twitter-text's own conformance cases, and what its files leave out."""

import re
import time
import unicodedata
from pathlib import Path

import pytest
import yaml

from schemas.links import link_spans
from schemas.text import MAX_HASHTAGS, hashtags, mentions, text_key
from tests.behaviours import clause

# The conformance files of twitter-text lie beside the checkout; they are not copied into it.
CASES = Path(__file__).resolve().parents[3] / "shared" / "data" / "twitter-text-conformance"
LINKED_TAG = re.compile(r'class="tweet-url hashtag[^"]*">[#＃]([^<]*)<')
LINKED_NAME = re.compile(r'class="tweet-url username"[^>]*>([^<]*)<')
LINKED_URL = re.compile(r'<a href="(http[^"]*)">')
SECTIONS = ("hashtags", "urls", "usernames", "lists", "cashtags", "all")


def cases(file: str, *sections: str) -> list:
    path = CASES / file
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"twitter-text's conformance file {file} is not there"))]
    tests = yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
    return [pytest.param(one, id=f"{section}-{one['description']}") for section in sections for one in tests[section]]


def shown(caption: str) -> list[str]:
    return [tag for tag, _ in hashtags(caption)]


@pytest.mark.parametrize("case", cases("autolink.yml", *SECTIONS))
def test_tags_are_those_that_twitter_text_links(case):
    linked = LINKED_TAG.findall(case["expected"])
    assert shown(case["text"]) == list(dict.fromkeys(linked))


@pytest.mark.parametrize("case", cases("validate.yml", "hashtags"))
def test_a_valid_tag_is_taken_whole(case):
    assert (shown(case["text"]) == [case["text"][1:]]) is case["expected"]


@pytest.mark.parametrize("case", cases("autolink.yml", "urls"))
def test_links_with_a_scheme_are_those_that_twitter_text_links(case):
    found = [case["text"][begin:end] for begin, end in link_spans(case["text"])]
    linked = [link.replace("&amp;", "&") for link in LINKED_URL.findall(case["expected"])]
    assert [link for link in found if link.startswith("http")] == linked


@pytest.mark.parametrize("case", cases("autolink.yml", "usernames"))
def test_mentions_are_those_that_twitter_text_links(case):
    if "over 20 characters" in case["description"]:
        pytest.skip("our names have up to 30 characters")
    assert mentions(case["text"]) == list(dict.fromkeys(LINKED_NAME.findall(case["expected"])))


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("(#one )#two [#three ]#four ’#five’#six", ["one", "two", "three", "four", "five", "six"]),
        ("#http://example.com #https://example.com", []),
        ("http://example.com/#no example.com/#no https://example.com/?q=#no #yes", ["yes"]),
        ("a.de/#no photo.jpg/#yes http://localhost/#too", ["yes", "too"]),
        ("http://example.com/#no, #yes http://example.com/(#no)#no", ["yes"]),
        ("http://t.co/abc,#yes", ["yes"]),
        ("日本http://example.com/#no日本 #yes", ["yes"]),
        ("mail anna@example.com/#yes", ["yes"]),
        ("#_ #1_2 #122 #〃 # #️⃣", []),
        ("##double #a#b &#39; a#b", ["double"]),
        ("❤️#after ❤#too", ["after", "too"]),
        ("#il·lusió #メ～テレ #各〃 #วันนี้ #עַל־יְדֵי #میخواهم", ["il·lusió", "メ～テレ", "各〃", "วันนี้", "עַל־יְדֵי", "میخواهم"]),
        ("#\U00020021 #A\U000104a0", ["\U00020021", "A\U000104a0"]),
        ("＃全角 #ＡＢＣ", ["全角", "ＡＢＣ"]),
        ("", []),
        (None, []),
    ],
)
def test_tags_of_a_caption(caption, tags):
    assert shown(caption) == tags


def test_a_tag_is_shown_as_first_typed_and_counted_once():
    assert hashtags("#Café #CAFE #café #Tee") == [("Café", "cafe"), ("Tee", "tee")]


def test_the_first_thirty_count():
    many = " ".join(f"#tag{number}" for number in range(40))
    assert shown(many) == [f"tag{number}" for number in range(MAX_HASHTAGS)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@anna. hi @Bob, @bob", ["anna", "Bob"]),
        ("@a.b @_x_ .@dot (@p) RT@rt あ@ja", ["a.b", "_x_", "dot", "p", "rt", "ja"]),
        ("anna@example.com @a@b @é http://example.com/@no @http://example.com", []),
        ("@" + "a" * 30 + " @" + "b" * 31, ["a" * 30]),
        ("＠wide", ["wide"]),
        (None, []),
    ],
)
def test_names_that_a_text_mentions(text, names):
    assert mentions(text) == names


HOSTILE = [
    "a-" * 1_100,
    "a." * 1_100 + "#",
    "http://" + "a." * 1_000 + "/#",
    "http://" + "日" * 2_000 + ".#",
    "http://x.com/" + "(" * 2_100 + "#.",
    "http://x.com/" + "(a" * 1_000 + "#.",
    "http://x.com/" + "(a)!" * 500 + "(.#",
    "http://x.com/?" + "," * 2_100 + "#",
    "#" + "1_" * 1_000 + ".",
    "#a" * 1_100 + ".",
    "@a." * 700,
    "http://" * 300 + "#.",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:16])
def test_no_caption_takes_long(text):
    """A caption is read in about a millisecond; one that made a pattern backtrack would take minutes."""
    started = time.process_time()
    hashtags(text)
    mentions(text + "@")
    assert time.process_time() - started < 1


@clause("16.2")
@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Café", "cafe"),
        ("CAFE\u0301", "cafe"),
        ("Άλφα", "αλφα"),
        ("ΜΆΪΟΣ", "μαιοσ"),
        ("Ёлка", "елка"),
        ("İstanbul", "istanbul"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("ＡＢＣ１", "abc1"),
        ("ｶﾞ", "ガ"),
        ("が", "が"),
        ("한국", "한국"),
        ("שָׁלוֹם", "שָׁלוֹם"),
        ("हिन्दी", "हिन्दी"),
    ],
)
def test_what_is_compared(typed, key):
    assert text_key(typed) == text_key(key)
    assert text_key(typed) == unicodedata.normalize("NFKC", key)
