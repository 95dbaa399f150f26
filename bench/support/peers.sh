# The ways to load a database that bench/full_load compares: load_NAME does it, title_NAME and proof_NAME say what it is
# and what it proves. Each runs in a shell of its own against an empty target database. To be sourced after clusters.sh.

peers=(dump_custom dump_psql dump_directory subscription pglogical pgcopydb migrate restore floor)

title_of() {
  case $1 in
    dump_custom) echo 'pg_dump -Fc to a file, then pg_restore -j2' ;;
    dump_psql) echo 'pg_dump \| psql' ;;
    dump_directory) echo 'pg_dump -Fd -j2 -Z0, then pg_restore -j2' ;;
    subscription) echo 'publisher/subscriber, initial synchronization' ;;
    pglogical) echo "pglogical, initial synchronization" ;;
    pgcopydb) echo "pgcopydb $("$pgcopydb" --version 2>/dev/null | sed -n 's/.*version //p') clone" ;;
    migrate) echo '**pg_airlift migrate**' ;;
    restore) echo '**pg_airlift restore**' ;;
    floor) echo 'floor: COPY FREEZE from local files + index builds' ;;
  esac
}

proof_of() {
  case $1 in
    migrate) echo 'every row, sequences, large objects, schema' ;;
    *) echo nothing ;;
  esac
}

# Why a peer cannot run here; nothing when it can.
missing_for() {
  case $1 in
    pglogical) has_pglogical || echo 'pglogical is not installed' ;;
    pgcopydb) [ -n "$pgcopydb" ] || echo 'pgcopydb is not installed' ;;
    migrate | restore) [ -x "$airlift" ] || echo "no helper at $airlift (make helper, or set PG_AIRLIFT)" ;;
  esac
}

# --- dump and restore -------------------------------------------------------------------------------------------------

load_dump_custom() {
  "$bin/pg_dump" -Fc -b -f "$work/dump.custom" "$source_uri"
  "$bin/pg_restore" -j "$jobs" -d "$target_uri" "$work/dump.custom"
}
after_dump_custom() { rm -f "$work/dump.custom"; }

load_dump_psql() { "$bin/pg_dump" "$source_uri" | "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d "$target_uri"; }

load_dump_directory() {
  "$bin/pg_dump" -Fd -j "$jobs" -Z0 -f "$work/dump.directory" "$source_uri"
  "$bin/pg_restore" -j "$jobs" -d "$target_uri" "$work/dump.directory"
}
after_dump_directory() { rm -rf "$work/dump.directory"; }

# --- logical replication ----------------------------------------------------------------------------------------------

wait_for() { # query on the target that gives t
  until [ "$(sql target -d "$database" -c "$1")" = t ]; do sleep 0.1; done
}

load_subscription() {
  "$bin/pg_dump" -s "$source_uri" | "$bin/psql" -X -q -v ON_ERROR_STOP=1 -d "$target_uri"
  sql source -d "$database" -c 'CREATE PUBLICATION bench FOR ALL TABLES'
  sql target -d "$database" -c "CREATE SUBSCRIPTION bench CONNECTION 'host=$dir/source port=$source_port user=postgres
    dbname=$database' PUBLICATION bench"
  wait_for "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel"
}
after_subscription() {
  sql target -d "$database" -c 'SET client_min_messages = warning' -c 'DROP SUBSCRIPTION IF EXISTS bench'
  sql source -d "$database" -c 'DROP PUBLICATION IF EXISTS bench'
}

# Preloaded for its own runs only: while its supervisor runs, DROP DATABASE waits for ever on PostgreSQL 15.
before_pglogical() {
  restart_servers '-c shared_preload_libraries=pglogical'
  warm_source
}

# It moves the structure itself, indexes after the data: faster than into tables that have them.
load_pglogical() {
  local table dsn="user=postgres dbname=$database"
  sql source -d "$database" -c 'CREATE EXTENSION pglogical' \
    -c "SELECT pglogical.create_node('source', 'host=$dir/source port=$source_port $dsn')" \
    -c "SELECT pglogical.replication_set_add_all_tables('default', ARRAY['public'])"
  sql target -d "$database" -c 'CREATE EXTENSION pglogical' \
    -c "SELECT pglogical.create_node('target', 'host=$dir/target port=$target_port $dsn')" \
    -c "SELECT pglogical.create_subscription('bench', 'host=$dir/source port=$source_port $dsn',
          synchronize_structure := true, synchronize_data := true)"
  wait_for "SELECT COALESCE(bool_and(sync_status = 'r'), false) FROM pglogical.local_sync_status"
}
after_pglogical() {
  sql target -d "$database" -c "SELECT pglogical.drop_subscription('bench', true)" >/dev/null || true
  sql target -d "$database" -c 'DROP EXTENSION IF EXISTS pglogical CASCADE'
  sql source -d "$database" -c "SELECT pglogical.drop_node('source', true)" >/dev/null || true
  sql source -d "$database" -c 'DROP EXTENSION IF EXISTS pglogical CASCADE' \
    -c 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active' >/dev/null
  restart_servers
  warm_source
}

# --- programs ---------------------------------------------------------------------------------------------------------

load_pgcopydb() {
  "$pgcopydb" clone --source "$source_uri" --target "$target_uri" --table-jobs "$jobs" --index-jobs "$jobs" \
    --dir "$work/pgcopydb"
}
after_pgcopydb() { rm -rf "$work/pgcopydb"; }

load_migrate() {
  "$airlift" migrate --source "$source_uri" --target "$target_uri" --jobs "$jobs" --evidence "$work/evidence.json"
}
load_restore() {
  "$airlift" restore --source "$source_uri" --target "$target_uri" --jobs "$jobs" --evidence "$work/evidence.json"
}

# --- the floor --------------------------------------------------------------------------------------------------------

# Not timed: the files, and the tables to load them into.
before_floor() {
  local table
  rm -rf "$work/floor"
  mkdir -p "$work/floor"
  chmod 777 "$work/floor"
  for table in $tables_list; do
    sql source -d "$database" -c "COPY public.$table TO '$work/floor/$table' (FORMAT binary)"
  done
  "$bin/pg_dump" -Fc -s -N airlift -f "$work/floor/schema" "$source_uri"
  "$bin/pg_restore" --section=pre-data -d "$target_uri" "$work/floor/schema"
}

copy_from_file() { # table
  sql target -d "$database" -c 'BEGIN' -c "TRUNCATE public.$1" \
    -c "COPY public.$1 FROM '$work/floor/$1' (FORMAT binary, FREEZE)" -c 'COMMIT'
}

load_floor() {
  export -f copy_from_file
  printf '%s\n' $tables_list | xargs -P "$jobs" -n 1 bash -euo pipefail -c 'copy_from_file "$0"'
  "$bin/pg_restore" --section=post-data -j "$jobs" -d "$target_uri" "$work/floor/schema"
}
after_floor() { rm -rf "$work/floor"; }
