#!/bin/sh
# Gives the tests a Chromium and a Node where there are none and they can be had; without them some tests are skipped.
set -u

found() { command -v "$1" >/dev/null 2>&1; }
loads() { ldconfig -p 2>/dev/null | grep -q "$1" || [ -n "$(find /usr/lib /lib -name "$1*" 2>/dev/null | head -n 1)" ]; }

missing=
found chromium || found chromium-browser || found google-chrome || missing="chromium"
loads libatomic.so.1 || missing="$missing libatomic1" # for the program that steers the Chromium
found node || missing="$missing nodejs"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && found apt-get; then
    echo "Installing for the tests: $missing"
    # shellcheck disable=SC2086 # one word a package
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null &&
        exit 0
fi
echo "Missing here, so the tests that need them are skipped: $missing"
