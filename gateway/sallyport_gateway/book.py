"""What the gateway knows to be true: who is who, who may issue, what is approved. Frozen; replaced whole on change."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from sallyport_protocol.documents import Entry, ModelSet, Policy, Profile, Registry
from sallyport_protocol.trust import Trust


@dataclass(frozen=True)
class Book:
    """The signed documents in force, and this gateway's own bounds on them."""

    registry: Registry
    trust: Trust
    model_set: ModelSet
    policy: Policy
    profile: Profile
    """This gateway's own configuration: in production no development policy counts."""
    revocation_age: timedelta
    """Oldest revocation list that check 4 relies on."""

    def entry(self, key_id: bytes) -> Entry | None:
        """The holder of a key, revoked ones included."""
        return self.registry.by_fingerprint(key_id)

    @cached_property
    def model_set_digest(self) -> bytes:
        """What a result must carry (check 9)."""
        return self.model_set.digest

    @cached_property
    def policy_digest(self) -> bytes:
        """What a result must carry (check 9)."""
        return self.policy.digest

    @property
    def policy_counts(self) -> bool:
        """A production gateway takes only a production policy (and that one demands liveness)."""
        return self.profile is Profile.DEVELOPMENT or self.policy.profile is Profile.PRODUCTION
