"""Random schedules of frames, contacts, cuts and clock wraps. An action is three small integers, so that any source of
integers (a seed here, hypothesis there) makes a schedule."""

from doorsim import ALL_GOOD, DOWN, LANE, MASK, UP, Site, grant, open_request

from sallyport_wire import messages as wire
from sallyport_wire.frames import encode
from sallyport_wire.messages import Message

KINDS = 24  # the last four are the honest ones again
CUTS = ("before", "torn", "after", "lost")


class Numbers:
    """A small generator that gives the same numbers on every interpreter."""

    def __init__(self, seed: int) -> None:
        self._state = (seed * 2654435761 + 1) % 2147483647

    def below(self, n: int) -> int:
        self._state = self._state * 48271 % 2147483647
        return self._state // 7 % n


class Play:
    """One schedule played on one site."""

    def __init__(self, offset: int) -> None:
        self.site = Site(offset)
        self.request = 1
        self.said: list[bytes] = []

    def send(self, message: Message) -> None:
        self.said.append(self.site.send(message))
        self.said = self.said[-6:]

    def shown(self, back: int) -> Message | None:
        nonces = self.site.heard(wire.NONCE)
        return nonces[-1 - back] if len(nonces) > back else None

    def act(self, kind: int, a: int, b: int) -> None:
        """One action; a and b are 0 to 255."""
        kind = (0, 1, 2, 2)[kind - 20] if kind >= 20 else kind
        site, shown = self.site, self.shown(a % 3 if kind in (4, 5, 7) else 0)
        if kind < 3:  # the honest way, so that schedules get far
            self.honest(kind, a, b, shown)
        elif kind == 3:
            self.send(open_request(bytes([a]) * 16, self.request - b % 2, LANE if a % 4 else bytes(16)))
        elif kind == 4 and shown:
            self.send(grant(shown, (0, 1, 49, 500, 9999, 10000, 10001, 65535)[b % 8]))
        elif kind == 5 and shown:
            changes = {"session": bytes(16)}, {"lane": bytes(16)}, {"nonce": bytes(16)}, {"nonce": bytes([b]) * 16}
            self.send(grant(shown, **changes[b % 4]))
        elif kind == 6 and self.said:
            site.deliver(self.said[a % len(self.said)])  # replayed
        elif kind == 7 and shown:
            self.send(Message(wire.VOID, nonce=shown.nonce, counter=shown.counter + (b % 16 == 0)))
        elif kind == 8 and shown:
            site.deliver(encode(grant(shown), 1 + b % 2, UP if a % 2 else bytes(reversed(DOWN))))  # forged
        elif kind == 9:
            self.damage(a, b)
        elif kind == 10:
            site.contacts_now ^= 1 << a % 4
        elif kind == 11:
            site.contacts_now = ALL_GOOD
        elif kind == 12:
            site.power_off()
        elif kind == 13:
            site.power_off()
            site.power_on()
        elif kind == 14:
            site.flash.plan = (1 + a % 4, CUTS[b % 4])
        elif kind == 15:
            self.request += 1
            self.send(Message(wire.CLEAR, lane=LANE, request=self.request))
        elif kind == 16:
            self.send(Message(wire.EVENTS_REQUEST, after=a))
            self.send(Message(wire.STATUS_REQUEST, challenge=bytes(16)))
        elif kind == 17:
            site.uart.stuck = a % 4 == 0
        elif kind == 18:
            site.step(a * 100)  # a stalled loop
        else:
            site.run(a * 20, 80)
        if site.loop is None and kind != 12 and b % 2:
            site.power_on()
        for _ in range(1 + b % 4):
            site.step(1 + a % 30)

    def damage(self, a: int, b: int) -> None:
        """Noise, or a frame of before with one byte changed, or half of one."""
        if not self.said or b % 3 == 0:
            self.site.deliver(bytes([(a * n) % 256 for n in range(b)]))
            return
        raw = self.said[-1]
        if b % 3 == 1:
            at = a % len(raw)
            self.site.deliver(raw[:at] + bytes([raw[at] ^ (b or 1)]) + raw[at + 1 :])
        else:
            self.site.deliver(raw[: a % len(raw)])

    def honest(self, kind: int, a: int, b: int, shown: Message | None) -> None:
        if self.site.loop is None:
            self.site.power_on()
        if kind == 0:
            self.site.contacts_now = ALL_GOOD
            self.site.run(1040, 80)
            if b % 2:
                self.request += 1
                self.send(Message(wire.CLEAR, lane=LANE, request=self.request))
                self.site.run(40, 20)
        if kind < 2:
            self.request += 1 + a % 3
            self.send(open_request(bytes([a]) * 16, self.request))
            self.site.run(60, 20)
        elif shown:
            self.send(grant(shown))
            self.site.run(40, 20)

    def end(self) -> None:
        """Whatever happened, the board starts, says where it stands, and opens nothing by itself."""
        site = self.site
        site.flash.plan = (0, "")
        site.uart.stuck = False
        site.power_off()
        site.power_on()
        before = len(site.monitor.opened)
        site.run(200, 20)
        if not site.heard(wire.BOOT) or site.loop is None:
            raise AssertionError("the board did not start")
        if len(site.monitor.opened) != before or site.on:
            raise AssertionError("S10: opened after a restart")


def play(actions, offset: int) -> Play:
    """Raises Violation if the schedule breaks an invariant."""
    it = Play(offset)
    for kind, a, b in actions:
        it.act(kind, a, b)
    it.end()
    return it


def random_schedule(seed: int, length: int = 20):
    """(actions, offset): half of the clocks wrap soon."""
    numbers = Numbers(seed)
    offset = (MASK - numbers.below(20000)) if numbers.below(2) else numbers.below(MASK)
    return [(numbers.below(KINDS), numbers.below(256), numbers.below(256)) for _ in range(length)], offset


def run_many(first: int, count: int) -> dict[str, int]:
    """Plays `count` seeds from `first`; how much of what matters happened in them."""
    seen = {"schedules": 0, "openings": 0, "nonces": 0, "starts": 0, "faults": 0, "dead": 0, "wraps": 0}
    for seed in range(first, first + count):
        actions, offset = random_schedule(seed)
        try:
            it = play(actions, offset)
        except Exception:
            print("seed", seed)
            raise
        monitor = it.site.monitor
        seen["schedules"] += 1
        seen["openings"] += len(monitor.opened)
        seen["nonces"] += len(monitor.shown)
        seen["starts"] += monitor.boot
        seen["faults"] += len(it.site.faults)
        seen["dead"] += len(monitor.dead)
        seen["wraps"] += (offset + it.site.ms) // (MASK + 1)
    return seen
