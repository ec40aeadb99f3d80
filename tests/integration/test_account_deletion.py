"""Once an account was deleted: nothing of it in any store or answer, and counts of others fell by exactly what was theirs."""

import asyncio
import json

import pytest

from agents.erasure import Judged
from agents.wiring import places_of, rules_of, scan_for
from projections.scan import Traces
from tests.behaviours import clause
from tests.integration.conftest import eventually
from tests.integration.running_stack import RunningStack

pytestmark = pytest.mark.stack

FALLEN_SECONDS = 30.0


class Neighbourhood:
    """Ann, who did everything that one can do, and three people with whom she did it; Eve is private."""

    def __init__(self, person) -> None:
        self.ann, self.bob, self.cy = person(), person(), person()
        self.eve = person(private=True)
        self.follow_each_other()
        self.tag = f"zebra{self.ann.id}"
        self.anns = [self.ann.upload(f"striped {n} #{self.tag} @{self.bob.name}", f"Ann's {n} corner") for n in range(2)]
        self.bobs = self.bob.upload("of a bob")
        self.say_and_like()
        self.ann.ask("DELETE", f"/v1/photos/{self.anns[1]}", 204)
        self.ann.ask("PATCH", "/v1/me", 200, json={"display_name": f"Zora {self.ann.id}"})

    def follow_each_other(self) -> None:
        for who in (self.bob, self.cy):
            self.ann.ask("PUT", f"/v1/users/{who.id}/follow", 202)
            who.ask("PUT", f"/v1/users/{self.ann.id}/follow", 202)
        self.cy.ask("PUT", f"/v1/users/{self.bob.id}/follow", 202)
        assert self.ann.ask("PUT", f"/v1/users/{self.eve.id}/follow", 202).json() == {"state": "requested"}
        for path in ("block", "mute"):
            # Of a stranger, so that no follow between the others is cut.
            self.eve.ask("PUT", f"/v1/users/{self.cy.id}/{path}", 204, **({"json": {}} if path == "mute" else {}))
        self.ann.ask("PUT", f"/v1/users/{self.bob.id}/mute", 204, json={})

    def say_and_like(self) -> None:
        def comment(who, photo, text, after):
            body, once = {"text": text}, {"Idempotency-Key": f"{who.id}{len(text)}"}
            path = f"/v1/photos/{photo}/comments"
            return who.ask("POST", path, 201, after=after, json=body, headers=once).json()["id"]

        ann, bob, cy = self.ann, self.bob, self.cy
        self.by_ann = comment(ann, self.bobs, f"ann said {ann.id} of @{cy.name}", [bob])
        self.by_cy = comment(cy, self.bobs, f"cy answers @{ann.name}", [bob])
        comment(bob, self.anns[0], "bob likes stripes", [ann])
        for who in (ann, cy):
            who.ask("PUT", f"/v1/photos/{self.bobs}/like", 204, after=[bob])
            who.ask("PUT", f"/v1/comments/{self.by_cy}/like", 204, after=[cy])
        cy.ask("PUT", f"/v1/photos/{self.anns[0]}/like", 204, after=[ann])
        bob.ask("PUT", f"/v1/comments/{self.by_ann}/like", 204, after=[ann])

    def counts(self) -> dict[str, int]:
        """Return every count of those who stay, as their owners see it."""
        after = [self.ann, self.cy]
        bob, cy = (who.get(f"/v1/users/{who.id}", after=after)["counts"] for who in (self.bob, self.cy))
        photo = self.bob.get(f"/v1/photos/{self.bobs}", after=after)["counts"]
        answers = self.bob.get(f"/v1/photos/{self.bobs}/comments", after=after)["items"]
        listed = self.bob.get(f"/v1/photos/{self.bobs}/likes", after=after)["items"]
        found = {f"bob's {what}": number for what, number in bob.items()} | {f"cy's {what}": n for what, n in cy.items()}
        found |= {f"{what} of bob's photo": number for what, number in photo.items()} | {"comments listed": len(answers)}
        found["likes of cy's comment"] = next(one for one in answers if one["id"] == self.by_cy)["counts"]["likes"]
        found["requests to eve"] = len(self.eve.get("/v1/follow-requests", after=after)["items"])
        return found | {"likes listed": len(listed)}

    def answers(self) -> str:
        """Return all that those who stay are told in lists, as one text."""
        lists = ("/v1/feed", "/v1/notifications", "/v1/me/blocks", "/v1/me/mutes", f"/v1/tags/{self.tag}/photos")
        paths = [f"/v1/users/{self.bob.id}/followers", f"/v1/users/{self.bob.id}/following", *lists]
        paths += [f"/v1/photos/{self.bobs}/likes", f"/v1/photos/{self.bobs}/comments", "/v1/follow-requests"]
        return "".join(who.ask("GET", path, 200, [self.ann]).text for who in (self.bob, self.cy) for path in paths)


WAS_ANNS = {
    "bob's photos": 0,
    "bob's followers": 1,
    "bob's following": 1,
    "cy's photos": 0,
    "cy's followers": 1,
    "cy's following": 1,
    "likes of bob's photo": 1,
    "comments of bob's photo": 1,
    "comments listed": 1,
    "likes of cy's comment": 1,
    "likes listed": 1,
    "requests to eve": 1,
}


@pytest.fixture(scope="module")
def stack(settings, http):
    return RunningStack(settings)


def scanned(settings, user_id: str) -> tuple[Traces, Judged]:
    return asyncio.run(scan_for(rules_of(settings), places_of(settings), int(user_id)))


@clause("14.1", "14.2", "14.3", "14.6")
def test_nothing_of_who_is_deleted_is_left_and_counts_fall_by_exactly_what_was_theirs(stack, settings, person, http):
    """Kills: a trace in any table, key, object or answer; a count that falls too little or twice; a rebuild that knows more."""
    there = Neighbourhood(person)
    ann, before = there.ann, there.counts()
    asyncio.run(stack.wait_folded())
    traces, judged = scanned(settings, ann.id)
    # What is looked for can be found: while she is there, it is in every store.
    assert {finding.kind for finding in judged.forbidden} == {"user", "photo", "comment", "name", "text", "submission"}
    assert {finding.store for finding in judged.forbidden} == {"postgres", "redis", "objects"}
    assert (len(traces.photos), len(traces.comments), len(traces.submissions)) == (2, 1, 1)

    ann.ask("DELETE", "/v1/me", 204)
    expected = {what: number - WAS_ANNS[what] for what, number in before.items()}
    asyncio.run(stack.wait_folded())
    assert there.counts() == expected
    for path in (f"users/{ann.id}", f"users/@{ann.name}", *(f"photos/{photo}" for photo in there.anns)):
        assert there.bob.ask("GET", f"/v1/{path}", 404, [ann]).headers.get("Darkroom-Stale") is None
    eventually(lambda: http.get(f"/photos/{there.anns[0]}/150.jpg"), lambda answer: answer.status_code == 404)
    told = there.answers()
    assert [trace for trace in (ann.id, f'"{ann.name}"', *there.anns, there.by_ann) if trace in told] == []
    assert scanned(settings, ann.id)[1].forbidden == ()

    rebuilt = stack.run("projections", "rebuild", "comments", "--json")
    assert json.loads(rebuilt.stdout)["equal"], rebuilt.stderr[-2000:]
    assert scanned(settings, ann.id)[1].forbidden == ()
    assert there.counts() == expected
