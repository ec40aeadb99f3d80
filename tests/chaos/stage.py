"""The stage before the first fault: accounts, and photos, follows and a block that stay as they are."""

import threading
import time

from tests.chaos.cast import Cast, Person, pair
from tests.chaos.client import Client, Sent
from tests.chaos.content import add_comment, look_whether_ready, upload
from tests.chaos.guards import Guards
from tests.chaos.ledger import Ledger
from tests.chaos.model import FOLLOWING, Possible, World, blocks, follows

READY_SECONDS = 90.0
STONES = 8
CAVES = 2
# Who become private and public again.
FLIPPING = ("actor1", "actor2", "actor3")


class NotPlayed(Exception):
    """The stage could not be set, before any fault; the message says what was answered."""


def open_account(client: Client, run: str, private: bool) -> Person:
    """Open an account, or raise NotPlayed."""
    name = f"{client.name}.{run}"
    account = must(client.write("POST", "/v1/accounts", json={"username": name, "display_name": name, "private": private})).json
    client.token = account["token"]
    return Person(account["id"], name, client, private, client.name in FLIPPING)


def gather(ledger: Ledger, url: str, over: threading.Event, run: str, actors: int) -> Cast:
    """Open everybody's account and set the stage."""
    own = ["star", *(f"actor{number}" for number in range(1, actors))]
    names = [*own, "monument", "observer", "hermit", "pest"]
    people = {name: open_account(Client(url, name, ledger, over), run, name == "actor2") for name in names}
    world = World({one.id: one.private for one in people.values()})
    named = {name: people[name] for name in ("star", "monument", "observer", "hermit", "pest")}
    stranger = Person("", "a stranger", Client(url, "a stranger", ledger, over))
    own_people = [people[name] for name in own]
    cast = Cast(ledger, Guards(), world, run, own_people, stranger=stranger, stopping=threading.Event(), **named)
    _let_follow(cast)
    _let_upload(cast)
    return cast


def _let_follow(cast: Cast) -> None:
    for other in cast.people:
        if other is not cast.observer:
            follow(cast, cast.observer, other)
    follow(cast, cast.pest, cast.monument)
    follow(cast, cast.pest, cast.star)
    must(cast.hermit.client.write("PUT", f"/v1/users/{cast.pest.id}/block"))
    bond, number = cast.world.bond(cast.hermit.id, cast.pest.id)
    bond.did(blocks(number))


def _let_upload(cast: Cast) -> None:
    photos = [upload(cast, cast.monument, f"stone{n}", cast.tag(n)) for n in range(STONES)]
    photos += [upload(cast, cast.hermit, f"cave{n}", cast.tag(n)) for n in range(CAVES)]
    photos += [upload(cast, one, f"first.{one.name}", cast.tag(0)) for one in cast.actors]
    until = time.monotonic() + READY_SECONDS
    while not all(photo.ready for photo in photos):
        if time.monotonic() > until:
            raise NotPlayed(f"photos are not ready after {READY_SECONDS:.0f} s, before any fault")
        for photo in photos:
            look_whether_ready(cast, photo)
        time.sleep(0.2)
    stone = photos[0]
    for one in (cast.hermit, cast.observer):
        must(one.client.write("PUT", f"/v1/photos/{stone.id}/like", [stone.position]))
        cast.world.likes[one.id, stone.id] = Possible(True)
        add_comment(cast, one, stone, f"carved by {one.name}")


def follow(cast: Cast, one: Person, other: Person) -> None:
    """Follow somebody, and be accepted when that is needed."""
    must(one.client.write("PUT", f"/v1/users/{other.id}/follow", [other.client.position]))
    bond, number = cast.world.bond(one.id, other.id)
    bond.did(follows(number))
    if other.private:
        must(other.client.write("PUT", f"/v1/follow-requests/{one.id}", [one.client.position]))
        bond.did(lambda known: known.with_side(number, follow=FOLLOWING))
    cast.guards.of(pair(one, other)).position = (other if other.private else one).client.position


def must(sent: Sent) -> Sent:
    """Return what was acknowledged; NotPlayed for anything else."""
    if not sent.done:
        said = "nothing" if sent.answer is None else f"{sent.answer.status_code} {sent.answer.text[:200]}"
        raise NotPlayed(f"{sent.write.method} {sent.write.path}: {said}")
    return sent
