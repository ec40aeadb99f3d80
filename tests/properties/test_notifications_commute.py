"""What people are told is the same in whatever order topics are read, and wherever batches end (I7, I2)."""

from collections.abc import Sequence
from random import Random

from agents import notices, notifications
from schemas.events import CommentAdded, CommentDeleted, Event, PhotoUploaded
from tests.properties import histories
from tests.specs import builders as b
from tests.specs.builders import Play

ROUNDS = 100
TEXTS = ("look, @bob and @cy", "@ann", "@dee.", "nothing")
NAMES = [b.named(name, who) for who, name in histories.NAMES.items()]


def test_any_interleaving_ends_in_the_same_rows_and_state():
    """Kills: a mention that stays with whoever was known to hold the name when it was read, one that does not wait for it."""
    mentions = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        topics = [
            histories.notices(random, 30),
            histories.wishes(random, 20),
            histories.names(random, 20),
            histories.presences(random, 6),
            histories.inboxes(random, 6),
        ]
        first = Play(notifications.fold).given(*(event for topic in topics for event in topic))
        orders = ([e for topic in reversed(topics) for e in topic], list(histories.interleaved(random, *topics)))
        for order in orders:
            second = Play(notifications.fold).given(*order, batch_of=random.randint(1, 5))
            assert second.tables == first.tables, f"seed {seed}"
            assert second.state.items == first.state.items, f"seed {seed}"
        mentions += sum(key[1] == "mention" for key in first.tables["notifications"])
    assert mentions > ROUNDS


def test_what_is_told_depends_neither_on_the_order_of_topics_nor_on_the_borders_of_batches_nor_on_deaths():
    """Kills: a like or comment that does not wait for its photo, one that waits without its time, the last like's time for
    the first's, a late word of what came early that is not kept.
    """
    early = taken_back = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        topics = [photos(random, 6), remarks(random, 12), histories.likes(random, 30)]
        first = told(Play(notices.fold).given(*(event for topic in topics for event in topic)))
        orders = ([e for topic in reversed(topics) for e in topic], list(histories.interleaved(random, *topics)))
        for order in orders:
            assert told(Play(notices.fold).given(*order, batch_of=random.randint(1, 5))) == first, f"seed {seed}"
        assert told(played_with_deaths(topics, random)) == first, f"seed {seed}"
        early += any(isinstance(event, PhotoUploaded) for event in topics[0])
        taken_back += any(isinstance(event, CommentDeleted) for event in topics[1])
    assert early and taken_back


def photos(random: Random, length: int) -> list[Event]:
    """Two photos whose captions mention people, said again and again; one of them may never come."""
    return [b.uploaded(b.photo(b.ANN, random.choice((1, 1, 2))), b.ANN, at, random.choice(TEXTS)) for at in range(length)]


def remarks(random: Random, length: int) -> list[Event]:
    """The comments of `histories`, with mentions in their texts."""
    return [
        b.commented(event.actor_id, event.comment_id, event.photo_id, random.choice(TEXTS), event.occurred_at - b.DAWN)
        if isinstance(event, CommentAdded)
        else event
        for event in histories.comments(random, length)
    ]


def told(play: Play) -> dict:
    """Return the notifications that the notices come to."""
    return Play(notifications.fold).given(*NAMES, *play.events).tables["notifications"]


def played_with_deaths(topics: Sequence[Sequence[Event]], random: Random) -> Play:
    """Fold the topics in some order; before some batches a worker says what comes of another one, and forgets it."""
    play, left = Play(notices.fold), [list(topic) for topic in topics]
    while any(left):
        if random.random() < 0.3:
            before = dict(play.state.items), play.offsets.copy()
            play.given(*random.choice([topic for topic in left if topic])[: random.randint(1, 8)])
            play.state.items, play.offsets = before
        topic = random.choice([topic for topic in left if topic])
        size = random.randint(1, 8)
        play.given(*topic[:size])
        del topic[:size]
    return play
