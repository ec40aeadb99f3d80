"""Rate limits in the settings: by kind, off where one develops, on in production, with defaults for people."""

import pytest

from api.__main__ import limits_of
from api.catalog import ROUTES
from infra.rates import Rate, read_rates
from infra.settings import SECRETS, Settings, SettingsError, load_settings

HOUR, DAY = 3_600, 24 * 3_600


def settings(**given):
    return Settings(**dict.fromkeys(SECRETS, "a-secret-of-length"), **given)


@pytest.fixture
def bare(monkeypatch):
    for name in ("DARKROOM_ENV", "DARKROOM_RATE_LIMITS"):
        monkeypatch.delenv(name, raising=False)


def test_limits_are_off_where_one_develops_or_tests_and_on_in_production_unless_set(bare):
    assert [limits_of(settings(env=env)) for env in ("development", "test")] == [{}, {}]
    assert limits_of(settings(env="production")) == limits_of(settings(rate_limits="on")) != {}
    assert limits_of(settings(env="production", rate_limits="off")) == {}


def test_every_kind_that_a_route_names_has_a_limit_and_every_limit_a_route(bare):
    assert {route.limited for route in ROUTES} - {""} == set(limits_of(settings(env="production")))


def test_the_defaults_are_those_that_pixelfed_has_for_people(bare):
    limits = limits_of(settings(env="production"))
    assert limits["uploads"] == ((50, HOUR), (100, DAY))
    assert limits["comments"] == ((50, HOUR), (500, DAY))
    assert limits["likes"] == ((120, HOUR), (1_000, DAY))
    assert (limits["follows"], limits["blocks"]) == (((150, HOUR),), ((100, DAY),))


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("none", ()),
        ("1/second", (Rate(1, 1),)),
        ("5/30minute", (Rate(5, 30 * 60),)),
        ("50/hour, 500/2day", (Rate(50, HOUR), Rate(500, 2 * DAY))),
    ],
)
def test_rates_are_written_as_so_many_in_a_time(text, rates):
    assert read_rates(text) == rates


@pytest.mark.parametrize("text", ["50", "0/hour", "-1/hour", "50/week", "50/hour;1/day", "50/0hour", "a/hour", "1.5/hour", ","])
def test_what_is_no_rate_is_named_with_what_is_wanted(monkeypatch, text):
    monkeypatch.setenv("DARKROOM_LIMIT_LIKES", text)
    with pytest.raises(SettingsError, match=f"DARKROOM_LIMIT_LIKES={text}: wanted rates such as"):
        load_settings()


def test_a_limit_reaches_the_processes_that_are_started_with_these_settings(monkeypatch, bare):
    given = settings(rate_limits="on", limit_likes="7/minute")
    for name, value in given.as_environment().items():
        monkeypatch.setenv(name, value)
    assert limits_of(load_settings())["likes"] == ((7, 60),)
