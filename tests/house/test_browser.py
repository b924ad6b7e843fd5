"""An officer's whole release in a real browser: sign in, start, read the verdict, open."""

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError
from visit import run_program

from sallyport_rig.demonstration.records import PRISONER
from sallyport_rig.demonstration.world import OFFICER

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from visit import Visit

    from sallyport_rig.demonstration.world import World

pytestmark = pytest.mark.page


def test_an_officer_releases_somebody_in_a_browser(visit: "Visit", world: "World", page: "Page") -> None:
    visit.person()
    _sign_in(page, world)
    page.goto(f"{world.gateway_url}/lanes/MDI-LANE-1")
    world.strikes()
    for _ in range(3):  # on a machine that is too busy to see the person every second, the verdict dies: once more
        page.get_by_role("button", name=re.compile("Start check")).click(timeout=60_000)
        with suppress(TimeoutError):
            _look_and_open(page)
            break
    world.wait(lambda: _consumed(world) == visit.number, 60, "the consumption")
    page.get_by_text("consumed", exact=False).first.wait_for(timeout=60_000)
    assert [each.level for each in world.strikes()].count(True) == 1


def test_an_officer_records_what_a_person_cannot_do_and_reads_it_before_and_beside_the_verdict(
    visit: "Visit", world: "World", page: "Page"
) -> None:
    """The covering is compared as it is; a face that cannot be used leaves it to the finger, which is not enough."""
    visit.person()
    _sign_in(page, world)
    page.goto(f"{world.gateway_url}/lanes/MDI-LANE-1")
    for cannot, why in (("MOUTH", "veil"), ("FACE", "face bandaged")):
        page.locator("summary", has_text="Record a need").click(timeout=60_000)
        form = page.locator("form[data-act=excuse]")
        form.locator("select[name=cannot]").select_option(cannot)
        form.locator("input[name=why]").fill(why)
        form.get_by_role("button").click()
        page.locator("#act-outcome").get_by_text("It is recorded").wait_for(timeout=20_000)
        page.reload()
    try:
        start = page.locator("form[data-act=start]")
        told = f"Keeps covered: mouth. Face is not read: face bandaged ({OFFICER})."
        start.get_by_text(told).wait_for(timeout=20_000)
        for _ in range(3):  # the page may be drawn anew just while one presses: who sees nothing happen presses again
            with suppress(TimeoutError):
                start.get_by_role("button").click(timeout=3_000)
                page.locator(".verdict--HOLD").wait_for(timeout=20_000)
                break
        page.locator(".subject").get_by_text("Face is not read: face bandaged").wait_for()
        page.locator("table.detail", has_text="Exception").first.wait_for()
        assert world.strikes() == []
    finally:
        healed = ("--officer", "r.nurse", "--why", "healed", "--config", str(world.estate.gateway_config))
        assert run_program("sallyport_gateway", "exceptions", "end", PRISONER, *healed)[0] == 0


def _look_and_open(page: "Page") -> None:
    page.get_by_label("The person in the lane is the one in the photograph").check(timeout=40_000)
    page.get_by_role("button", name="Open the door").click(timeout=3_000)


def _consumed(world: "World") -> str | None:
    paper = world.lane().get("authorisation")
    return paper["authorisation"] if paper and paper["state"] == "consumed" else None


def _sign_in(page: "Page", world: "World") -> None:
    page.goto(f"{world.gateway_url}/sign-in")
    folder = world.estate.root / "officers" / OFFICER
    page.locator("#key-file").set_input_files(str(folder / "key.pem"))
    page.locator("#certificate-file").set_input_files(str(folder / "certificate.pem"))
    page.get_by_role("button", name="Sign in").click()
    page.locator("#signed-in-name").get_by_text(OFFICER).wait_for(timeout=10_000)
