"""An officer's whole release in a real browser: sign in, start, read the verdict, open."""

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import TimeoutError

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
