"""The gateway's own bounds, each with its unit and where it comes from. The release policy is signed data, not here."""

from typing import Final

CLOCK_SLACK_MS: Final = 500
"""How much later, in ms, a kiosk may say it finished than the gateway's clock allows: rounding and scheduling."""

RESULT_MAX_BYTES: Final = 16_384
"""Largest verification result accepted; an honest one with ten captures has below 3 KiB."""

ATTACK_SCORE_LIMIT: Final = 0.5
"""Passive attack score at or above which check 11 refuses: the calibrated even-odds point."""

SESSION_REST_MS: Final = 70_000
"""A session is open as long as its challenges may take (`face/challenge.py`; more for who needs longer or can do less)
and this: the screen's light, words between the attempts, two looks at the face and the finger, with room to move."""

NONCE_WAIT_MS: Final = 5_000
"""Open request to nonce. The board answers in tens of ms; longer means a cut line."""

OPENING_WAIT_MS: Final = 20_000
"""Grant to the board's last word on it: grant life 10 s and strike 5 s (design §1), with slack for the road."""

STATEMENT_LIFE_MS: Final = 300_000
"""How long a first officer's statement waits for the second's, ms: an on-call governor reads and signs; the person
stands before the first officer all the while. To be agreed with the service [?]."""

LEASE_MS: Final = 4_000
"""A gateway that has not renewed its lanes for this long may be replaced: longer than a full disk's flush or a
collection, short enough that an officer only waits. Between gateways that share a store (docs/adr/0008)."""

LEASE_EVERY_S: Final = 0.5
"""How often lanes are renewed, claimed and shared: several times in the life of a lease."""

LEASE_MARGIN_MS: Final = 500
"""A gateway falls silent this much before its lease ends by its own clock: two clocks counting 4 s differ by less."""

LEASE_PATIENCE_MS: Final = 5_000
"""How long a newcomer must have been there before it is given lanes, and a free lane waits for whom it belongs to."""

BROKER_AWAY_MS: Final = 3_000
"""A gateway that has not been connected to the broker for this long gives its lanes up: another one may hear them."""

ACT_CLOCK_MS: Final = 120_000
"""An officer's act may be stamped this far from the gateway's clock, either way: browsers' clocks drift."""

REVOCATION_RELOAD_S: Final = 5.0
"""How often the documents are read again; S18 wants a revoked certificate refused within 60 s."""

READY_AGE_MS: Final = 15_000
"""A kiosk says READY every 5 s; after three missed ones the lane is out of contact."""

JOURNAL_AGE_MS: Final = 15_000
"""A board is asked every 5 s how far its journal goes; after three answers that did not come it gets no grant."""

RECALLED: Final = 500
"""Of each gateway's audit log, the newest entries that a lane's page is rebuilt from when its keeper changes."""

RECALL_MS: Final = 8 * 3_600_000
"""How far back the page goes then: one shift."""

EVENTS_AGAIN_MS: Final = 1_000
"""Least time between two requests for the same missing events of a board: it answers only while it is idle."""

EVENTS_WAIT_MS: Final = 30_000
"""Missing events are asked for this long before they are given up with an alarm: longer than a passage (strike 5 s)."""
