"""Run the bank: `python -m simulators.bank`.

Environment: BANK_PORT, BANK_SECRET (shared with the platform), BANK_CALLBACK_URL (the platform's address for notices),
BANK_ACCOUNT (the funds account), BANK_STATE (a file that survives restarts), BANK_HOST (default 127.0.0.1),
BANK_OPENING (optional: a file with the fen that were on the account before the first statement).
"""

import os
import signal
import sys

from simulators.bank.books import Books
from simulators.bank.courier import Courier
from simulators.bank.server import serve


def main() -> None:
    books = Books(os.environ["BANK_STATE"], os.environ["BANK_ACCOUNT"], os.environ.get("BANK_OPENING", ""))
    courier = Courier(books, os.environ["BANK_CALLBACK_URL"], os.environ["BANK_SECRET"])
    server = serve(
        books,
        courier,
        host=os.environ.get("BANK_HOST", "127.0.0.1"),
        port=int(os.environ["BANK_PORT"]),
        secret=os.environ["BANK_SECRET"],
    )
    courier.start()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    print(f"bank on port {server.server_address[1]}", file=sys.stderr, flush=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        courier.stop()
        server.server_close()
        books.close()


if __name__ == "__main__":
    main()
