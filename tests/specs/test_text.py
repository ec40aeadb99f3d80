"""Texts: what may be typed, and the forms in which names and places are compared."""

import pytest

from schemas.text import (
    caption_problems,
    comment_problems,
    display_name_problems,
    name_key,
    place_key,
    place_problems,
    username_problems,
)
from tests.behaviours import clause


@pytest.mark.parametrize("name", ["a", "Anna", "a.b_1", "...", "0", "x" * 30])
def test_user_names_that_may_be_claimed(name):
    assert username_problems(name) == []
    assert name_key(name) == name.lower()


@pytest.mark.parametrize("name", ["", "x" * 31, "ä", "a b", "a-b", "a\n", "@a", "İ", "\u212a", "a\0"])
def test_user_names_that_may_not(name):
    assert [field for field, _ in username_problems(name)] == ["username"]
    with pytest.raises(ValueError, match="must be 1 to 30 of the characters"):
        name_key(name)


@pytest.mark.parametrize(
    ("problems", "text", "said"),
    [
        (caption_problems, "x" * 2_201, "at most 2,200 characters, has 2,201"),
        (caption_problems, "a\0b", "a NUL (character 2)"),
        (caption_problems, "\ud83d", "half a surrogate pair (character 1)"),
        (comment_problems, "x" * 2_201, "at most 2,200"),
        (comment_problems, "", "must not be blank"),
        (comment_problems, " \n\t\u3000", "must not be blank"),
        (comment_problems, "\u200b\u2060", "must not be blank"),
        (comment_problems, "\0", "a NUL"),
        (display_name_problems, "", "must have 1 to 64 characters, has 0"),
        (display_name_problems, "x" * 65, "1 to 64"),
        (place_problems, "x" * 101, "at most 100 characters, has 101"),
        (place_problems, "\udfff", "half a surrogate pair"),
    ],
)
def test_what_is_wrong_is_said(problems, text, said):
    found = problems(text)
    assert len(found) == 1
    assert said in found[0][1]


def test_two_things_wrong_are_both_said_and_the_field_is_named():
    assert [field for field, _ in caption_problems("\0" * 2_201, field="body")] == ["body", "body"]


@pytest.mark.parametrize(
    ("problems", "text"),
    [
        (caption_problems, None),
        (caption_problems, ""),
        (caption_problems, "😀" * 2_200),
        (comment_problems, "😀" * 2_200),
        (comment_problems, " . "),
        (comment_problems, "👨‍👩‍👧"),
        (display_name_problems, "😀" * 64),
        (place_problems, None),
        (place_problems, ""),
        (place_problems, "x" * 100),
    ],
)
def test_what_is_right_has_no_problems(problems, text):
    assert problems(text) == []


@clause("16.2")
@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("Wien", "wien"),
        ("  São   Paulo ", "sao paulo"),
        ("Zürich\u00a0HB", "zurich hb"),
        ("ΑΘΉΝΑ", "αθηνα"),
        ("東京", "東京"),
        ("   ", ""),
    ],
)
def test_places_are_compared_without_case_marks_and_extra_space(place, key):
    assert place_key(place) == key
