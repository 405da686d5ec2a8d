#!/usr/bin/env bash
# Gives the browser tests a Chromium where there is none and it can be had; without one they are skipped and say so.
set -u
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null && exit 0
command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || exit 0
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null || echo "No Chromium: the browser tests will be skipped."
exit 0
