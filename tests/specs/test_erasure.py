"""Specification of the search for what is left of somebody: what the log says to look for, where it is seen, what may stay."""

from itertools import groupby

import pytest

from agents.erasure import MAY_STAY, judge, traces_of
from projections.scan import Finding, Traces
from schemas.catalog import topic_of
from streams.frames import frame_decoder
from streams.memory import MemoryLog
from streams.replay import Piece
from tests.specs.builders import ANN, BOB, CY, comment, commented, edited, erased, opened, photo, renamed, uploaded, variant

LOG = MemoryLog()
SHOT = photo(ANN)
ONCE = "a" * 32


def pieces(*events):
    """Yield what a replay of the topics of these events would."""
    for topic, some in groupby(events, key=lambda event: topic_of(type(event)).name):
        frames, _ = frame_decoder(LOG.codec.decoder)(topic, [LOG.codec.encoder.encode(event) for event in some])
        yield from (Piece(event_type, 0, frame) for event_type, frame in frames.items())


def test_what_somebody_said_of_themselves_and_showed_and_wrote_is_looked_for():
    remark = comment(photo(BOB))
    said = traces_of(
        ANN,
        pieces(
            opened(ANN, "Ann.B"), renamed(ANN, "Zora"), uploaded(SHOT, ANN, caption="stripes"),
            edited(SHOT, ANN, caption="spots"), variant(SHOT, ANN), erased(photo(ANN, 2), ANN),
            commented(ANN, remark, photo(BOB), "so nice", submission=ONCE),
        ),
    )  # fmt: skip
    assert (said.photos, said.comments) == ({SHOT, photo(ANN, 2)}, {remark})
    assert (said.names, said.texts) == ({"Ann.B", "ann.b", "Zora"}, {"stripes", "spots", "so nice"})
    assert said.submissions == {ONCE}


def test_what_others_did_and_what_they_typed_in_the_same_words_is_not():
    said = traces_of(
        ANN,
        pieces(
            opened(BOB, "bob"), renamed(ANN, "Smith"), renamed(BOB, "Smith"), uploaded(photo(BOB), BOB, caption="wow"),
            commented(ANN, comment(SHOT), SHOT, "wow"), commented(BOB, comment(SHOT, 2), SHOT, "mine"),
        ),
    )  # fmt: skip
    assert (said.names, said.texts, said.photos, said.comments) == (set(), set(), set(), {comment(SHOT)})


THEIRS = Traces(
    ANN, frozenset({SHOT}), frozenset({comment(SHOT)}), frozenset({"ann"}), frozenset({'say "so"'}), frozenset({ONCE})
)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (ANN, {"user"}),
        ([BOB, SHOT], {"photo"}),
        ({"deep": [{"er": comment(SHOT)}]}, {"comment"}),
        (f"originals/0007/{SHOT}", {"photo"}),
        ("ann", {"name"}),
        ("hello @ann and anna", set()),
        ('they say "so" here', {"text"}),
        (ONCE, {"submission"}),
        ([BOB, CY, 7, True, None, 0.5, str(BOB)], set()),
    ],
)
def test_a_trace_in_a_row_is_seen(value, kinds):
    assert THEIRS.in_value(value) == kinds


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (b"{s0007}viewer.1:%d" % ANN, {"user"}),
        (b"\0" * 24 + BOB.to_bytes(8, "big") + SHOT.to_bytes(8, "big"), {"photo"}),
        (b'\1{"username":"ann"}', {"name"}),
        (b'{"text":"hi @ann"}', set()),
        (rb'{"text":"say \"so\""}', {"text"}),
        (BOB.to_bytes(8, "big"), set()),
    ],
)
def test_a_trace_in_bytes_is_seen(value, kinds):
    assert THEIRS.in_bytes(value) == kinds


def test_only_what_is_listed_may_stay_and_the_rest_must_not_be_there():
    candidate = Finding("redis", "home value", "photo", "{s0001}home.1:7")
    own_ring = candidate._replace(place="home value of theirs")
    named = Finding("postgres", "accounts.username", "name", "a row")
    judged = judge([candidate, own_ring, candidate, named])
    assert judged.forbidden == (own_ring, named)
    assert [(one.kind, times) for one, times in judged.allowed.items()] == [("photo", 2)]


def test_nothing_may_stay_that_says_what_somebody_was_called_or_typed():
    assert {one.kind for one in MAY_STAY} <= {"user", "photo", "comment"}
    assert all(one.why for one in MAY_STAY)
