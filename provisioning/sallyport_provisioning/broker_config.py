"""Mosquitto's configuration and access rules for an estate, as text. Pure.

Nothing that acts is retained: the broker refuses a retained message (it disconnects the sender), keeps nothing on
disk, and the receivers refuse a retained message by themselves, because the broker alone may open nothing (S21).
"""

from typing import Final

from sallyport_protocol.releases import release_topic
from sallyport_protocol.topics import FROM_DEVICE, ROOT, TO_DEVICE, Topic
from sallyport_provisioning.description import Description

MAX_PACKET: Final = 524_288
"""Largest packet, bytes: twice the contract's largest message."""
QUEUE_PER_DEVICE: Final = 16
QUEUE_AT_LEAST: Final = 1_000


def mosquitto_conf(description: Description, account: str | None, hostile_port: int | None = None) -> str:
    """The configuration; paths are relative to the broker's folder, in which it is started.

    `account` is who owns the files (used when root starts the broker). `hostile_port` makes a broker that cannot be
    trusted, for demonstrations and tests only: a second, open listener without access rules, and retained messages.
    """
    hostile = hostile_port is not None
    queue = max(QUEUE_AT_LEAST, QUEUE_PER_DEVICE * len(description.kiosk))
    lines = [
        f"# Broker of the estate {description.name}. Start it in this folder: mosquitto -c mosquitto.conf",
        *([f"user {account}"] if account else []),
        "per_listener_settings true",
        "persistence false",
        f"retain_available {str(hostile).lower()}",
        f"max_packet_size {MAX_PACKET}",
        f"max_queued_messages {queue}",
        "max_inflight_messages 100",
        "persistent_client_expiration 1h",
        "set_tcp_nodelay true",
        "sys_interval 0",
        "log_dest stderr",
        "log_timestamp_format %Y-%m-%dT%H:%M:%S",
        "log_type error",
        "log_type warning",
        "log_type notice",
        "",
        f"listener {description.broker.port} {description.broker.listen}",
        "protocol mqtt",
        "tls_version tlsv1.3",
        "cafile authorities.pem",
        "certfile certificate.pem",
        "keyfile key.pem",
        "crlfile revoked.pem",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        "allow_anonymous false",
        "allow_zero_length_clientid false",
        "acl_file access.acl",
    ]
    if hostile:
        lines += [
            "",
            "# HOSTILE: whoever reaches this listener is the broker. Never in an estate that guards a door.",
            f"listener {hostile_port} 127.0.0.1",
            "allow_anonymous true",
        ]
    return "\n".join(lines) + "\n"


def access_rules(description: Description) -> str:
    """Exact topics for each kiosk under its own name; each gateway every kiosk of its prisons; a listener its prisons'
    releases; nobody else anything.

    An officer, an interlock or a name that is not here has no rule and so no access.
    """
    lines = ["# Made from estate.toml. No rule for all, no pattern: a name that is not here reads and writes nothing."]
    for gateway in description.gateway:
        lines += ["", f"user {gateway.name}"]
        for prison in gateway.prisons:
            lines += [f"topic read {ROOT}/{prison}/+/{kind}" for kind in FROM_DEVICE]
            lines += [f"topic write {ROOT}/{prison}/+/{kind}" for kind in TO_DEVICE]
            lines += [f"topic write {release_topic(prison)}"]
    for kiosk in description.kiosk:
        prison = description.lane_named(kiosk.lane).prison
        lines += ["", f"user {kiosk.name}"]
        lines += [f"topic write {Topic(prison, kiosk.name, kind)}" for kind in FROM_DEVICE]
        lines += [f"topic read {Topic(prison, kiosk.name, kind)}" for kind in TO_DEVICE]
    for listener in description.listener:
        lines += ["", f"user {listener.name}", *(f"topic read {release_topic(code)}" for code in listener.prisons)]
    return "\n".join(lines) + "\n"
