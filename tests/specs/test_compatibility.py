"""Evolution: which changes of an event are allowed, and which are refused, with the field that they are about."""

import copy
import re
from dataclasses import replace

import pytest

from schemas import release as releasing
from schemas.avro import avro_schema, fingerprint
from schemas.compatibility import differences, incompatibilities
from schemas.events import LikeChanged
from schemas.lock import Lock, LockBroken, read_lock, write_lock
from schemas.release import derive_all, release, stale_files, unreleased

LIKE = avro_schema(LikeChanged, "likes")


def changed(schema, edit):
    after = copy.deepcopy(schema)
    edit({field["name"]: field for field in after["fields"]}, after["fields"], after)
    return after


def set_type(name, kind):
    return lambda by_name, fields, schema: by_name[name].update(type=kind)


def added(**field):
    return lambda by_name, fields, schema: fields.append(field)


def removed(name):
    return lambda by_name, fields, schema: fields.remove(by_name[name])


def kind_of(by_name):
    return by_name["kind"]["type"]


ALLOWED = {
    "a field with a default": added(name="mood", type="string", default=""),
    "a field that may be null": added(name="mood", type=["null", "string"], default=None),
    "a field that had a default removed": removed("comment_id"),
    "a symbol at the end": lambda by_name, fields, schema: kind_of(by_name)["symbols"].append("LOVED"),
    "another doc": lambda by_name, fields, schema: schema.update(doc="Better words."),
}
REFUSED = {
    "a field without a default": (added(name="mood", type="string"), "old records"),
    "a field without a default removed": (removed("photo_id"), "new records with old code"),
    "long to string": (set_type("photo_id", "string"), "photo_id: its type"),
    "long to double": (set_type("photo_id", "double"), "photo_id: its type"),
    "long to null or long": (set_type("photo_id", ["null", "long"]), "photo_id: its type"),
    "millis to micros": (set_type("occurred_at", {"type": "long", "logicalType": "timestamp-micros"}), "occurred_at: its type"),
    "timestamp to long": (set_type("occurred_at", "long"), "occurred_at: its type"),
    "long to timestamp": (set_type("photo_id", {"type": "long", "logicalType": "timestamp-millis"}), "photo_id: its type"),
    "string to uuid": (set_type("event_id", {"type": "string", "logicalType": "uuid"}), "event_id: its type"),
    "string to bytes": (set_type("source", "bytes"), "source: its type"),
    "a symbol removed": (lambda by_name, fields, schema: kind_of(by_name)["symbols"].pop(), "kind: its symbols"),
    "symbols reordered": (lambda by_name, fields, schema: kind_of(by_name)["symbols"].reverse(), "kind: its symbols"),
    "a symbol in the middle": (lambda by_name, fields, schema: kind_of(by_name)["symbols"].insert(1, "X"), "kind: its symbols"),
    "the enum's default changed": (
        lambda by_name, fields, schema: kind_of(by_name).update(default="LIKED"),
        "default of its enum",
    ),
    "the enum's default gone": (lambda by_name, fields, schema: kind_of(by_name).pop("default"), "default of its enum"),
    "the enum renamed": (lambda by_name, fields, schema: kind_of(by_name).update(name="Kind"), "its enum .* is renamed"),
    "enum to string": (set_type("kind", "string"), "kind: its type"),
    "a default gone": (lambda by_name, fields, schema: by_name["comment_id"].pop("default"), "comment_id: its default"),
    "a field renamed": (lambda by_name, fields, schema: by_name["comment_id"].update(name="remark_id"), "a rename loses"),
    "a field with an alias": (lambda by_name, fields, schema: by_name["photo_id"].update(aliases=["picture_id"]), "aliases"),
    "the record renamed": (lambda by_name, fields, schema: schema.update(name="Liked"), "a name is for ever"),
    "another namespace": (lambda by_name, fields, schema: schema.update(namespace="darkroom.v2"), "a name is for ever"),
}


@pytest.mark.parametrize("change", ALLOWED)
def test_what_readers_do_not_notice_is_allowed(change):
    assert differences(LIKE, changed(LIKE, ALLOWED[change])) == []


@pytest.mark.parametrize("change", REFUSED)
def test_what_readers_would_notice_is_refused_with_its_field(change):
    edit, said = REFUSED[change]
    assert re.search(said, "\n".join(differences(LIKE, changed(LIKE, edit))))


def test_a_changed_default_of_a_plain_field_is_refused():
    opened = next(one.schema for one in derive_all() if one.event == "AccountOpened")
    after = changed(opened, lambda by_name, fields, schema: by_name["private"].update(default=True))
    assert differences(opened, after) == ["private: its default false would change or go; old records would say something else"]


def test_every_version_that_was_released_counts_not_only_the_last():
    lock = read_lock()
    newest = lock.latest["likes", "LikeChanged"]
    first = changed(LIKE, set_type("source", "bytes"))
    older = replace(newest, id=9_999, version=0, fingerprint=fingerprint(first), schema=first)
    found = incompatibilities(Lock({**lock.schemas, older.id: older}, lock.subjects))
    assert found == [
        'likes/LikeChanged against version 0: source: its type is "bytes" and would be "string"; a type is for ever'
    ]


def test_what_is_committed_is_derived_released_and_compatible():
    lock = read_lock()
    assert stale_files() == [], "run: python -m schemas derive"
    assert [one.event for one in unreleased(lock)] == [], "run: python -m schemas release"
    assert incompatibilities(lock) == []


def test_an_event_that_left_the_catalogue_is_refused(monkeypatch):
    kept = [one for one in derive_all() if one.event != "PhotoEdited"]
    monkeypatch.setattr("schemas.compatibility.derive_all", lambda: kept)
    assert [problem.split(":")[0] for problem in incompatibilities(read_lock())] == ["photos/PhotoEdited against version 1"]


def test_a_release_appends_ids_and_keeps_what_was(tmp_path, monkeypatch):
    empty, first = release(Lock({}, {}), tmp_path)
    write_lock(empty, tmp_path)
    assert read_lock(tmp_path) == empty
    assert [one.id for one in first] == list(range(1, len(first) + 1))
    assert release(empty, tmp_path) == (empty, [])

    grown = changed(LIKE, ALLOWED["a field with a default"])
    derived = [replace(one, schema=grown) if one.event == "LikeChanged" else one for one in derive_all()]
    monkeypatch.setattr(releasing, "derive_all", lambda: derived)
    lock, added_now = release(empty, tmp_path)
    write_lock(lock, tmp_path)
    assert [(one.id, one.event, one.version) for one in added_now] == [(len(first) + 1, "LikeChanged", 2)]
    assert lock.subjects["likes-value"] == lock.subjects["likes-darkroom.likes.LikeChanged"]
    assert sorted(lock.subjects["likes-value"]) == [1, 2]
    assert read_lock(tmp_path).schemas.keys() == {*empty.schemas, len(first) + 1}


def test_a_released_schema_that_was_edited_is_found(tmp_path):
    lock, _ = release(Lock({}, {}), tmp_path)
    write_lock(lock, tmp_path)
    path = tmp_path / "avsc" / "likes" / "released" / "LikeChanged.v1.avsc"
    path.write_text(path.read_text().replace('"UNLIKED"', '"TAKEN_BACK"'))
    with pytest.raises(LockBroken, match="changed after its release"):
        read_lock(tmp_path)
    path.unlink()
    with pytest.raises(LockBroken, match="is missing"):
        read_lock(tmp_path)


def test_ids_that_were_released_are_for_ever():
    """The first release, pinned: no line of it may ever change, for the log holds records under these ids."""
    lock = read_lock()
    pinned = [(one.id, one.topic, one.event, one.version) for one in sorted(lock.schemas.values(), key=lambda one: one.id)]
    assert pinned[:23] == FIRST_RELEASE
    assert [number for number, *_ in pinned] == list(range(1, len(pinned) + 1)), "ids are given in order, none is left out"


FIRST_RELEASE = [
    (1, "accounts", "AccountOpened", 1),
    (2, "accounts", "ProfileEdited", 1),
    (3, "accounts", "PrivacyChanged", 1),
    (4, "accounts", "AccountDeactivated", 1),
    (5, "accounts", "AccountReactivated", 1),
    (6, "accounts", "AccountDeleted", 1),
    (7, "photos", "PhotoUploaded", 1),
    (8, "photos", "PhotoEdited", 1),
    (9, "photos", "PhotoDeleted", 1),
    (10, "photos", "VariantReady", 1),
    (11, "photos", "PhotoRejected", 1),
    (12, "likes", "LikeChanged", 1),
    (13, "comments", "CommentAdded", 1),
    (14, "comments", "CommentDeleted", 1),
    (15, "relations", "RelationChanged", 1),
    (16, "followers", "FollowerChanged", 1),
    (17, "followings", "FollowingChanged", 1),
    (18, "barriers", "BarrierChanged", 1),
    (19, "audience", "AudienceChanged", 1),
    (20, "trend_posts", "PostSeen", 1),
    (21, "trend_mentions", "TermMentioned", 1),
    (22, "trend_scores", "TermScored", 1),
    (23, "dead_letters", "DeadLettered", 1),
]
