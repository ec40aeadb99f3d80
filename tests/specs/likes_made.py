"""Like events for the tests of bytes and columns: made with hypothesis, or plain ones in numbers."""

from hypothesis import strategies as st

from schemas.events import LikeChanged, LikeKind

IDS = st.integers(min_value=0, max_value=(1 << 63) - 1)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)

LIKES = st.builds(
    LikeChanged,
    event_id=TEXTS,
    occurred_at=st.integers(min_value=-(1 << 63), max_value=(1 << 63) - 1),
    actor_id=IDS,
    source=TEXTS,
    trace=st.none() | TEXTS,
    photo_id=IDS,
    kind=st.sampled_from(LikeKind),
    comment_id=st.none() | IDS,
)


def plain_like(number: int) -> LikeChanged:
    """Return one like; different numbers give likes that differ in every field that can."""
    return LikeChanged(
        event_id=str(number << 23),
        occurred_at=1_763_721_021_000 + number,
        actor_id=(number * 7_919) << 23,
        source="http",
        trace=f"trace-{number}" if number % 3 else None,
        photo_id=(number * 104_729) << 23,
        kind=LikeKind.LIKED if number % 2 else LikeKind.UNLIKED,
        comment_id=number << 23 if number % 5 == 0 else None,
    )
