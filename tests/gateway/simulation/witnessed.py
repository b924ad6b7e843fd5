"""A simulated lane whose store has a real witness, and can be put back to an older backup."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from lane_world import Behind, World

from sallyport_gateway.acts.desk import Desk
from sallyport_gateway.audit import generations
from sallyport_gateway.audit.heads import Heads, Standing
from sallyport_gateway.audit.witness import FileWitness
from sallyport_gateway.store import Store
from sallyport_provisioning.estate import Estate

GATEWAY = "gateway-1"


class _File:
    name = GATEWAY


class _Configuration:
    file = _File()


class WitnessedBehind(Behind):
    """The service as the desk sees it, with the keeper of the heads."""

    configuration = _Configuration()

    def __init__(self, world: "WitnessedWorld") -> None:
        super().__init__(world)
        self.heads, self.world = world.heads, world

    def renew(self) -> None:
        self.world.renewed += 1


class WitnessedWorld(World):
    """`World`, its log witnessed in a folder that no backup brings back."""

    heads: Heads

    def __init__(self, estate: Estate, template: Path, folder: Path) -> None:
        self.renewed = 0
        self._witness = FileWitness(folder / "witness")
        (folder / "witness").mkdir()
        super().__init__(estate, template, folder)
        self.boot()

    @property
    def current(self) -> bool | None:
        known = {Standing.UNCHECKED: None, Standing.GOOD: True}
        return known.get(self.heads.standing, False)

    @current.setter
    def current(self, value: bool | None) -> None:
        """The witness says."""

    async def _cover(self, index: int) -> bool:
        return await self.heads.cover(index)

    def boot(self) -> None:
        """A new process: everything from the store and from the witness."""
        name = self.store.read_now(lambda conn: generations.current(conn, GATEWAY))
        self.heads = Heads(self.store, name, self.signer, self._witness, lambda: self.clock.wall)
        self.heads.advance()
        self.office = replace(self.office, name=name)
        self.start_gateway()
        self.desk = Desk(WitnessedBehind(self))  # type: ignore[arg-type]
        self.connect()

    def back_up(self) -> Path:
        """A copy of the store as it is now."""
        copy = self.path.with_suffix(".backup")
        with closing(sqlite3.connect(self.path)) as now, closing(sqlite3.connect(copy)) as then:
            now.backup(then)
        return copy

    def restore(self, copy: Path) -> None:
        """The backup in the store's place, and the gateway started on it."""
        self.store.close()
        for part in self.path.parent.glob("store.db*"):
            part.unlink()
        shutil.copy(copy, self.path)
        self.store = self.shaky.store = Store(self.path)
        self.boot()
