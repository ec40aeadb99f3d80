"""Which terms a photo mentions, and which it takes back."""

from agents import trend_parse
from schemas.events import PostSeen
from tests.specs.builders import happened
from tests.specs.trends_made import Stage, person, photo_at


def seen(caption: str | None = None, place: str | None = None, present: bool = True, photo: int = 0):
    return happened(PostSeen, photo_id=photo_at(photo), owner_id=person(1), present=present, caption=caption, place=place)


class Parsed(Stage):
    def __init__(self) -> None:
        super().__init__(trend_parse.fold)

    def said(self, *events) -> list[tuple[bool, str, str, str]]:
        changes = self.fed(events)
        return [(c.event.present, c.event.board.value, c.event.term, c.event.shown) for c in changes.events]


def test_tags_and_the_place_are_mentioned_in_their_order():
    assert Parsed().said(seen("At #Dawn, an #ÉTÉ", " New  York ")) == [
        (True, "HASHTAGS", "dawn", "Dawn"),
        (True, "HASHTAGS", "ete", "ÉTÉ"),
        (True, "PLACES", "new york", " New  York "),
    ]


def test_a_tag_written_twice_is_mentioned_once():
    assert len(Parsed().said(seen("#dawn #Dawn #DAWN"))) == 1


def test_an_edited_caption_retracts_the_old_tags_and_asserts_the_new_ones():
    parsed = Parsed()
    parsed.said(seen("#old #kept", "Rome"))
    assert parsed.said(seen("#kept #new", "Rome")) == [(False, "HASHTAGS", "old", "old"), (True, "HASHTAGS", "new", "new")]


def test_a_changed_place_is_retracted_and_asserted():
    parsed = Parsed()
    parsed.said(seen(None, "Rome"))
    assert parsed.said(seen(None, "Oslo")) == [(False, "PLACES", "rome", "Rome"), (True, "PLACES", "oslo", "Oslo")]


def test_a_tag_typed_otherwise_is_said_again_and_not_retracted():
    parsed = Parsed()
    parsed.said(seen("#dawn"))
    assert parsed.said(seen("#DAWN")) == [(True, "HASHTAGS", "dawn", "DAWN")]


def test_a_photo_that_is_no_longer_seen_takes_everything_back_and_is_forgotten():
    parsed = Parsed()
    parsed.said(seen("#dawn", "Rome"))
    assert parsed.said(seen(present=False)) == [(False, "HASHTAGS", "dawn", "dawn"), (False, "PLACES", "rome", "Rome")]
    assert parsed.state.items == {}
    assert parsed.said(seen(present=False)) == []


def test_seen_again_it_mentions_everything_again():
    parsed = Parsed()
    parsed.said(seen("#dawn"), seen(present=False))
    assert parsed.said(seen("#dawn")) == [(True, "HASHTAGS", "dawn", "dawn")]


def test_a_repeat_says_nothing():
    parsed = Parsed()
    parsed.said(seen("#dawn", "Rome"))
    assert parsed.said(seen("#dawn", "Rome")) == []


def test_a_photo_without_words_mentions_nothing():
    assert Parsed().said(seen(), seen("no tags", "   ", photo=1)) == []


def test_the_thirty_first_tag_is_not_mentioned():
    assert len(Parsed().said(seen(" ".join(f"#tag{number}" for number in range(40))))) == 30
