#!/usr/bin/env bash
# Runs a command with PREVENTION_TEST_POSTGRES naming a PostgreSQL of its own, in a temporary folder, stopped and removed afterwards:
#   tests/postgres.sh make test
# Where the variable is set already, or PostgreSQL is not installed, the command runs as it is (tests on PostgreSQL are then skipped).
set -euo pipefail

programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1 || true)
[ -x "$programs/initdb" ] || programs=$(dirname "$(command -v initdb || true)")
if [ -n "${PREVENTION_TEST_POSTGRES:-}" ] || [ ! -x "$programs/initdb" ]; then
  [ -n "${PREVENTION_TEST_POSTGRES:-}" ] || echo "PostgreSQL is not installed: tests on it will be skipped" >&2
  exec "$@"
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/prevention-postgres.XXXXXX")
as=()
if [ "$(id -u)" = 0 ]; then
  # PostgreSQL refuses to run as root.
  user=nobody
  id postgres >/dev/null 2>&1 && user=postgres
  chown "$user" "$folder"
  as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env "HOME=$folder")
fi

stop() {
  (cd / && "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop) >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

(cd / && "${as[@]}" "$programs/initdb" -D "$folder/data" -U postgres -A trust --encoding UTF8 --locale C --no-sync) >/dev/null
port=""
for candidate in $(seq 54330 54400); do
  if (cd / && "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/log" \
      -o "-p $candidate -k $folder -c listen_addresses=127.0.0.1 -c max_connections=200 -c fsync=off" start) >/dev/null 2>&1; then
    port=$candidate
    break
  fi
done
if [ -z "$port" ]; then
  echo "PostgreSQL could not be started:" >&2
  tail -5 "$folder/log" >&2
  exit 1
fi
export PREVENTION_TEST_POSTGRES="postgresql://postgres@127.0.0.1:$port/postgres"
"$@"
