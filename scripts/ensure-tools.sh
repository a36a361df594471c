#!/usr/bin/env bash
# The tests need Chromium, nginx, Caddy and SoftHSM: those that are present, or as root Debian's packages. Without one, its tests
# fail, loudly.
set -euo pipefail
export PATH="$PATH:/usr/sbin"
here() { for name in "$@"; do command -v "$name" >/dev/null && return; done; return 1; }

missing=()
here chromium chromium-browser google-chrome google-chrome-stable || missing+=(chromium fonts-dejavu-core)
here nginx || missing+=(nginx)
here caddy || missing+=(caddy)
here softhsm2-util || missing+=(softhsm2)
[ ${#missing[@]} = 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing ${missing[*]} for the tests …"
  # Tests start servers of their own: what the packages would start, and keep port 80 with it, stays off.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "Not here, and only root can install them: ${missing[*]}. Tests will fail; run 'apt-get install ${missing[*]}' as root." >&2
fi
