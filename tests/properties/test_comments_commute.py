"""Comments, their likes and who is here may be read in any order of their topics (I7)."""

from random import Random

from agents import comments
from schemas.events import CommentAdded, CommentDeleted
from tests.properties import histories
from tests.specs.builders import Play

ROUNDS = 150


def test_any_interleaving_ends_in_the_same_rows_and_state():
    """Kills: a like that is dropped when its comment is not there yet, a tombstone that a late like brings back, a comment of
    who is gone that stands when it is read late, and a repeat of theirs that becomes a comment.
    """
    before_comment = after_tombstone = absent = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        said, liked = histories.comments(random, 12), histories.likes(random, 30)
        who = histories.presences(random, 8)
        first = Play(comments.fold).given(*said, *liked, *who)
        orders = ([*who, *liked, *said], *(list(histories.interleaved(random, said, liked, who)) for _ in range(2)))
        for order in orders:
            second = Play(comments.fold).given(*order, batch_of=random.randint(1, 5))
            assert second.tables == first.tables, f"seed {seed}"
            assert second.state.items == first.state.items, f"seed {seed}"
            assert second.refused == first.refused, f"seed {seed}"
        targets = {like.comment_id for like in liked} - {None}
        before_comment += any(isinstance(event, CommentAdded) and event.comment_id in targets for event in said)
        after_tombstone += any(isinstance(event, CommentDeleted) and event.comment_id in targets for event in said)
        absent += any(event.presence != "HERE" for event in who)
    assert before_comment > 0 and after_tombstone > 0 and absent > 0


def test_the_count_of_a_photo_is_the_number_of_its_visible_comments():
    """Kills: a count that falls again for a second delete or for who is away and then gone, or rises for a comment whose
    tombstone came first.
    """
    tombstones_first = hidden = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        said = histories.comments(random, 20)
        who = histories.presences(random, 8)
        now = {event.user_id: event.presence for event in who}
        play = Play(comments.fold).given(*histories.interleaved(random, said, who), batch_of=random.randint(1, 5))
        rows = play.tables["comments"].values()
        for photo_id in {event.photo_id for event in said}:
            standing = [row for row in rows if row.photo_id == photo_id and not row.deleted]
            visible = [row for row in standing if now.get(row.author_id, "HERE") == "HERE"]
            hidden += len(visible) < len(standing)
            assert play.count("comments", photo_id) == len(visible), f"seed {seed}"
        first = {event.comment_id: event for event in reversed(said)}
        tombstones_first += any(isinstance(event, CommentDeleted) for event in first.values())
    assert tombstones_first > 0 and hidden > 0
