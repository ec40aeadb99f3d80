"""Specification of the edge: what it refuses, what it appends, and in which order it does things."""

import asyncio

import pytest

from schemas import events as e
from schemas.ids import compose_id, shard_of, shard_of_text, time_of
from schemas.object_keys import original_key
from streams.edge import Edge, Invalid, Picture, Place

NOW = 1_800_000_000_000
SHARDS = 64
ANN = compose_id(NOW, 5, 0)
BOB = compose_id(NOW, 9, 0)
PICTURE = Picture(b"bytes", "image/png")


class World:
    """A log, a minter and an object store that note what was asked of them, in order."""

    def __init__(self):
        self.done = []
        self.events = []
        self._sequence = 0

    async def append(self, event):
        self.done.append("append")
        self.events.append(event)
        return Place("topic", 3, len(self.events) - 1)

    async def put(self, bucket, key, body, content_type):
        self.done.append(f"put {bucket}/{key}")

    def mint(self, shard):
        self._sequence += 1
        return compose_id(NOW, shard, self._sequence)


@pytest.fixture
def world():
    return World()


@pytest.fixture
def edge(world):
    return Edge(world, world, world, SHARDS, "python")


def test_all_claims_of_a_name_meet_in_one_shard(edge):
    assert shard_of(edge.new_user_id("Ann.Lee")) == shard_of(edge.new_user_id("ann.lee")) == shard_of_text("ann.lee", SHARDS)


def test_what_belongs_to_something_lies_beside_it(edge):
    assert shard_of(edge.new_id_beside(ANN)) == shard_of(ANN)


def test_who_reads_their_notifications_says_up_to_which_one(edge, world):
    written = asyncio.run(edge.read_inbox(ANN, BOB))
    assert (written.id, type(world.events[0])) == (BOB, e.InboxRead)
    assert (world.events[0].user_id, world.events[0].actor_id, world.events[0].up_to) == (ANN, ANN, BOB)


def test_an_original_is_stored_before_its_photo_is_told_of(edge, world):
    photo_id = edge.new_id_beside(ANN)
    written = asyncio.run(edge.upload_photo(photo_id, ANN, PICTURE, "hi", None))
    assert world.done == [f"put originals/{original_key(photo_id)}", "append"]
    assert written == (photo_id, Place("topic", 3, 0))
    event = world.events[0]
    assert (event.photo_id, event.owner_id, event.size_bytes, event.caption) == (photo_id, ANN, 5, "hi")
    assert event.original_key == original_key(photo_id)


def test_every_event_carries_a_minted_id_its_time_and_who_did_it(edge, world):
    asyncio.run(edge.change_like(BOB, e.LikeKind.LIKED, ANN))
    event = world.events[0]
    assert event.occurred_at == time_of(int(event.event_id)) == NOW
    assert (event.actor_id, event.source) == (BOB, "python")


@pytest.mark.parametrize(
    ("write", "field"),
    [
        (lambda edge: edge.open_account(ANN, "no blanks", "Ann", False), "username"),
        (lambda edge: edge.open_account(ANN, "ann", "", False), "display_name"),
        (lambda edge: edge.edit_profile(ANN, "x" * 65), "display_name"),
        (lambda edge: edge.upload_photo(ANN, ANN, PICTURE, "x" * 2_201, None), "caption"),
        (lambda edge: edge.upload_photo(ANN, ANN, PICTURE, None, "x" * 101), "place"),
        (lambda edge: edge.edit_photo(ANN, ANN, {"caption": "a\0b"}), "caption"),
        (lambda edge: edge.add_comment(ANN, BOB, ANN, " \u200b"), "text"),
        (lambda edge: edge.relate(ANN, e.RelationKind.BLOCKED, ANN), "id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(edge, world, write, field):
    with pytest.raises(Invalid) as caught:
        asyncio.run(write(edge))
    assert caught.value.problems[0][0] == field
    assert world.done == []


def test_an_edit_says_only_what_changes(edge, world):
    asyncio.run(edge.edit_photo(ANN, ANN, {"place": None}))
    event = world.events[0]
    assert (event.caption_changed, event.place_changed, event.place) == (False, True, None)
