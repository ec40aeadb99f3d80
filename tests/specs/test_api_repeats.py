"""Requests that come again with their key, also when Redis lost it: what was made stays one thing with one id."""

import pytest

from api.limits import Limit, Limits
from api.repeats import SINCE
from projections.away import StoreAway
from schemas.events import PhotoUploaded
from schemas.ids import shard_of
from schemas.object_keys import VARIANTS, variant_key
from schemas.submissions import KEPT_MS, submission_of
from tests.behaviours import clause
from tests.specs import builders as b
from tests.specs.behaviours.town import PICTURE, Town
from tests.specs.behaviours.world import RUNNER
from tests.specs.pictures_made import a_png

KEY = "a-key"


@pytest.fixture
def town():
    Town.opened.clear()
    yield Town("ann", "bob")
    for town in Town.opened:
        town.check_rebuilt()


def upload(town, who="ann", picture=PICTURE, key=KEY, **words):
    return town.ask(who, "POST", "/v1/photos", key=key, form={"file": picture, **words})


def comment(town, photo, text="Nice!", who="ann", key=KEY):
    return town.ask(who, "POST", f"/v1/photos/{photo}/comments", {"text": text}, key)


def lose_keys(town):
    """Redis comes back without what requests kept there."""
    town.context.remembered._execute.values.clear()


@clause("4.1", "4.4")
def test_an_upload_whose_key_redis_lost_is_answered_with_the_photo_that_it_made(town):
    first = upload(town, caption="#one")
    lose_keys(town)
    again = upload(town, caption="#one")
    assert (again.status, again.body["id"]) == (202, first.body["id"])
    assert (again.body["state"], again.body["caption"]) == ("ready", "#one")
    assert town.photos_of(None, "ann") == [int(first.body["id"])]
    assert sum(isinstance(event, PhotoUploaded) for event in town.log.events("photos")) == 1


@clause("4.2", "4.4")
def test_a_comment_whose_key_redis_lost_is_answered_with_the_comment_that_it_made(town):
    photo = town.post("bob")
    first = comment(town, photo)
    town.like_comment("bob", int(first.body["id"]))
    lose_keys(town)
    again = comment(town, photo)
    assert (again.status, again.body["id"], again.body["counts"]) == (201, first.body["id"], {"likes": 1})
    assert town.counts(None, photo) == (0, 1)


@clause("4.1", "4.4")
def test_an_upload_that_reached_the_log_under_two_ids_is_one_photo(town):
    first, ann = int(upload(town).body["id"]), town.ids["ann"]
    second = town.mint(shard_of(ann))
    town.says(b.uploaded(second, ann, town.later(), submission=submission_of(ann, "photos", KEY)))
    assert town.photos_of(None, "ann") == [first]
    assert town.counted("ann")[0] == 1
    assert town.status("ann", f"/v1/photos/{second}") == 404
    assert not RUNNER.run(town.objects.exists(VARIANTS, variant_key(second, 150)))
    assert RUNNER.run(town.objects.exists(VARIANTS, variant_key(first, 150)))


@clause("4.1")
def test_a_repeat_waits_until_what_was_said_before_redis_was_lost_is_folded(town, monkeypatch):
    first = upload(town)
    town.forget()
    lose_keys(town)
    town.held |= {"clearing"}
    look = town.context.freshness.until

    async def until(holds, _seconds):
        if not await look(holds, 0):
            town.held.clear()
            await town.settle()
        return await look(holds, 1)

    monkeypatch.setattr(town.context.freshness, "until", until)
    assert upload(town).body["id"] == first.body["id"]


def test_while_what_redis_lost_is_not_yet_read_a_repeat_is_told_to_come_again(town):
    first = upload(town)
    town.forget()
    lose_keys(town)
    town.held |= {"clearing"}
    town.context.decision_seconds = 0.01
    refused = upload(town)
    assert refused.status == 503 and int(refused.headers["Retry-After"]) > 0
    town.held.clear()
    assert upload(town).body["id"] == first.body["id"]


def test_a_redis_that_is_not_the_one_that_agents_speak_of_is_asked_again_when_they_do(town, monkeypatch):
    first = upload(town)
    town.forget()
    lose_keys(town)
    call, asked = town.context.stores.redis.call, []

    async def lost_at_first(command, *words, **more):
        if words[0] == SINCE:
            asked.append(command)
            if len(asked) == 1:
                town.held |= {"clearing"}
                raise StoreAway("another one")
            town.held.clear()
            return b"%d" % town.now if command == "GET" else None
        return await call(command, *words, **more)

    monkeypatch.setattr(town.context.stores.redis, "call", lost_at_first)
    assert upload(town).body["id"] == first.body["id"]
    assert len(asked) > 1


def test_the_position_of_a_repeat_covers_what_was_made(town):
    first = upload(town)
    lose_keys(town)
    town.held |= {"fanout"}
    again = upload(town)
    place = first.headers["Darkroom-Position"]
    told = {part.rpartition(".")[0]: int(part.rpartition(".")[2]) for part in again.headers["Darkroom-Position"].split("~")}
    assert told[place.rpartition(".")[0]] >= int(place.rpartition(".")[2])


def test_what_was_deleted_since_is_answered_as_it_came_and_stays_deleted(town):
    photo = int(upload(town, caption="gone").body["id"])
    remark = comment(town, other := town.post("bob"), key="b").body["id"]
    town.do("ann", "DELETE", f"/v1/photos/{photo}")
    town.do("ann", "DELETE", f"/v1/comments/{remark}")
    lose_keys(town)
    again = upload(town, caption="gone")
    assert (again.status, again.body["id"], again.body["caption"]) == (202, str(photo), "gone")
    assert (said := comment(town, other, key="b")).status == 201 and (said.body["id"], said.body["text"]) == (remark, "Nice!")
    assert (town.photos_of(None, "ann"), town.counts(None, other)) == ([], (0, 0))


def test_a_repeat_is_answered_before_what_else_would_refuse_it(town):
    photo = town.post("bob")
    said = comment(town, photo).body["id"]
    town.block("bob", "ann")
    lose_keys(town)
    assert comment(town, photo, key="new").status == 404
    assert comment(town, photo).body["id"] == said


@clause("4.5")
def test_the_same_key_with_other_content_is_refused_also_when_redis_lost_it(town):
    photo, other = town.post("bob"), town.post("bob")
    comment(town, photo, key="b")
    upload(town)
    lose_keys(town)
    refused = [comment(town, photo, "Other", key="b"), comment(town, other, key="b"), upload(town, picture=a_png(41, 30))]
    assert [seen.status for seen in refused] == [422] * 3
    assert comment(town, photo, key="b").status == 201, "a refusal is not remembered"


def test_a_photo_whose_caption_was_edited_since_is_still_the_one_that_was_sent(town):
    photo = upload(town, caption="before").body["id"]
    town.do("ann", "PATCH", f"/v1/photos/{photo}", {"caption": "after"})
    lose_keys(town)
    again = upload(town, caption="before")
    assert (again.status, again.body["id"], again.body["caption"]) == (202, photo, "after")


def test_after_a_day_a_key_makes_something_new(town):
    first = upload(town).body["id"]
    lose_keys(town)
    town.later(KEPT_MS // 1_000)
    assert upload(town).body["id"] != first
    assert len(town.photos_of(None, "ann")) == 2


def test_the_key_of_another_person_is_another_key(town):
    assert upload(town).body["id"] != upload(town, "bob").body["id"]
    lose_keys(town)
    assert upload(town, "bob").status == 202
    assert (len(town.photos_of(None, "ann")), len(town.photos_of(None, "bob"))) == (1, 1)


class Taken(Limits):
    """Limits that count what was taken, and refuse beyond some."""

    def __init__(self, most: int) -> None:
        super().__init__(self.execute, {"uploads": (Limit(most, 1),)})
        self.taken = 0
        self.most = most

    async def execute(self, *_words):
        self.taken += 1
        return 1_500 if self.taken > self.most else 0


@pytest.mark.parametrize("lost", [False, True])
def test_a_repeat_takes_nothing_from_what_somebody_may_do_and_is_answered_when_nothing_is_left(town, lost):
    town.context.limits = Taken(1)
    first = upload(town)
    if lost:
        lose_keys(town)
    assert upload(town).body["id"] == first.body["id"]
    assert town.context.limits.taken == 1
    refused = upload(town, key="another")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
