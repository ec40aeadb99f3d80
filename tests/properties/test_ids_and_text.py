"""Properties of ids and of the forms in which texts are compared."""

import unicodedata

from hypothesis import given, strategies as st

from schemas.ids import EPOCH_MS, compose_id, shard_of, shard_of_text, time_of
from schemas.text import hashtags, mentions, name_key, place_key, text_key, username_problems

PARTS = st.tuples(st.integers(EPOCH_MS, EPOCH_MS + (1 << 40) - 1), st.integers(0, 8_191), st.integers(0, 1_023))
TEXTS = st.text(max_size=60)
TAGGED = st.text(st.sampled_from("#＃@.:/ aéΆ1_日\u0301\ufe0f&()?=http"), max_size=60)


@given(PARTS)
def test_an_id_gives_back_its_parts(parts):
    """Kills the mutants "shard overlaps the sequence" and "time shifted by 22"."""
    id_ = compose_id(*parts)
    assert (time_of(id_), shard_of(id_), id_ & 1_023) == parts
    assert 0 <= id_ < 1 << 63


@given(PARTS, PARTS)
def test_ids_sort_as_their_parts(one, other):
    """Kills the mutant "shard above the time"."""
    assert (compose_id(*one) < compose_id(*other)) == (one < other)


@given(st.text(st.characters(), max_size=30), st.sampled_from([1, 64, 1_024, 8_192]))
def test_any_text_has_a_shard_and_fewer_shards_only_merge(text, shards):
    """Kills the mutant "hash() instead of a stable hash" together with the golden values, and "strict UTF-8"."""
    assert shard_of_text(text, shards) == shard_of_text(text, 8_192) % shards


@given(TEXTS)
def test_a_compared_form_is_its_own(text):
    """Kills the mutant "normalised once": a key that is folded again at the next hop must stay."""
    assert text_key(text_key(text)) == text_key(text)
    assert place_key(place_key(text)) == place_key(text)


@given(TEXTS)
def test_case_and_spelling_of_code_points_do_not_matter(text):
    """Kills the mutants "lower instead of casefold" and "not normalised"."""
    assert text_key(unicodedata.normalize("NFD", text)) == text_key(text)
    assert text_key(text.casefold()) == text_key(text)


@given(TAGGED)
def test_tags_are_pieces_of_the_caption_each_key_once(caption):
    """Kills the mutants "the sign is part of the tag" and "not distinct by key"."""
    tags = hashtags(caption)
    assert len({key for _, key in tags}) == len(tags) <= 30
    for shown, key in tags:
        assert f"#{shown}" in caption or f"＃{shown}" in caption
        assert text_key(shown) == key


@given(TAGGED)
def test_mentioned_names_could_be_claimed(text):
    """Kills the mutant "any run of letters is a name"."""
    names = mentions(text)
    assert len({name_key(name) for name in names}) == len(names)
    assert not any(username_problems(name) for name in names)
