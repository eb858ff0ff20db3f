"""Ask a health address: `python -m ops.ask URL`. Exit 0 when it answers 200. For containers, which have no curl."""

import sys
import urllib.error
import urllib.request

LIMIT_SECONDS = 8


def main() -> int:
    """Return 0 when the address answers 200."""
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=LIMIT_SECONDS) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, TimeoutError) as failed:
        print(failed, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
