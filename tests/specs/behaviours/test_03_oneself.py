"""Behaviour 3: what one does to oneself."""

import pytest

from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import Town


@clause("3.1")
def test_a_self_like_counts_and_shows():
    town = Town("ann")
    photo = town.post("ann")
    town.like("ann", photo)
    assert (town.counts(None, photo)[0], town.likers(None, photo), town.photo("ann", photo)["liked"]) == (1, ["ann"], True)


@clause("3.2")
def test_what_one_does_to_ones_own_notifies_nobody():
    town = Town("ann", "bob")
    comment = town.comment("ann", photo := town.post("ann", caption="with @ann"), "says @ann")
    town.like("ann", photo)
    town.like_comment("ann", comment)
    assert (town.told("ann"), town.told("bob")) == ([], [])


@clause("3.3")
@pytest.mark.parametrize("relation", ["follow", "block", "mute"])
def test_nobody_follows_blocks_or_mutes_themselves(relation):
    town = Town("ann")
    photo = town.post("ann")
    seen = town.ask("ann", "PUT", f"/v1/users/{town.ids['ann']}/{relation}")
    assert seen.status == 422
    assert (town.counted("ann"), town.feed("ann"), town.following("ann", "ann")) == ((1, 0, 0), [photo], [])


@clause("3.3")
@pytest.mark.parametrize("kind", ["FOLLOW_WANTED", "BLOCKED", "MUTED"])
def test_one_that_reached_the_log_all_the_same_has_no_effect(kind):
    town = Town("ann")
    photo = town.post("ann")
    town.says(b.did(town.ids["ann"], kind, town.ids["ann"], town.later()))
    assert (town.counted("ann"), town.feed("ann"), town.followers("ann", "ann")) == ((1, 0, 0), [photo], [])
