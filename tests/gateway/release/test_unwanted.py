"""Junk under a kiosk's name is recorded and said, but fills no disk."""

from lane_kiosk import KIOSK
from lane_world import World

from sallyport_gateway.audit import log as audit
from sallyport_gateway.release.unwanted import KEPT_EACH_MINUTE

EACH = 3 * KEPT_EACH_MINUTE


def refused(world: World) -> list[int]:
    """Of each refusal that has an entry: for how many before it, which have none, it speaks too."""
    entries = world.store.read_now(lambda conn: list(audit.entries(conn, "gateway-1")))
    return [int(each.content["unrecorded_before"]) for each in entries if each.kind == "RESULT_REFUSED"]


def test_a_flood_of_junk_fills_no_disk_and_all_of_it_is_counted(world: World) -> None:
    for minute in range(3):
        for n in range(EACH if minute < 2 else 1):
            world.arrive(f"sallyport/v1/MDI/{KIOSK}/result", bytes([minute, n]))
        world.clock.ms += 60_000
    told = refused(world)
    assert len(told) == 2 * KEPT_EACH_MINUTE + 1
    assert len(told) + sum(told) == 2 * EACH + 1
