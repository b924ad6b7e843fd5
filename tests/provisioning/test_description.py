"""estate.toml: what it may say, and what it may not."""

import tomllib
from typing import Any

import pytest

from sallyport_gateway.configuration import GatewayFile
from sallyport_protocol.errors import MalformedError
from sallyport_protocol.identity import Role
from sallyport_provisioning.broker_config import access_rules
from sallyport_provisioning.configuration import gateway_toml
from sallyport_provisioning.description import Description
from sallyport_provisioning.development import describe_development
from sallyport_provisioning.holders import holders
from sallyport_provisioning.toml_text import to_toml

DEVELOPMENT = describe_development(broker_port=8883, gateway_port=8080, screen_port=8081)

AUDITOR = {"name": "k.lane", "full_name": "A", "roles": ["auditor"]}


def changed(**changes: Any) -> dict[str, Any]:
    return {**tomllib.loads(DEVELOPMENT.to_toml()), **changes}


def test_what_is_written_reads_back_the_same() -> None:
    assert Description.from_toml(DEVELOPMENT.to_toml()) == DEVELOPMENT


def test_the_development_estate_is_the_design_s() -> None:
    names = set(DEVELOPMENT.holder_names)
    assert {"MDI-K01", "MDI-L01", "gateway-1"} <= names
    assert DEVELOPMENT.lane_named("MDI-LANE-1").prison == "MDI"
    assert sum("approver" in officer.roles for officer in DEVELOPMENT.officer) == 2


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 2}, "format"),
        ({"surprise": 1}, "surprise"),
        ({"profile": "testing"}, "profile"),
        ({"prison": [{"code": "MDX", "name": "x"}]}, "prison.0.code"),
        ({"prison": []}, "prison MDI is not described"),
        ({"lane": []}, "lane MDI-LANE-1 is not described"),
        ({"lane": [{"name": "MDI-LANE-1", "prison": "WWI", "kind": "pedestrian"}]}, "prison WWI is not described"),
        ({"lane": [{"name": "MDI-LANE-1", "prison": "MDI", "kind": "tunnel"}]}, "lane.0.kind"),
        ({"lane": [{"name": "MDI-LANE-LONGEST1", "prison": "MDI", "kind": "pedestrian"}]}, "lane.0.name"),
        ({"interlock": [{"name": "MDI-K01", "lane": "MDI-LANE-1"}]}, "name MDI-K01 occurs 2 times"),
        ({"officer": [{"name": "a.b", "full_name": "A", "roles": []}]}, "officer.0.roles"),
        ({"officer": [{"name": "a.b", "full_name": "A", "roles": ["kiosk"]}]}, "not an officer's"),
        ({"officer": [{"name": "a/b", "full_name": "A", "roles": ["auditor"]}]}, "officer.0.name"),
        ({"officer": [{"name": "a.b", "full_name": "A", "roles": ["auditor"], "prison": "WWI"}]}, "prison WWI"),
        ({"officer": [AUDITOR, AUDITOR | {"name": "K.Iane", "full_name": "B"}]}, "may be one person's user name"),
        ({"officer": [AUDITOR, AUDITOR | {"name": "m.dale", "full_name": " a "}]}, "describe a person once"),
        ({"officer": [AUDITOR | {"name": "а.bell"}]}, "officer.0.name"),
        ({"provisioner": "../x"}, "provisioner"),
    ],
)
def test_what_does_not_hold_together_is_refused_by_name(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(MalformedError, match=told):
        Description.parse(changed(**changes))


STORE = "postgresql+psycopg://sallyport@db.example/sallyport"


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ({}, "http://127.0.0.1:8080"),
        ({"web_host": "10.1.2.3"}, "https://10.1.2.3:8080"),
        ({"web_host": "fd00::7"}, "https://[fd00::7]:8080"),
        ({"web_host": "10.1.2.3", "web_address": "https://gate.example"}, "https://gate.example"),
    ],
)
def test_where_a_gateway_s_pages_are(place: dict[str, str], address: str) -> None:
    described = Description.parse(changed(gateway=[changed()["gateway"][0] | place]))
    assert described.gateway[0].address == address


def two_gateways(*stores: str) -> dict[str, Any]:
    first = changed()["gateway"][0]
    return changed(gateway=[first | {"name": f"gateway-{n}", "store": store} for n, store in enumerate(stores, 1)])


def test_two_ledgers_for_one_door_are_refused() -> None:
    """S6: each would let an authorisation open once."""
    for stores in (("", ""), (STORE, ""), ("", STORE), (STORE, STORE + "2")):
        with pytest.raises(MalformedError, match="both serve MDI: name one store for both"):
            Description.parse(two_gateways(*stores))
    assert len(Description.parse(two_gateways(STORE, STORE)).gateway) == 2


@pytest.mark.parametrize(
    ("store", "told"),
    [
        ("sqlite:///shared.db", "gateway.0.store"),
        ("postgresql+psycopg://sallyport:secret@db.example/sallyport", "has a password in it"),
        ("postgresql+psycopg://db.example/sallyport?password=secret", "has a password in it"),
    ],
)
def test_a_store_that_cannot_be_shared_or_gives_its_password_away_is_refused(store: str, told: str) -> None:
    with pytest.raises(MalformedError, match=told):
        Description.parse(two_gateways(store, store))


def test_two_kiosks_at_one_lane_are_refused() -> None:
    first = changed()["kiosk"][0]
    with pytest.raises(MalformedError, match="kiosk's lane MDI-LANE-1 occurs 2 times"):
        Description.parse(changed(kiosk=[first, first | {"name": "MDI-K02"}]))


def test_text_that_is_not_toml_is_refused() -> None:
    with pytest.raises(MalformedError, match="not TOML"):
        Description.from_toml("format = ")


@pytest.mark.parametrize("text", ['"', "\\", "a\nb", "\x00", "\x7f", "\u00e9\u2028", "", "# no comment", "[x]"])
def test_any_text_survives_toml(text: str) -> None:
    assert tomllib.loads(to_toml({"a": text, "b": {"c": [text]}}, "two\nlines")) == {"a": text, "b": {"c": [text]}}


def test_a_value_without_a_form_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        to_toml({"a": object()}, "x")


HMPPS = {
    "url": "https://hmpps.example",
    "sources": {"EVENTS": "https://events.example", "IDENTITY": "https://person.example"},
    "certificate": "hmpps.pem",
    "key": "hmpps.key",
    "api_key": "hmpps.txt",
    "events": "/v1/events",
    "timeout_s": 3.5,
    "cache_s": {"IDENTITY": 600.0},
}


def test_hmpps_reaches_every_gateway_as_it_is_described() -> None:
    described = Description.parse(changed(hmpps=HMPPS, preflight="03:15"))
    again = Description.from_toml(described.to_toml())
    assert again == described
    made = tomllib.loads(gateway_toml(again, again.gateway[0]))
    assert made["hmpps"] == HMPPS and made["preflight"] == "03:15"
    read = GatewayFile.parse(made)
    assert read.hmpps is not None and read.hmpps.timeout_s == 3.5 and read.hmpps.patience_s == 2.0
    assert "hmpps" not in gateway_toml(Description.parse(changed()), again.gateway[0])


def test_a_listener_holds_a_certificate_and_reads_releases_and_nothing_else() -> None:
    described = Description.parse(changed(listener=[{"name": "nomis-bridge", "prisons": ["MDI"]}]))
    assert Description.from_toml(described.to_toml()) == described
    rules = access_rules(described).partition("user nomis-bridge\n")[2].split("\nuser ")[0].split("\n")
    assert [rule for rule in rules if rule] == ["topic read sallyport/v1/MDI/RELEASES/release"]
    (holder,) = [each for each in holders(described) if each.name == "nomis-bridge"]
    assert holder.roles == (Role.LISTENER,) and holder.certified
    with pytest.raises(MalformedError, match="prison WWI is not described"):
        Description.parse(changed(listener=[{"name": "nomis-bridge", "prisons": ["WWI"]}]))
