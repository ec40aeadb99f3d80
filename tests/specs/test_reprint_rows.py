"""What each agent prints again, and what it leaves out, where that is a decision of its own."""

from agents import accounts, comments, fanout, follows, likers, likes, notifications, photos, terms, trend_rank, viewers
from agents.rules import Rules
from projections.rows import (
    Backfill,
    BarrierRow,
    CelebrityRow,
    CounterRow,
    FollowerRow,
    FollowingRow,
    InboxRow,
    LikeRow,
    PhotoState,
    TermPhotoRow,
    ViewerRow,
)
from tests.specs.builders import (
    ANN,
    BOB,
    CY,
    DAWN,
    DEE,
    Play,
    barrier,
    closed,
    comment,
    commented,
    erased,
    following,
    inbox_read,
    liked,
    made,
    noticed,
    opened,
    photo,
    present,
    uncommented,
    unliked,
    uploaded,
    user,
    variant,
    wish,
)
from tests.specs.feeds_made import Fanout, gained, pulled, pushed
from tests.specs.trends_made import HOUR, Boards, Stage, a_score, mention, person, unmention

RULES = Rules(celebrity_up=2, celebrity_down=1)
SHOT = photo(ANN)


def printed(agent, play, projection: str) -> list:
    return list(agent.reprint(play.state, projection))


def test_claims_that_lost_their_name_are_printed_as_well():
    play = Play(accounts.fold_of(RULES)).given(opened(ANN), opened(user("ann", 1)), closed(ANN))
    found = printed(accounts.agent(RULES), play, "accounts")
    assert [row.state.value for row in found] == ["deleted", "refused"]


def test_a_request_is_printed_and_a_wish_without_a_known_account_is_not():
    play = Play(follows.fold_of(RULES)).given(
        opened(ANN, private=True), wish(BOB, "WANTED", ANN, 3), wish(CY, "ACCEPTED", ANN, 4, at=5), wish(BOB, "WANTED", DEE)
    )
    found = sorted(printed(follows.agent(RULES), play, "followers"), key=lambda row: row.since)
    assert found == [FollowerRow(ANN, BOB, "REQUESTED", DAWN + 3), FollowerRow(ANN, CY, "FOLLOWING", DAWN + 5)]


def test_the_follows_of_a_deleted_account_are_not_printed_though_their_wishes_stand():
    play = Play(follows.fold_of(RULES)).given(opened(ANN), wish(BOB, "WANTED", ANN), wish(CY, "WANTED", ANN), closed(ANN))
    assert printed(follows.agent(RULES), play, "followers") == []
    assert printed(follows.agent(RULES), play, "celebrities") == []


def test_the_spans_of_an_author_who_is_not_pulled_any_more_are_printed():
    play = Play(follows.fold_of(RULES)).given(opened(ANN), wish(BOB, "WANTED", ANN, 1), wish(CY, "WANTED", ANN, 2))
    assert printed(follows.agent(RULES), play, "celebrities") == [CelebrityRow(ANN, ((DAWN + 2, 0),))]
    play.given(wish(CY, "NONE", ANN, at=5))
    assert printed(follows.agent(RULES), play, "celebrities") == [CelebrityRow(ANN, ((DAWN + 2, DAWN + 5),))]


def test_who_is_private_again_prints_what_took_effect_before():
    play = Play(follows.fold_of(RULES)).given(opened(ANN), wish(BOB, "WANTED", ANN, 1), made(ANN, True, at=3))
    assert printed(follows.agent(RULES), play, "followers") == [FollowerRow(ANN, BOB, "FOLLOWING", DAWN + 1)]


def test_a_reader_who_is_only_blocked_is_printed():
    play = Play(viewers.fold).given(following(BOB, "REQUESTED", CY, at=4), barrier(ANN, BOB, blocked_by=True))
    found = {row.user_id: row for row in printed(viewers.agent(), play, "viewers")}
    assert found == {ANN: ViewerRow(ANN, (), (), (), (BOB,), ()), BOB: ViewerRow(BOB, (), (CY,), (), (), ())}


def test_follows_blocks_and_mutes_are_printed_with_their_times():
    play = Play(viewers.fold).given(
        following(ANN, "FOLLOWING", BOB, at=4),
        barrier(ANN, CY, blocking_since=DAWN + 5, muting_since=DAWN + 6, muted_until=DAWN + 7),
        barrier(ANN, DEE, muting_since=DAWN + 8),
    )
    assert printed(viewers.agent(), play, "followings") == [FollowingRow(ANN, BOB, "FOLLOWING", DAWN + 4)]
    assert {row.other_id: row for row in printed(viewers.agent(), play, "barriers")} == {
        CY: BarrierRow(ANN, CY, DAWN + 5, False, DAWN + 6, DAWN + 7),
        DEE: BarrierRow(ANN, DEE, None, False, DAWN + 8, None),
    }


def test_photos_are_printed_once_they_were_uploaded_or_deleted():
    play = Play(photos.fold).given(variant(SHOT, ANN), uploaded(photo(ANN, 2), ANN), erased(photo(ANN, 3), ANN))
    found = {row.photo_id: row.state for row in printed(photos.agent(), play, "photo_cards")}
    assert found == {photo(ANN, 2): PhotoState.PROCESSING, photo(ANN, 3): PhotoState.DELETED}


def test_counts_are_printed_also_after_they_were_flushed():
    """Kills: a reprint of what waits for the next flush, which after a flush is nothing."""
    play = Play(likes.fold).given(liked(BOB, SHOT), liked(CY, photo(ANN, 2)))
    play.keep(likes.agent().flush(play.state))
    play.given(liked(CY, SHOT))
    expected = [CounterRow("likes", SHOT, 2), CounterRow("likes", photo(ANN, 2), 1)]
    for projection in ("counters", "counter_rows"):
        assert printed(likes.agent(), play, projection) == expected


def test_likes_that_were_taken_back_are_not_printed():
    play = Play(likers.fold).given(liked(BOB, SHOT, at=3), liked(CY, SHOT, comment(SHOT)), unliked(CY, SHOT, comment(SHOT)))
    assert printed(likers.agent(), play, "likes") == [LikeRow(SHOT, BOB, True, DAWN + 3, 0)]


def test_likes_of_who_is_away_are_not_printed_and_are_kept():
    play = Play(likers.fold).given(liked(BOB, SHOT), liked(CY, SHOT), present(BOB, "AWAY"))
    assert printed(likers.agent(), play, "liked") == [LikeRow(SHOT, CY, True, DAWN, 1)]
    assert len(list(play.state.scan(likers.MEMBER))) == 2


def test_a_deleted_comment_is_printed_without_its_text_and_likes_and_one_that_was_only_liked_is_not():
    kept, gone, liked_alone = (comment(SHOT, number) for number in (1, 2, 3))
    play = Play(comments.fold).given(
        commented(BOB, kept, SHOT), commented(BOB, gone, SHOT), uncommented(BOB, gone, SHOT),
        liked(CY, SHOT, kept), liked(CY, SHOT, gone), liked(CY, SHOT, liked_alone),
    )  # fmt: skip
    found = {row.comment_id: (row.text, row.likes, row.deleted) for row in printed(comments.agent(), play, "comments")}
    assert found == {kept: ("Nice!", 1, False), gone: (None, 0, True)}


def test_of_who_is_gone_a_tombstone_is_printed_and_no_submission():
    mine, theirs = "a" * 32, "b" * 32
    play = Play(comments.fold).given(
        commented(BOB, comment(SHOT), SHOT, submission=mine), commented(CY, comment(SHOT, 2), SHOT, submission=theirs)
    )
    play.given(present(BOB, "GONE"), present(CY, "AWAY"))
    found = {row.comment_id: (row.author_id, row.text, row.deleted) for row in printed(comments.agent(), play, "comments")}
    assert found == {comment(SHOT): (0, None, True), comment(SHOT, 2): (CY, "Nice!", False)}
    assert [row.submission for row in printed(comments.agent(), play, "submissions")] == [theirs]


def ready(number: int, owner: int = ANN):
    return variant(photo(owner, number), owner, 150, number)


def test_pulled_photos_are_printed_into_their_owners_timeline_alone():
    feeds = Fanout().given(gained(ANN, BOB), ready(1), pulled(ANN, 5), ready(6), pushed(ANN, 10), ready(11))
    assert printed(fanout.agent(RULES), feeds, "timelines") == [
        Backfill(ANN, (photo(ANN, 11), photo(ANN, 6), photo(ANN, 1))),
        Backfill(BOB, (photo(ANN, 11), photo(ANN, 1))),
    ]
    assert printed(fanout.agent(RULES), feeds, "authors") == [Backfill(ANN, tuple(photo(ANN, number) for number in (11, 6, 1)))]


def test_of_an_author_with_many_photos_one_more_than_the_depth_is_printed():
    feeds = Fanout(depth=3).given(gained(ANN, BOB), *(ready(number) for number in range(1, 9)))
    newest = tuple(photo(ANN, number) for number in (8, 7, 6, 5))
    assert printed(fanout.agent(RULES), feeds, "timelines") == [Backfill(ANN, newest), Backfill(BOB, newest)]


def test_boards_whose_window_has_ended_are_printed_as_they_were_written():
    boards = Boards().given(a_score("dawn", 9), a_score("rome", 3, board="PLACES"), a_score("dusk", 5, at=HOUR), batch_of=1)
    boards.given(a_score("dawn", 0, seen_at=2 * HOUR), a_score("noon", 0, seen_at=3 * HOUR))
    found = printed(trend_rank.agent(Rules()), boards, "trends")
    assert {(row.board, row.window_start): row for row in found} == boards.boards
    assert len(found) == 5


def test_only_mentions_that_stand_are_printed_as_they_were_typed_last():
    stage = Stage(terms.fold)
    stage.fed([mention("dawn", 1), mention("dawn", 2), mention("dawn", 1, shown="DAWN"), unmention("dawn", 2)])
    stage.fed([mention("rome", 1, board="PLACES")])
    assert printed(terms.agent(), stage, "term_photos") == [
        TermPhotoRow("HASHTAGS", "dawn", "DAWN", mention("dawn", 1).photo_id, person(1), True),
        TermPhotoRow("PLACES", "rome", "Rome", mention("rome", 1).photo_id, person(1), True),
    ]


def test_notifications_are_printed_that_stand_between_people_who_are_there():
    play = Play(notifications.fold).given(
        noticed("LIKE", ANN, BOB, SHOT),
        noticed("LIKE", ANN, BOB, SHOT, at=None, standing=False),
        noticed("LIKE", ANN, CY, SHOT, at=3),
        noticed("LIKE", ANN, DEE, SHOT),
        noticed("LIKE", DEE, CY, SHOT),
        inbox_read(ANN, SHOT, at=9),
        inbox_read(DEE, SHOT, at=9),
        present(DEE, "GONE"),
        present(CY, "AWAY"),
    )
    assert printed(notifications.agent(), play, "notifications") == [play.row("notifications", ANN, "like", CY, SHOT, 0)]
    assert printed(notifications.agent(), play, "inboxes") == [InboxRow(ANN, SHOT)]
