"""An estate on disk: opens one and says where everything lies. Reading only; `apply` and `lifecycle` write."""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

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
from sallyport_protocol.identity import Role, fingerprint, identity_of, public_key_of, read_certificates
from sallyport_protocol.keys import SoftwareSigner, signer_from_pem
from sallyport_protocol.trust import Trust, read_trust
from sallyport_provisioning.description import Description
from sallyport_provisioning.files import read
from sallyport_provisioning.holders import Holder, holders
from sallyport_provisioning.state import InterlockKeys, State, from_json

DESCRIPTION = "estate.toml"


@dataclass(frozen=True)
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
        return tuple(self._by_name.values())

    def holder(self, name: str) -> Holder:
        """Raises RoadError that lists some of the names there are."""
        found = self._by_name.get(name)
        if found is None:
            known = get_close_matches(name, self._by_name, n=5, cutoff=0.0)
            raise RoadError(f"nobody in this estate is called {name}; there are {', '.join(known)} and others")
        return found

    @cached_property
    def _by_name(self) -> dict[str, Holder]:
        return {each.name: each for each in holders(self.description)}

    def folder(self, name: str) -> Path:
        """Where a holder's files lie."""
        return self.root / self.holder(name).folder

    def certificate_file(self, name: str) -> Path:
        return self.authority_dir / "certificates" / f"{name}.pem"

    def board_file(self, name: str) -> Path:
        return self.authority_dir / "interlocks" / f"{name}.json"

    def certificate(self, name: str) -> x509.Certificate:
        """A holder's current certificate, as the authority keeps it."""
        return read_certificates(read(self.certificate_file(name)))[0]

    def board(self, name: str) -> InterlockKeys:
        """What the authority knows of a board's keys."""
        return InterlockKeys.parse(from_json(read(self.board_file(name))))

    def issued(self) -> dict[str, x509.Certificate]:
        """Every current certificate, by name: of described holders and of removed ones not yet revoked."""
        return {path.stem: self.certificate(path.stem) for path in self.authority_dir.glob("certificates/*.pem")}

    def boards(self) -> dict[str, InterlockKeys]:
        """Every board's mark, by name."""
        return {path.stem: self.board(path.stem) for path in self.authority_dir.glob("interlocks/*.json")}

    def signer(self, name: str) -> SoftwareSigner:
        """Signs as that holder with the development key in its folder."""
        folder = self.folder(name)
        password = read(folder / "key-password").strip() if self.holder(name).protected else None
        return signer_from_pem(read(folder / "certificate.pem"), read(folder / "key.pem"), password)

    def state(self) -> State:
        """Empty where nothing was ever revoked."""
        return State.from_json(read(self.state_file)) if self.state_file.exists() else State()

    def current_fingerprint(self, name: str) -> bytes:
        """What the registry names that holder by: of its certificate, or of an interlock's keys."""
        if self.holder(name).certified:
            return fingerprint(self.certificate(name))
        return bytes.fromhex(self.board(name).fingerprint)

    def trust(self) -> Trust:
        """Authorities and revocation lists as every holder has them."""
        return read_trust(read(self.authority_dir / "authorities.pem"), read(self.authority_dir / "revoked.pem"))

    def registry(self) -> Registry:
        return load_registry(self._document("registry"), signed_by(self._provisioner()))

    def model_set(self) -> ModelSet:
        return load_model_set(self._document("model-set"), signed_by(self._provisioner()))

    def policy(self) -> Policy:
        return load_policy(self._document("policy"), signed_by(self._provisioner()))

    def ever_provisioner(self, key_id: bytes) -> ec.EllipticCurvePublicKey | None:
        """The key of the present or an earlier provisioner: for reading the authority's own files only."""
        for path in (self.certificate_file(self.description.provisioner), *self.removed_certificates()):
            certificate = read_certificates(read(path))[0]
            if fingerprint(certificate) == key_id and Role.PROVISIONER in identity_of(certificate).roles:
                return public_key_of(certificate)
        return None

    def removed_certificates(self) -> list[Path]:
        """Certificates that were renewed or whose holders are gone; all are revoked."""
        return sorted(self.authority_dir.glob("certificates/removed/*.pem"))

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
