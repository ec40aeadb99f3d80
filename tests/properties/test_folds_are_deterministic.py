"""Where batches begin and end is chance, and what comes out may not depend on it (I2)."""

from random import Random

import pytest

from agents import accounts, comments, follows, likers, likes, notifications, photos, relations, viewers
from agents.rules import Rules
from tests.properties import histories
from tests.specs.builders import Play

ROUNDS = 60
RULES = Rules(celebrity_up=3, celebrity_down=1)

FOLDS = {
    "accounts": (accounts.fold_of(RULES), [histories.accounts]),
    "relations": (relations.fold, [histories.relations, histories.presences]),
    "follows": (follows.fold_of(RULES), [histories.accounts, histories.wishes, histories.presences]),
    "viewers": (viewers.fold, [histories.followings, histories.barriers]),
    "photos": (photos.fold, [histories.photos]),
    "likes": (likes.fold, [histories.likes, histories.presences]),
    "likers": (likers.fold, [histories.likes, histories.presences]),
    "comments": (comments.fold, [histories.comments, histories.likes, histories.presences]),
    "notifications": (
        notifications.fold,
        [histories.notices, histories.wishes, histories.names, histories.presences, histories.inboxes],
    ),
}


@pytest.mark.parametrize("name", FOLDS)
def test_the_borders_of_batches_do_not_matter(name):
    """Kills: a row for what changed within the batch only, an unordered set walked in a fold, a count of batches."""
    fold, topics = FOLDS[name]
    cut_through = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told = list(histories.interleaved(random, *(topic(random, 40) for topic in topics)))
        whole = Play(fold).given(*told)
        for _ in range(2):
            parts = Play(fold)
            for part in histories.cut(random, told):
                parts.given(*part)
            assert parts.tables == whole.tables, f"seed {seed}"
            assert parts.state.items == whole.state.items, f"seed {seed}"
            assert (parts.events, parts.refused) == (whole.events, whole.refused), f"seed {seed}"
        # A border cut through what one batch would have said once; relations only have events, as many either way.
        cut_through += parts.rows_written > whole.rows_written or len(whole.events) > 1
    assert cut_through > ROUNDS // 2


def test_the_same_batch_gives_the_same_rows_in_the_same_order():
    """Kills: a fold whose rows come out of an unordered set or of an unordered group."""
    for seed in range(ROUNDS):
        told = histories.likes(Random(seed), 60)
        for fold in (likes.fold, likers.fold, comments.fold):
            one, other = Play(fold).when(*told), Play(fold).when(*told)
            assert one.rows == other.rows
