# What an installer's laptop runs over the board's USB cable: five words on standard input,
# epoch, lane, down key, up key (hex but the epoch).

import sys
from binascii import unhexlify

from sallyport_interlock.board import Flash
from sallyport_interlock.keys import commission

epoch, lane, down, up = sys.stdin.readline().split()
try:
    commission(Flash(), int(epoch), unhexlify(lane), unhexlify(down), unhexlify(up))
except ValueError as error:
    print(error)
    sys.exit(1)
