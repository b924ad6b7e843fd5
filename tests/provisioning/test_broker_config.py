"""Mosquitto's configuration and access rules as text."""

import re

from sallyport_protocol.topics import FROM_DEVICE, TO_DEVICE
from sallyport_provisioning.broker_config import access_rules, mosquitto_conf
from sallyport_provisioning.description import Description, Interlock, Kiosk, Lane
from sallyport_provisioning.development import describe_development

DEVELOPMENT = describe_development(broker_port=8883, gateway_port=8080, screen_port=8081)


def rules_of(text: str) -> dict[str, set[str]]:
    """User -> its topic lines."""
    users: dict[str, set[str]] = {}
    user = ""
    for line in text.splitlines():
        if line.startswith("user "):
            user = line.removeprefix("user ")
            users[user] = set()
        elif line and not line.startswith("#"):
            users[user].add(line)
    return users


def test_everything_that_keeps_strangers_out_is_on() -> None:
    lines = set(mosquitto_conf(DEVELOPMENT, "someone").splitlines())
    assert {
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "crlfile revoked.pem",
        "acl_file access.acl",
        "tls_version tlsv1.3",
        "retain_available false",
        "persistence false",
        "set_tcp_nodelay true",
        "listener 8883 127.0.0.1",
        "user someone",
    } <= lines
    assert sum(line.startswith("listener ") for line in lines) == 1


def test_a_nameless_account_gives_no_user_line() -> None:
    assert not re.search("^user", mosquitto_conf(DEVELOPMENT, None), re.MULTILINE)


def test_the_queue_grows_with_the_estate() -> None:
    lane, kiosk = DEVELOPMENT.lane[0], DEVELOPMENT.kiosk[0]
    many = DEVELOPMENT.model_copy(update={"lane": (lane,), "kiosk": (kiosk,) * 5_000})
    assert "max_queued_messages 1000\n" in mosquitto_conf(DEVELOPMENT, None)
    assert "max_queued_messages 80000\n" in mosquitto_conf(many, None)


def test_the_hostile_listener_exists_only_when_asked_for() -> None:
    assert "anonymous true" not in mosquitto_conf(DEVELOPMENT, None)
    hostile = mosquitto_conf(DEVELOPMENT, None, 1884)
    assert "HOSTILE" in hostile and "listener 1884 127.0.0.1\nallow_anonymous true" in hostile


def test_a_device_has_exact_topics_under_its_own_name_and_no_other() -> None:
    users = rules_of(access_rules(DEVELOPMENT))
    assert set(users) == {"gateway-1", "MDI-K01"}
    expected = {f"topic write sallyport/v1/MDI/MDI-K01/{kind}" for kind in FROM_DEVICE}
    expected |= {f"topic read sallyport/v1/MDI/MDI-K01/{kind}" for kind in TO_DEVICE}
    assert users["MDI-K01"] == expected


def test_a_gateway_has_its_prisons_and_no_other() -> None:
    two = Description.parse(
        DEVELOPMENT.to_map()
        | {"prison": [{"code": "MDI", "name": "Moorland"}, {"code": "WWI", "name": "Wandsworth"}]}
        | {"lane": [*[lane.to_map() for lane in DEVELOPMENT.lane], _lane().to_map()]}
        | {"kiosk": [*[kiosk.to_map() for kiosk in DEVELOPMENT.kiosk], _kiosk().to_map()]}
        | {"interlock": [*[board.to_map() for board in DEVELOPMENT.interlock], _board().to_map()]}
    )
    users = rules_of(access_rules(two))
    assert "WWI-K01" in users
    assert not any("WWI" in rule for rule in users["gateway-1"])
    assert len(users["gateway-1"]) == len(FROM_DEVICE) + len(TO_DEVICE) + 1
    assert "topic write sallyport/v1/MDI/RELEASES/release" in users["gateway-1"]


def test_no_rule_reads_and_writes_and_none_is_a_pattern() -> None:
    for line in access_rules(DEVELOPMENT).splitlines():
        assert not line or line.startswith(("#", "user ", "topic read ", "topic write "))
        assert "%" not in line and not line.endswith("#")


def _lane() -> Lane:
    return DEVELOPMENT.lane[0].model_copy(update={"name": "WWI-LANE-1", "prison": "WWI"})


def _kiosk() -> Kiosk:
    return DEVELOPMENT.kiosk[0].model_copy(update={"name": "WWI-K01", "lane": "WWI-LANE-1"})


def _board() -> Interlock:
    return Interlock(name="WWI-L01", lane="WWI-LANE-1")
