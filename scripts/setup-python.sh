#!/usr/bin/env bash
# Makes .venv from the hash-pinned lock. Run by make; safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}

"$python" - <<'CHECK' || exit 1
import sys
if sys.version_info < (3, 11):
    sys.exit(f"Matinee needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. Set PYTHON=… to another.")
CHECK

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  echo "Making the virtual environment .venv …"
  rm -rf .venv
  if ! "$python" -m venv .venv >/dev/null 2>&1; then
    # Debian ships venv apart from Python
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
      apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
      rm -rf .venv && "$python" -m venv .venv
    else
      echo "Python's venv module is missing: run 'apt-get install python3-venv' as root, then try again." >&2
      exit 1
    fi
  fi
fi

echo "Installing the locked dependencies …"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch .venv/ready
