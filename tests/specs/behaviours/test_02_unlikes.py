"""Behaviour 2: an unlike undoes everything that the like did."""

from tests.behaviours import clause
from tests.specs.behaviours.town import Town


@clause("2.1")
def test_an_unlike_takes_back_the_count_the_entry_in_the_list_and_that_one_likes_it():
    town = Town("ann", "bob")
    photo = town.post("ann")
    town.like("bob", photo)
    assert (town.counts("bob", photo)[0], town.likers("ann", photo), town.photo("bob", photo)["liked"]) == (1, ["bob"], True)
    town.unlike("bob", photo)
    assert (town.counts("bob", photo)[0], town.likers("ann", photo), town.photo("bob", photo)["liked"]) == (0, [], False)


@clause("2.1")
def test_who_likes_again_is_the_newest_to_like():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    town.like("bob", photo)
    town.like("cy", photo)
    town.unlike("bob", photo)
    town.like("bob", photo)
    assert town.likers(None, photo) == ["bob", "cy"]


@clause("2.2")
def test_an_unlike_of_a_comment_takes_back_its_rank():
    town = Town("ann", "bob", "cy")
    photo = town.post("ann")
    first, second = (town.comment("ann", photo) for _ in range(2))
    town.like_comment("bob", first)
    assert town.comments(None, photo, "top") == [first, second]
    town.unlike_comment("bob", first)
    assert town.comments(None, photo, "top") == [second, first]
    assert town.comment_likes("bob", photo) == {first: (0, False), second: (0, False)}


@clause("2.3")
def test_an_unlike_takes_back_the_notification():
    town = Town("ann", "bob")
    comment = town.comment("ann", photo := town.post("ann"))
    town.like("bob", photo)
    town.like_comment("bob", comment)
    assert town.told("ann") == [("like", "bob", photo, comment), ("like", "bob", photo)]
    town.unlike("bob", photo)
    town.unlike_comment("bob", comment)
    assert town.told("ann") == []


@clause("2.4")
def test_like_unlike_like_notifies_once():
    town = Town("ann", "bob")
    photo = town.post("ann")
    town.like("bob", photo)
    town.unlike("bob", photo)
    town.like("bob", photo)
    assert town.told("ann") == [("like", "bob", photo)]


@clause("2.4")
def test_what_was_read_stays_read_when_it_is_liked_again():
    town = Town("ann", "bob")
    photo = town.post("ann")
    town.like("bob", photo)
    town.read("ann")
    town.unlike("bob", photo)
    town.like("bob", photo)
    assert town.told("ann") == [("like", "bob", photo)]
    assert town.unread("ann") == []
