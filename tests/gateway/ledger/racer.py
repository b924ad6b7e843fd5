"""One gateway process of a race: tries to reserve, grant and consume every authorisation; prints what it won."""

import json
import sys

from sallyport_gateway.ledger import life
from sallyport_gateway.ledger.words import Door, Moved, Shown
from sallyport_gateway.store import Store


def main(where: str, holder: str, count: int) -> None:
    """Prints one JSON object: the authorisations that this process reserved, granted and consumed."""
    won: dict[str, list[str]] = {"reserved": [], "granted": [], "consumed": []}
    number = int(holder.removeprefix("gateway-"))
    door = Door("MDI", "MDI-LANE-1", "MDI-L01")
    with Store(where) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        for at in range(count):
            name, session = f"A{at}", bytes([number]) * 8 + at.to_bytes(8, "big")
            answer = store.write_now(lambda conn, n=name, s=session: life.reserve(conn, n, s, holder, 1))
            if not isinstance(answer, Moved):
                continue
            won["reserved"].append(name)
            shown = Shown(session, at)
            answer = store.write_now(lambda conn, n=name, s=session, t=shown: life.grant(conn, n, s, door, t, 0, 2))
            if not isinstance(answer, Moved):
                continue
            won["granted"].append(name)
            answer = store.write_now(
                lambda conn, n=name, t=shown: life.opened(conn, n, door.board, t.nonce, b"e" * 32, 3)
            )
            if isinstance(answer, Moved) and not answer.again:
                won["consumed"].append(name)
    print(json.dumps(won), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
