"""Load by wrk: one thread, 32 connections, requests made beforehand; medians of interleaved rounds."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.servers import Server
from bench.tables import median, progress

CONNECTIONS = 32

_SCRIPT = """
local tokens, paths, body = {%(tokens)s}, {%(paths)s}, %(body)s
local requests, sent = {}, 0
init = function()
  for i = 1, #paths do
    local headers = {["User-Agent"] = "Mozilla/5.0"}
    if #tokens > 0 then headers["Authorization"] = "Bearer " .. tokens[(i - 1) %% #tokens + 1] end
    if body then headers["Content-Type"] = "application/json" end
    requests[i] = wrk.format("%(method)s", paths[i], headers, body)
  end
end
request = function()
  sent = sent %% #requests + 1
  return requests[sent]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.timeout + e.status, latency:percentile(50), latency:percentile(99)))
end
"""


class Shots(NamedTuple):
    """Requests of one kind, sent in turn: path i with token i, each list from its start again at its end."""

    method: str
    paths: Sequence[str]
    tokens: Sequence[str] = ()
    body: str | None = None


class Load(NamedTuple):
    """What wrk saw in one round, or the medians of several."""

    rate: float  # requests a second
    p50: float  # milliseconds
    p99: float
    megabytes: float  # a second, 10^6 bytes


class Lane(NamedTuple):
    """A server with the requests that it gets."""

    server: Server
    shots: Shots
    warm_up: float = 2.0  # seconds before the first round: caches, prepared statements, the peer's compiler


def require_wrk() -> None:
    """Installs wrk where that is possible; ends the program with a sentence where it is not."""
    if shutil.which("wrk"):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        progress("installing wrk")
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=False, stdout=subprocess.DEVNULL)
    if not shutil.which("wrk"):
        raise SystemExit("The load generator wrk is not installed: as root, `apt-get install wrk`.")


def compare(
    lanes: Sequence[Lane], folder: Path, *, seconds: float, rounds: int, label: str, connections: int = CONNECTIONS
) -> list[Load]:
    """Loads the servers in turn, round by round, so that a drift of the machine meets all of them; medians."""
    results: list[list[Load]] = [[] for _ in lanes]
    for lane in lanes:
        _wrk(lane, folder, lane.warm_up, connections)
    for turn in range(rounds):
        for lane, loads in zip(lanes, results, strict=True):
            loads.append(_wrk(lane, folder, seconds, connections))
        rates = ", ".join(
            f"{lane.server.name} {loads[-1].rate:,.0f}/s" for lane, loads in zip(lanes, results, strict=True)
        )
        progress(f"{label}, round {turn + 1} of {rounds}: {rates}")
    return [Load(*(median(column) for column in zip(*loads, strict=True))) for loads in results]


def _wrk(lane: Lane, folder: Path, seconds: float, connections: int) -> Load:
    script = folder / "wrk.lua"
    script.write_text(_lua(lane.shots))
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    command += ["-s", str(script), lane.server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT")), None)
    if line is None:
        raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")
    requests, microseconds, octets, failures, p50, p99 = map(int, line.split()[1:])
    if failures or not requests:
        raise SystemExit(f"{lane.server.name}: {failures} of {requests} requests failed. {done.stderr}")
    elapsed = microseconds / 1e6
    return Load(requests / elapsed, p50 / 1000, p99 / 1000, octets / elapsed / 1e6)


def _lua(shots: Shots) -> str:
    return _SCRIPT % {
        "method": shots.method,
        "tokens": ",".join(f'"{token}"' for token in shots.tokens),
        "paths": ",".join(f'"{path}"' for path in shots.paths),
        "body": "nil" if shots.body is None else f"[==[{shots.body}]==]",
    }
