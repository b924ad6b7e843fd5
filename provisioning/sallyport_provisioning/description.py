"""The estate as data: what `estate.toml` says. Frozen words, parsed strictly; nothing here touches the world."""

import re
import tomllib
from collections import Counter
from functools import cached_property
from ipaddress import ip_address
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from sallyport_protocol.documents import HolderName, LaneKind, Profile
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import OFFICER_ROLES, Role, person_key
from sallyport_protocol.messages import DeviceName, PrisonCode
from sallyport_protocol.word import Many, Name, Port, Text, Word
from sallyport_provisioning.toml_text import to_toml

FORMAT: Final = 1
_PASSWORD: Final = re.compile(r"://[^/@]*:[^/@]*@|[?&]password=")


class Prison(Word):
    code: PrisonCode
    name: Text


LaneName = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{2,15}$")]
"""At most 16 characters: the interlock's frames have that much room."""


class Lane(Word):
    name: LaneName
    prison: PrisonCode
    kind: Name[LaneKind]


class BrokerPlace(Word):
    """The one broker of this estate (a region, in a national roll-out)."""

    name: HolderName
    host: Text
    """Where devices reach it."""
    listen: Text
    """Address that it binds; 127.0.0.1 in development."""
    port: Port
    names: Many[Text]
    """DNS names and addresses in its certificate."""


class Gateway(Word):
    """Several gateways serve one prison only on one PostgreSQL store, which they share (docs/scale-out.md)."""

    name: HolderName
    prisons: Many[PrisonCode]
    web_host: Text
    web_port: Port
    store: Annotated[Text, Field(pattern=r"^(postgresql\+psycopg://[^\s]*)?$")] = ""
    """Empty: an SQLite file of its own. No password: a client certificate, the account, or a .pgpass file."""
    web_address: Annotated[Text, Field(pattern=r"^(https?://[^/\s]+)?$")] = ""
    """Where officers' browsers reach its pages, when that is not web_host:web_port (TLS but on loopback)."""
    witness: Text = ""
    """Folder or address of the witness of its audit log; one for all gateways on one store. Production needs one."""

    @property
    def address(self) -> str:
        """Of its pages, without a path."""
        host = f"[{self.web_host}]" if ":" in self.web_host else self.web_host
        return self.web_address or f"{'http' if _is_loopback(self.web_host) else 'https'}://{host}:{self.web_port}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Kiosk(Word):
    """A kiosk with the drivers of its devices, each by its URI."""

    name: DeviceName
    lane: DeviceName
    screen_host: Text
    screen_port: Port
    camera: Text
    sensor: Text
    lock: Text


class Interlock(Word):
    name: DeviceName
    lane: DeviceName


class Officer(Word):
    """A person who acts with a development certificate. `prison` None: for every prison of the estate."""

    name: HolderName
    """Where HMPPS is the source: the person's user name there without the ending of the account (xqa12p for
    XQA12P_GEN). By no other name is it known that a calculator approves or opens (checks 23 and 26)."""
    full_name: Text
    """Unlike every other's: two people of one name have something added that tells them apart."""
    roles: Annotated[tuple[Name[Role], ...], Field(strict=False, min_length=1)]
    prison: PrisonCode | None = None


class Listener(Word):
    """Another system that hears of releases."""

    name: HolderName
    prisons: Many[PrisonCode]


class Description(Word):
    """Everything that must exist. Names are unique over the whole estate; each lane has one kiosk and one interlock."""

    format: Annotated[int, Field(ge=FORMAT, le=FORMAT)]
    name: Text
    profile: Name[Profile]
    provisioner: HolderName
    models: Text
    """The store of verified models, relative to this file or absolute."""
    broker: BrokerPlace
    prison: Many[Prison]
    lane: Many[Lane]
    gateway: Many[Gateway]
    kiosk: Many[Kiosk]
    interlock: Many[Interlock]
    officer: Many[Officer]
    listener: Many[Listener] = ()
    preflight: Annotated[Text, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:00"
    """When the gateways look at who is due soon, HH:MM by London's clock."""
    release_policy: Text = ""
    """The release policy that the provisioner signs for every gateway: JSON, relative to this file or absolute. Empty:
    none is signed; a development gateway then decides by the one that comes with it, and no other starts."""
    hmpps: dict[str, Any] = Field(default_factory=dict)
    """HMPPS as the source of the records, for every gateway; they read it strictly (docs/authority.md). Empty: the
    records are kept in the gateways' own store."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _once("name", [*self.holder_names, *(lane.name for lane in self.lane)])
        _once("prison", [prison.code for prison in self.prison])
        _once("kiosk's lane", [kiosk.lane for kiosk in self.kiosk])
        _once("interlock's lane", [interlock.lane for interlock in self.interlock])
        prisons = {prison.code for prison in self.prison}
        lanes = {lane.name for lane in self.lane}
        _known("prison", prisons, [lane.prison for lane in self.lane])
        _known("prison", prisons, [code for gateway in self.gateway for code in gateway.prisons])
        _known("prison", prisons, [officer.prison for officer in self.officer if officer.prison is not None])
        _known("prison", prisons, [code for listener in self.listener for code in listener.prisons])
        _known("lane", lanes, [kiosk.lane for kiosk in self.kiosk] + [board.lane for board in self.interlock])
        _shared_stores(self.gateway)
        _two_people(self.officer)
        for officer in self.officer:
            if not OFFICER_ROLES.issuperset(officer.roles):
                raise ValueError(f"{officer.name} has a role that is not an officer's")
        return self

    def sharing_store(self, gateway: Gateway) -> tuple[Gateway, ...]:
        """The other gateways on its store."""
        others = (each for each in self.gateway if each.name != gateway.name)
        return tuple(each for each in others if each.store and each.store == gateway.store)

    @property
    def holder_names(self) -> tuple[str, ...]:
        """Everybody and everything that holds a key."""
        devices = [kiosk.name for kiosk in self.kiosk] + [board.name for board in self.interlock]
        people = [officer.name for officer in self.officer]
        gateways = [gateway.name for gateway in self.gateway]
        listeners = [listener.name for listener in self.listener]
        return (self.broker.name, self.provisioner, *gateways, *devices, *people, *listeners)

    def lane_named(self, name: str) -> Lane:
        """Consistency guarantees that a device's lane exists."""
        return self._lanes[name]

    @cached_property
    def _lanes(self) -> dict[str, Lane]:
        return {lane.name: lane for lane in self.lane}

    def to_toml(self) -> str:
        plain = self.to_map()
        for name in ("hmpps", "release_policy"):
            if not plain[name]:
                del plain[name]
        for officer in plain["officer"]:
            if officer["prison"] is None:
                del officer["prison"]
        return to_toml(plain, "The estate as data. `sallyport-estate verify` compares what exists with it.")

    @classmethod
    def from_toml(cls, text: str) -> "Description":
        """Raises MalformedError that names the first thing wrong."""
        try:
            content: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise MalformedError(f"estate.toml is not TOML: {error}") from error
        return cls.parse(content)


def _once(what: str, values: list[str]) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            raise ValueError(f"{what} {value} occurs {count} times")


def _two_people(officers: tuple[Officer, ...]) -> None:
    """Acts that take two officers take two people: nobody is described twice under names that look alike."""
    names: dict[str, Officer] = {}
    full: dict[str, Officer] = {}
    for officer in officers:
        other = names.setdefault(person_key(officer.name), officer)
        if other is not officer:
            raise ValueError(f"{other.name} and {officer.name} may be one person's user name: give one of them another")
        other = full.setdefault(" ".join(officer.full_name.casefold().split()), officer)
        if other is not officer:
            told = f"{other.name} and {officer.name} are both {officer.full_name}"
            raise ValueError(f"{told}: describe a person once, or add what tells them apart, such as a staff number")


def _shared_stores(gateways: tuple[Gateway, ...]) -> None:
    """Two ledgers for one door would let one authorisation open it twice (S6)."""
    stores: dict[str, Gateway] = {}
    for gateway in gateways:
        if _PASSWORD.search(gateway.store):
            raise ValueError(f"the store of {gateway.name} has a password in it; keep that in a .pgpass file")
        for prison in gateway.prisons:
            other = stores.setdefault(prison, gateway)
            if other is not gateway and (not gateway.store or gateway.store != other.store):
                raise ValueError(f"{other.name} and {gateway.name} both serve {prison}: name one store for both")
            if other is not gateway and gateway.witness != other.witness:
                raise ValueError(f"{other.name} and {gateway.name} share a store: name one witness for both")


def _known(what: str, known: set[str], used: list[str]) -> None:
    for value in used:
        if value not in known:
            raise ValueError(f"{what} {value} is not described")
