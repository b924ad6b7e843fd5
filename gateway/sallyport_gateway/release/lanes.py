"""The lanes that this gateway keeps now: each with its queue, its worker and its subscription at the broker.

A gateway with a store of its own keeps all its lanes, always. Where several share a store, lanes come and go with
their leases, and each is heard in a group of its own term: a paused keeper of an earlier term, whom the broker has not
missed yet, takes no message from the new one.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sallyport_gateway.admission.admit import Arrival
from sallyport_gateway.allowance import Allowance
from sallyport_gateway.ledger.leases import LeaseLostError
from sallyport_gateway.ports import Office
from sallyport_gateway.release.keeping import Fenced, Keeper
from sallyport_gateway.release.lane import Lane
from sallyport_gateway.release.mint import BoardKeys
from sallyport_link.link import shared
from sallyport_protocol.documents import Lane as LaneEntry
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.topics import FROM_DEVICE, Topic

log = logging.getLogger(__name__)

_QUEUE: Final = 1_000
"""Messages that may wait for one lane; more means that its worker is stuck, and then the oldest are worthless."""
_EACH_S: Final = 20.0
_AT_ONCE: Final = 200.0
"""Messages of one kiosk that are heard: an honest one sends three a second, and after an outage what its outbox and its
board kept. What is over that is dropped unread, or one kiosk alone would take the loop from every other lane."""
_COMPLAIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class LanePlace:
    """One lane that this gateway could keep: its entry, its kiosk, its board's keys."""

    entry: LaneEntry
    kiosk: str
    keys: BoardKeys

    def filters(self, epoch: int) -> list[str]:
        """What its keeper of this term hears."""
        group = f"{self.entry.name}.{epoch}"
        return [shared(group, str(Topic(self.entry.prison, self.kiosk, kind))) for kind in FROM_DEVICE]


class Subscriptions(Protocol):
    """The part of the link that a lane needs."""

    def subscribe(self, filters: list[str]) -> None:
        """From now on."""

    def unsubscribe(self, filters: list[str]) -> None:
        """No longer."""


@dataclass(frozen=True, slots=True)
class _Kept:
    lane: Lane
    epoch: int
    queue: "asyncio.Queue[tuple[Topic, Arrival]]"
    worker: "asyncio.Task[None]"


class Lanes:
    """Opens, closes and feeds lanes. `open` is replaced, never changed: who walks through it may wait on the way."""

    def __init__(self, places: Mapping[str, LanePlace], office: Office, link: Subscriptions, keeper: Keeper | None):
        self.places, self._office, self._link, self._keeper = places, office, link, keeper
        self.open: dict[str, Lane] = {}
        self._kept: dict[str, _Kept] = {}
        self._by_kiosk: dict[str, _Kept] = {}
        self._allowance = Allowance(_EACH_S, _AT_ONCE)
        self._flooding: dict[str, float] = {}
        """When it was last said of a kiosk that it sends too much, monotonic seconds."""

    @property
    def idle(self) -> frozenset[str]:
        """Kept, with nobody at the door: these may change hands."""
        return frozenset(name for name, lane in self.open.items() if lane.check is None or lane.check.over)

    async def follow(self, wanted: Mapping[str, int]) -> None:
        """Closes what is not kept any more, opens what is kept since now (lane -> epoch)."""
        for name, kept in tuple(self._kept.items()):
            if wanted.get(name) != kept.epoch:
                await self.close(name)
        new = {name: epoch for name, epoch in wanted.items() if name not in self._kept}
        begun = await asyncio.gather(*(self._begin(*each) for each in new.items()), return_exceptions=True)
        for name, error in zip(new, begun, strict=True):
            if error is not None and self._keeper is None:
                raise error
            if error is not None:
                log.warning("%s cannot be kept yet: %s", name, error)

    async def _begin(self, name: str, epoch: int) -> None:
        place = self.places[name]
        lane = Lane(self._office_for(name, epoch), place.entry, place.kiosk, place.keys)
        await lane.begin()
        queue: asyncio.Queue[tuple[Topic, Arrival]] = asyncio.Queue(_QUEUE)
        worker = asyncio.create_task(self._work(lane, queue), name=f"lane {name}")
        self._kept[name] = self._by_kiosk[place.kiosk] = _Kept(lane, epoch, queue, worker)
        self.open = self.open | {name: lane}
        if self._keeper is not None:
            self._link.subscribe(place.filters(epoch))
            log.info("%s is kept here now (term %d)", name, epoch)
        self._office.changed(name)

    def _office_for(self, name: str, epoch: int) -> Office:
        office, keeper = self._office, self._keeper
        if keeper is None:
            return office

        def send(topic: Topic, message: bytes, expiry: float) -> None:
            if keeper.sure(name, epoch):
                office.send(topic, message, expiry)
            else:
                log.warning("nothing is said on %s: another gateway may keep %s by now", topic, name)

        return replace(office, store=Fenced(office.store, name, epoch), send=send)

    async def close(self, name: str) -> None:
        """Nothing of this lane runs here any more; what it had begun is the next keeper's to end."""
        kept = self._kept.pop(name)
        del self._by_kiosk[kept.lane.kiosk]
        self.open = {each: lane for each, lane in self.open.items() if each != name}
        if self._keeper is not None:
            self._link.unsubscribe(self.places[name].filters(kept.epoch))
            log.info("%s is not kept here any more", name)
        kept.worker.cancel()
        await asyncio.gather(kept.worker, return_exceptions=True)
        self._office.changed(name)

    async def close_all(self) -> None:
        """At the end of the process."""
        for name in tuple(self._kept):
            await self.close(name)

    def route(self, arrival: Arrival) -> bool:
        """Hands a message to its lane; False for one that nobody here waits for."""
        try:
            topic = Topic.parse(arrival.topic)
            kept, now = self._by_kiosk[topic.device], arrival.received / 1_000
            if not self._allowance.take(topic.device, now):
                self._complain(kept.lane, now)
                return False
            kept.queue.put_nowait((topic, arrival))
        except (MalformedError, KeyError, asyncio.QueueFull) as error:
            log.warning("dropped a message on %s: %s", arrival.topic, error or "its lane is stuck")
            return False
        return True

    def _complain(self, lane: Lane, now: float) -> None:
        if now - self._flooding.get(lane.kiosk, -_COMPLAIN_S) >= _COMPLAIN_S:
            self._flooding[lane.kiosk] = now
            lane.voice.alarm("KIOSK_FLOODS", f"{lane.kiosk} sends more than any kiosk should. Take it off the network.")

    async def tick(self, over_s: float) -> None:
        """Every lane once, spread over so many seconds: a message waits for one of them, not for all."""
        began, lanes = time.monotonic(), self.open
        for place, (name, lane) in enumerate(lanes.items()):
            await asyncio.sleep(max(0.0, began + over_s * place / len(lanes) - time.monotonic()))
            if self.open.get(name) is not lane:
                continue
            try:
                await lane.tick()
            except LeaseLostError:
                log.info("%s changed hands; its new keeper goes on", name)
            except Exception:
                log.exception("the tick of %s failed; its door stays locked", name)
        await asyncio.sleep(max(0.0, began + over_s - time.monotonic()))

    async def _work(self, lane: Lane, queue: "asyncio.Queue[tuple[Topic, Arrival]]") -> None:
        """One lane's messages, in order. Nothing that a message does can end this."""
        while True:
            topic, arrival = await queue.get()
            try:
                await lane.hear(topic.kind, arrival)
            except MalformedError as error:
                lane.voice.note("Message ignored", str(error))
            except LeaseLostError:
                log.info("a message on %s came after its lane had changed hands", arrival.topic)
            except RoadError as error:
                lane.voice.alarm("STORE_FAILED", str(error))
            except Exception:
                log.exception("a message on %s failed; the door stays locked", arrival.topic)
