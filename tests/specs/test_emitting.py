"""From `field=value` words to an event: what is missing is minted, what is wrong is named."""

import itertools

import pytest

from schemas.events import AccountOpened, LikeKind
from schemas.ids import EPOCH_MS, compose_id, shard_of, shard_of_text
from streams.emitting import WrongWords, build_event, emittable

NOW = EPOCH_MS + 5_000
PHOTO = compose_id(NOW, 11, 3)


def build(name: str, **words: str):
    sequence = itertools.count()
    return build_event(name, words, lambda shard: compose_id(NOW, shard, next(sequence)), NOW, 64)


def test_an_account_gets_an_id_in_the_shard_of_its_name():
    opened = build("AccountOpened", username="Ann", display_name="Ann A.")
    assert isinstance(opened, AccountOpened)
    assert shard_of(opened.user_id) == shard_of_text("ann", 64)
    assert (opened.actor_id, opened.source, opened.occurred_at, opened.private) == (opened.user_id, "cli", NOW, False)
    assert int(opened.event_id) != opened.user_id


def test_a_comment_gets_an_id_in_the_shard_of_its_photo():
    added = build("CommentAdded", photo_id=str(PHOTO), actor_id="7", text="Nice")
    assert shard_of(added.comment_id) == 11


def test_a_photo_gets_an_id_in_the_shard_of_its_owner_and_the_key_of_its_original():
    owner = compose_id(NOW, 5, 0)
    uploaded = build("PhotoUploaded", owner_id=str(owner), content_type="image/jpeg", size_bytes="9", sha256="00")
    assert shard_of(uploaded.photo_id) == 5
    assert str(uploaded.photo_id) in uploaded.original_key


def test_words_become_numbers_flags_kinds_and_nothing():
    liked = build("LikeChanged", photo_id=str(PHOTO), kind="LIKED", actor_id="7", comment_id="null")
    assert (liked.kind, liked.actor_id, liked.comment_id) == (LikeKind.LIKED, 7, None)
    assert build("PrivacyChanged", user_id="7", private="true").private is True


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("Nothing", {}, "no event 'Nothing'; there are: AccountOpened"),
        ("FollowerChanged", {}, "no event 'FollowerChanged'"),
        ("DeadLettered", {}, "no event 'DeadLettered'"),
        ("LikeChanged", {"photo": "1"}, "LikeChanged has no field 'photo'; it has:"),
        ("LikeChanged", {"photo_id": "1", "actor_id": "1"}, "missing required field `kind`"),
        ("LikeChanged", {"photo_id": "1", "actor_id": "1", "kind": "LOVED"}, "Invalid enum value 'LOVED'"),
        ("LikeChanged", {"photo_id": "1", "actor_id": "1", "kind": "UNKNOWN"}, "UNKNOWN is for readers"),
        ("CommentAdded", {"photo_id": "x", "actor_id": "1", "text": "a"}, "photo_id: 'x' is not an id in decimal"),
        ("CommentAdded", {"photo_id": "1", "actor_id": "1", "text": ""}, "text: "),
        ("AccountOpened", {"username": "a b", "display_name": "A"}, "username: "),
    ],
)
def test_what_is_no_event_is_refused_with_the_reason(name, words, said):
    with pytest.raises(WrongWords) as refusal:
        build(name, **words)
    assert said in str(refusal.value)


def test_only_what_people_do_can_be_emitted():
    assert "RelationChanged" in emittable()
    assert not {"FollowerChanged", "TermScored", "DeadLettered"} & set(emittable())
