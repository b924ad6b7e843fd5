"""What a lane may run: the models that the manifest approves, the builds of kiosk and interlock."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sallyport_models.approved_data import data_digests
from sallyport_models.firmware import firmware_digest
from sallyport_models.manifest import Manifest
from sallyport_models.software import software_digest


@dataclass(frozen=True, slots=True)
class Approved:
    """Empty means that nothing may run."""

    models: Mapping[str, bytes]
    """Name -> SHA-256 of the file that the kiosk loads."""
    software: tuple[bytes, ...]
    """Digests of the kiosk's builds."""
    firmware: tuple[bytes, ...] = ()
    """Digests of the interlock's builds."""
    data: Mapping[str, bytes] = field(default_factory=dict)
    """Name -> SHA-256 of what says how the models are used: manifest, known answers, calibrations."""

    def besides(self, before: "Approved") -> "Approved":
        """These, and the builds of `before` too: while a roll-out runs, both are in the field."""
        software = tuple(sorted({*before.software, *self.software}))
        return Approved(self.models, software, tuple(sorted({*before.firmware, *self.firmware})), self.data)


def approved_now() -> Approved:
    """The manifest's approved models, their data, and the builds of kiosk and interlock that are installed here.

    Raises RoadError or MalformedError.
    """
    models = {entry.name: bytes.fromhex(entry.sha256) for entry in Manifest.read().approved()}
    return Approved(models, (software_digest(),), (firmware_digest(),), data_digests())
