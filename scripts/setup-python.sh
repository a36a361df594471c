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
  scripts/make-venv.sh "$python" .venv
fi

echo "Installing the locked dependencies …"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
touch .venv/ready
