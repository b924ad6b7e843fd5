"""The officer's desk in a real browser."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sallyport_gateway.web.lane_view import DoorState
from sallyport_gateway.web.sample.lanes import lanes
from sallyport_provisioning.estate import Estate

pytestmark = pytest.mark.page

STATES = sorted(lanes(datetime(2026, 11, 22, tzinfo=UTC)))
HTML = "html"
LIMIT_S = 2.5
"""Seconds that a busy machine may take for what takes a few milliseconds (a push) or one second (lost contact)."""


def live(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator(HTML)).to_have_attribute("data-contact", "live")


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", tags)["violations"]
    return [f"{each['id']}: {node['html'][:120]} {node['failureSummary']}" for each in found for node in each["nodes"]]


def background(page: Page, selector: str) -> str:
    return str(page.locator(selector).evaluate("each => getComputedStyle(each).backgroundColor"))


def test_anybody_can_use_it(still: Any, page: Page, axe: str) -> None:
    for path in ("/", "/sign-in", "/nowhere", *(f"/lanes/{state}" for state in STATES)):
        page.goto(still.url + path)
        expect(page.locator(HTML)).to_have_attribute("data-contact", re.compile("live|none"))
        assert violations(page, axe) == [], path


def test_a_stale_page_can_be_read_too(desk: Any, page: Page, axe: str) -> None:
    live(page, f"{desk.url}/lanes/release")
    desk.views.hung = True
    expect(page.locator(HTML)).to_have_attribute("data-contact", "lost")
    assert violations(page, axe) == []


@pytest.mark.parametrize("path", ["/", "/lanes/hold", "/lanes/any-script", "/lanes/ready"])
def test_nothing_runs_over_the_edge(still: Any, page: Page, path: str) -> None:
    live(page, still.url + path)
    over = """() => [...document.querySelectorAll("main *")].filter(each => {
        const box = each.getBoundingClientRect();
        const seen = box.width && !each.closest("table, .govuk-visually-hidden");
        return seen && (box.left < -1 || box.right > innerWidth + 1);
    }).map(each => each.outerHTML.slice(0, 80))"""
    for width in (1280, 1024, 768, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(over) == [], width
        wide = "each => each.scrollWidth > each.clientWidth + 1"
        assert not any(part.evaluate(wide) for part in page.locator(".card, .subject, .act, .paper").all()), width


def test_verdict_photograph_and_button_need_no_scrolling(still: Any, page: Page) -> None:
    live(page, f"{still.url}/lanes/release")
    for part in (page.locator(".verdict"), page.get_by_alt_text("Photograph of Subject A"), page.locator(".door")):
        expect(part).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Confirm and open")).to_be_in_viewport(ratio=1)


def test_a_change_is_on_the_page_at_once(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/face")
    hold = replace(lanes(datetime.now(UTC))["hold"], lane="face")
    began = time.monotonic()
    desk.show("face", hold)
    page.locator(".verdict--HOLD").wait_for()
    took = time.monotonic() - began
    print(f"push to page: {took * 1000:.0f} ms")
    assert took < LIMIT_S
    expect(page).to_have_title("HOLD – face – Sallyport")
    expect(page.get_by_role("status").first).to_have_text(re.compile("Verdict: HOLD"))


def stale(page: Page) -> None:
    """An old verdict must not look live: said in words, greyed, struck through, and nothing can be pressed."""
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("Lost contact with the gateway at")
    expect(page.locator(".verdict__stale")).to_be_visible()
    expect(page).to_have_title("Lost contact – Sallyport")
    assert background(page, ".verdict") == "rgba(0, 0, 0, 0)"  # stripes over no colour
    expect(page.locator(".verdict__word")).to_have_css("text-decoration-line", "line-through")
    for button in page.locator("form[data-act] button").all():
        expect(button).to_be_disabled()


def test_lost_contact_shows_within_a_second_and_heals(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/release")
    assert background(page, ".verdict") == "rgb(15, 122, 82)"
    desk.stop()
    began = time.monotonic()
    expect(page.locator(HTML)).to_have_attribute("data-contact", "lost")
    took = time.monotonic() - began
    print(f"stop to lost contact: {took:.2f} s")
    assert took < LIMIT_S
    stale(page)
    desk.start()
    expect(page.locator(HTML)).to_have_attribute("data-contact", "live")
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.get_by_role("button", name="Confirm and open")).to_be_enabled()


def test_a_gateway_that_hangs_is_lost_contact_too(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/release")
    desk.views.hung = True
    began = time.monotonic()
    expect(page.locator(HTML)).to_have_attribute("data-contact", "lost")
    took = time.monotonic() - began
    print(f"silence to lost contact: {took:.2f} s")
    assert took < LIMIT_S
    stale(page)


def test_without_its_script_a_verdict_does_not_look_live(still: Any, page: Page) -> None:
    page.route("**/static/page.js", lambda route: route.abort())
    page.goto(f"{still.url}/lanes/release")
    expect(page.locator(".verdict__stale")).to_be_visible()
    assert background(page, ".verdict") == "rgba(0, 0, 0, 0)"


def test_a_release_dies_on_the_page_when_its_time_is_up(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/ready")
    soon = datetime.now(UTC) + timedelta(seconds=2.5)
    dying = lanes(datetime.now(UTC))["release"]
    assert dying.decision is not None
    acts = tuple(replace(act, until=soon if act.until else None) for act in dying.acts)
    desk.show("ready", replace(dying, lane="ready", acts=acts, decision=replace(dying.decision, valid_until=soon)))
    expect(page.locator(".verdict--RELEASE [data-countdown]")).to_have_text(re.compile(r"^[12] s$"))
    expect(page.locator(".verdict--EXPIRED")).to_be_visible()
    assert page.locator(".verdict--RELEASE").count() == 0
    expect(page.get_by_role("button", name="Confirm and open")).to_be_disabled()


def test_what_was_typed_survives_an_update_but_never_changes_its_act(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/release")
    tick = page.get_by_label("I have compared the person in the lane with the photograph")
    tick.check()
    reason = page.get_by_label("Reason for withdrawing")
    reason.fill("wrong da")
    shown = lanes(datetime.now(UTC))["release"]
    more = replace(shown, lane="release", acts=shown.acts[:2])
    desk.show("release", more)
    expect(page.get_by_role("button", name="End this session")).to_have_count(0)
    expect(reason).to_be_focused()
    reason.press_sequentially("te")
    expect(reason).to_have_value("wrong date")
    expect(tick).to_be_checked()
    other = replace(more.acts[0], fields=(("session", "another"), ("decision", "another")))
    desk.show("release", replace(more, acts=(other, *more.acts[1:])))
    expect(page.locator('[name="session"]')).to_have_value("another")
    expect(tick).not_to_be_checked()


def test_the_keyboard_reaches_everything_in_order(still: Any, page: Page) -> None:
    live(page, f"{still.url}/lanes/release")
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText || document.activeElement.name"))
    assert [each.strip() for each in reached] == [
        "Skip to main content",
        "Sallyport",
        "Sign in",
        "compared",
        "Confirm and open",
        "reason",
        "Withdraw the authorisation",
        "End this session",
    ]


def test_acts_need_somebody_signed_in_and_what_they_ask_for(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/ready")
    start = page.get_by_role("button", name="Start check")
    told = page.locator("#act-outcome")
    start.click()
    expect(told).to_contain_text("Fill in: Prisoner number")
    page.get_by_label("Prisoner number").fill("12345")
    start.click()
    expect(told).to_contain_text("Not in the right form: Prisoner number")
    page.get_by_label("Prisoner number").fill("A1234BC")
    start.click()
    expect(told).to_contain_text("Sign in first")
    assert desk.views.taken == []


def sign_in(page: Page, url: str, key: Path, certificate: Path) -> None:
    page.goto(f"{url}/sign-in")
    page.get_by_label("Key").set_input_files(key)
    page.get_by_label("Certificate").set_input_files(certificate)
    page.get_by_role("button", name="Sign in").click()


def test_an_officer_signs_an_act_in_the_browser(desk: Any, page: Page, estate: Estate) -> None:
    folder = estate.root / "officers/a.lind"
    sign_in(page, desk.url, folder / "key.pem", folder / "certificate.pem")
    expect(page.locator("#sign-in-outcome")).to_contain_text("Signed in as a.lind. The signature of “sign-in” holds.")
    live(page, f"{desk.url}/lanes/release")
    expect(page.get_by_role("link", name="Acting as a.lind")).to_be_visible()
    confirm = page.get_by_role("button", name="Confirm and open")
    confirm.click()
    expect(page.locator("#act-outcome")).to_contain_text("Tick first: I have compared the person")
    page.get_by_label("I have compared").check()
    confirm.click()
    expect(page.locator("#act-outcome .told--done")).to_contain_text("The signature of “confirm” holds.")
    assert desk.views.taken[0] == ("sign-in", {"why": "On duty at the release desk"})
    assert desk.views.taken[1:] == [("confirm", {"session": "5e551011", "decision": "9f2c", "compared": "yes"})]


def test_what_was_unfolded_and_typed_stays_through_updates(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/manual-release")
    key = page.get_by_role("button", name="Let the person out by key")
    expect(key).to_be_hidden()
    page.locator("summary", has_text="Let the person out by key").click()
    expect(key).to_be_visible()
    shown = lanes(datetime.now(UTC))["manual-release"]
    again = replace(
        shown, lane="manual-release", acts=(*shown.acts, replace(shown.acts[2], kind="other", label="Other"))
    )
    desk.show("manual-release", again)
    expect(page.get_by_role("button", name="Other")).to_be_visible()
    expect(key).to_be_visible()


def test_what_was_told_in_one_session_does_not_stand_in_the_next(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/release")
    page.get_by_role("button", name="Confirm and open").click()
    told = page.locator("#act-outcome .told")
    expect(told).to_contain_text("Confirm and open: not done at")
    shown = lanes(datetime.now(UTC))["release"]
    assert shown.session is not None
    desk.show("release", replace(shown, lane="release", acts=shown.acts[:2]))
    expect(page.get_by_role("button", name="End this session")).to_have_count(0)
    expect(told).to_be_visible()
    desk.show("release", replace(shown, lane="release", session=replace(shown.session, session="another")))
    expect(told).to_have_count(0)


def test_a_refused_act_is_told_and_a_dead_gateway_is_not_taken_for_done(desk: Any, page: Page, estate: Estate) -> None:
    folder = estate.root / "officers/a.lind"
    sign_in(page, desk.url, folder / "key.pem", folder / "certificate.pem")
    live(page, f"{desk.url}/lanes/hold")
    page.get_by_label("Reason for withdrawing").fill("refuse-me")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator("#act-outcome .told--refused")).to_contain_text("refuses this on request")
    page.route("**/acts/prepare", lambda route: route.abort())
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator("#act-outcome .told--refused")).to_contain_text("Nothing is known to have been done")
    expect(page.get_by_role("button", name="Withdraw")).to_be_enabled()


def test_the_key_cannot_be_read_out_and_goes_at_sign_out(desk: Any, page: Page, estate: Estate) -> None:
    folder = estate.root / "officers/a.lind"
    sign_in(page, desk.url, folder / "key.pem", folder / "certificate.pem")
    kept = """async () => {
        const acting = await (await import("/static/officer.js")).officer();
        if (acting === null) return null;
        const read = crypto.subtle.exportKey("pkcs8", acting.key);
        return read.then(() => "readable", () => acting.key.usages.join());
    }"""
    expect(page.locator("#signed-in")).to_be_visible()
    assert page.evaluate(kept) == "sign"
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#sign-in-outcome")).to_contain_text("Signed out")
    assert page.evaluate(kept) is None


@pytest.mark.parametrize(
    ("key", "certificate", "sentence"),
    [
        ("a.lind/key.pem", "d.morgan/certificate.pem", "The certificate belongs to another key."),
        ("a.lind/certificate.pem", "a.lind/certificate.pem", "The key is not an unencrypted PKCS#8 PEM key."),
        ("a.lind/key.pem", "a.lind/key.pem", "The certificate is not a PEM certificate."),
    ],
)
def test_files_that_do_not_fit_are_refused(
    desk: Any, page: Page, estate: Estate, key: str, certificate: str, sentence: str
) -> None:
    officers = estate.root / "officers"
    sign_in(page, desk.url, officers / key, officers / certificate)
    expect(page.locator("#sign-in-outcome")).to_have_text(sentence)
    expect(page.locator("#signed-in")).to_be_hidden()


def test_a_lane_on_the_first_page_follows_its_door(desk: Any, page: Page) -> None:
    live(page, f"{desk.url}/lanes/ready")
    page.get_by_role("link", name="Sallyport").click()
    expect(page.get_by_role("heading", name="Alarm in MDI-LANE-1")).to_be_visible()
    expect(page.locator(".card", has_text="alarm").locator(".badge--alarm")).to_contain_text("Door alarm")
    assert lanes(datetime.now(UTC))["alarm"].door.state == DoorState.ALARM
