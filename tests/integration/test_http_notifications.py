"""What is refused of notifications; what people are told is in `behaviours/test_notifications.py`."""

import pytest

pytestmark = pytest.mark.stack
PATH = "/v1/notifications"


def test_what_is_no_id_no_cursor_and_nobody_is_refused(person, http):
    ann = person()
    for wrong in ("", "x", "-1", "007", str(1 << 63), 7, None):
        ann.ask("PUT", f"{PATH}/read", 422, json={"up_to": wrong})
    ann.ask("PUT", f"{PATH}/read", 422, json={})
    ann.ask("GET", PATH, 422, params={"cursor": "x"})
    ann.ask("GET", PATH, 422, params={"limit": 0})
    assert http.get(PATH).status_code == 401
