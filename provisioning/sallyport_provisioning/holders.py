"""Who holds what, and where it lies in the estate's directory. Pure."""

from dataclasses import dataclass
from typing import Final

from sallyport_protocol.identity import Role
from sallyport_provisioning.certificates import Subject
from sallyport_provisioning.description import Description

LOOPBACK: Final = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class Holder:
    """One holder of keys."""

    name: str
    roles: tuple[Role, ...]
    prison: str | None
    lane: str | None
    folder: str
    """Relative to the estate's directory."""
    serves: tuple[str, ...] = ()

    @property
    def certified(self) -> bool:
        """An interlock holds symmetric keys, everybody else a certificate."""
        return Role.INTERLOCK not in self.roles

    @property
    def protected(self) -> bool:
        """A kiosk's key file is password-protected: the box stands where prisoners do."""
        return Role.KIOSK in self.roles

    def subject(self, estate: str) -> Subject:
        return Subject(self.name, self.roles, self.prison or estate, self.serves)


def holders(description: Description) -> tuple[Holder, ...]:
    """Every holder, the provisioner and the broker first."""
    broker = description.broker
    found = [
        Holder(description.provisioner, (Role.PROVISIONER,), None, None, "authority/provisioner"),
        Holder(broker.name, (Role.BROKER,), None, None, "broker", broker.names),
    ]
    for gateway in description.gateway:
        serves = tuple(dict.fromkeys((gateway.web_host, *LOOPBACK)))
        found.append(Holder(gateway.name, (Role.GATEWAY,), None, None, f"gateway/{gateway.name}", serves))
    for role, devices in ((Role.KIOSK, description.kiosk), (Role.INTERLOCK, description.interlock)):
        for device in devices:
            prison = description.lane_named(device.lane).prison
            found.append(Holder(device.name, (role,), prison, device.lane, f"{role}/{device.name}"))
    for officer in description.officer:
        found.append(Holder(officer.name, officer.roles, officer.prison, None, f"officers/{officer.name}"))
    for listener in description.listener:
        found.append(Holder(listener.name, (Role.LISTENER,), None, None, f"listeners/{listener.name}"))
    return tuple(found)
