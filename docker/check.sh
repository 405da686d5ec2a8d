#!/bin/sh
# Proves the image without a Docker engine: builds it with buildah, runs its own command from its mounted root as its
# own user, asks it for /healthz with its own health check, stops it with its own signal. Needs root and buildah;
# and debootstrap where the base image cannot be pulled (a Debian with its Python then stands in under the same name).
#
#   docker/check.sh            PORT=8010 docker/check.sh

set -eu
cd "$(dirname "$0")/.."

BASE=docker.io/library/python:3.13-slim
IMAGE=board-check
PORT=${PORT:-8000}
WORK=$(mktemp -d)
CONTAINER=
SERVER=
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

say() { printf '== %s\n' "$*"; }
fail() { printf 'docker/check.sh: %s\n' "$*" >&2; exit 1; }

clean_up() {
    [ -z "$SERVER" ] || kill -9 "$SERVER" 2>/dev/null || true
    [ -z "$CONTAINER" ] || buildah rm "$CONTAINER" >/dev/null || true
    rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

stand_in() {
    say "the base image cannot be pulled: making a stand-in with debootstrap"
    command -v debootstrap >/dev/null || fail "install debootstrap, or make $BASE available"
    debootstrap --variant=minbase --include=python3,python3-venv,python3-pip,ca-certificates \
        bookworm "$WORK/rootfs" >"$WORK/debootstrap.log" || fail "debootstrap: $(tail -n 1 "$WORK/debootstrap.log")"
    CONTAINER=$(buildah from scratch)
    buildah add -q "$CONTAINER" "$WORK/rootfs" / >/dev/null
    buildah config --env PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$CONTAINER"
    buildah commit -q --rm "$CONTAINER" "$BASE" >/dev/null
    CONTAINER=
}

# One value of the image's configuration, lists one item a line.
config() {
    buildah inspect --type image "$IMAGE" | python3 -c '
import json, sys
value = json.load(sys.stdin)["Docker"]["config"].get(sys.argv[1])
value = value.get("Test", [])[1:] if sys.argv[1] == "Healthcheck" else value
print("\n".join(value) if isinstance(value, (list, dict)) else value)' "$1"
}

# Runs a command in the image's root, as its user, in its directory, with its environment and no other.
inside() {
    exec chroot --userspec="$(config User)" "$ROOT" \
        /usr/bin/env -i -C "$(config WorkingDir)" -S "$(config Env | tr '\n' ' ')" "$@"
}

command -v buildah >/dev/null || fail "install buildah"
[ "$(id -u)" = 0 ] || fail "run it as root"

# Pull first: the real image takes the place of an earlier stand-in.
buildah pull -q "$BASE" >/dev/null 2>&1 || buildah inspect --type image "$BASE" >/dev/null 2>&1 || stand_in

say "building"
# The machine's own certificates: a builder may sit behind a proxy that signs for others.
buildah bud --pull-never --format docker --volume /etc/ssl/certs:/etc/ssl/certs:ro -t "$IMAGE" \
    -f docker/Dockerfile . >"$WORK/build.log" 2>&1 || { tail -n 20 "$WORK/build.log" >&2; fail "the build failed"; }

say "checking what the image says"
[ "$(config User)" = board ] || fail "it must not run as root"
[ "$(config StopSignal)" = SIGTERM ] || fail "it must stop by SIGTERM"
config Volumes | grep -qx /data || fail "/data must be a volume"
config ExposedPorts | grep -qx 8000/tcp || fail "it must expose port 8000"
config Healthcheck | grep -q healthz || fail "it must have a health check"

say "running its command on port $PORT"
CONTAINER=$(buildah from --pull-never "$IMAGE")
ROOT=$(buildah mount "$CONTAINER")
config Cmd >"$WORK/command"
[ "$PORT" = 8000 ] || printf -- '--port\n%s\n' "$PORT" >>"$WORK/command"
(
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <"$WORK/command"
    inside "$@"
) >"$WORK/serve.log" 2>&1 &
SERVER=$!

config Healthcheck | sed "s/:8000/:$PORT/" >"$WORK/health"
healthy() (
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <"$WORK/health"
    inside "$@"
)
tries=0
until healthy >"$WORK/health.log" 2>&1; do
    tries=$((tries + 1))
    kill -0 "$SERVER" 2>/dev/null || { cat "$WORK/serve.log" >&2; SERVER=; fail "its command ended"; }
    [ "$tries" -lt 60 ] || { cat "$WORK/serve.log" "$WORK/health.log" >&2; fail "not healthy after 60 tries"; }
    sleep 0.5
done
[ -s "$ROOT/data/board.db" ] || fail "the database is not in /data"
[ "$(stat -c %u "$ROOT/data/board.db")" = 10001 ] || fail "the database is not the board's own"

say "stopping it"
kill -TERM "$SERVER"
tries=0
while kill -0 "$SERVER" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 40 ] || fail "it did not stop within 20 seconds"
    sleep 0.5
done
status=0
wait "$SERVER" || status=$?
SERVER=
# 143 is "ended by SIGTERM": the server tidies up and then lets the signal have its way.
[ "$status" = 0 ] || [ "$status" = 143 ] || { tail -n 20 "$WORK/serve.log" >&2; fail "it ended with status $status"; }
[ ! -e "$ROOT/data/board.db-wal" ] || fail "it did not close its database"
say "healthy: built, served, checked, stopped"
