"""How often people may do what: the settings of rate limits, one for each kind, and how their text is read."""

import re
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings

_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 24 * 3_600}
_RATE = re.compile(rf"([1-9]\d{{0,8}})/([1-9]\d{{0,3}})?({'|'.join(_SECONDS)})")
UNLIMITED = "none"
WANTED = f"wanted rates such as 50/hour,500/day or 5/30minute, of {', '.join(_SECONDS)}; or {UNLIMITED}"


class Rate(NamedTuple):
    """So many in so many seconds."""

    most: int
    seconds: int


def read_rates(text: str) -> tuple[Rate, ...]:
    """Return the rates of a text such as `50/hour,500/day`, all of which hold; ValueError when it is none."""
    if text == UNLIMITED:
        return ()
    rates = []
    for part in text.replace(" ", "").split(","):
        match = _RATE.fullmatch(part)
        if match is None:
            raise ValueError(WANTED)
        rates.append(Rate(int(match[1]), int(match[2] or 1) * _SECONDS[match[3]]))
    return tuple(rates)


def _readable(text: str) -> str:
    read_rates(text)
    return text


Rates = Annotated[str, AfterValidator(_readable)]


class RateSettings(BaseSettings):
    """Limits for people and not for machines, by default those of Pixelfed (decision 34)."""

    rate_limits: Literal["off", "on"] = Field(
        "off", description="Whether the API limits requests per person and kind; in production on unless set."
    )
    limit_accounts: Rates = Field("5/30minute", description="Accounts that one address may open.")
    limit_uploads: Rates = Field("50/hour,100/day", description="Photos that one person may send in.")
    limit_edits: Rates = Field("10/hour,20/day", description="Captions and places that one person may change.")
    limit_comments: Rates = Field("50/hour,500/day", description="Comments that one person may write.")
    limit_likes: Rates = Field("120/hour,1000/day", description="Photos and comments that one person may like.")
    limit_follows: Rates = Field("150/hour", description="People whom one person may follow, or ask to.")
    limit_blocks: Rates = Field("100/day", description="People whom one person may block or mute.")

    @model_validator(mode="before")
    @classmethod
    def _production_is_limited(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {"rate_limits": "on"} | given if given.get("env") == "production" else given

    def rates(self) -> dict[str, tuple[Rate, ...]]:
        """Return the rates by kind."""
        names = [name for name in RateSettings.model_fields if name.startswith("limit_")]
        return {name.removeprefix("limit_"): read_rates(getattr(self, name)) for name in names}
