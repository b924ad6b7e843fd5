"""The configuration file is read strictly, and every complaint names the field or the file and what to do."""

import tomllib
from pathlib import Path

import pytest

from sallyport_kiosk.configuration import load_configuration
from sallyport_protocol.errors import MalformedError, RoadError
from sallyport_provisioning.estate import Estate


@pytest.fixture
def text(estate: Estate) -> str:
    return estate.kiosk_config.read_text()


def written(folder: Path, text: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(text)
    return path


def test_what_the_provisioner_writes_is_read(estate: Estate) -> None:
    configuration = load_configuration(estate.kiosk_config)
    file = configuration.file
    assert (file.name, file.prison, file.lane, file.interlock) == ("MDI-K01", "MDI", "MDI-LANE-1", "MDI-L01")
    assert file.broker.port == estate.broker_port
    for name in (file.identity.certificate, file.trust.gateways, file.documents.policy):
        assert configuration.read(name)


def test_paths_are_relative_to_the_file(estate: Estate) -> None:
    configuration = load_configuration(estate.kiosk_config)
    assert configuration.path("a/../b") == estate.kiosk_config.parent.resolve() / "b"
    assert configuration.path("/etc/x") == Path("/etc/x")


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="--config"):
        load_configuration(tmp_path / "none.toml")


@pytest.mark.parametrize("content", [b"name = ", b"\xff\xfe", b"[a]\n[a]"])
def test_a_file_that_is_no_toml_says_to_provision_again(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kiosk.toml"
    path.write_bytes(content)
    with pytest.raises(MalformedError, match="provision this kiosk again"):
        load_configuration(path)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('name = "MDI-K01"', 'name = "mdi k01"', "name"),
        ('prison = "MDI"', 'prison = "MD"', "prison"),
        ('profile = "development"', 'profile = "test"', "profile"),
        ('lane = "MDI-LANE-1"\n', "", "lane"),
        ('name = "MDI-K01"', 'name = "MDI-K01"\nspeed = 3', "speed"),
    ],
)
def test_a_wrong_missing_or_unknown_field_is_named(tmp_path: Path, text: str, old: str, new: str, field: str) -> None:
    assert old in text
    with pytest.raises(MalformedError, match=field):
        load_configuration(written(tmp_path, text.replace(old, new, 1)))


@pytest.mark.parametrize("port", [0, 65_536, -1])
def test_a_port_that_is_none_is_refused(tmp_path: Path, text: str, port: int) -> None:
    ours = tomllib.loads(text)["broker"]["port"]
    with pytest.raises(MalformedError, match=r"broker\.port"):
        load_configuration(written(tmp_path, text.replace(f"port = {ours}", f"port = {port}", 1)))


def test_a_file_that_it_names_and_is_not_there_says_to_provision_again(tmp_path: Path, text: str) -> None:
    configuration = load_configuration(written(tmp_path, text))
    with pytest.raises(RoadError, match="provision this kiosk again"):
        configuration.read(configuration.file.trust.provisioner)
