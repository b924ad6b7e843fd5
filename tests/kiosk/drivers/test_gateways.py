"""A gateway that comes, and one that is revoked, without a restart of the kiosk."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509

from sallyport_kiosk.assembly import known_gateways
from sallyport_kiosk.configuration import load_configuration
from sallyport_kiosk.drivers.gateways import AGAIN_S, KnownGateways
from sallyport_protocol.errors import MalformedError
from sallyport_provisioning.estate import Estate


@dataclass
class Papers:
    """The file, and what stands in it."""

    file: Path
    inside: list[x509.Certificate]
    read: int = 0
    now: float = 0.0
    broken: bool = False
    known: KnownGateways = field(init=False)

    def __post_init__(self) -> None:
        self.file.write_text("")
        self.known = KnownGateways(self._read, [self.file], lambda: self.now)

    def change(self, *certificates: x509.Certificate) -> None:
        self.inside = list(certificates)
        os.utime(self.file, ns=(1, self.file.stat().st_mtime_ns + 1))

    def _read(self) -> list[x509.Certificate]:
        self.read += 1
        if self.broken:
            raise MalformedError("half of a file")
        return self.inside


@pytest.fixture
def papers(estate: Estate, tmp_path: Path) -> Papers:
    return Papers(tmp_path / "gateways.pem", [estate.certificate("gateway-1")])


def test_who_comes_is_heard_and_who_goes_is_not(papers: Papers, estate: Estate) -> None:
    first, second = (estate.signer(name).key_id for name in ("gateway-1", "MDI-K01"))
    assert papers.known(first) is not None and papers.known(second) is None and papers.read == 1
    papers.change(estate.certificate("MDI-K01"))
    assert papers.known(second) is not None and papers.known(first) is None
    assert papers.read == 2


def test_an_unknown_one_is_looked_up_again_but_not_each_time(papers: Papers, estate: Estate) -> None:
    papers.inside = [estate.certificate("MDI-K01")]  # its time has come, and the file is the same
    stranger = estate.signer("MDI-K01").key_id
    papers.now = AGAIN_S - 0.1
    assert papers.known(stranger) is None
    papers.now = AGAIN_S
    assert papers.known(stranger) is not None
    for _ in range(100):
        assert papers.known(b"nobody") is None
    assert papers.read == 2


def test_what_cannot_be_read_leaves_the_last_ones(papers: Papers, estate: Estate) -> None:
    papers.broken = True
    papers.change()
    key = estate.signer("gateway-1").key_id
    assert papers.known(key) is not None and papers.read == 2
    papers.file.unlink()
    assert papers.known(key) is not None
    papers.file.write_text("")
    papers.broken = False
    papers.change()
    assert papers.known(key) is None


def test_the_kiosks_own_files(own_estate: Estate) -> None:
    config = own_estate.root / "kiosk" / "MDI-K01" / "kiosk.toml"
    known = known_gateways(load_configuration(config))
    assert known(own_estate.signer("gateway-1").key_id) is not None
    assert known(own_estate.signer("MDI-K01").key_id) is None
