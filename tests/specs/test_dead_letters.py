"""Dead letters: what the topic says is put together, chosen, told, and what a retry would do is said before."""

import pytest

from schemas import events as e
from schemas.catalog import TOPICS
from schemas.codec import open_codec
from schemas.ids import EPOCH_MS, compose_id
from schemas.kinds import LikeKind, RelationKind, Settlement
from streams.dead_letters import DROPPED, OPEN, RETRIED, Letters, Place, Wanted, WrongId, grouped, parse_id, settlement_of
from streams.dead_reading import Body
from streams.dead_telling import SHOWN_BYTES, described, hex_dump, line, page
from streams.retrying import LAST_WORD, judge, later_words, next_step, subject_of

CODEC = open_codec()
SHARD = 9
PHOTO, OTHER = compose_id(EPOCH_MS + 5, SHARD, 1), compose_id(EPOCH_MS + 6, SHARD, 1)
AT = EPOCH_MS + 1_000
RECORD = Place("likes", 3, 1042)
COMMON = {"event_id": "1", "occurred_at": AT, "source": "test"}


def letter(agent: str, record: Place = RECORD, reason: str = "kind UNKNOWN") -> e.DeadLettered:
    return e.DeadLettered(
        event_id=f"{agent}/{record.topic}/{record.partition}/{record.offset}", occurred_at=AT, actor_id=0, source=agent,
        topic=record.topic, partition=record.partition, position=record.offset, agent=agent, reason=reason,
    )  # fmt: skip


def letters_of(*said: e.Event) -> Letters:
    letters = Letters()
    for n, event in enumerate(said):
        letters.note(Place("dead_letters", 0, n), AT + n, event)
    return letters


def like(
    kind: LikeKind = LikeKind.LIKED, actor: int = 1, photo: int = PHOTO, comment: int | None = None, **common
) -> e.LikeChanged:
    return e.LikeChanged(**(COMMON | common), actor_id=actor, photo_id=photo, kind=kind, comment_id=comment)


def settled(one: e.DeadLettered, settlement: Settlement, again: int | None = None) -> e.Event:
    (found,) = letters_of(one).chosen(Wanted())
    return settlement_of(found, settlement, "ann", AT, "a test", again)


# --- what there is ----------------------------------------------------------------------------------------------------


def test_a_letter_that_a_crash_wrote_twice_is_one():
    (one,) = letters_of(letter("likes"), letter("likes")).chosen(Wanted())
    assert (one.id, one.state, one.at_ms) == ("likes/likes/3/1042", OPEN, AT)


def test_a_settlement_stands_also_when_the_letter_is_written_again_after_it():
    """Kills: a state that a worker, which folds its topic once more, sets back to open."""
    first = letter("likes")
    (one,) = letters_of(first, settled(first, Settlement.DROPPED), first).chosen(Wanted())
    assert (one.state, one.settled.why, one.settled.settled_by) == (DROPPED, "a test", "ann")


def test_the_last_settlement_stands_and_the_retry_is_known_by_its_new_place():
    first = letter("likes")
    letters = letters_of(first, settled(first, Settlement.DROPPED), settled(first, Settlement.RETRIED, 1100))
    assert letters.chosen(Wanted())[0].state == RETRIED
    assert letters.cause_of(Place("likes", 3, 1100)) == "likes/likes/3/1042"
    assert letters.cause_of(RECORD) is None


def test_a_settlement_by_a_newer_version_leaves_the_letter_as_it_is():
    first = letter("likes")
    assert letters_of(first, settled(first, Settlement.UNKNOWN)).chosen(Wanted())[0].state == OPEN


def test_letters_of_another_agent_stay_open_when_one_is_dropped():
    first = letter("likes")
    letters = letters_of(first, letter("likers"), settled(first, Settlement.DROPPED))
    assert [one.agent for one in letters.chosen(Wanted(only_open=True))] == ["likers"]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Wanted(agent="likers"), ["likers/likes/3/1042"]),
        (Wanted(topic="photos"), ["photos/photos/1/7"]),
        (Wanted(reason="KIND unknown"), ["likes/likes/3/1042", "likers/likes/3/1042"]),
        (Wanted(since_ms=AT + 2), ["photos/photos/1/7"]),
        (Wanted(agent="likes", topic="photos"), []),
    ],
)
def test_letters_are_chosen_by_what_is_known_of_them(wanted, ids):
    photo = letter("photos", Place("photos", 1, 7), "no owner")
    assert [one.id for one in letters_of(letter("likes"), letter("likers"), photo).chosen(wanted)] == ids


def test_ids_name_one_letter_or_those_of_all_agents():
    letters = letters_of(letter("likes"), letter("likers"), letter("likes", Place("likes", 3, 1043)))
    assert [one.id for one in letters.named(["*/likes/3/1042", "likes/likes/3/1042"])] == [
        "likers/likes/3/1042",
        "likes/likes/3/1042",
    ]
    for wrong in ("likes", "likes/likes/3/9", "*/likes/3/9", "likes/likes/x/1042", "//3/1042", "likes[3]@1042"):
        with pytest.raises(WrongId):
            letters.named([wrong])
    assert parse_id("a/b/3/4") == ("a", Place("b", 3, 4))


def test_agents_that_refuse_one_record_for_one_reason_share_a_line():
    letters = letters_of(letter("likes"), letter("likers"), letter("comments", reason="another"))
    told = [line(group) for group in grouped(letters.chosen(Wanted()))]
    assert len(told) == 2
    assert told[0].startswith("*/likes/3/1042  2011-")
    assert "likes,likers  likes[3]@1042  open  kind UNKNOWN" in told[0]
    assert told[1].startswith("comments/likes/3/1042")


def test_a_hex_dump_says_offset_bytes_and_text():
    assert list(hex_dump(b"\0\1garbage of 17 b")) == [
        "00000000  00 01 67 61 72 62 61 67 65 20 6f 66 20 31 37 20  ..garbage of 17 ",
        "00000010  62                                               b",
    ]


def test_a_page_shows_the_bytes_what_they_say_the_trace_and_what_to_do():
    letters = letters_of(letter("likes"), letter("likers"))
    value = CODEC.encoder.encode(like(trace="req-7"))
    known = described(CODEC.decoder, letters, letters.named(["likes/likes/3/1042"])[0], Body(b"key", value))
    shown = "\n".join(page(known, Body(b"key", value), False))
    for part in ("likes[3]@1042", "kind UNKNOWN", "b'key'", "00000000  00 00 00 00 0c", "LikeChanged of topic likes", "req-7",
                 f"photo_id = {PHOTO}", "likers", "python -m streams dead retry likes/likes/3/1042"):  # fmt: skip
        assert part in shown, shown
    garbage = Body(None, b"x" * (SHOWN_BYTES + 5))
    known = described(CODEC.decoder, letters, letters.named(["likes/likes/3/1042"])[0], garbage)
    assert "... 5 more bytes (--all)" in "\n".join(page(known, garbage, False))
    assert "more bytes" not in "\n".join(page(known, garbage, True))


# --- what a retry would do --------------------------------------------------------------------------------------------


def later(*said: e.Event) -> list[tuple[Place, e.Event]]:
    return [(Place("likes", 3, 1050 + n), event) for n, event in enumerate(said)]


def relation(kind: RelationKind, actor: int, other: int) -> e.RelationChanged:
    return e.RelationChanged(**COMMON, actor_id=actor, other_id=other, kind=kind)


def test_a_retry_after_which_nothing_was_said_has_no_doubts():
    assert not judged(like(), []).doubts


def test_a_like_that_was_taken_back_since_would_come_back():
    """Kills: a retry that turns an unlike round without a word."""
    (doubt,) = judged(like(), later(like(LikeKind.UNLIKED))).doubts
    assert "last word over 1 later records" in doubt
    assert "likes[3]@1050 (LikeChanged UNLIKED)" in doubt


@pytest.mark.parametrize(
    "event", [like(), like(event_id="9", occurred_at=AT + 1), like(LikeKind.UNLIKED, actor=2),
              like(LikeKind.UNLIKED, photo=OTHER), like(LikeKind.UNLIKED, comment=OTHER)],
    ids=["the same", "the same again", "of another person", "of another photo", "of a comment"],
)  # fmt: skip
def test_what_is_said_of_another_subject_or_said_again_is_no_doubt(event):
    assert not judged(like(), later(event)).doubts


def test_both_sides_of_a_pair_are_one_subject():
    wanted = relation(RelationKind.FOLLOW_WANTED, 1, 2)
    assert later_words(wanted, later(relation(RelationKind.BLOCKED, 2, 1)))
    assert not later_words(wanted, later(relation(RelationKind.BLOCKED, 3, 1)))


@pytest.mark.parametrize(
    ("first", "then", "matters"),
    [
        (e.PrivacyChanged(**COMMON, actor_id=1, user_id=1, private=True),
         e.PrivacyChanged(**COMMON, actor_id=1, user_id=1, private=False), True),
        (e.AccountDeactivated(**COMMON, actor_id=1, user_id=1), e.AccountReactivated(**COMMON, actor_id=1, user_id=1), True),
        (e.ProfileEdited(**COMMON, actor_id=1, user_id=1, display_name="A"),
         e.PrivacyChanged(**COMMON, actor_id=1, user_id=1, private=False), False),
        (e.CommentAdded(**COMMON, actor_id=1, comment_id=OTHER, photo_id=PHOTO, text="a"),
         e.CommentDeleted(**COMMON, actor_id=1, comment_id=OTHER, photo_id=PHOTO), False),
        (e.PhotoDeleted(**COMMON, actor_id=1, photo_id=PHOTO, owner_id=1),
         e.PhotoEdited(**COMMON, actor_id=1, photo_id=PHOTO, owner_id=1, caption_changed=True), False),
    ],
    ids=["privacy", "activity", "name and privacy", "a tombstone", "a deletion"],
)  # fmt: skip
def test_sets_and_tombstones_bear_a_repeat_and_last_words_do_not(first, then, matters):
    assert bool(later_words(first, later(then))) == matters


def test_every_event_of_people_is_either_a_last_word_or_bears_a_repeat():
    """Whoever adds an event must decide: a new one is in neither list and fails here."""
    bears = {e.AccountOpened, e.AccountDeleted, e.PhotoUploaded, e.PhotoDeleted, e.VariantReady, e.PhotoRejected,
             e.CommentAdded, e.CommentDeleted, e.InboxRead}  # fmt: skip
    source = {event for topic in TOPICS if not topic.derived and topic.name != "dead_letters" for event in topic.holds}
    assert bears | set(LAST_WORD) == source
    assert not bears & set(LAST_WORD)
    assert subject_of(e.AccountDeleted(**COMMON, actor_id=1, user_id=1)) is None


def judged(event: e.Event, following, said=None, record: Place = RECORD):
    letters = letters_of(*(said or [letter("likes", record)])).chosen(Wanted())
    return judge(CODEC.decoder, letters, CODEC.encoder.encode(event), following)


def test_what_cannot_be_decoded_or_was_retried_before_is_doubted():
    letters = letters_of(letter("likes")).chosen(Wanted())
    assert "every reader of likes would refuse it" in judge(CODEC.decoder, letters, b"garbage", []).doubts[0]
    first = letter("likes")
    assert "stands again as likes[3]@1100" in judged(like(), [], [first, settled(first, Settlement.RETRIED, 1100)]).doubts[0]


def test_a_derived_record_is_never_retried():
    """Kills: a retry that readers drop as a repeat, while the letter says that it was done."""
    record = Place("followers", 1, 5)
    verdict = judge(CODEC.decoder, letters_of(letter("follows", record)).chosen(Wanted()), b"", [])
    assert "projections rebuild" in verdict.never


@pytest.mark.parametrize(
    ("value", "record", "part"),
    [
        (b"garbage", RECORD, "mend its producer"),
        (b"\0\0\0\x27\x0f", RECORD, "upgrade Darkroom, then: python -m streams dead retry likes/likes/3/1042"),
        (b"garbage", Place("followers", 1, 5), "projections rebuild"),
    ],
)
def test_the_next_step_is_said(value, record, part):
    (one,) = letters_of(letter("likes", record)).chosen(Wanted())
    assert part in next_step(CODEC.decoder, one, value)
