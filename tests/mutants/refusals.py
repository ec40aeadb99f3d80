"""Bugs in what is refused as what, and in what belongs to one list or one address only."""

from tests.mutants.mutant import Mutant

_ORDER = ("tests/specs/test_api_order_of_refusals.py",)

MUTANTS = (
    Mutant(
        "a cursor of one photo's likes is good for another's",
        "api/routes_photos.py",
        '    name = f"likes.{photo.photo_id}"\n',
        '    name = "likes"\n',
        _ORDER,
    ),
    Mutant(
        "a cursor of one person's followers is good for another's",
        "api/routes_people.py",
        'f"followers.{owner.user_id}"',
        '"followers"',
        _ORDER,
    ),
    Mutant(
        "the cursor of a long name is made and not read",
        "api/cursors.py",
        "_MAX_CHARACTERS = 456\n",
        "_MAX_CHARACTERS = 400\n",
        (*_ORDER, "tests/specs/test_api_cursors.py"),
    ),
    Mutant(
        "each account may open as many accounts as an address",
        "api/answering.py",
        '_address(call) if call.route.limited == "accounts" else asker',
        "asker",
        _ORDER,
    ),
    Mutant(
        "a token may name who is larger than any id",
        "api/auth.py",
        "        if int(subject) >= 1 << 63:\n",
        "        if int(subject) >= 1 << 64:\n",
        ("tests/specs/test_api_refusals.py",),
    ),
)
