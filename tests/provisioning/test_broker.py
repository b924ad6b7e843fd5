"""The estate's broker, the real Mosquitto: who gets in, who reads and writes what, and how it fails."""

import queue
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from sallyport_link.mqtt import MqttLink
from sallyport_protocol.errors import RoadError
from sallyport_provisioning import lifecycle, mosquitto
from sallyport_provisioning.apply import apply, create_development_estate
from sallyport_provisioning.approved import Approved
from sallyport_provisioning.broker import Broker, refuse_busy_port, refuse_old_papers
from sallyport_provisioning.certificates import HOLDER_LIFE, LIST_LIFE
from sallyport_provisioning.estate import Estate
from sallyport_provisioning.mosquitto import ensure_mosquitto, find_mosquitto, version_of
from sallyport_rig.demonstration.loopback import free_port

needs_mosquitto = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is missing: apt-get install mosquitto")
OWN = "sallyport/v1/MDI/MDI-K01/{}"
NO_SUBSCRIBERS = 16
NOT_AUTHORISED = 135
RETAIN_NOT_SUPPORTED = 154


class Refused(Exception):
    """TLS, the broker or the network said no."""


class ClosingSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class Client:
    """A client that waits for every answer."""

    def __init__(self, port: int, context: ssl.SSLContext | None) -> None:
        self.answers: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        client = paho.Client(CallbackAPIVersion.VERSION2, "ignored", protocol=MQTTProtocolVersion.MQTTv5)
        client.on_connect = lambda *a: self.answers.put(("connect", a[3].value))
        client.on_disconnect = lambda *a: self.answers.put(("disconnect", a[3].value))
        client.on_publish = lambda *a: self.answers.put(("publish", a[3].value))
        client.on_subscribe = lambda *a: self.answers.put(("subscribe", a[3][0].value))
        client.on_message = lambda _c, _u, message: self.messages.put((message.topic, message.payload))
        if context is not None:
            client.tls_set_context(context)
        self._client = client
        try:
            client.connect("localhost", port, keepalive=30)
        except OSError as error:
            self._close()
            raise Refused(str(error)) from error
        client.loop_start()
        if self.answer("connect") != 0:
            self.close()
            raise Refused("not let in")

    def answer(self, kind: str) -> int:
        try:
            found, code = self.answers.get(timeout=5)
        except queue.Empty:
            raise Refused("no answer") from None
        if found != kind:
            self.close()
            raise Refused(f"{found} {code}")
        return int(code)

    def publish(self, topic: str, retain: bool = False) -> int:
        self._client.publish(topic, b"hello", qos=1, retain=retain)
        code = self.answer("publish")
        return 0 if code == NO_SUBSCRIBERS else code

    def subscribe(self, topic: str) -> int:
        self._client.subscribe(topic, qos=1)
        return self.answer("subscribe")

    def hears(self, seconds: float = 5.0) -> tuple[str, bytes] | None:
        try:
            return self.messages.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._close()

    def _close(self) -> None:
        found = self._client.socket()
        if found is not None:
            found.close()


def context_of(estate: Estate, name: str | None, trusting: Estate | None = None) -> ssl.SSLContext:
    """TLS as that holder; None without a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = ClosingSocket
    context.load_verify_locations((trusting or estate).authority_dir / "authorities.pem")
    if name is not None:
        folder = estate.folder(name)
        password = (folder / "key-password").read_text().strip() if estate.holder(name).protected else None
        context.load_cert_chain(folder / "certificate.pem", folder / "key.pem", password)
    return context


@contextmanager
def connected(estate: Estate, name: str) -> Iterator[Client]:
    client = Client(estate.broker_port, context_of(estate, name))
    try:
        yield client
    finally:
        client.close()


@pytest.fixture(scope="module")
def running(estate: Estate) -> Iterator[Estate]:
    with Broker(estate):
        yield estate


@needs_mosquitto
def test_a_kiosk_and_a_gateway_talk_in_both_directions(running: Estate) -> None:
    with connected(running, "MDI-K01") as kiosk, connected(running, "gateway-1") as gateway:
        assert gateway.subscribe("sallyport/v1/MDI/+/result") == 1
        assert kiosk.subscribe(OWN.format("offer")) == 1
        assert kiosk.publish(OWN.format("result")) == 0
        assert gateway.hears() == (OWN.format("result"), b"hello")
        assert gateway.publish(OWN.format("offer")) == 0
        assert kiosk.hears() == (OWN.format("offer"), b"hello")


@needs_mosquitto
def test_the_product_s_own_link_comes_up_with_the_files_of_its_folder(running: Estate) -> None:
    folder, heard = running.folder("MDI-K01"), queue.Queue[str]()
    link = MqttLink(
        "localhost",
        running.broker_port,
        folder / "authorities.pem",
        folder / "certificate.pem",
        folder / "key.pem",
        "MDI-K01",
        (OWN.format("status"), b"gone"),
        lambda topic, _payload, _retained: heard.put(topic),
        key_password=(folder / "key-password").read_bytes().strip(),
    )
    link.start()
    try:
        link.subscribe([OWN.format("offer")])
        eventually(lambda: link.connected)
        with connected(running, "gateway-1") as gateway:
            gateway.publish(OWN.format("offer"))
        assert heard.get(timeout=5) == OWN.format("offer")
    finally:
        link.stop()


@needs_mosquitto
def test_identical_gateways_may_share_the_work(running: Estate) -> None:
    with connected(running, "MDI-K01") as kiosk, connected(running, "gateway-1") as gateway:
        assert gateway.subscribe("$share/gateways/sallyport/v1/MDI/+/result") == 1
        kiosk.publish(OWN.format("result"))
        assert gateway.hears() == (OWN.format("result"), b"hello")


@needs_mosquitto
@pytest.mark.parametrize(
    "topic",
    [
        "sallyport/v1/MDI/MDI-K02/result",
        "sallyport/v1/WWI/MDI-K01/result",
        OWN.format("offer"),
        OWN.format("lock-down"),
        OWN.format("unknown"),
        OWN.format("result") + "/deeper",
        "sallyport/v1/MDI/MDI-K01",
        "anything",
    ],
)
def test_a_kiosk_publishes_nothing_but_its_own(running: Estate, topic: str) -> None:
    with connected(running, "MDI-K01") as kiosk:
        assert kiosk.publish(topic) == NOT_AUTHORISED


@needs_mosquitto
@pytest.mark.parametrize("topic", [OWN.format("result"), "sallyport/v1/WWI/WWI-K01/offer", "anything"])
def test_a_gateway_publishes_only_what_gateways_say(running: Estate, topic: str) -> None:
    with connected(running, "gateway-1") as gateway:
        assert gateway.publish(topic) == NOT_AUTHORISED


@needs_mosquitto
def test_a_kiosk_that_asks_for_everything_hears_only_its_own(running: Estate) -> None:
    with connected(running, "MDI-K01") as kiosk, connected(running, "gateway-1") as gateway:
        kiosk.subscribe("#")
        gateway.publish("sallyport/v1/MDI/MDI-K02/offer")
        kiosk.publish(OWN.format("result"))
        gateway.publish(OWN.format("offer"))
        assert kiosk.hears() == (OWN.format("offer"), b"hello")
        assert kiosk.hears(0.2) is None


@needs_mosquitto
def test_nobody_takes_another_s_client_id(running: Estate) -> None:
    with connected(running, "MDI-K01") as kiosk, connected(running, "gateway-1"):
        assert kiosk.publish(OWN.format("result")) == 0  # both said the client id "ignored", neither ended the other


@needs_mosquitto
def test_a_retained_message_ends_its_sender(running: Estate) -> None:
    with connected(running, "MDI-K01") as kiosk, pytest.raises(Refused, match=f"disconnect {RETAIN_NOT_SUPPORTED}"):
        kiosk.publish(OWN.format("result"), retain=True)


@needs_mosquitto
def test_an_officer_s_certificate_does_not_reach_the_broker(running: Estate) -> None:
    with pytest.raises(Refused):
        Client(running.broker_port, context_of(running, "j.hughes"))


@needs_mosquitto
def test_no_certificate_no_connection(running: Estate) -> None:
    with pytest.raises(Refused):
        Client(running.broker_port, context_of(running, None))


@needs_mosquitto
def test_plaintext_is_refused(running: Estate) -> None:
    with pytest.raises(Refused):
        Client(running.broker_port, None)


@needs_mosquitto
def test_the_same_name_from_another_authority_is_refused(running: Estate, own_estate: Estate) -> None:
    with pytest.raises(Refused):
        Client(running.broker_port, context_of(own_estate, "MDI-K01", trusting=running))


@needs_mosquitto
def test_another_authority_s_broker_is_not_believed(running: Estate, own_estate: Estate) -> None:
    with pytest.raises(Refused, match="CERTIFICATE_VERIFY_FAILED"):
        Client(running.broker_port, context_of(own_estate, "MDI-K01"))


@needs_mosquitto
def test_tls_1_2_is_refused(running: Estate) -> None:
    context = context_of(running, "MDI-K01")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(Refused):
        Client(running.broker_port, context)


@needs_mosquitto
def test_a_revoked_kiosk_is_refused_after_a_reload_and_the_others_stay(own_estate: Estate) -> None:
    with Broker(own_estate) as broker, connected(own_estate, "gateway-1") as gateway:
        with connected(own_estate, "MDI-K01") as kiosk:
            assert kiosk.publish(OWN.format("result")) == 0
        lifecycle.revoke(own_estate, "MDI-K01", "stolen", datetime.now(UTC))
        broker.reload()
        eventually(lambda: refused(own_estate, "MDI-K01"))
        assert gateway.publish(OWN.format("offer")) == 0


@needs_mosquitto
def test_the_hostile_broker_lets_anybody_say_anything_retained_too(own_estate: Estate) -> None:
    port = free_port()
    with Broker(own_estate, hostile_port=port), connected(own_estate, "gateway-1") as gateway:
        attacker = Client(port, None)
        gateway.subscribe("sallyport/v1/MDI/+/result")
        assert attacker.publish(OWN.format("result"), retain=True) == 0
        attacker.close()
        assert gateway.hears() == (OWN.format("result"), b"hello")


@needs_mosquitto
def test_killed_and_started_again_it_serves_on(own_estate: Estate) -> None:
    broker = Broker(own_estate)
    broker.start()
    broker.start()
    assert broker.running
    broker.kill()
    assert not broker.running
    with pytest.raises(Refused):
        Client(own_estate.broker_port, context_of(own_estate, "MDI-K01"))
    broker.start()
    with connected(own_estate, "MDI-K01") as kiosk:
        assert kiosk.publish(OWN.format("result")) == 0
    broker.stop()
    broker.stop()
    assert not broker.running


@needs_mosquitto
def test_a_busy_port_is_named_with_what_to_do(own_estate: Estate) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", own_estate.broker_port))
        taken.listen()
        with pytest.raises(RoadError, match=rf"port {own_estate.broker_port} .* in use .*stop that"):
            Broker(own_estate).start()


@needs_mosquitto
def test_a_broker_that_cannot_start_says_why(own_estate: Estate) -> None:
    (own_estate.broker_dir / "key.pem").write_text("not a key")
    with pytest.raises(RoadError, match=r"the broker ended at once: .*broker\.log"):
        Broker(own_estate).start()


@needs_mosquitto
def test_a_broker_whose_list_has_ended_is_not_started_to_refuse_everybody(tmp_path: Path) -> None:
    made = datetime.now(UTC) - LIST_LIFE - timedelta(days=1)
    estate = create_development_estate(tmp_path / "run", broker_port=free_port(), approved=Approved({}, ()), now=made)
    with pytest.raises(RoadError, match="sallyport-estate apply"):
        Broker(estate).start()
    apply(estate, now=datetime.now(UTC))
    with Broker(estate) as broker:
        assert broker.running


def test_a_broker_whose_certificate_has_ended_is_named(own_estate: Estate) -> None:
    with pytest.raises(RoadError, match="certificate of broker-1 is expired"):
        refuse_old_papers(own_estate, datetime.now(UTC) + HOLDER_LIFE * 2)
    lifecycle.revoke(own_estate, "broker-1", "test", datetime.now(UTC))
    with pytest.raises(RoadError, match="certificate of broker-1 is revoked"):
        refuse_old_papers(own_estate, datetime.now(UTC))


def test_an_address_of_somebody_else_is_refused() -> None:
    with pytest.raises(RoadError, match=r"cannot listen on 192\.0\.2\.1"):
        refuse_busy_port("192.0.2.1", 8883)


def test_a_missing_broker_says_in_one_line_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mosquitto, "find_mosquitto", lambda: None)
    monkeypatch.setattr(mosquitto, "_rights", lambda: None)
    with pytest.raises(RoadError, match="sudo apt-get install mosquitto") as told:
        ensure_mosquitto()
    assert "\n" not in str(told.value)


def fake_program(folder: Path, text: str) -> Path:
    path = folder / "mosquitto"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_an_old_or_strange_broker_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = fake_program(tmp_path, "echo mosquitto version 1.6.12; exit 3")
    assert version_of(old) == (1, 6, 12)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_mosquitto() == old
    with pytest.raises(RoadError, match="too old"):
        ensure_mosquitto()
    fake_program(tmp_path, "echo hello")
    with pytest.raises(RoadError, match="does not say its version"):
        ensure_mosquitto()


def test_a_failed_installation_tells_the_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = fake_program(tmp_path, 'echo "$@" >> calls; echo "E: no such package" >&2; exit 100')
    fake.rename(tmp_path / "apt-get")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(mosquitto, "find_mosquitto", lambda: None)
    monkeypatch.setattr(mosquitto, "_rights", list)
    with pytest.raises(RoadError, match="E: no such package"):
        ensure_mosquitto()
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["install", "update", "install"]


def refused(estate: Estate, name: str) -> bool:
    try:
        Client(estate.broker_port, context_of(estate, name)).close()
    except Refused:
        return True
    return False


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
