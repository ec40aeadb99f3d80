"""What people do towards each other: follow, accept, block, mute, become private; one writer at a time for each pair."""

from random import Random

from tests.chaos.cast import Cast, Person, pair, privacy
from tests.chaos.compare import Difference, Kind
from tests.chaos.guards import Key
from tests.chaos.model import FOLLOWING, REQUESTED, Bond, Change, accepts, blocks, follows, mutes, rejects, unblocks, unfollows


def turn_follow(cast: Cast, who: Person, other: Person, chance: Random, wanted: bool | None = None) -> None:
    """Follow somebody, or stop following; `wanted` says which, else it is turned round."""
    with cast.guards.held(*_keys(who, other)) as guards:
        if not guards:
            return
        bond, number = cast.world.bond(who.id, other.id)
        has = bond.may(lambda one: one.sides[number].follow != "none")
        wanted = not has if wanted is None else wanted
        if wanted == has:
            return
        path = f"/v1/users/{other.id}/follow"
        sent = who.client.write("PUT" if wanted else "DELETE", path, [guard.position for guard in guards])
        _note(cast, who, other, follows(number) if wanted else unfollows(number), sent)
        for guard in guards:
            guard.settle(sent, who.client.position)
        expected = _follow_answers(bond.values, number) if wanted else {202}
        cast.expect(sent, *expected)
        if sent.done and wanted and "Darkroom-Stale" not in sent.answer.headers:
            state = sent.json["state"]
            if not bond.may(lambda one: one.sides[number].follow == state):
                cast.ledger.differ(Difference(Kind.ANSWER, f"{who.name} follows {other.name}: {state}, wanted {bond.values}"))
        if sent.done and chance.random() < 0.5:
            _look(cast, who, other)


def _follow_answers(bonds: frozenset[Bond], number: int) -> set[int]:
    return {404 if one.sides[1 - number].blocks else 403 if one.sides[number].blocks else 202 for one in bonds}


def turn_block(cast: Cast, who: Person, other: Person, chance: Random) -> None:
    """Block somebody, or take the block back."""
    bond, number = cast.world.bond(who.id, other.id)
    wanted = not bond.may(lambda one: one.sides[number].blocks)
    change = blocks(number) if wanted else unblocks(number)
    _relate(cast, who, other, "PUT" if wanted else "DELETE", f"/v1/users/{other.id}/block", change, chance)


def turn_mute(cast: Cast, who: Person, other: Person, chance: Random) -> None:
    """Mute somebody, or unmute."""
    bond, number = cast.world.bond(who.id, other.id)
    wanted = not bond.may(lambda one: one.sides[number].mutes)
    method = "PUT" if wanted else "DELETE"
    _relate(cast, who, other, method, f"/v1/users/{other.id}/mute", mutes(number, wanted), chance)


def decide_request(cast: Cast, who: Person, chance: Random) -> None:
    """Accept or reject somebody who asks to follow."""
    for asking in sorted(cast.world.followers(who.id, REQUESTED).must):
        other = next(one for one in cast.people if one.id == asking)
        _, number = cast.world.bond(who.id, other.id)
        accepted = chance.random() < 0.7
        change = accepts(number) if accepted else rejects(number)
        _relate(cast, who, other, "PUT" if accepted else "DELETE", f"/v1/follow-requests/{other.id}", change, chance, REQUESTED)
        return


def remove_follower(cast: Cast, who: Person, other: Person, chance: Random) -> None:
    """Make somebody follow no more."""
    _, number = cast.world.bond(who.id, other.id)
    _relate(cast, who, other, "DELETE", f"/v1/me/followers/{other.id}", unfollows(1 - number), chance)


def flip(cast: Cast, who: Person, chance: Random) -> None:
    """Become private, or public again."""
    with cast.guards.held(privacy(who)) as guards:
        if not guards:
            return
        bond, number = cast.world.bond(who.id, cast.observer.id)
        wanted = not bond.may(lambda one: one.private[number])
        sent = who.client.write("PATCH", "/v1/me", [guards[0].position], json={"private": wanted})
        if sent.done or sent.unknown:
            cast.world.turn(who.id, wanted, happened=sent.done)
        guards[0].settle(sent, who.client.position)
        cast.expect(sent, 200)
        cast.expect_read(who, "/v1/me", f"private {wanted}", lambda answer: answer.json().get("private") == wanted)


def _relate(
    cast: Cast, who: Person, other: Person, method: str, path: str, change: Change, chance: Random, only: str = ""
) -> None:
    """Write one thing about a pair while nobody else does; `only` when the other follows in that state still."""
    with cast.guards.held(*_keys(who, other)) as guards:
        bond, number = cast.world.bond(who.id, other.id)
        if not guards or (only and not bond.must(lambda one: one.sides[1 - number].follow == only)):
            return
        sent = who.client.write(method, path, [guard.position for guard in guards])
        _note(cast, who, other, change, sent)
        for guard in guards:
            guard.settle(sent, who.client.position)
        cast.expect(sent, 204)
        if sent.done and chance.random() < 0.5:
            _look(cast, who, other)


def _note(cast: Cast, who: Person, other: Person, change: Change, sent) -> None:
    bond, _ = cast.world.bond(who.id, other.id)
    if sent.done:
        bond.did(change)
    elif sent.unknown:
        bond.perhaps(change)


def _look(cast: Cast, who: Person, other: Person) -> None:
    """Read what one is to the other now; their guards are still held, so that it is known."""
    bond, number = cast.world.bond(who.id, other.id)

    def holds(answer) -> bool:
        if answer.status_code == 404:
            return bond.may(lambda one: one.sides[1 - number].blocks)
        relation = answer.json()["relation"]
        seen = (relation["following"], relation["requested"], relation["blocking"], relation["muting"])

        def fits(one: Bond) -> bool:
            side = one.sides[number]
            return seen == (side.follow == FOLLOWING, side.follow == REQUESTED, side.blocks, side.mutes)

        return bond.may(fits)

    cast.expect_read(who, f"/v1/users/{other.id}", f"wanted {bond.values}", holds)


def _keys(who: Person, other: Person) -> list[Key]:
    """Return what a write about a pair must hold: the pair, and the privacy of those who flip."""
    return [pair(who, other), *(privacy(one) for one in (who, other) if one.flips)]
