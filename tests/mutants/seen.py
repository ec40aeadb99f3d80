"""Bugs in who sees what and in who may do what, to be noticed by what people see (`tests/specs/behaviours`)."""

from tests.mutants.mutant import Mutant

_BEHAVIOURS = "tests/specs/behaviours"
_ORDER = (f"{_BEHAVIOURS}/test_05_order.py",)
_FOLLOWS = (f"{_BEHAVIOURS}/test_06_follows.py",)
_DELETES = (f"{_BEHAVIOURS}/test_08_deletes.py",)
_BLOCKS = (f"{_BEHAVIOURS}/test_09_blocks.py",)
_PRIVACY = (f"{_BEHAVIOURS}/test_11_privacy.py",)
_CELEBRITIES = (f"{_BEHAVIOURS}/test_12_celebrities.py",)

MUTANTS = (
    Mutant(
        "who is blocked goes on seeing the blocker in lists",
        "api/visibility.py",
        "    return other_id in viewer.blocking or other_id in viewer.blocked_by\n",
        "    return other_id in viewer.blocking\n",
        _BLOCKS,
    ),
    Mutant(
        "the profile of the blocker is shown to the blocked one",
        "api/visibility.py",
        "    return not account.deactivated and account.user_id not in viewer.blocked_by\n",
        "    return not account.deactivated\n",
        _BLOCKS,
    ),
    Mutant(
        "pages of tags and places hold photos of private accounts",
        "api/visibility.py",
        'if state != "ready" or owner is None or owner.hidden or owner.private:',
        'if state != "ready" or owner is None or owner.hidden:',
        _PRIVACY,
    ),
    Mutant(
        "who only asks to follow sees a private account's photos",
        "api/visibility.py",
        "    return not owner.private or owner.user_id in viewer.following\n",
        "    return not owner.private or owner.user_id in viewer.following or owner.user_id in viewer.requested\n",
        _PRIVACY,
    ),
    Mutant(
        "a comment may be liked under a photo that one does not see",
        "api/sight.py",
        "    await visible_photo(call, comment.photo_id)\n",
        "",
        _PRIVACY,
    ),
    Mutant(
        "whom one blocks can be followed",
        "api/routes_people.py",
        "    if person_id in viewer.blocking:\n",
        "    if person_id == viewer.blocking:\n",
        _BLOCKS,
    ),
    Mutant(
        "rejecting an old request ends a follow",
        "api/routes_people.py",
        "    if row is None or row.state != FOLLOWING:\n",
        "    if True:\n",
        _FOLLOWS,
    ),
    Mutant(
        "what is not there can be accepted",
        "api/routes_people.py",
        '    if row is None:\n        raise not_found("request")\n    if row.state == REQUESTED:\n',
        "    if row is None or row.state == REQUESTED:\n",
        _FOLLOWS,
    ),
    Mutant(
        "the owner of a photo may not delete others' comments on it",
        "api/routes_comments.py",
        "    if call.me != row.author_id and not owns_photo:\n",
        "    if call.me != row.author_id:\n",
        _DELETES,
    ),
    Mutant(
        "anybody may delete any comment",
        "api/routes_comments.py",
        "    if call.me != row.author_id and not owns_photo:\n",
        "    if call.me == 0:\n",
        _DELETES,
    ),
    Mutant(
        "a variant that comes late makes a deleted photo ready",
        "agents/photos.py",
        "    if before is not None and before.is_buried():\n        return cleared(event, before)\n",
        "",
        _ORDER,
    ),
    Mutant(
        "history that is said again leaves spans of no time",
        "agents/celebrity.py",
        "        ended = ((start, at),) if at > start else ()\n",
        "        ended = ((start, max(start, at)),)\n",
        _CELEBRITIES,
    ),
)
