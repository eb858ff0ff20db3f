"""`make test`: choose a browser, run pytest on two workers, and say at the end what was not run.

Arguments go to pytest. Environment: CHROMIUM, BROWSER=none (leave out the tests in a browser and say nothing of it).
"""

import os
import subprocess
import sys

from config.environment import BASE_DIR
from ops import browser


def main() -> int:
    """Return pytest's exit status, or 1 when the browser tests could not be run."""
    unwanted = os.environ.get("BROWSER") == "none"
    path = None if unwanted else browser.find(lambda text: print(text, flush=True))
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope", "-q", *sys.argv[1:]]
    environment = dict(os.environ)
    if path is None:
        command += ["-m", "not browser"]
    else:
        environment["CHROMIUM"] = path
    status = subprocess.run(command, cwd=BASE_DIR, env=environment).returncode
    if path is None and not unwanted:
        print("BROWSER TESTS NOT RUN: no browser", flush=True)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
