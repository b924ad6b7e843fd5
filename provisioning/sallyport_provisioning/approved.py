"""What a kiosk may run: the models that the manifest approves and the builds of its software."""

from collections.abc import Mapping
from dataclasses import dataclass

from sallyport_models.manifest import Manifest
from sallyport_models.software import software_digest


@dataclass(frozen=True, slots=True)
class Approved:
    """Empty means that nothing may run."""

    models: Mapping[str, bytes]
    """Name -> SHA-256 of the file that the kiosk loads."""
    software: tuple[bytes, ...]
    """Digests of builds."""


def approved_now() -> Approved:
    """The manifest's approved models and the build that is installed here. Raises RoadError or MalformedError."""
    models = {entry.name: bytes.fromhex(entry.sha256) for entry in Manifest.read().approved()}
    return Approved(models, (software_digest(),))
