"""What provisioning writes, the kiosk and the gateway read: with their own readers."""

from datetime import UTC, datetime
from pathlib import Path

from sallyport_gateway.configuration import load_configuration as load_gateway
from sallyport_gateway.drivers.book_files import BookFiles, read_board_keys
from sallyport_gateway.drivers.witness_place import open_witness
from sallyport_kiosk.assembly import trusted
from sallyport_kiosk.configuration import load_configuration as load_kiosk
from sallyport_kiosk.drivers.cameras import make_camera
from sallyport_kiosk.drivers.locks import make_lock_line
from sallyport_kiosk.drivers.sensors import make_sensor
from sallyport_protocol.documents import Profile
from sallyport_protocol.identity import Role, read_certificates
from sallyport_provisioning.apply import create_development_estate
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.development import describe_development
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.examine import examine
from sallyport_wire.messages import lane_id


def test_the_gateway_starts_from_its_folder(estate: Estate) -> None:
    configuration = load_gateway(estate.gateway_config)
    file = configuration.file
    assert (file.name, file.profile, file.broker.port) == ("gateway-1", Profile.DEVELOPMENT, estate.broker_port)
    book = BookFiles(configuration).book
    assert book.registry == estate.registry() and book.policy == estate.policy() and book.policy_counts
    assert book.model_set.digest == estate.model_set().digest
    keys = read_board_keys(configuration, book.registry)
    assert set(keys) == {"MDI-LANE-1"} and keys["MDI-LANE-1"].board == "MDI-L01"
    assert len(configuration.read(file.secrets.references)) == 32
    assert configuration.store_url == f"sqlite:///{estate.gateway_config.parent.resolve()}/gateway.db"


def test_gateways_on_one_store_know_each_other_and_read_the_same_references(tmp_path: Path) -> None:
    store = "postgresql+psycopg://sallyport@/sallyport"
    made = create_development_estate(tmp_path / "run", gateways=3, store=store, approved=Approved({}, ()))
    files = [load_gateway(made.folder(f"gateway-{n}") / "gateway.toml") for n in (1, 2, 3)]
    assert {each.store_url for each in files} == {store}
    assert len({each.read(each.file.secrets.references) for each in files}) == 1
    assert {each.witness for each in files} == {str((tmp_path / "run/gateway/witness").resolve())}
    assert open_witness(files[0]).latest("gateway-2") is None
    assert files[1].file.peers == {"gateway-1": "http://127.0.0.1:8080", "gateway-3": "http://127.0.0.1:8100"}
    for name in ("gateway-1", "gateway-2", "gateway-3"):
        assert made.certificate(name) in read_certificates((made.folder("MDI-K01") / "gateways.pem").read_bytes())
    kiosk = load_kiosk(made.kiosk_config)
    assert len(trusted(kiosk, kiosk.file.trust.gateways, Role.GATEWAY)) == 3, "it takes any of them at its word"
    found = {each.what: each.good for each in examine(made, datetime.now(UTC))}
    assert found["one key for the references of one store"]
    (made.folder("gateway-2") / "references.key").write_bytes(bytes(32))
    found = {each.what: each.good for each in examine(made, datetime.now(UTC))}
    assert not found["one key for the references of one store"]


def test_the_kiosk_starts_from_its_folder(estate: Estate) -> None:
    configuration = load_kiosk(estate.kiosk_config)
    file = configuration.file
    assert (file.name, file.prison, file.lane, file.interlock) == ("MDI-K01", "MDI", "MDI-LANE-1", "MDI-L01")
    for name in (*file.trust.model_dump().values(), *file.documents.model_dump().values()):
        assert configuration.read(name)


def test_the_default_devices_are_ones_that_the_kiosk_has_drivers_for() -> None:
    kiosk = describe_development(broker_port=8883, gateway_port=8080, screen_port=8081).kiosk[0]
    assert make_camera(kiosk.camera).device.startswith("webcam:0")
    assert "ttyAMA2" in make_sensor(kiosk.sensor).device
    assert not make_lock_line(kiosk.lock).connected


def test_every_lane_fits_the_interlock_s_frames(estate: Estate) -> None:
    for lane in estate.description.lane:
        assert len(lane_id(lane.name)) == 16
