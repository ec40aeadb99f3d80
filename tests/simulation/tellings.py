"""Which interesting things happened to what people are told, and to what was submitted twice, by what a history's log says."""

from collections.abc import Iterator

from schemas.text import mentions, name_key
from tests.oracle.content import submissions_of
from tests.oracle.feeds import is_muted
from tests.oracle.notifications import Deed, likes, made, names_of, said, wishes
from tests.oracle.people import Town
from tests.oracle.told import told
from tests.oracle.wanted import MADE, World, told_to


def of_notifications(world: World) -> Iterator[str]:
    """Yield the cases of notifications: of each kind, what hid them, what took them back, what was read."""
    shots, remarks, deleted = made(world.log)
    names = names_of(world.log, world.town)
    deeds = [*likes(world.log, shots, remarks), *said(names, shots, remarks, deleted), *wishes(world.log)]
    for deed in deeds:
        yield from of_deed(world, deed)
    texts = [*((one, one.event.caption) for one in shots.values()), *((one, one.event.text) for one in remarks.values())]
    for one, text in texts:
        for name in mentions(text):
            if not any(since <= one.event.occurred_at for _, since, _ in names.get(name_key(name), ())):
                yield "mention of a name that was nobody's"
    for reader in world.town.people:
        news = told_to(world, reader) if world.town.is_here(reader) else ()
        if {read for *_, read in news} == {False, True}:
            yield "some notifications are read and others not"
        for _, told_as, *_ in news:
            yield f"told of a {told_as}"


def of_deed(world: World, deed: Deed) -> Iterator[str]:
    """Yield what became of the notification of one deed."""
    if deed.whom == deed.by:
        yield f"{deed.kind} of one's own, of which nobody is told"
    elif not deed.stands:
        yield f"notification of a {deed.kind} taken back"
    elif is_gone_of(world.town, deed):
        yield f"notification of a {deed.kind} ended by a deletion"
    elif world.ties.apart(deed.whom, deed.by):
        yield "notification hidden by a block"
    elif is_muted(world.ties, deed.whom, deed.by, world.now):
        yield "notification hidden by a mute"
    elif not world.town.is_here(deed.by):
        yield "notification hidden while somebody hides"
    elif deed.photo_id and world.is_buried(deed.photo_id):
        yield "notification hidden by the deletion of a photo"


def is_gone_of(town: Town, deed: Deed) -> bool:
    return town.is_gone(deed.whom) or town.is_gone(deed.by)


def of_submissions(world: World) -> Iterator[str]:
    """Yield the cases of submissions that came to the log under two ids."""
    for topic, id_name in MADE:
        came = told(world.log, topic)
        firsts, seconds = submissions_of(came, id_name)
        if seconds:
            yield f"submission repeated in {topic}"
        said_by = [(one.event.actor_id, getattr(one.event, "submission", None)) for one in came]
        for key, first in firsts.items():
            if said_by.count(key) > 1 and world.town.is_gone(key[0]):
                yield "submission repeated by who is deleted"
            if said_by.count(key) > 1 and first in world.photos and world.photos[first].state == "deleted":
                yield "submission repeated of a photo that is deleted"
