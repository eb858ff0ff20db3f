"""Run the tax port: `python -m simulators.tax`.

Environment: TAX_PORT, TAX_SECRET (shared with the platform), TAX_STATE (a file that survives restarts), TAX_HOST
(default 127.0.0.1).
"""

import os
import signal
import sys

from simulators.tax.books import Books
from simulators.tax.server import serve


def main() -> None:
    books = Books(os.environ["TAX_STATE"])
    server = serve(
        books,
        host=os.environ.get("TAX_HOST", "127.0.0.1"),
        port=int(os.environ["TAX_PORT"]),
        secret=os.environ["TAX_SECRET"],
    )

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    print(f"tax port on port {server.server_address[1]}", file=sys.stderr, flush=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        server.server_close()
        books.close()


if __name__ == "__main__":
    main()
