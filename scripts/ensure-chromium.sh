#!/usr/bin/env bash
# The browser tests need Chromium: a present one, or as root Debian's package. Without one they fail, loudly.
set -euo pipefail
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests …"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
  echo "No Chromium here, and only root can install it: the browser tests will fail. Run 'apt-get install chromium' as root." >&2
fi
