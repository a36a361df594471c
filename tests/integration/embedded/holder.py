"""A process of its own that holds an embedded server: `holder.py postgres|seaweedfs FOLDER JSON-OPTIONS`.

Prints one JSON line once the server serves, stops it when its standard input ends, prints `stopped`.
"""

import json
import sys
from pathlib import Path

import msgspec

from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS

SERVERS = {"postgres": EmbeddedPostgres, "seaweedfs": EmbeddedSeaweedFS}


def main() -> None:
    kind, folder, options = sys.argv[1:4]
    server = SERVERS[kind](Path(folder), **json.loads(options))
    try:
        endpoint = server.start()
    except EmbeddedServerError as fault:
        print(json.dumps({"fault": str(fault)}), flush=True)
        return
    print(json.dumps({"owned": server.owned, "endpoint": msgspec.to_builtins(endpoint)}), flush=True)
    sys.stdin.read()
    server.stop()
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
