"""What there is in an estate, for people and for `--json`."""

from datetime import datetime
from typing import Any

from sallyport_protocol.documents import Entry
from sallyport_provisioning.estate import Estate


def overview(estate: Estate, now: datetime) -> dict[str, Any]:
    """Everything that `sallyport-estate show` prints, from the signed documents; no secret is in it."""
    registry, models, policy = estate.registry(), estate.model_set(), estate.policy()
    return {
        "estate": estate.description.name,
        "profile": str(estate.description.profile),
        "directory": str(estate.root),
        "broker": f"{estate.description.broker.host}:{estate.description.broker.port}",
        "versions": {"registry": registry.version, "model set": models.version, "policy": policy.version},
        "model_set": models.digest.hex(),
        "policy": policy.digest.hex(),
        "holders": [_row(entry, estate, now) for entry in registry.entries],
    }


def _row(entry: Entry, estate: Estate, now: datetime) -> dict[str, Any]:
    end = entry.x509.not_valid_after_utc if entry.certificate is not None else None
    return {
        "name": entry.name,
        "roles": [str(role) for role in entry.roles],
        "prison": entry.prison,
        "lane": entry.lane,
        "fingerprint": entry.fingerprint.hex(),
        "until": f"{end:%Y-%m-%d %H:%M}Z" if end else None,
        "expired": end is not None and now > end,
        "epoch": entry.epoch,
        "status": str(entry.status),
        "folder": str(estate.folder(entry.name)),
    }
