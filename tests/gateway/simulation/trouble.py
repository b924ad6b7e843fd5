"""Whoever kills gateways, lets them stand still, or restarts them, for as long as the context lasts. A seed decides."""

import signal
import threading
import time
from random import Random
from typing import Self

from three_gateways import Together

BACK_S = 300.0
"""A gateway's start takes 3 s of a processor: much longer where others want that too."""


class Trouble:
    """At most one gateway less than all is in trouble at once. `healed` are the seconds from each kill or pause until
    every lane was kept by another gateway."""

    def __init__(self, world: Together, seed: int) -> None:
        self._world, self._dice = world, Random(seed)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(Random(seed + n),), daemon=True) for n in (1, 2)]
        self._free = set(world.names)
        self._lock = threading.Lock()
        self.healed: list[float] = []
        self.said: list[str] = []
        self.errors: list[BaseException] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(2 * BACK_S)

    def _run(self, dice: Random) -> None:
        try:
            while not self._stopping.wait(dice.uniform(0.2, 4)):
                with self._lock:
                    name = dice.choice(sorted(self._free))
                    self._free.discard(name)
                self._disturb(name, dice.choice(["kill", "kill", "pause", "pause", "farewell"]), dice)
                with self._lock:
                    self._free.add(name)
        except BaseException as error:
            self.errors.append(error)

    def _disturb(self, name: str, what: str, dice: Random) -> None:
        world, began = self._world, time.monotonic()
        kept = name in world.keepers().values()
        if what == "pause":
            world.pause(name)
        else:
            world.end(name, signal.SIGKILL if what == "kill" else signal.SIGTERM)
        long = dice.uniform(0.1, 3) if what == "pause" and dice.random() < 0.4 else dice.uniform(5, 9)
        while kept and time.monotonic() - began < 30 and not world.all_kept(without=[name]):
            if what == "pause" and time.monotonic() - began > long:
                break
            time.sleep(0.05)
        else:
            if kept:
                self.healed.append(time.monotonic() - began)
        time.sleep(max(0.0, long - (time.monotonic() - began)) if what == "pause" else dice.uniform(0, 2))
        self.said.append(f"{what} {name}")
        if what == "pause":
            world.pause(name, go_on=True)
        else:
            world.start(name)
        world.wait(lambda: name in world.alive(), BACK_S, f"{name} to be back")
