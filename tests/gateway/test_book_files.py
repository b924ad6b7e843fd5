"""The book from the provisioner's files: whole or not at all, and never back (S13), also over a restart."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sallyport_gateway.configuration import Configuration, load_configuration
from sallyport_gateway.drivers.book_files import BookFiles, read_board_keys
from sallyport_gateway.drivers.witness_place import open_witness
from sallyport_gateway.store import Store
from sallyport_protocol.documents import OlderDocumentError, Profile
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.lifecycle import revoke

FILES = ("registry.cose", "model-set.cose", "policy.cose", "authorities.pem", "revoked.pem", "provisioner.pem")


@dataclass
class Place:
    estate: Estate
    folder: Path
    configuration: Configuration
    store: Store

    def books(self) -> BookFiles:
        return BookFiles(self.configuration, self.store)

    def next(self) -> None:
        """The provisioner revokes somebody: a new registry and a new list are delivered."""
        revoke(self.estate, "MDI-K01", "stolen", datetime.now(UTC) + timedelta(seconds=2))

    def keep(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for name in FILES:
            shutil.copy(self.folder / name, folder / name)

    def put(self, folder: Path, *names: str) -> None:
        for name in names:
            shutil.copy(folder / name, self.folder / name)
            later = (self.folder / name).stat().st_mtime + 5
            os.utime(self.folder / name, (later, later))


@pytest.fixture
def place(own_estate: Estate, tmp_path: Path) -> Iterator[Place]:
    configuration = load_configuration(own_estate.gateway_config)
    with Store(tmp_path / "store.db") as store:
        yield Place(own_estate, own_estate.gateway_config.parent, configuration, store)


def test_a_new_registry_is_taken(place: Place) -> None:
    files = place.books()
    assert not files.refresh()
    version = files.book.registry.version
    place.next()
    assert files.refresh()
    assert files.book.registry.version > version
    entry = files.book.registry.named("MDI-K01")
    assert entry is None or not entry.active
    assert files.trouble == ""


@pytest.mark.parametrize("names", [("registry.cose",), ("revoked.pem",), ("registry.cose", "revoked.pem")])
def test_nothing_older_is_taken(place: Place, tmp_path: Path, names: tuple[str, ...]) -> None:
    """An old registry or an old revocation list would make a stolen kiosk good again."""
    files = place.books()
    place.keep(tmp_path / "old")
    place.next()
    assert files.refresh()
    book = files.book
    place.put(tmp_path / "old", *names)
    assert not files.refresh()
    assert "older" in files.trouble
    assert files.book is book


def test_nothing_older_is_taken_after_a_restart(place: Place, tmp_path: Path) -> None:
    place.books()
    place.keep(tmp_path / "old")
    place.next()
    place.books()
    place.put(tmp_path / "old", *FILES)
    with pytest.raises(OlderDocumentError, match="provision this gateway again"):
        place.books()


def test_the_same_book_is_taken_again(place: Place) -> None:
    first = place.books().book
    assert place.books().book.registry == first.registry


@pytest.mark.parametrize("name", ["registry.cose", "model-set.cose", "policy.cose"])
def test_one_flipped_byte_anywhere_in_a_signed_document_is_refused_by_name(place: Place, name: str) -> None:
    files = place.books()
    book, content = files.book, (place.folder / name).read_bytes()
    for at in (0, 1, 9, len(content) // 3, len(content) // 2, -65, -1):
        changed = bytearray(content)
        changed[at] ^= 0x01
        (place.folder / name).write_bytes(changed)
        os.utime(place.folder / name, (at % 97, 1))
        assert not files.refresh()
        assert name in files.trouble and files.book is book


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"not what it should be"])
def test_a_broken_file_keeps_the_book_and_says_so(place: Place, name: str, content: bytes) -> None:
    files = place.books()
    book = files.book
    (place.folder / name).write_bytes(content)
    if name == "provisioner.pem":  # not watched by itself: read with the next change
        os.utime(place.folder / "registry.cose", (1, 1))
    assert not files.refresh()
    assert files.book is book
    assert files.trouble
    with pytest.raises(MalformedError):
        place.books()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_names_itself_and_what_to_do(place: Place, name: str) -> None:
    (place.folder / name).unlink()
    with pytest.raises(RoadError, match=f"{name}.*provision this gateway again"):
        place.books()


def test_a_flipped_bit_is_no_registry(place: Place) -> None:
    path = place.folder / "registry.cose"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(MalformedError):
        place.books()


def test_one_documents_signature_is_not_anothers(place: Place) -> None:
    shutil.copy(place.folder / "model-set.cose", place.folder / "policy.cose")
    with pytest.raises(MalformedError):
        place.books()


def test_another_provisioner_is_nobody(place: Place, estate: Estate) -> None:
    shutil.copy(estate.gateway_config.parent / "registry.cose", place.folder / "registry.cose")
    with pytest.raises(MalformedError):
        place.books()


def test_boards_whose_keys_the_registry_does_not_name(place: Place) -> None:
    registry = place.books().book.registry
    keys = read_board_keys(place.configuration, registry)["MDI-LANE-1"]
    assert keys.up.hex() not in repr(keys) and keys.down.hex() not in repr(keys)
    path = place.folder / "interlocks/MDI-L01.json"
    path.write_text(path.read_text().replace(keys.up.hex(), keys.down.hex()))
    with pytest.raises(MalformedError, match="not the keys that the registry names"):
        read_board_keys(place.configuration, registry)
    path.write_text("{}")
    with pytest.raises(MalformedError, match="not a board's keys"):
        read_board_keys(place.configuration, registry)


def test_the_witness_of_a_production_gateway_must_be_named(place: Place) -> None:
    file = place.configuration.file.model_copy(update={"profile": Profile.PRODUCTION})
    with pytest.raises(MalformedError, match="witness"):
        open_witness(Configuration(file, place.folder))


def test_a_named_witness_that_is_not_mounted(place: Place) -> None:
    file = place.configuration.file.model_copy(update={"witness": "elsewhere"})
    with pytest.raises(RoadError, match="mount it"):
        open_witness(Configuration(file, place.folder))
