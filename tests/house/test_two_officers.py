"""What takes two officers, with the real programs and in real browsers: the manual path, and a restored gateway."""

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sallyport_protocol.acts import ActKind
from sallyport_rig.demonstration import records
from sallyport_rig.demonstration.world import APPROVERS, GOVERNOR, LANE, OFFICER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from sallyport_rig.demonstration.world import World

pytestmark = [pytest.mark.long, pytest.mark.page]


@pytest.fixture(scope="module")
def own_world(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[World]":
    """A house of this module alone: its store is put back to a backup."""
    from sallyport_rig.demonstration.world import World

    with World(tmp_path_factory.mktemp("two") / "run", samples, say=lambda words: None) as running:
        running.all_in_order()
        yield running


def _audit(world: "World", *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sallyport_gateway", *args, "--config", str(world.estate.gateway_config)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _signed_in(browser: "Browser", world: "World", officer: str) -> "Page":
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{world.gateway_url}/sign-in")
    folder = world.estate.root / "officers" / officer
    page.locator("#key-file").set_input_files(str(folder / "key.pem"))
    page.locator("#certificate-file").set_input_files(str(folder / "certificate.pem"))
    page.get_by_role("button", name="Sign in").click()
    page.locator("#sign-in-outcome").get_by_text("signed in to read").wait_for(timeout=20_000)
    page.goto(f"{world.gateway_url}/lanes/{LANE}")
    return page


def _consumed(world: "World", number: str) -> bool:
    paper = world.lane().get("authorisation") or {}
    return (paper.get("authorisation"), paper.get("state")) == (number, "consumed")


def test_two_officers_in_two_browsers_release_somebody_by_hand(own_world: "World", chromium: "Browser") -> None:
    world = own_world
    world.authorise("hand-1")
    one, two = (_signed_in(chromium, world, officer) for officer in (OFFICER, GOVERNOR))
    one.locator("summary", has_text="Manual path").click(timeout=30_000)
    form = one.locator("form[data-act=manual]")
    form.locator("select[name=reason]").select_option("CANNOT_BE_CAPTURED")
    form.locator("input[name=why]").fill("Both hands and the face are bandaged")
    form.locator("select[name=means]").select_option("PHOTOGRAPH")
    form.get_by_role("button").click()
    two.locator("form[data-act=second] select[name=means]").select_option("KNOWN_TO_ME", timeout=30_000)
    two.get_by_text("Both hands and the face are bandaged").wait_for(timeout=20_000)
    two.get_by_role("img", name="Photograph of Subject A").wait_for(timeout=20_000)
    two.locator("form[data-act=second] input[type=checkbox]").check()
    two.get_by_role("button", name=re.compile("Sign as second officer")).click()
    world.strikes()
    one.locator("form[data-act=confirm] input[type=checkbox]").check(timeout=30_000)
    one.get_by_role("button", name="Open the door").click(timeout=30_000)
    world.wait(lambda: _consumed(world, "hand-1"), 60, "the consumption")
    assert [each.level for each in world.strikes()].count(True) == 1


def test_restore_from_an_old_backup_no_grant_two_officers_grants_again(own_world: "World") -> None:
    world = own_world
    world.record("PRISONER", records.person())
    world.authorise("hand-2")
    store, copy = world.estate.gateway_config.parent / "gateway.db", world.folder / "backup.db"
    with closing(sqlite3.connect(store)) as now, closing(sqlite3.connect(copy)) as then:
        now.backup(then)
    assert _try(world, "hand-2")
    world.wait(lambda: _consumed(world, "hand-2"), 60, "the consumption")
    world.end("gateway")
    for part in store.parent.glob("gateway.db*"):
        part.unlink()
    shutil.copy(copy, store)
    assert _audit(world, "audit", "standing").returncode == 1
    world.start_gateway()
    world.wait(lambda: world.lane()["kiosk"]["connected"], 40, "the kiosk")
    world.wait(lambda: len(world.lane().get("freezes", ())) == 2, 40, "both doubts to be shown")
    assert not _try(world, "hand-2"), "S6: it opened twice on one paper"

    officers = [str(world.estate.root / "officers" / name) for name in (APPROVERS[0], GOVERNOR)]
    why = ["--why", "the disk was replaced", "--yes"]
    twice = ["--officer", officers[0], "--officer", officers[0]]
    assert _audit(world, "audit", "reconcile", *twice, *why).returncode == 1
    both = _audit(world, "audit", "reconcile", "--officer", officers[0], "--officer", officers[1], *why)
    assert "The next log is open" in both.stdout, both.stdout + both.stderr
    world.wait(lambda: _audit(world, "audit", "standing").returncode == 0, 60, "the next log")
    [doubt] = world.wait(lambda: world.lane().get("freezes"), 60, "the board's unknown opening")
    for officer in APPROVERS:
        world.must(officer, ActKind.ACCOUNT, **dict(doubt["acts"][0]["fields"]), why="hand-2 left by it")
    for officer in (OFFICER, GOVERNOR):
        world.must(officer, ActKind.RECONCILE, authorisation="hand-2", opened="yes", why="I saw the person leave")
    world.record("PRISONER", records.person())
    world.hear_sources()
    world.wait(lambda: not world.lane().get("freezes"), 40, "the end of every doubt")
    world.authorise("hand-3")
    assert _try(world, "hand-3")
    world.wait(lambda: _consumed(world, "hand-3"), 60, "the consumption")
    assert _audit(world, "audit", "verify").returncode == 0


def _idle(world: "World") -> bool:
    lane = world.lane()
    ended = lane.get("session") is None or lane["session"]["state"] != "The door is unlocked"
    return ended and lane["door"]["state"] == "locked"


def _try(world: "World", number: str) -> bool:
    """Whether the interlock is asked to open on it, by hand."""
    world.wait(lambda: _idle(world), 40, "the end of the check before")
    mark = {"lane": LANE, "authorisation": number, "prisoner": records.PRISONER, "reason": "CANNOT_BE_CAPTURED"}
    fields = {**mark, "why": "bandaged"}
    accepted, _ = world.act(OFFICER, ActKind.MANUAL, **fields, means="PHOTOGRAPH")
    if not accepted:
        return False
    waiting = world.lane()
    session, statement = waiting["session"]["session"], waiting["manual"]["statement"]
    world.must(GOVERNOR, ActKind.SECOND, **fields, statement=statement, means="PHOTOGRAPH", compared="yes")
    return world.act(OFFICER, ActKind.CONFIRM, session=session, compared="yes")[0]
