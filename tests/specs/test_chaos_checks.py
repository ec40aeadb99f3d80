"""The checks of `make chaos` notice what is lost, doubled, miscounted or shown to the wrong person; they allow the unknown."""

import threading
from random import Random

import httpx
import pytest

from tests.chaos import client
from tests.chaos.client import Client
from tests.chaos.compare import Kind, compare_digests, compare_list, compare_number, compare_sight
from tests.chaos.figures import Figures
from tests.chaos.guards import Guards
from tests.chaos.ledger import Ledger, Write
from tests.chaos.model import (
    FOLLOWING,
    REQUESTED,
    Bounds,
    Comment,
    Photo,
    Possible,
    World,
    accepts,
    becomes,
    blocks,
    follows,
    mutes,
    rejects,
    truth,
    unblocks,
    unfollows,
)
from tests.chaos.plan import Fault, Group, Means, draw, may_strike

ANN, BOB, EVE = "1", "2", "3"
COMPONENTS = (
    "kafka",
    "kafka2",
    "kafka3",
    "postgres0",
    "postgres1",
    "redis",
    "objects",
    "registry",
    "api",
    "people-0",
    "media-1",
)


@pytest.fixture
def world():
    """Ann and Bob are public, Eve is private; Ann has two photos, Bob commented and liked the first."""
    world = World({ANN: False, BOB: False, EVE: True})
    for number in (1, 2):
        world.photos[f"photo{number}"] = Photo(f"photo{number}", ANN, f"10{number}", tag=Possible("fern"))
    world.comments["hello"] = Comment("hello", BOB, "photo1", "201")
    world.likes[BOB, "101"] = Possible(True)
    return world


def did(world, who, other, change):
    bond, number = world.bond(who, other)
    bond.did(change(number))


def exact(*names):
    return Bounds(frozenset(names), frozenset(names))


def kinds(differences):
    return [one.kind for one in differences]


# --- what is wrong is noticed ---


def test_a_lost_comment_is_noticed(world):
    """Kills: a comparison that looks only at what is there."""
    wrong = compare_list("comments", [], world.comments_on("photo1"), 0)
    assert kinds(wrong) == [Kind.LOST]
    assert "hello" in wrong[0].text


def test_a_comment_that_was_deleted_and_is_shown_is_noticed(world):
    """Kills: a comparison that looks only at what is missing."""
    world.comments["hello"].there.did(becomes(False))
    assert kinds(compare_list("comments", ["hello"], world.comments_on("photo1"), 1)) == [Kind.LOST]


def test_a_doubled_comment_is_noticed_although_its_count_is_right(world):
    """Kills: a comparison of sets."""
    assert kinds(compare_list("comments", ["hello", "hello"], world.comments_on("photo1"), 2)) == [Kind.DOUBLED]


@pytest.mark.parametrize("count", [0, 2, -1])
def test_a_count_that_is_not_the_length_of_its_list_is_noticed(world, count):
    assert kinds(compare_list("likes", [BOB], world.likers("101"), count)) == [Kind.COUNT]


def test_a_count_without_a_list_is_held_against_what_was_acknowledged(world):
    assert compare_number("likes", 1, world.likers("101")) == []
    assert kinds(compare_number("likes", 2, world.likers("101"))) == [Kind.COUNT]


def test_what_is_as_it_should_be_is_no_difference(world):
    assert compare_list("comments", ["hello"], world.comments_on("photo1"), 1) == []
    assert compare_list("photos", ["photo2", "photo1"], world.photos_of(ANN), 2) == []


def test_a_photo_that_is_shown_to_the_wrong_person_or_hidden_from_the_right_one_is_noticed(world):
    did(world, ANN, BOB, blocks)
    assert kinds(compare_sight("photo", True, *world.sees(BOB, ANN))) == [Kind.LEAK]
    assert kinds(compare_sight("photo", False, *world.sees(EVE, ANN))) == [Kind.LOST]
    assert compare_sight("photo", False, *world.sees(BOB, ANN)) == []


def test_a_digest_that_differs_and_one_that_was_not_rebuilt_are_noticed():
    wrong = compare_digests({"likes": "a", "photos": "b", "trends": "c"}, {"likes": "a", "photos": "x"})
    assert [one.text for one in wrong] == ["photos: live b, rebuilt x", "trends was not rebuilt"]


def test_a_run_with_too_few_faults_or_any_difference_has_not_held():
    one = Fault(Means.KILL, Group.API, "api")
    assert Figures(1, faults=[one], wanted=1).held
    assert not Figures(1, faults=[one], wanted=2).held
    assert not Figures(1, faults=[one], differences=compare_digests({"likes": "a"}, {})).held


# --- what is unknown is allowed, and nothing else ---


def test_a_write_of_unknown_outcome_allows_both_and_an_acknowledged_one_ends_the_doubt():
    slot = Possible(False)
    slot.perhaps(becomes(True))
    assert slot.values == {True, False}
    assert slot.may(truth)
    assert not slot.must(truth)
    slot.did(becomes(True))
    assert slot.values == {True}


def test_a_comment_of_unknown_outcome_may_be_there_once(world):
    world.comments["perhaps"] = Comment("perhaps", BOB, "photo1", there=Possible(True, False))
    wanted = world.comments_on("photo1")
    assert compare_list("comments", ["hello"], wanted, 1) == []
    assert compare_list("comments", ["hello", "perhaps"], wanted, 2) == []
    assert kinds(compare_list("comments", ["perhaps"], wanted, 1)) == [Kind.LOST]
    assert kinds(compare_list("comments", ["hello", "perhaps", "perhaps"], wanted, 3)) == [Kind.DOUBLED]


# --- what people are to each other ---


def test_a_block_cuts_follows_both_ways_and_unblocking_restores_none(world):
    did(world, ANN, BOB, follows)
    did(world, BOB, ANN, follows)
    assert world.followers(ANN).must == {BOB}
    did(world, ANN, BOB, blocks)
    did(world, ANN, BOB, unblocks)
    assert world.followers(ANN).may == world.followers(BOB).may == frozenset()


def test_nobody_follows_across_a_block(world):
    did(world, BOB, ANN, blocks)
    did(world, ANN, BOB, follows)
    assert world.following(ANN).may == frozenset()


def test_a_follow_of_somebody_private_is_a_request_until_it_is_accepted(world):
    did(world, ANN, EVE, follows)
    assert world.followers(EVE, REQUESTED).must == {ANN}
    assert world.sees(ANN, EVE) == (False, False)
    did(world, EVE, ANN, accepts)
    assert world.followers(EVE, FOLLOWING).must == {ANN}
    assert world.sees(ANN, EVE) == (True, True)


def test_who_becomes_public_has_all_requests_granted_and_who_follows_already_cannot_be_rejected(world):
    did(world, ANN, EVE, follows)
    world.turn(EVE, private=False, happened=True)
    did(world, EVE, ANN, rejects)
    assert world.followers(EVE).must == {ANN}


def test_a_flip_of_unknown_outcome_leaves_both_open_for_everybody(world):
    did(world, ANN, EVE, follows)
    world.turn(EVE, private=False, happened=False)
    assert world.followers(EVE) == (frozenset(), frozenset({ANN}))
    assert world.sees(BOB, EVE) == (False, True)


def test_a_feed_holds_own_photos_and_those_of_who_is_followed_and_not_muted(world):
    assert world.feed(ANN) == exact("photo1", "photo2")
    assert world.feed(BOB) == exact()
    did(world, BOB, ANN, follows)
    assert world.feed(BOB) == exact("photo1", "photo2")
    world.photos["photo1"].there.did(becomes(False))
    assert world.feed(BOB) == exact("photo2")
    did(world, BOB, ANN, lambda number: mutes(number, True))
    assert world.feed(BOB) == exact()
    did(world, BOB, ANN, lambda number: mutes(number, False))
    did(world, BOB, ANN, unfollows)
    assert world.feed(BOB) == exact()


def test_a_tag_holds_photos_of_public_people_only(world):
    assert world.tagged("fern") == exact("photo1", "photo2")
    world.photos["photo1"].tag.perhaps(becomes("moss"))
    assert world.tagged("fern") == (frozenset({"photo2"}), frozenset({"photo1", "photo2"}))
    world.turn(ANN, private=True, happened=True)
    assert world.tagged("fern") == exact()


# --- faults, guards and the ledger ---


def test_the_same_seed_draws_the_same_faults_and_all_means_are_drawn():
    drawn = [[draw(chance, COMPONENTS) for _ in range(600)] for chance in (Random(7), Random(7))]
    assert drawn[0] == drawn[1]
    assert {fault.means for fault in drawn[0]} == set(Means)
    assert {fault.target for fault in drawn[0]} == set(COMPONENTS) - {"registry"}
    assert all(fault.group is Group.REDIS for fault in drawn[0] if fault.means is Means.FLUSH)


def test_never_two_brokers_or_two_postgres_servers_at_once():
    second = Fault(Means.KILL, Group.BROKER, "kafka2")
    assert may_strike(second, set(), set())
    assert not may_strike(second, {(Group.BROKER, "kafka")}, set())
    assert may_strike(second, {(Group.POSTGRES, "postgres0"), (Group.WORKER, "people-0")}, set())
    assert not may_strike(second, set(), {"kafka2"})


def test_one_at_a_time_holds_a_thing_and_who_comes_second_goes_away():
    guards = Guards()
    with guards.held(("pair", "1", "2"), ("private", "1")) as held:
        assert len(held) == 2
        with guards.held(("private", "1")) as none:
            assert none == []
    with guards.held(("private", "1")) as held:
        assert len(held) == 1


def test_a_key_protects_nothing_when_redis_was_emptied_before_the_answer(tmp_path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    write = Write("ann", "POST", "/v1/photos", "key", began=ledger.seconds)
    ledger.flushed()
    write.status, write.uncertain = 202, 1
    ledger.keep(write)
    later = Write("ann", "POST", "/v1/photos", "key", began=ledger.seconds)
    ledger.keep(later)
    ledger.close()
    assert ledger.key_was_lost(write)
    assert not ledger.key_was_lost(later)
    assert (ledger.counts["acknowledged"], ledger.counts["unknown"]) == (1, 1)


def asked(tmp_path, monkeypatch, *answers):
    """Send one POST to a server that answers so, one after the other; what it got, what came of it, and the ledger."""
    monkeypatch.setattr(client, "PAUSES", (0.0, 0.0))
    got, left = [], list(answers)

    def answer(request):
        got.append(request)
        said = left.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    ledger = Ledger(tmp_path / "ledger.jsonl")
    one = Client("http://test", "ann", ledger, threading.Event(), httpx.MockTransport(answer))
    return got, one.write("POST", "/v1/photos", json={}), ledger


def test_what_gets_no_answer_is_sent_again_under_the_same_key(tmp_path, monkeypatch):
    """Kills: a new key for each try, and a refused connection that counts as a write that may have happened."""
    away = httpx.Response(503, headers={"Retry-After": "1"}, json={})
    broken = httpx.ReadTimeout("late"), httpx.ConnectError("refused")
    got, sent, ledger = asked(tmp_path, monkeypatch, away, *broken, httpx.Response(201, json={"id": "1"}))
    assert len({request.headers["Idempotency-Key"] for request in got}) == 1
    assert (len(got), sent.write.unanswered, sent.write.uncertain) == (4, 3, 2)
    assert sent.done
    assert not ledger.differences


def test_a_refusal_after_a_try_without_an_answer_leaves_its_outcome_unknown(tmp_path, monkeypatch):
    _, sent, _ = asked(tmp_path, monkeypatch, httpx.ReadTimeout("late"), httpx.Response(404, json={}))
    assert sent.unknown
    _, sent, _ = asked(tmp_path, monkeypatch, httpx.Response(404, json={}))
    assert not sent.unknown
    assert not sent.done


def test_a_refusal_by_somebody_who_is_not_up_to_date_is_asked_again(tmp_path, monkeypatch):
    stale = httpx.Response(404, headers={"Darkroom-Stale": "true"}, json={})
    got, sent, _ = asked(tmp_path, monkeypatch, stale, httpx.Response(201, json={}))
    assert len(got) == 2
    assert sent.done


def test_an_answer_that_is_not_documented_is_wrong(tmp_path, monkeypatch):
    _, sent, ledger = asked(tmp_path, monkeypatch, httpx.Response(500, json={}), httpx.Response(201, json={}))
    assert sent.done
    assert kinds(ledger.differences) == [Kind.ANSWER]
