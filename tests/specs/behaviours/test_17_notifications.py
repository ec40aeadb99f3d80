"""Behaviour 17: notifications."""

import pytest

from tests.behaviours import clause
from tests.specs.behaviours.town import Town


@clause("17.1")
def test_likes_comments_follows_requests_and_mentions_are_told_to_whom_they_concern_newest_first():
    town = Town("ann", "bob", "cy", private=["cy"])
    photo = town.post("ann")
    town.like("bob", photo)
    comment = town.comment("bob", photo)
    town.follow("bob", "ann", "cy")
    mentioned = town.post("bob", "with @ann")
    town.like_comment("ann", comment)
    assert town.told("ann") == [
        ("mention", "bob", mentioned),
        ("follow", "bob"),
        ("comment", "bob", photo, comment),
        ("like", "bob", photo),
    ]
    assert (town.told("bob"), town.told("cy")) == ([("like", "ann", photo, comment)], [("request", "bob")])


@clause("17.1")
def test_a_mention_in_a_comment_is_told_once_and_to_people_who_exist():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    comment = town.comment("bob", photo, "@CY @cy @nobody @bob and mail@cy")
    assert (town.told("cy"), town.told("bob")) == ([("mention", "bob", photo, comment)], [])
    assert town.told("ann") == [("comment", "bob", photo, comment)]


@clause("17.1")
def test_a_mention_where_the_mentioned_may_not_look_is_not_told():
    town = Town("ann", "bob", "cy", private=["ann"])
    town.follow("bob", "ann")
    town.accept("ann", "bob")
    photo = town.post("ann", "with @bob and @cy")
    assert (town.told("bob"), town.told("cy")) == ([("mention", "ann", photo), ("follow", "ann")][:1], [])


@clause("11.1", "11.2", "17.1")
def test_what_a_private_flip_hides_is_not_told_until_it_is_shown_again():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann", "with @bob")
    comment = town.comment("cy", photo, "and @bob")
    told = [("mention", "cy", photo, comment), ("mention", "ann", photo)]
    assert town.told("bob") == told
    town.hide("ann")
    assert town.told("bob") == []
    town.show("ann")
    assert town.told("bob") == told


@clause("17.1")
@pytest.mark.parametrize("deed", ["follow", "request"])
def test_what_is_taken_back_is_told_no_more(deed):
    town = Town("ann", "bob", private=["ann"] if deed == "request" else [])
    town.follow("bob", "ann")
    assert town.told("ann") == [(deed, "bob")]
    town.unfollow("bob", "ann")
    assert town.told("ann") == []


@clause("17.2")
def test_reading_up_to_one_marks_it_and_all_older_ones_as_read():
    town = Town("ann", "bob")
    photos = [town.post("ann") for _ in range(3)]
    for photo in photos:
        town.like("bob", photo)
    town.read("ann", index=1)
    assert town.unread("ann") == [("like", "bob", photos[2])]
    town.read("ann", index=2)
    assert town.unread("ann") == [("like", "bob", photos[2])]
    town.read("ann")
    town.like("bob", photo := town.post("ann"))
    assert town.unread("ann") == [("like", "bob", photo)]


@clause("17.2")
def test_reading_survives_the_loss_of_everything_but_the_log():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    town.like("bob", photo)
    town.read("ann")
    town.like("cy", photo)
    town.forget()
    assert (town.told("ann"), town.unread("ann")) == ([("like", "cy", photo), ("like", "bob", photo)], [("like", "cy", photo)])


@clause("17.3")
def test_an_accepted_request_becomes_a_follow_among_the_notifications():
    town = Town("ann", "bob", private=["ann"])
    town.follow("bob", "ann")
    assert town.told("ann") == [("request", "bob")]
    town.accept("ann", "bob")
    assert town.told("ann") == [("follow", "bob")]
