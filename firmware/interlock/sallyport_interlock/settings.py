"""Every limit of the interlock, with unit and source. `design.md` S1 to S9 give the outer bounds."""

STRIKE_MS = 4400  # longest the strike is energised: S9's 5 s, less the monostable (400 ms, 20 % tolerance) and a pass
STALL_MS = 300  # a pass later than this ends the opening, before the monostable would
LIFE_MS = 10000  # longest life of a nonce: S3
WRITE_MARGIN_MS = 50  # a grant this close to its end is too late: two flash writes come before the strike
REQUEST_GAP_MS = 1000  # least time between two nonces: rate limit
CLAIM_MS = 5  # the pair's line is steady this long after a claim: 100 m of cable and the input filter take < 1 ms
BOLT_MS = 1000  # the bolt must follow the strike within this: maker's figure for electric strikes is < 500 ms
HELD_MS = 30000  # a door open longer than this is held
STEADY_MS = 10  # a contact is good after this long without a flutter: reed switches bounce for < 5 ms
FORGIVE_MS = 20  # a good contact may flutter this long before it is bad
RESERVE = 64  # nonces reserved by one flash record
EVENTS_PER_REQUEST = 8
UART_BAUD = 115200
READ_BYTES = 64  # most bytes heard in one pass: 5.6 ms of line time
QUEUE_BYTES = 2048  # answers waiting for the line; when full, the newest is dropped (events stay in the journal)
CLOCK_MASK = 0x3FFFFFFF  # ticks_ms is used modulo 2**30 on every port
