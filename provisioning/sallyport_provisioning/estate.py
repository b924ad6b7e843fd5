"""An estate on disk: opens one and says where everything lies. Reading only; `apply` and `lifecycle` write."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from sallyport_protocol.documents import (
    ModelSet,
    Policy,
    Registry,
    load_model_set,
    load_policy,
    load_registry,
    signed_by,
)
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_protocol.identity import fingerprint, read_certificates
from sallyport_protocol.keys import SoftwareSigner, signer_from_pem
from sallyport_protocol.trust import Trust, read_trust
from sallyport_provisioning.description import Description
from sallyport_provisioning.files import read
from sallyport_provisioning.holders import Holder, holders
from sallyport_provisioning.state import State

DESCRIPTION = "estate.toml"


@dataclass(frozen=True, slots=True)
class Estate:
    """One estate's directory and what its `estate.toml` says."""

    root: Path
    description: Description

    @property
    def authority_dir(self) -> Path:
        return self.root / "authority"

    @property
    def state_file(self) -> Path:
        return self.authority_dir / "state.json"

    @property
    def broker_dir(self) -> Path:
        return self.root / "broker"

    @property
    def broker_port(self) -> int:
        return self.description.broker.port

    @property
    def gateway_config(self) -> Path:
        """`gateway.toml` of the first gateway."""
        return self.folder(self.description.gateway[0].name) / "gateway.toml"

    @property
    def kiosk_config(self) -> Path:
        """`kiosk.toml` of the first kiosk."""
        return self.folder(self.description.kiosk[0].name) / "kiosk.toml"

    @property
    def interlock_keys(self) -> Path:
        """The keys file for the flash of the first board."""
        return self.folder(self.description.interlock[0].name) / "keys.json"

    def holders(self) -> tuple[Holder, ...]:
        return holders(self.description)

    def holder(self, name: str) -> Holder:
        """Raises RoadError that lists the names there are."""
        for each in self.holders():
            if each.name == name:
                return each
        known = ", ".join(sorted(each.name for each in self.holders()))
        raise RoadError(f"nobody in this estate is called {name}; there are: {known}")

    def folder(self, name: str) -> Path:
        """Where a holder's files lie."""
        return self.root / self.holder(name).folder

    def certificate(self, name: str) -> x509.Certificate:
        """A holder's current certificate, as the authority keeps it."""
        return read_certificates(read(self.authority_dir / "certificates" / f"{name}.pem"))[0]

    def signer(self, name: str) -> SoftwareSigner:
        """Signs as that holder with the development key in its folder."""
        folder = self.folder(name)
        password = read(folder / "key-password").strip() if self.holder(name).protected else None
        return signer_from_pem(read(folder / "certificate.pem"), read(folder / "key.pem"), password)

    def state(self) -> State:
        return State.from_json(read(self.state_file))

    def current_fingerprint(self, name: str) -> bytes:
        """What the registry names that holder by: of its certificate, or of an interlock's keys."""
        if self.holder(name).certified:
            return fingerprint(self.certificate(name))
        keys = self.state().interlocks.get(name)
        if keys is None:
            raise RoadError(f"{name} has no keys yet: run `sallyport-estate apply`")
        return bytes.fromhex(keys.fingerprint)

    def trust(self) -> Trust:
        """Authorities and revocation lists as every holder has them."""
        return read_trust(read(self.authority_dir / "authorities.pem"), read(self.authority_dir / "revoked.pem"))

    def registry(self) -> Registry:
        return load_registry(self._document("registry"), signed_by(self._provisioner()))

    def model_set(self) -> ModelSet:
        return load_model_set(self._document("model-set"), signed_by(self._provisioner()))

    def policy(self) -> Policy:
        return load_policy(self._document("policy"), signed_by(self._provisioner()))

    def _document(self, name: str) -> bytes:
        return read(self.authority_dir / "documents" / f"{name}.cose")

    def _provisioner(self) -> x509.Certificate:
        return self.certificate(self.description.provisioner)


def open_estate(root: Path) -> Estate:
    """Raises RoadError when there is no estate there, MalformedError when its description is wrong."""
    path = root / DESCRIPTION
    if not path.is_file():
        raise RoadError(f"{root} holds no estate ({DESCRIPTION} is missing): run `sallyport-estate dev {root}`")
    try:
        return Estate(root, Description.from_toml(read(path).decode()))
    except UnicodeDecodeError as error:
        raise MalformedError(f"{path} is not UTF-8 text") from error
