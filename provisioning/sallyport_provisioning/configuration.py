"""The configuration file of each holder, as text. Pure. Paths inside are relative to the file itself."""

import json
from typing import Final

from sallyport_provisioning.description import Description, Gateway, Interlock, Kiosk
from sallyport_provisioning.toml_text import to_toml

RELEASE_POLICY: Final = "release-policy"
"""The signed release policy's file, without its ending."""

_RELATIVE: Final = "Paths are relative to this file."


def gateway_toml(description: Description, gateway: Gateway) -> str:
    """What a gateway must know. Its own `profile` decides: a production gateway refuses a development policy."""
    return to_toml(
        {
            "name": gateway.name,
            "profile": str(description.profile),
            "prisons": list(gateway.prisons),
            "preflight": description.preflight,
            **({"witness": gateway.witness} if gateway.witness else {}),
            "broker": {"host": description.broker.host, "port": description.broker.port},
            "identity": {"certificate": "certificate.pem", "key": "key.pem"},
            "trust": {
                "authorities": "authorities.pem",
                "revoked": "revoked.pem",
                "provisioner": "provisioner.pem",
            },
            "documents": {
                "registry": "registry.cose",
                "model_set": "model-set.cose",
                "policy": "policy.cose",
                **({"release_policy": f"{RELEASE_POLICY}.cose"} if description.release_policy else {}),
            },
            "secrets": {"interlocks": "interlocks", "references": "references.key"},
            "store": {"url": gateway.store or "sqlite:///gateway.db"},
            "web": {"host": gateway.web_host, "port": gateway.web_port},
            **_peers(description, gateway),
            **({"hmpps": description.hmpps} if description.hmpps else {}),
        },
        f"Gateway {gateway.name}. {_RELATIVE}",
    )


def _peers(description: Description, gateway: Gateway) -> dict[str, dict[str, str]]:
    """Where officers go for a lane that another gateway on this store keeps."""
    found = {json.dumps(each.name): each.address for each in description.sharing_store(gateway)}
    return {"peers": found} if found else {}


def kiosk_toml(description: Description, kiosk: Kiosk, interlock: Interlock | None, models: str) -> str:
    """What a kiosk must know. `models` is the store of verified models, relative to the file or absolute."""
    return to_toml(
        {
            "name": kiosk.name,
            "prison": description.lane_named(kiosk.lane).prison,
            "lane": kiosk.lane,
            "interlock": interlock.name if interlock else "",
            "profile": str(description.profile),
            "broker": {"host": description.broker.host, "port": description.broker.port},
            "identity": {
                "signer": "file:key.pem",
                "certificate": "certificate.pem",
                "key": "key.pem",
                "password_file": "key-password",
            },
            "trust": {
                "authorities": "authorities.pem",
                "revoked": "revoked.pem",
                "provisioner": "provisioner.pem",
                "gateways": "gateways.pem",
            },
            "documents": {"model_set": "model-set.cose", "policy": "policy.cose"},
            "devices": {"camera": kiosk.camera, "sensor": kiosk.sensor, "lock": kiosk.lock},
            "screen": {"host": kiosk.screen_host, "port": kiosk.screen_port},
            "store": {"outbox": "outbox", "models": models},
        },
        f"Kiosk {kiosk.name}. {_RELATIVE}",
    )
