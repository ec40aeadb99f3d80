"""Which interesting things happened in a history, by what its log says: a simulation that never meets them proves little."""

from collections.abc import Iterator

from schemas import events as e
from tests.oracle.told import told
from tests.oracle.wanted import World, feed_for
from tests.simulation.absences import of_absences
from tests.simulation.tellings import of_notifications, of_submissions


def cases_of(world: World, depth: int) -> set[str]:
    """Return the names of the cases that a world has met; `depth` is that of feeds."""
    parts = (of_people, of_absences, of_relations, of_photos, of_likes, of_comments, of_notifications, of_submissions)
    found = {case for part in parts for case in part(world)}
    if any(len(feed_for(world, reader)) > depth for reader in world.town.people):
        found.add("feed longer than its ring")
    return found


def of_people(world: World) -> Iterator[str]:
    claims: dict[str, int] = {}
    for person in world.town.people.values():
        claims[person.username.lower()] = claims.get(person.username.lower(), 0) + (person.state != "refused")
        photos = any(photo.owner_id == person.user_id for photo in world.photos.values())
        yield f"account {person.state}"
        if person.state == "deleted" and photos:
            yield "account deleted with photos"
        if person.state == "active" and len(person.public) > 1:
            yield "account private and public again"
        if person.state == "active" and person.private and person.public and photos:
            yield "account with photos made private"
    if max(claims.values(), default=0) > 1:
        yield "name given again"


def of_relations(world: World) -> Iterator[str]:
    wishes: set[tuple[int, int]] = set()
    withdrawn: set[tuple[int, int]] = set()
    for _, _, event in told(world.log, "relations"):
        pair, back = (event.actor_id, event.other_id), (event.other_id, event.actor_id)
        match event.kind:
            case e.RelationKind.FOLLOW_WANTED:
                wishes.add(pair)
                if pair in withdrawn:
                    yield "followed again"
            case e.RelationKind.FOLLOW_WITHDRAWN if pair in wishes:
                withdrawn.add(pair)
            case e.RelationKind.BLOCKED if {pair, back} & wishes:
                yield "block cuts a follow"
            case e.RelationKind.UNBLOCKED:
                yield "unblocked"
    for (follower, followee), follow in world.follows.items():
        wanted_at, accepted_at = world.ties.wishes[follower, followee]
        if follow.state == "REQUESTED":
            yield "follow of a private account waits"
        elif accepted_at == follow.since:
            yield "request accepted"
        elif follow.since > wanted_at:
            yield "request became a follow when the account became public"
    for spans in world.pulled.values():
        yield "celebrity pulled"
        if spans[0][1]:
            yield "celebrity pulled and pushed again"
    for _, until in world.ties.mutes.values():
        yield "muted for ever" if until is None else "mute expired" if until <= world.now else "mute stands"


def of_photos(world: World) -> Iterator[str]:
    deleted, ready, uploaded = set(), set(), set()
    for _, _, event in told(world.log, "photos"):
        match event:
            case e.PhotoDeleted() if event.actor_id == event.owner_id:
                deleted.add(event.photo_id)
                if event.photo_id not in ready:
                    yield "photo deleted before it was ready"
            case e.VariantReady():
                if event.photo_id in deleted:
                    yield "variant ready after its photo was deleted"
                ready.add(event.photo_id)
            case e.PhotoUploaded():
                if event.photo_id in deleted:
                    yield "photo uploaded again after it was deleted"
                elif event.photo_id in uploaded:
                    yield "photo uploaded twice"
                uploaded.add(event.photo_id)
            case e.PhotoEdited():
                yield "photo edited"
    if any(photo.state == "rejected" for photo in world.photos.values()):
        yield "photo rejected"


def of_likes(world: World) -> Iterator[str]:
    members: dict[tuple[int, int], bool] = {}
    for _, _, event in told(world.log, "likes"):
        member = (event.comment_id or event.photo_id, event.actor_id)
        liked = event.kind is e.LikeKind.LIKED
        if not liked and member not in members:
            yield "unlike before a like"
        elif liked and member in members:
            yield "liked twice" if members[member] else "liked again after an unlike"
        members[member] = liked
        photo = world.photos.get(event.photo_id)
        if photo is not None and photo.owner_id == event.actor_id:
            yield "self-like"
        if photo is not None and photo.state == "deleted":
            yield "like of a photo that is deleted"
    for target, who in world.likes:
        photo = world.photos.get(target)
        if photo is not None and world.ties.apart(who, photo.owner_id):
            yield "block after a like"


def of_comments(world: World) -> Iterator[str]:
    for comment in world.comments.values():
        if comment.deleted:
            yield "comment deleted"
        if world.is_buried(comment.photo_id):
            yield "comment on a photo that is deleted"
        if any(target == comment.comment_id for target, _ in world.likes):
            yield "comment liked"


# In how many of 1,000 histories each case must be met at least, so that nothing is tested by name only.
FLOORS = {
    "feed longer than its ring": 30,
    "account refused": 30,
    "account deactivated": 20,
    "account deleted with photos": 15,
    "account private and public again": 50,
    "account with photos made private": 50,
    "name given again": 2,
    "followed again": 50,
    "block cuts a follow": 50,
    "unblocked": 50,
    "follow of a private account waits": 50,
    "request accepted": 30,
    "request became a follow when the account became public": 20,
    "celebrity pulled": 40,
    "celebrity pulled and pushed again": 4,
    "mute expired": 20,
    "photo deleted before it was ready": 30,
    "variant ready after its photo was deleted": 10,
    "photo uploaded again after it was deleted": 5,
    "photo uploaded twice": 30,
    "photo edited": 100,
    "photo rejected": 30,
    "unlike before a like": 50,
    "liked twice": 50,
    "liked again after an unlike": 30,
    "self-like": 50,
    "like of a photo that is deleted": 20,
    "block after a like": 10,
    "comment deleted": 30,
    "comment on a photo that is deleted": 20,
    "comment liked": 50,
    "several accounts deleted": 50,
    "like by who is deleted": 20,
    "like by who hides": 30,
    "like by who came back": 20,
    "like by who was deleted before": 5,
    "comment by who is deleted": 20,
    "comment by who hides": 20,
    "comment by who came back": 10,
    "follow by who is deleted": 50,
    "follow by who hides": 50,
    "follow by who came back": 20,
    "follow of who is deleted": 40,
    "follow of who hides": 50,
    "follow of who came back": 20,
    "follow of who was deleted before": 30,
    "request by who is deleted": 15,
    "request of who is deleted": 15,
    "request by who came back": 10,
    "request of who hides": 15,
    "block by who is deleted": 15,
    "block of who is deleted": 4,
    "mute ended by a deletion": 20,
    "celebrity deleted": 10,
    "celebrity whose follower is deleted": 4,
    "told of a follow": 100,
    "told of a request": 100,
    "told of a like": 100,
    "told of a comment": 80,
    "told of a mention": 80,
    "mention of a name that was nobody's": 40,
    "some notifications are read and others not": 10,
    "notification of a like taken back": 50,
    "notification of a comment taken back": 20,
    "notification of a mention taken back": 10,
    "notification of a follow taken back": 100,
    "notification of a like ended by a deletion": 40,
    "notification of a comment ended by a deletion": 40,
    "notification of a mention ended by a deletion": 50,
    "notification of a follow ended by a deletion": 80,
    "notification hidden by a block": 20,
    "notification hidden by a mute": 20,
    "notification hidden while somebody hides": 80,
    "notification hidden by the deletion of a photo": 50,
    "submission repeated in photos": 50,
    "submission repeated in comments": 20,
    "submission repeated of a photo that is deleted": 15,
    "submission repeated by who is deleted": 20,
}
