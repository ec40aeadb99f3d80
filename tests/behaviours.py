"""The fifteen behaviours, clause by clause: what people take for granted, as sentences that tests name.

A test says which clauses it proves with `@clause("6.3")`. Every clause wants one specification (given events, when an event,
then what is seen; `tests/specs/behaviours`) and one test through HTTP (`tests/integration/behaviours`).
"""

import pytest

BEHAVIOURS: dict[int, str] = {
    1: "A like is a member of a set, not an increment",
    2: "An unlike undoes everything that the like did",
    3: "A self-like",
    4: "A duplicate submit",
    5: "Order across topics is not given",
    6: "Follow",
    7: "Unfollow",
    8: "Delete a photo, delete a comment",
    9: "Block",
    10: "Mute",
    11: "Private flip",
    12: "Celebrity crossing",
    13: "Paging",
    14: "Account deletion",
    15: "Return after absence, or after the cache is lost",
    16: "Also often forgotten",
    17: "Notifications",
}

CLAUSES: dict[str, str] = {
    "1.1": "Liking twice counts once",
    "1.2": "An unlike without a like changes nothing, and no count falls below zero",
    "1.3": "A like that is delivered again changes nothing",
    "1.4": "A count equals the list of those who like, for photos and for comments",
    "2.1": "An unlike takes back the count, the entry in the list and `liked`",
    "2.2": "An unlike of a comment takes back its rank among the top ones",
    "2.3": "An unlike takes back the notification",
    "2.4": "Like, unlike, like notifies once, and what was read stays read",
    "3.1": "A self-like counts and shows",
    "3.2": "A self-like notifies nobody",
    "3.3": "Nobody follows, blocks or mutes themselves",
    "4.1": "An upload submitted twice is one photo with one id",
    "4.2": "A comment submitted twice is one comment with one id",
    "4.3": "A like or a follow said twice has one effect",
    "4.4": "A repeat that reached the log twice has one effect",
    "4.5": "The same key with other content is refused",
    "4.6": "Taking back is answered as done, whether or not there was anything",
    "5.1": "A like or comment that comes before its photo counts once the photo is there",
    "5.2": "A like or comment after its photo was deleted has no visible effect",
    "5.3": "A tombstone wins over a late resize, fan-out and upload",
    "6.1": "Following twice is following once",
    "6.2": "Following a private account is a request, and no count moves until it is accepted",
    "6.3": "A request can be accepted, rejected and cancelled",
    "6.4": "Pending requests become follows when the account becomes public",
    "6.5": "A follow brings the photos of before into the feed, and evicts nothing newer",
    "6.6": "Nothing is pushed for a celebrity, who is pulled",
    "7.1": "An unfollow takes exactly that author's photos out of the feed",
    "7.2": "A delivery in flight cannot put them back",
    "7.3": "Following again restores them",
    "8.1": "A deleted photo is gone from feeds, profiles, tags, places and trends",
    "8.2": "The author's count of photos falls with it",
    "8.3": "Its comments are hidden, and its notifications go",
    "8.4": "Its images and its original are deleted",
    "8.5": "A deleted comment is uncounted",
    "8.6": "The author of a comment and the owner of the photo may delete it, others may not",
    "9.1": "A block cuts follows and requests both ways",
    "9.2": "A block hides each from the other in feeds, comments, likers, lists and notifications",
    "9.3": "Across a block nobody likes, comments or follows anew",
    "9.4": "An unblock shows content again and restores no follow",
    "9.5": "Like and comment counts do not change with a block, follower counts fall by the follows that it cut",
    "10.1": "A mute takes photos out of the feed and deeds out of notifications, and nothing else",
    "10.2": "A mute expires",
    "10.3": "An unmute brings back what was hidden",
    "11.1": "A private flip hides old photos from strangers, tags, places and trends",
    "11.2": "Flipping back restores them",
    "11.3": "Old image links stop being served after a flip, a delete and a deactivation",
    "11.4": "Followers of a private account see its images under a signature that expires",
    "11.5": "A private account's profile is seen by all, its photos, lists, comments and likers by accepted followers",
    "12.1": "An author becomes pulled at one threshold and pushed again at a lower one, in the author's own order",
    "12.2": "Photos of both times stand in one feed, each once, in one order, across page borders",
    "12.3": "Follow, unfollow, block and delete act the same on pulled authors",
    "12.4": "A bulk loss of followers does not flap",
    "13.1": "A cursor works when its item is gone",
    "13.2": "New items never shift a page: no repeat and no skip, also among equal scores",
    "13.3": "A page thinned by filters is refilled, and only null says the end",
    "13.4": "Ids are strings, and depth continues past the cache",
    "14.1": "A deleted person's photos, images, comments, likes, follows and requests go",
    "14.2": "Other people's counts fall by exactly what was theirs",
    "14.3": "Notifications that they caused go, and their own",
    "14.4": "The name is held for thirty days",
    "14.5": "Deactivation hides and uncounts all of it, and reactivation brings it back",
    "14.6": "A late event or a replay brings nothing back",
    "15.1": "The feed after an absence is what continuous presence would have given",
    "15.2": "A feed that is restored says so, and is never shown as complete",
    "16.1": "An edited caption takes back the old tags and asserts the new, and notifies nobody",
    "16.2": "Tags compare without case, width and accents, and are shown as typed",
    "16.3": "A photo from the future neither pins itself nor ranks",
    "16.4": "Served files carry no GPS and are upright",
    "16.5": "A photo is its owner's alone, in no list and no count, before its smallest image is made and when it is rejected",
    "16.6": "One person counts once in a window of the trends, and midnight is no cliff",
    "17.1": "A notification tells a like, a comment, a follow, a request and a mention to whom it concerns",
    "17.2": "Reading up to one marks it and all older ones as read",
    "17.3": "An accepted request becomes a follow among the notifications",
}

# Clauses that no test asks through HTTP, and why.
WITHOUT_HTTP: dict[str, str] = {
    "16.6": "windows are minutes long and a midnight is far: specifications fold days in one go",
}


def clause(*numbers: str) -> pytest.MarkDecorator:
    """Mark a test with the clauses that it proves; KeyError for one that is not in the list."""
    for number in numbers:
        CLAUSES[number]
    return pytest.mark.clause(*numbers)
