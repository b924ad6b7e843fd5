import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sallyport_gateway.web.acts import MAX_BODY
from sallyport_gateway.web.app import create_app
from sallyport_gateway.web.pages import Pages
from sallyport_gateway.web.sample.lanes import lanes
from sallyport_gateway.web.sample.views import SampleViews
from sallyport_protocol.errors import RoadError

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
STATES = sorted(lanes(NOW))
SAME = {"origin": "http://desk.test", "sec-fetch-site": "same-origin"}


@pytest.fixture
def client(tmp_path: Path, calling: Any) -> Any:
    for name in ("govuk-frontend.min.css", "moj-frontend.min.css"):
        (tmp_path / name).write_text("/* sheet */")
    return calling(create_app(SampleViews(NOW), assets_folder=tmp_path, now=lambda: NOW))


def test_missing_style_sheets_are_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "moj-frontend.min.css").write_text("")
    with pytest.raises(RoadError, match=r"govuk-frontend\.min\.css\. Run `make assets`"):
        create_app(SampleViews(NOW), assets_folder=tmp_path)


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/lanes/hold", "/lanes/none", "/static/live.js", "/assets/moj-frontend.min.css"]
)
def test_every_answer_carries_the_headers(client: Any, path: str) -> None:
    headers = client.get(path).headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("state", STATES)
def test_every_state_renders_without_inline_script_or_style(client: Any, state: str) -> None:
    html = client.get(f"/lanes/{state}").text
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=\"|\sstyle=|javascript:|<style", html)
    assert "{{" not in html


def test_a_page_is_not_live_as_sent(client: Any) -> None:
    """Without its script, saved, or restored, a page must not look live."""
    assert 'data-contact="waiting"' in client.get("/lanes/release").text


def test_names_stay_text(client: Any) -> None:
    html = client.get("/lanes/any-script").text
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<bdi>" in html


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("release", ["RELEASE", "Valid for", "Confirm and open", "fewer than 1 in 3,800,000,000 strangers"]),
        ("hold", ["HOLD", "Check 17", "warrant of imprisonment", "Court liaison", "Held for", "Audit entry 4119"]),
        ("refer", ["REFER", "Check 12", "Duty governor", "no evidence"]),
        ("expired", ["Expired", "It opens nothing"]),
        ("door-open", ["Open", "Opening granted at"]),
        ("alarm", ["Alarm in MDI-LANE-1", "UNGRANTED_OPEN", "Security"]),
        ("kiosk-lost", ["not connected", "Not known"]),
        ("ready", ["No verdict", "Start check", "Locked"]),
        ("finger", ["The person is at the fingerprint sensor"]),
    ],
)
def test_each_state_says_what_it_is(client: Any, state: str, words: list[str]) -> None:
    html = client.get(f"/lanes/{state}").text
    assert [word for word in words if word not in html] == []


def test_only_an_unexpired_release_is_drawn_as_one() -> None:
    drawn = {
        state: set(re.findall(r'data-shape="([A-Z]+)"', Pages().lane_picture(lane, NOW).regions["verdict"]))
        for state, lane in lanes(NOW).items()
    }
    released = {state for state, shapes in drawn.items() if "RELEASE" in shapes}
    assert released == {"release", "release-two-seconds", "unlocked", "door-open", "any-script", "manual-release"}
    assert drawn["expired"] == {"EXPIRED"}
    assert all(len(shapes) == 1 for shapes in drawn.values())


def test_what_a_screen_reader_hears() -> None:
    every = lanes(NOW)
    heard = {state: Pages().lane_picture(lane, NOW).announcement for state, lane in every.items()}
    assert heard["hold"] == "Verdict: HOLD. Do not release. 1 check failed and 1 is not known. Door: Locked."
    assert heard["expired"] == "The decision has run out. Door: Locked."
    assert heard["alarm"].startswith("Alarm. the door opened without a grant")


def test_times_are_the_officers_own() -> None:
    summer = datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
    assert "has run out at 11:29:55" in Pages().lane_picture(lanes(summer)["expired"], summer).regions["verdict"]


def test_an_unknown_lane_is_a_page_with_a_way_back(client: Any) -> None:
    answer = client.get("/lanes/none")
    assert answer.status_code == 404
    assert "There is no lane of that name" in answer.text
    assert client.get("/lanes/none/events").status_code == 404
    assert client.get("/nowhere").status_code == 404


def test_a_gateway_that_cannot_read_says_so(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreadable(_self: SampleViews, _lane: str) -> None:
        raise RoadError("The store cannot be read; look at the disk.")

    monkeypatch.setattr(SampleViews, "lane", unreadable)
    answer = client.get("/lanes/hold")
    assert answer.status_code == 503
    assert "The store cannot be read; look at the disk." in answer.text


def test_photographs_are_served_by_key_alone(client: Any) -> None:
    answer = client.get("/lanes/hold/photograph/silhouette")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8")
    assert client.get("/lanes/hold/photograph/other").status_code == 404


def test_another_sites_page_can_do_nothing(client: Any) -> None:
    body = {"token": "t", "signature": ""}
    none, evil = {"origin": "null"}, {"origin": "http://evil.test"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, evil, none):
        assert client.request("POST", "/acts/submit", json=body, headers=headers).status_code == 403
    assert client.request("POST", "/acts/submit", json=body, headers=SAME).status_code == 200
    own_form = none | {"sec-fetch-site": "same-origin"}
    assert client.request("POST", "/acts/submit", json=body, headers=own_form).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"kind":"start","fields":{}}',
        b'{"kind":"Start","fields":{},"certificate":""}',
        b'{"kind":"start","fields":{"a":1},"certificate":""}',
        b'{"kind":"start","fields":{},"certificate":"","more":1}',
        b'{"kind":"start","fields":{},"certificate":"%%%"}',
        b'{"kind":"start","fields":{},"certificate":"AAAA"}',
        b'{"kind":"start","fields":{},"certificate":"' + b"A" * MAX_BODY + b'"}',
    ],
)
def test_a_malformed_act_is_refused_in_words(client: Any, body: bytes) -> None:
    answer = client.request("POST", "/acts/prepare", content=body, headers=SAME | {"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["accepted"] is False
    assert answer.json()["sentences"]


def test_an_act_must_say_that_it_is_json(client: Any) -> None:
    body = b'{"token":"t","signature":""}'
    answer = client.request("POST", "/acts/submit", content=body, headers=SAME | {"content-type": "text/plain"})
    assert answer.status_code == 400


def test_a_refusal_at_preparation_is_told_as_it_is(client: Any) -> None:
    body = {"kind": "start", "fields": {"reason": "refuse-me"}, "certificate": base64.b64encode(b"x").decode()}
    answer = client.request("POST", "/acts/prepare", json=body, headers=SAME)
    assert answer.json() == {"accepted": False, "sentences": ["The sample refuses this on request."]}
