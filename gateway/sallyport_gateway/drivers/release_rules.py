"""The release policy that this gateway decides by: the provisioner's signed one, and never an older one again (S13)."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from sallyport_gateway.authority.policy import ReleasePolicy, load_release_policy, release_policy, weaknesses
from sallyport_gateway.configuration import Configuration
from sallyport_gateway.ledger import once
from sallyport_gateway.store import Store
from sallyport_protocol.documents import (
    OlderDocumentError,
    Profile,
    ReleaseRules,
    load_release_rules,
    signed_by,
)
from sallyport_protocol.errors import MalformedError, naming
from sallyport_protocol.identity import read_certificates

_NAME = "sallyport/v1/ReleaseRules"


def read_rules(configuration: Configuration, store: Store) -> ReleasePolicy:
    """Read once, at the start. Without a signed one, in development only, the policy that comes with this release.

    Raises RoadError or MalformedError that say what to do.
    """
    file, read = configuration.file, configuration.read
    if file.documents.release_policy is None:
        if file.profile is Profile.PRODUCTION:
            raise MalformedError("a production gateway decides by a signed release policy: name one in estate.toml")
        return release_policy()
    with naming(configuration.path(file.documents.release_policy)):
        provisioner = read_certificates(read(file.trust.provisioner))[0]
        signed = load_release_rules(read(file.documents.release_policy), signed_by(provisioner))
        policy = load_release_policy(signed.rules)
        if lost := weaknesses(policy, release_policy()):
            raise MalformedError(f"this policy asks less than the one that comes with this release: {'; '.join(lost)}")
        store.write_now(lambda conn: _accept(conn, signed))
    return policy


def _accept(conn: Connection, signed: ReleaseRules) -> None:
    now = int(datetime.now(UTC).timestamp() * 1_000)
    if not once.accept_list(conn, _NAME, signed.version, signed.issued, now):
        raise OlderDocumentError(f"release policy {signed.version} is older than one that was in force here before")
