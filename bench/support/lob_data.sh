# The database of lob_data.sql in the source, and how to tell that a copy of it is whole. To be sourced after clusters.sh.

tables=(files articles documents customers orders order_lines)
export tables_list="${tables[*]}"

scale_of() { # size
  case $1 in
    SMALL) echo 0.15 ;;
    FULL) echo 1 ;;
    *) fail "--size is SMALL or FULL, not \"$1\"" ;;
  esac
}

fill_source() { # scale
  sql source -d postgres -c "CREATE DATABASE $database TEMPLATE template0"
  if has_extension; then sql source -d "$database" -c 'CREATE EXTENSION pg_airlift'; fi
  say "filling the source (scale $1)"
  sql source -d "$database" -v scale="$1" -f "$root/bench/support/lob_data.sql" >/dev/null
}

# Rows of every table, and how many indexes and valid foreign keys there are.
inventory() { # side
  local table
  for table in "${tables[@]}"; do sql "$1" -d "$database" -c "SELECT '$table', count(*) FROM public.$table"; done
  sql "$1" -d "$database" -c "
    SELECT 'indexes', count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace AND indisvalid
    UNION ALL SELECT 'foreign keys', count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated
      AND connamespace = 'public'::regnamespace ORDER BY 1"
}

# All tables once through the source, so that the first run finds the same cache as the others.
warm_source() {
  local table
  for table in "${tables[@]}"; do
    sql source -d "$database" -c "COPY $table TO '/dev/null' (FORMAT binary)"
  done
}
