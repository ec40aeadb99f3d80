"""One small world of rows, with every projection in it, for contract tests."""

from projections import rows
from projections.rows import AccountState, CounterKind, PhotoState
from schemas.ids import EPOCH_MS, compose_id

START_MS = EPOCH_MS + 400_000_000_000
SHARDS = 8


def made(ms: int, shard: int, sequence: int = 32) -> int:
    """Return the id minted `ms` after the start of this world."""
    return compose_id(START_MS + ms, shard, sequence)


ANNA, BEN, CARO = made(0, 1), made(1, 6), made(2, 3)
PHOTO, OTHER_PHOTO, BENS_PHOTO = made(10, 1), made(20, 1), made(30, 6)
COMMENT, LATER_COMMENT, GONE_COMMENT = made(40, 1), made(50, 1), made(60, 1)


def account(user_id: int = ANNA, name: str = "Anna", state: AccountState = AccountState.ACTIVE, private: bool = False):
    return rows.AccountRow(user_id, name, name.lower(), f"{name} 🌻", private, state, START_MS)


def photo(
    photo_id: int = PHOTO, owner_id: int = ANNA, state: PhotoState = PhotoState.READY, caption: str | None = 'a "b" \\c #Sun'
):
    gone = state == PhotoState.DELETED
    return rows.PhotoRow(
        photo_id=photo_id,
        owner_id=owner_id,
        state=state,
        reason=None,
        caption=None if gone else caption,
        tags=() if gone else ("Sun", 'quo"te\\'),
        tag_keys=() if gone else ("sun", "quote"),
        place=None,
        place_key=None,
        width=None if gone else 400,
        height=None if gone else 300,
        variants=() if gone else (150, 640),
        original_key=f"{photo_id}.jpg",
    )


def everything() -> dict[str, list]:
    """Return rows for all projections."""
    accounts = [account(), account(BEN, "Ben", private=True), account(CARO, "Caro", AccountState.DEACTIVATED)]
    photos = [photo(), photo(OTHER_PHOTO, caption=None), photo(BENS_PHOTO, BEN)]
    likes = [rows.LikeRow(PHOTO, BEN, True, START_MS, 7), rows.LikeRow(PHOTO, CARO, True, START_MS + 1, 9)]
    counts = [rows.CounterRow(CounterKind.PHOTO_LIKES, PHOTO, 2), rows.CounterRow(CounterKind.PHOTO_COMMENTS, PHOTO, 2)]
    board = rows.BoardRows(
        "HASHTAGS",
        START_MS,
        (rows.TrendRow("HASHTAGS", START_MS, 1, "sun", "Sun", 1.5, 3.0, 1.0, 1.0986122886681098, 3, START_MS, (PHOTO,)),),
    )
    return {
        "accounts": accounts,
        "account_cards": accounts,
        "photos": photos,
        "photo_cards": photos,
        "likes": likes,
        "liked": likes,
        "comments": [
            rows.CommentRow(COMMENT, PHOTO, BEN, "hello", 5, False),
            rows.CommentRow(LATER_COMMENT, PHOTO, CARO, "there", 5, False),
            rows.CommentRow(GONE_COMMENT, PHOTO, CARO, None, 9, True),
        ],
        "counters": counts,
        "counter_rows": counts,
        "followers": [
            rows.FollowerRow(ANNA, BEN, "FOLLOWING", START_MS),
            rows.FollowerRow(ANNA, CARO, "REQUESTED", START_MS + 5),
        ],
        "followings": [rows.FollowingRow(BEN, ANNA, "FOLLOWING", START_MS)],
        "barriers": [rows.BarrierRow(ANNA, CARO, START_MS, False, START_MS + 2, None)],
        "viewers": [rows.ViewerRow(BEN, (ANNA,), (), (), (CARO,), ((CARO, 0),))],
        "submissions": [rows.SubmissionRow(ANNA, "0a" * 16, PHOTO, True)],
        "notifications": [
            rows.NotificationRow(ANNA, "like", BEN, PHOTO, 0, made(70, 0, 5), True),
            rows.NotificationRow(ANNA, "comment", CARO, PHOTO, LATER_COMMENT, made(80, 0, 6), True),
            rows.NotificationRow(ANNA, "follow", BEN, 0, 0, made(75, 0, 7), True),
            rows.NotificationRow(BEN, "mention", ANNA, PHOTO, 0, made(90, 0, 8), True),
        ],
        "inboxes": [rows.InboxRow(ANNA, made(75, 0, 7))],
        "celebrities": [rows.CelebrityRow(ANNA, ((START_MS, 0),))],
        "timelines": [
            rows.Delivery(PHOTO, (BEN, ANNA, CARO)),
            rows.Closed(CARO),
            rows.Backfill(BEN, (OTHER_PHOTO, PHOTO)),
            rows.Backfill(CARO, (OTHER_PHOTO, PHOTO)),
        ],
        "authors": [rows.AuthorRow(ANNA, PHOTO), rows.AuthorRow(ANNA, OTHER_PHOTO), rows.Closed(CARO)],
        "term_photos": [rows.TermPhotoRow("HASHTAGS", "sun", "Sun", PHOTO, ANNA, True)],
        "trends": [board],
    }
