#!/usr/bin/env bash
# Makes a virtual environment with pip in it: `make-venv.sh PYTHON FOLDER`. Leaves nothing where it cannot.
set -euo pipefail
python=$1
venv=$2

works() { "$venv/bin/python" -m pip --version >/dev/null 2>&1; }
quietly() { "$@" >/dev/null 2>&1; }
with_venv() { rm -rf "$venv" && quietly "$python" -m venv "$venv" && works; }

# Debian ships ensurepip, which brings pip into a new environment, apart from Python: then a pip from outside does.
with_pip() {
  rm -rf "$venv" && quietly "$python" -m venv --without-pip "$venv" \
    && quietly "$python" -m pip --python "$venv/bin/python" install --disable-pip-version-check pip && works
}
with_uv() {
  rm -rf "$venv" && command -v uv >/dev/null && quietly "$python" -m venv --without-pip "$venv" \
    && quietly uv pip install --python "$venv/bin/python" pip && works
}
with_virtualenv() {
  rm -rf "$venv"
  { quietly "$python" -m virtualenv "$venv" || quietly virtualenv --python "$python" "$venv"; } && works
}
with_apt() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && quietly apt-get update \
    && DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends "$package" && with_venv
}

package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
if with_venv || with_pip || with_uv || with_virtualenv || with_apt; then
  exit 0
fi
rm -rf "$venv"
echo "Python's ensurepip is missing, and pip, uv and virtualenv are, too: run 'apt-get install $package' as root, then try again." >&2
exit 1
