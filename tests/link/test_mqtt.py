"""The MQTT door against a real Mosquitto with mutual TLS on loopback; certificates made here."""

import asyncio
import contextlib
import datetime
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sallyport_link import connection
from sallyport_link.apart import ApartLink
from sallyport_link.backoff import Backoff
from sallyport_link.link import shared
from sallyport_link.mqtt import MqttLink
from sallyport_link.on_loop import LoopLink
from sallyport_protocol.errors import RoadError
from sallyport_rig.demonstration.loopback import free_port

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed (apt-get install mosquitto)")
UP = "sallyport/v1/MDI/{}/result"
DOWN = "sallyport/v1/MDI/{}/offer"


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for `condition`; fails the test when it never comes."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


class Authority:
    """A certificate authority for one test."""

    def __init__(self, folder: Path, name: str = "test authority") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._issue(self.name, self.key.public_key(), True)
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _issue(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, authority: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        )
        return builder.sign(self.key, hashes.SHA256())

    def identity(self, name: str) -> tuple[Path, Path, Path]:
        """Authority, certificate and key files for `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        cert_path, key_path = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate = self._issue(subject, key.public_key(), False)
        cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return self.ca, cert_path, key_path


class Broker:
    """One Mosquitto that can be killed, frozen and started again on the same port."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.port: int = free_port()
        ca, cert, key = authority.identity("broker")
        access = folder / "access.conf"
        access.write_text(
            "user gateway-1\ntopic readwrite sallyport/v1/#\n\n"
            "pattern write sallyport/v1/MDI/%u/result\npattern read sallyport/v1/MDI/%u/offer\n"
        )
        access.chmod(0o600)
        self.config = folder / "broker.conf"
        self.config.write_text(
            f"user root\nlistener {self.port} 127.0.0.1\ncafile {ca}\ncertfile {cert}\nkeyfile {key}\n"
            "require_certificate true\nuse_identity_as_username true\ntls_version tlsv1.3\nallow_anonymous false\n"
            f"acl_file {access}\nset_tcp_nodelay true\npersistence false\nretain_available true\n"
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self.config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.2).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


class Box:
    """Collects what a link hands over."""

    def __init__(self) -> None:
        self.items: list[tuple[str, bytes, bool]] = []
        self.lock = threading.Lock()

    def __call__(self, topic: str, payload: bytes, retained: bool) -> None:
        with self.lock:
            self.items.append((topic, payload, retained))

    @property
    def payloads(self) -> list[bytes]:
        with self.lock:
            return [payload for _, payload, _ in self.items]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[Broker]:
    made = Broker(tmp_path, authority)
    yield made
    made.kill()


class _InThread:
    """A link in an event loop, which runs in a thread here so that a test can look on."""

    def start(self) -> None:  # type: ignore[override]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(super().start(), self.loop).result(10)

    def stop(self) -> None:  # type: ignore[override]
        if self.thread.is_alive():
            asyncio.run_coroutine_threadsafe(super().stop(), self.loop).result(10)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(10)
            self.loop.close()


class InLoop(_InThread, LoopLink):
    pass


class Apart(_InThread, ApartLink):
    pass


Making = Callable[..., MqttLink | InLoop | Apart]


@pytest.fixture(params=[MqttLink, InLoop, Apart], ids=["thread", "loop", "process"])
def link(request: pytest.FixtureRequest, broker: Broker, authority: Authority) -> Iterator[Making]:
    """Makes and starts links, stops them all at the end."""
    links: list[MqttLink | InLoop | Apart] = []

    def make(name: str, box: Callable[[str, bytes, bool], None], **options: object) -> MqttLink | InLoop | Apart:
        ca, cert, key = authority.identity(name)
        client_id = str(options.pop("client_id", name))
        will = options.pop("will", None)
        made: MqttLink | InLoop | Apart = request.param(
            "127.0.0.1", broker.port, ca, cert, key, client_id, will, box, **options
        )
        links.append(made)
        made.start()
        return made

    yield make
    for made in links:
        made.stop()


def test_messages_go_both_ways(link: Making) -> None:
    at_gateway, at_kiosk = Box(), Box()
    gateway, kiosk = link("gateway-1", at_gateway), link("MDI-K01", at_kiosk)
    gateway.subscribe(["sallyport/v1/+/+/result"])
    kiosk.subscribe([DOWN.format("MDI-K01")])
    until(lambda: gateway.connected and kiosk.connected)
    kiosk.publish(UP.format("MDI-K01"), b"result", 30)
    gateway.publish(DOWN.format("MDI-K01"), b"offer", 30)
    until(lambda: at_gateway.items != [] and at_kiosk.items != [])
    assert at_gateway.items == [(UP.format("MDI-K01"), b"result", False)]
    assert at_kiosk.items == [(DOWN.format("MDI-K01"), b"offer", False)]
    until(lambda: kiosk.counts.acknowledged == 1)
    assert 0 < kiosk.counts.round_trip_ms < 1000
    assert kiosk.last_error == ""


def test_order_is_kept_and_nothing_is_lost_while_connected(link: Making) -> None:
    at_gateway = Box()
    gateway, kiosk = link("gateway-1", at_gateway), link("MDI-K01", Box())
    gateway.subscribe(["sallyport/v1/+/+/result"])
    until(lambda: gateway.connected and kiosk.connected)
    sent = [f"{number}".encode() for number in range(500)]
    for payload in sent:
        kiosk.publish(UP.format("MDI-K01"), payload, 30)
    until(lambda: len(at_gateway.items) == 500)
    assert at_gateway.payloads == sent
    until(lambda: kiosk.counts.acknowledged == 500)
    assert kiosk.counts.waiting == 0


def test_a_message_beyond_the_contract_does_not_arrive(link: Making) -> None:
    at_kiosk = Box()
    gateway, kiosk = link("gateway-1", Box()), link("MDI-K01", at_kiosk)
    kiosk.subscribe([DOWN.format("MDI-K01")])
    until(lambda: gateway.connected and kiosk.connected)
    for payload in (bytes(400_000), bytes(262_144)):
        gateway.publish(DOWN.format("MDI-K01"), payload, 30)
    until(lambda: at_kiosk.items != [])
    assert [len(payload) for payload in at_kiosk.payloads] == [262_144]
    assert kiosk.connected


def test_a_handler_that_raises_does_not_stop_the_link(link: Making) -> None:
    seen: list[bytes] = []

    def handler(_topic: str, payload: bytes, _retained: bool) -> None:
        seen.append(payload)
        if payload == b"bad":
            raise RuntimeError("a bug in the caller")

    gateway, kiosk = link("gateway-1", handler), link("MDI-K01", Box())
    gateway.subscribe(["sallyport/v1/+/+/result"])
    until(lambda: gateway.connected and kiosk.connected)
    for payload in (b"bad", b"good"):
        kiosk.publish(UP.format("MDI-K01"), payload, 30)
    until(lambda: seen == [b"bad", b"good"])
    assert gateway.counts.handler_errors == 1
    assert gateway.connected


def test_a_retained_message_is_flagged_live_and_at_subscription(
    link: Making, broker: Broker, authority: Authority
) -> None:
    live, later = Box(), Box()
    first = link("MDI-K01", live)
    first.subscribe([DOWN.format("MDI-K01")])
    until(lambda: first.connected)
    _retain(broker, authority, DOWN.format("MDI-K01"), b"old offer")
    until(lambda: live.items == [(DOWN.format("MDI-K01"), b"old offer", True)])
    first.stop()
    link("MDI-K01", later).subscribe([DOWN.format("MDI-K01")])
    until(lambda: later.items == [(DOWN.format("MDI-K01"), b"old offer", True)])


def _retain(broker: Broker, authority: Authority, topic: str, payload: bytes) -> None:
    """What our own link cannot do: a hostile or old client publishes a retained message."""
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    ca, cert, key = authority.identity("gateway-1")
    client = paho.Client(CallbackAPIVersion.VERSION2, "hostile", protocol=paho.MQTTv5)
    client.tls_set(str(ca), str(cert), str(key))
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def test_a_killed_broker_comes_back_and_so_do_subscriptions(link: Making, broker: Broker) -> None:
    at_gateway, ups = Box(), []
    gateway = link("gateway-1", at_gateway, on_connected=lambda: ups.append(1))
    kiosk = link("MDI-K01", Box())
    gateway.subscribe(["sallyport/v1/+/+/result"])
    until(lambda: gateway.connected and kiosk.connected)
    broker.kill()
    until(lambda: not gateway.connected and not kiosk.connected)
    assert "broker at 127.0.0.1" in kiosk.last_error
    kiosk.publish(UP.format("MDI-K01"), b"written while down", 30)
    broker.start()
    until(lambda: gateway.connected and kiosk.connected)
    kiosk.publish(UP.format("MDI-K01"), b"after", 30)
    until(lambda: b"after" in at_gateway.payloads)
    assert len(ups) == 2
    assert kiosk.counts.waiting <= 1
    assert kiosk.counts.connections == 2


def test_expired_and_surplus_messages_are_dropped_with_a_count(link: Making, broker: Broker) -> None:
    at_gateway = Box()
    gateway = link("gateway-1", at_gateway)
    gateway.subscribe(["sallyport/v1/+/+/result"])
    kiosk = link("MDI-K01", Box(), capacity=3)
    until(lambda: gateway.connected and kiosk.connected)
    broker.kill()
    until(lambda: not kiosk.connected)
    kiosk.publish(UP.format("MDI-K01"), b"too old", 0.05)
    for payload in (b"1", b"2", b"3"):
        kiosk.publish(UP.format("MDI-K01"), payload, 30)
    kiosk.publish(UP.format("MDI-K01"), b"short", 0.05)
    assert kiosk.counts.dropped == 2
    time.sleep(0.1)
    broker.start()
    until(lambda: kiosk.connected and kiosk.counts.waiting == 0)
    assert kiosk.counts.expired == 1
    assert kiosk.counts.dropped == 2


def test_a_silent_broker_is_noticed(link: Making, broker: Broker) -> None:

    kiosk = link("MDI-K01", Box(), silence_s=0.6)
    until(lambda: kiosk.connected)
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        kiosk.publish(UP.format("MDI-K01"), b"into the void", 30)
        until(lambda: "silent" in kiosk.last_error)
        assert not kiosk.connected
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)
    until(lambda: kiosk.connected and kiosk.counts.acknowledged >= 1, 15)


def test_an_idle_link_notices_a_silent_broker_by_the_keep_alive(link: Making, broker: Broker) -> None:

    kiosk = link("MDI-K01", Box(), keep_alive_s=1)
    until(lambda: kiosk.connected)
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGSTOP)
    try:
        until(lambda: not kiosk.connected)
        assert kiosk.last_error
    finally:
        os.kill(broker.process.pid, signal.SIGCONT)


def test_a_stuck_handler_shows_as_not_connected(link: Making) -> None:
    release = threading.Event()
    gateway = link("gateway-1", lambda *_: release.wait(10) and None, silence_s=0.5)
    gateway.subscribe(["sallyport/v1/+/+/result"])
    kiosk = link("MDI-K01", Box())
    until(lambda: gateway.connected and kiosk.connected)
    kiosk.publish(UP.format("MDI-K01"), b"x", 30)
    until(lambda: not gateway.connected)
    release.set()
    until(lambda: gateway.connected)


def test_access_rules_refuse_and_are_counted(link: Making) -> None:
    at_gateway = Box()
    gateway, kiosk = link("gateway-1", at_gateway), link("MDI-K01", Box())
    gateway.subscribe(["sallyport/v1/#"])
    until(lambda: gateway.connected and kiosk.connected)
    kiosk.publish(UP.format("MDI-K02"), b"in another's name", 30)
    until(lambda: kiosk.counts.refused == 1)
    kiosk.publish(UP.format("MDI-K01"), b"in its own name", 30)
    until(lambda: at_gateway.items != [])
    assert at_gateway.payloads == [b"in its own name"]


def test_the_will_speaks_after_a_loss_and_not_after_a_stop(link: Making, broker: Broker, authority: Authority) -> None:
    at_gateway = Box()
    gateway = link("gateway-1", at_gateway)
    gateway.subscribe(["sallyport/v1/+/+/result"])
    until(lambda: gateway.connected)
    polite = link("MDI-K01", Box(), will=(UP.format("MDI-K01"), b"gone"))
    until(lambda: polite.connected)
    polite.stop()
    lost = link("MDI-K02", Box(), will=(UP.format("MDI-K02"), b"lost"))
    until(lambda: lost.connected)
    usurper = link("MDI-K02", Box(), client_id="MDI-K02")  # the same client id: the broker throws the first one out
    until(lambda: b"lost" in at_gateway.payloads)
    usurper.stop()
    assert b"gone" not in at_gateway.payloads


def test_the_last_words_are_sent_before_the_end(link: Making) -> None:
    at_gateway = Box()
    gateway, kiosk = link("gateway-1", at_gateway), link("MDI-K01", Box())
    gateway.subscribe(["sallyport/v1/+/+/result"])
    until(lambda: gateway.connected and kiosk.connected)
    for number in range(20):
        kiosk.publish(UP.format("MDI-K01"), f"{number}".encode(), 30)
    kiosk.stop()
    assert kiosk.counts.acknowledged == 20
    until(lambda: len(at_gateway.items) == 20)


def test_shared_subscriptions_divide_the_messages(link: Making) -> None:
    boxes = [Box(), Box()]
    gateways = [link("gateway-1", box, client_id=f"gateway-1-{n}") for n, box in enumerate(boxes)]
    for gateway in gateways:
        gateway.subscribe([shared("gateways", "sallyport/v1/+/+/result")])
    kiosk = link("MDI-K01", Box())
    until(lambda: all(made.connected for made in (*gateways, kiosk)))
    for number in range(20):
        kiosk.publish(UP.format("MDI-K01"), f"{number}".encode(), 30)
    until(lambda: sum(len(box.items) for box in boxes) == 20)
    assert sorted(int(p) for box in boxes for p in box.payloads) == list(range(20))
    assert all(box.items for box in boxes)


def test_a_new_term_s_group_hears_everything_and_what_is_given_back_hears_nothing(
    link: Callable[..., MqttLink],
) -> None:
    """A lane changes hands: the old keeper may be paused and still subscribed, it takes nothing from the new one."""
    old, new = Box(), Box()
    before, after = (link("gateway-1", box, client_id=f"gateway-1-{n}") for n, box in enumerate((old, new)))
    before.subscribe([shared("MDI-LANE-1.7", UP.format("MDI-K01"))])
    after.subscribe([shared("MDI-LANE-1.8", UP.format("MDI-K01"))])
    kiosk = link("MDI-K01", Box())
    until(lambda: all(made.connected for made in (before, after, kiosk)))
    for number in range(10):
        kiosk.publish(UP.format("MDI-K01"), f"{number}".encode(), 30)
    until(lambda: len(new.items) == 10)
    before.unsubscribe([shared("MDI-LANE-1.7", UP.format("MDI-K01"))])
    until(lambda: len(old.items) == 10)
    time.sleep(0.5)  # until the broker has heard it
    kiosk.publish(UP.format("MDI-K01"), b"last", 30)
    until(lambda: new.payloads[-1:] == [b"last"])
    assert len(old.items) == 10


def test_a_stranger_certificate_is_refused_and_the_reason_is_said(
    broker: Broker, tmp_path: Path, authority: Authority
) -> None:
    _, cert, key = Authority(tmp_path / "stranger", "stranger").identity("MDI-K01")
    link = MqttLink("127.0.0.1", broker.port, authority.ca, cert, key, "MDI-K01", None, Box())
    link.start()
    try:
        until(lambda: "certificate" in link.last_error)
        assert not link.connected
    finally:
        link.stop()


def test_a_strange_broker_is_not_spoken_to(broker: Broker, tmp_path: Path) -> None:
    ca, cert, key = Authority(tmp_path / "other", "other").identity("MDI-K01")
    link = MqttLink("127.0.0.1", broker.port, ca, cert, key, "MDI-K01", None, Box())
    link.start()
    try:
        until(lambda: "CERTIFICATE_VERIFY_FAILED" in link.last_error.upper().replace(" ", "_"))
    finally:
        link.stop()


def test_missing_and_unfitting_files_say_what_to_do(authority: Authority, tmp_path: Path) -> None:
    ca, cert, key = authority.identity("MDI-K01")
    _, _, other_key = authority.identity("MDI-K02")
    with pytest.raises(RoadError, match="enrol this device again"):
        MqttLink("127.0.0.1", 1, ca, tmp_path / "absent.pem", key, "MDI-K01", None, Box()).start()
    with pytest.raises(RoadError, match="do not fit together"):
        MqttLink("127.0.0.1", 1, ca, cert, other_key, "MDI-K01", None, Box()).start()


def test_a_protected_key_needs_its_password(broker: Broker, authority: Authority, tmp_path: Path) -> None:
    ca, cert, plain = authority.identity("MDI-K01")
    key = serialization.load_pem_private_key(plain.read_bytes(), None)
    protected = tmp_path / "protected.key"
    protected.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    for password in (None, b"wrong"):
        with pytest.raises(RoadError, match="do not fit together"):
            MqttLink(
                "127.0.0.1", broker.port, ca, cert, protected, "MDI-K01", None, Box(), key_password=password
            ).start()
    link = MqttLink("127.0.0.1", broker.port, ca, cert, protected, "MDI-K01", None, Box(), key_password=b"secret")
    link.start()
    until(lambda: link.connected)
    link.stop()


def test_no_broker_is_said_and_stop_is_quick(authority: Authority) -> None:
    link = MqttLink("127.0.0.1", free_port(), *authority.identity("MDI-K01"), "MDI-K01", None, Box())
    link.start()
    until(lambda: "is it running" in link.last_error)
    began = time.monotonic()
    link.stop()
    link.stop()
    assert time.monotonic() - began < 2


def test_a_topic_with_a_wildcard_cannot_be_published(authority: Authority) -> None:
    link = MqttLink("127.0.0.1", 1, *authority.identity("MDI-K01"), "MDI-K01", None, Box())
    for topic in ("", "a/+/b", "#", "a\0b"):
        with pytest.raises(ValueError, match="not a topic"):
            link.publish(topic, b"", 1)
    link.stop()


def test_tls_1_2_is_not_spoken(authority: Authority) -> None:
    from sallyport_link.connection import tls_context

    assert tls_context(*authority.identity("MDI-K01")).minimum_version == ssl.TLSVersion.TLSv1_3


# A link with a process of its own


@pytest.fixture
def apart(broker: Broker, authority: Authority) -> Iterator[Apart]:
    """A gateway's link that is up."""
    made = Apart("127.0.0.1", broker.port, *authority.identity("gateway-1"), "gateway-1", None, Box(), silence_s=1.0)
    made.start()
    until(lambda: made.connected)
    yield made
    made.stop()


@pytest.fixture
def other(broker: Broker, authority: Authority) -> Iterator[tuple[MqttLink, Box]]:
    """Another link that hears everything, and what it heard."""
    box = Box()
    made = MqttLink("127.0.0.1", broker.port, *authority.identity("gateway-1"), "gateway-1-2", None, box)
    made.subscribe(["sallyport/v1/#"])
    made.start()
    until(lambda: made.connected)
    yield made, box
    made.stop()


def test_a_process_that_dies_or_hangs_is_replaced_and_nothing_that_waited_is_lost(
    apart: Apart, other: tuple[MqttLink, Box]
) -> None:
    for number, how in enumerate((signal.SIGKILL, signal.SIGSTOP)):
        before = apart.process
        os.kill(before, how)
        until(lambda: not apart.connected)
        apart.publish(DOWN.format("MDI-K01"), f"{number}".encode(), 30)
        until(lambda: apart.connected and apart.process not in (0, before))  # noqa: B023  used at once
    until(lambda: other[1].payloads == [b"0", b"1"])


_PROGRAM = """
import asyncio, sys
from pathlib import Path
from sallyport_link.apart import ApartLink

async def main():
    ca, cert, key = map(Path, sys.argv[2:5])
    port, will = int(sys.argv[1]), (sys.argv[5], b"lost")
    link = ApartLink("127.0.0.1", port, ca, cert, key, "MDI-K01", will, print, silence_s=1.0)
    await link.start()
    while not link.connected:
        await asyncio.sleep(0.01)
    print(link.process, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_nobody_hears_the_broker_for_a_program_that_is_gone_or_stands_still(
    other: tuple[MqttLink, Box], broker: Broker, authority: Authority, how: signal.Signals
) -> None:
    files = map(str, authority.identity("MDI-K01"))
    command = [sys.executable, "-c", _PROGRAM, str(broker.port), *files, UP.format("MDI-K01")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        process = int(program.stdout.readline())
        program.send_signal(how)
        until(lambda: other[1].payloads == [b"lost"])
        until(lambda: not psutil.pid_exists(process) or psutil.Process(process).status() == psutil.STATUS_ZOMBIE)
        program.kill()


# A broker that was taken over


def _packet(first: int, body: bytes, length: int | None = None) -> bytes:
    """One MQTT packet; `length` where it announces another one than it has."""
    left, head = len(body) if length is None else length, bytes([first])
    while True:
        left, seven = divmod(left, 128)
        head += bytes([seven | (128 if left else 0)])
        if not left:
            return head + body


_PUBLISH = b"\0\x01t\0\x01\0payload"
"""Topic t, packet 1, no properties."""


class Hostile:
    """Takes every connection with a good certificate, says that it is accepted, says `word`, and closes once the other
    side has, or at once where it says nothing."""

    def __init__(self, authority: Authority, word: bytes) -> None:
        _, cert, key = authority.identity("hostile")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(cert, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.word, self.connections = self.listener.getsockname()[1], word, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), raw, self.context.wrap_socket(raw, server_side=True) as road:
                road.settimeout(5)
                road.recv(1_000)
                road.sendall(_packet(0x20, b"\0\0\0") + self.word)
                self.connections += 1
                while self.word and road.recv(1_000):
                    pass

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)


@pytest.fixture
def at_hostile(
    request: pytest.FixtureRequest, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[type[MqttLink | InLoop], bytes], tuple[Any, Hostile, Box]]]:
    """A link that connects to a hostile broker again and again, the broker, and what the link handed over."""
    monkeypatch.setattr("sallyport_link.link.RECONNECT", Backoff(base_ms=1, cap_ms=2, floor_ms=1))
    with contextlib.ExitStack() as stack:

        def make(kind: type[MqttLink | InLoop], word: bytes) -> tuple[Any, Hostile, Box]:
            hostile, box = Hostile(authority, word), Box()
            stack.callback(hostile.close)
            ca, cert, key = authority.identity("gateway-1")
            link = kind("127.0.0.1", hostile.port, ca, cert, key, "gateway-1", None, box)
            stack.callback(link.stop)
            return link, hostile, box

        yield make


@pytest.mark.parametrize("kind", [MqttLink, InLoop], ids=["thread", "loop"])
@pytest.mark.parametrize(
    ("word", "why"),
    [
        (_packet(0x32, bytes(1_000), 200_000_000), "not agreed"),
        (_packet(0x34, _PUBLISH), "not agreed"),
        (_packet(0x32, b"\0\x04\xff\xfe\xfd\xfc\0\x01\0x"), "does not speak MQTT"),
    ],
    ids=["200 MB", "QoS 2", "no MQTT"],
)
def test_what_nobody_agreed_to_ends_the_connection_and_not_the_link(
    at_hostile: Callable[..., tuple[Any, Hostile, Box]], kind: type[MqttLink | InLoop], word: bytes, why: str
) -> None:
    link, hostile, box = at_hostile(kind, word)
    link.start()
    until(lambda: why in link.last_error and hostile.connections >= 2)
    assert box.items == []


def test_a_socket_is_let_go_before_it_closes(
    at_hostile: Callable[..., tuple[Any, Hostile, Box]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number is soon that of a page's connection, which would be watched in its place."""
    link, hostile, _ = at_hostile(InLoop, b"")
    watched: list[bool] = []
    close = connection._Socket.close

    def closing(self: Any) -> None:
        if self.fileno() >= 0:
            watched.append(self.fileno() in link.loop._selector.get_map())
        close(self)

    monkeypatch.setattr(connection._Socket, "close", closing)
    link.start()
    until(lambda: hostile.connections >= 5 and len(watched) >= 5)
    assert not any(watched)
