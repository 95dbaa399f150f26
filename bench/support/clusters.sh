# Two throw-away servers, source and target, with the same settings, and the clocks that benchmarks read. To be sourced.
#
# Environment: PG_CONFIG (which PostgreSQL), PG_AIRLIFT (the helper; default build/helper/pg_airlift), PGCOPYDB (default:
# from PATH), AIRLIFT_BENCH_PORT (first of two ports; default 54510), AIRLIFT_BENCH_BUFFERS (shared_buffers of each server;
# default 1GB). As root, the servers run as postgres.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
bin=$("${PG_CONFIG:-pg_config}" --bindir)
airlift=${PG_AIRLIFT:-$root/build/helper/pg_airlift}
pgcopydb=${PGCOPYDB:-$(command -v pgcopydb || true)}
source_port=${AIRLIFT_BENCH_PORT:-54510}
target_port=$((source_port + 1))
database=bench
dir='' keep='' runs=3 jobs=2
extra_settings='' # lines for postgresql.conf that a benchmark adds

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

say() { echo "-- $*" >&2; }

usage() {
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

as_server_user() {
  if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# --- servers ----------------------------------------------------------------------------------------------------------

has_pglogical() { [ -e "$("${PG_CONFIG:-pg_config}" --pkglibdir)/pglogical.so" ]; }
has_extension() { [ -e "$("${PG_CONFIG:-pg_config}" --sharedir)/extension/pg_airlift.control" ]; }

# Minor releases of 2026 on name the output plugins that may be used.
knows_plugin_list() { as_server_user "$bin/postgres" --describe-config | grep '^output_plugin_libraries' >/dev/null; }

server_settings() {
  cat <<SETTINGS
shared_buffers = ${AIRLIFT_BENCH_BUFFERS:-1GB}
maintenance_work_mem = 256MB
max_wal_size = 8GB
checkpoint_timeout = 30min
wal_level = logical
fsync = on
autovacuum = off
max_worker_processes = 16
max_sync_workers_per_subscription = 2
timezone = 'UTC'
SETTINGS
  if knows_plugin_list; then echo "output_plugin_libraries = 'pgoutput, test_decoding, pglogical_output'"; fi
  if [ -n "$extra_settings" ]; then echo "$extra_settings"; fi
}

init_server() { # side
  as_server_user mkdir "$dir/$1"
  as_server_user "$bin/initdb" -D "$dir/$1/data" -U postgres -A trust --locale=C.UTF-8 --encoding=UTF8 >/dev/null
  { server_settings; echo "unix_socket_directories = '$dir/$1'"; echo "listen_addresses = ''"; } |
    as_server_user tee -a "$dir/$1/data/postgresql.conf" >/dev/null
}

start_server() { # side, port, [options of the server]
  if as_server_user "$bin/pg_ctl" -D "$dir/$1/data" status >/dev/null 2>&1; then return; fi
  as_server_user "$bin/pg_ctl" -D "$dir/$1/data" -l "$dir/$1/log" -o "-p $2 ${3:-}" -w start >/dev/null ||
    fail "the $1 server does not start: see $dir/$1/log"
}

restart_servers() { # [options of the servers]
  local side
  for side in source target; do
    as_server_user "$bin/pg_ctl" -D "$dir/$side/data" -m fast -w stop >/dev/null
  done
  start_server source "$source_port" "${1:-}"
  start_server target "$target_port" "${1:-}"
}

stop_servers() {
  local side
  for side in source target; do
    if [ -d "$dir/$side/data" ]; then
      as_server_user "$bin/pg_ctl" -D "$dir/$side/data" -m immediate -w stop >/dev/null 2>&1 || true
    fi
  done
}

clean_up() {
  [ -n "$dir" ] || return 0
  if [ -n "$keep" ]; then
    say "kept: $dir (go on with --dir $dir; stop with pg_ctl -D $dir/source/data stop, $dir/target/data likewise)"
    return
  fi
  stop_servers
  rm -rf "$dir"
}

# Both servers, new ones in a temporary directory or those that a former run kept in --dir; true when they are new.
start_servers() {
  trap clean_up EXIT
  if [ -z "$dir" ]; then dir=$(mktemp -d "${TMPDIR:-/tmp}/airlift_bench.XXXXXX"); else mkdir -p "$dir"; fi
  dir=$(cd "$dir" && pwd)
  chmod 755 "$dir"
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$dir"; fi
  servers_are_new=
  if [ ! -d "$dir/source/data" ]; then
    servers_are_new=yes
    init_server source
    init_server target
  fi
  start_server source "$source_port"
  start_server target "$target_port"
  source_uri="postgresql://postgres@/$database?host=$dir/source&port=$source_port"
  target_uri="postgresql://postgres@/$database?host=$dir/target&port=$target_port"
  work=$dir/work
  mkdir -p "$work"
  chmod 777 "$work"
}

sql() { # side, psql arguments
  local side=$1 port=$source_port
  shift
  if [ "$side" = target ]; then port=$target_port; fi
  "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 -h "$dir/$side" -p "$port" -U postgres "$@"
}

fresh_target() { # [options of CREATE DATABASE]
  sql target -d postgres -c 'SET client_min_messages = warning' \
    -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database TEMPLATE template0 ${1:-}"
}

# --- clocks -----------------------------------------------------------------------------------------------------------

# CPU seconds that both servers have used up to now: their processes, and those that have ended.
server_cpu() {
  local side pid
  for side in source target; do
    pid=$(head -n 1 "$dir/$side/data/postmaster.pid")
    cat "/proc/$pid/stat" $(pgrep -P "$pid" | sed 's,.*,/proc/&/stat,') 2>/dev/null |
      sed 's/^.*) //' | awk '{ ticks += $12 + $13; if (NR == 1) ticks += $14 + $15 } END { print ticks }'
  done | awk -v hz="$(getconf CLK_TCK)" '{ ticks += $1 } END { printf "%.2f\n", ticks / hz }'
}

# Runs a shell function under GNU time with both servers checkpointed before. Sets took (wall seconds), memory (MB of the
# largest client process), client_cpu and servers_cpu (seconds); false when the function failed.
measure() { # function, log
  local before status=0
  sql source -d postgres -c CHECKPOINT
  sql target -d postgres -c CHECKPOINT
  before=$(server_cpu)
  env time -q -o "$work/time" -f '%e %M %U %S' bash -euo pipefail -c "$1" >"$2" 2>&1 || status=$?
  read -r took memory client_cpu system_cpu < <(tail -n 1 "$work/time")
  memory=$((memory / 1024))
  client_cpu=$(awk -v u="$client_cpu" -v s="$system_cpu" 'BEGIN { printf "%.2f", u + s }')
  servers_cpu=$(awk -v a="$before" -v b="$(server_cpu)" 'BEGIN { printf "%.2f", b - a }')
  return "$status"
}

# For the functions that measure runs in a shell of their own.
export_all() {
  export root bin airlift pgcopydb source_port target_port database dir work jobs source_uri target_uri
  export -f sql fail as_server_user
}

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

describe_servers() {
  echo "PostgreSQL $(sql source -d postgres -c 'SHOW server_version'), $(nproc) cores," \
    "$(awk '/MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo) of memory, both servers on this machine with:"
  echo
  server_settings | sed 's/^/    /'
}
