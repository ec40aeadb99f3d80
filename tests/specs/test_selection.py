"""What an analyst may type to say which records a replay is about."""

import pytest

from streams.selection import parse_time, parse_where

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-02", 86_400_000),
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1234", 1_234),
        ("2h", NOW - 7_200_000),
        ("3d", NOW - 3 * 86_400_000),
    ],
)
def test_a_time_may_be_a_date_a_moment_a_number_or_so_long_ago(text, ms):
    assert parse_time(text, NOW) == ms


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "2w"])
def test_what_is_no_time_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="2026-01-31"):
        parse_time(text, NOW)


def test_conditions_are_split_at_the_first_equals_sign():
    assert parse_where(("kind=LIKED", "text=a=b", "place=")) == {"kind": "LIKED", "text": "a=b", "place": ""}


@pytest.mark.parametrize("condition", ["kind", "=LIKED"])
def test_a_condition_without_field_or_sign_is_named(condition):
    with pytest.raises(ValueError, match="field=value"):
        parse_where((condition,))
