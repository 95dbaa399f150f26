"""What is on each side, told by psql alone: sorted COPY text, sequences, large objects, and what a migration leaves behind."""
import re

from workload import TABLES

MARK = "--- next ---"


def contents(server, database):
    script = "SET timezone = 'UTC'; SET extra_float_digits = 3;\n"
    for table in TABLES:
        script += "COPY (SELECT * FROM %s) TO STDOUT;\n\\echo %s\n" % (table, MARK)
    script += "SELECT oid, md5(lo_get(oid)) FROM pg_largeobject_metadata;\n\\echo %s\n" % MARK
    parts = server.psql(database, script).split(MARK + "\n")
    return {name: sorted(part.splitlines()) for name, part in zip(TABLES + ["large objects"], parts)}


def difference(one, other):
    lines = []
    for name in one:
        if one[name] == other[name]:
            continue
        left, right = set(one[name]), set(other[name])
        lines.append("%s: %d and %d lines" % (name, len(one[name]), len(other[name])))
        lines += ["  only first:  " + line[:160] for line in sorted(left - right)[:4]]
        lines += ["  only second: " + line[:160] for line in sorted(right - left)[:4]]
    return "\n".join(lines)


LEFT = """
SELECT 'slot ' || slot_name FROM pg_replication_slots
UNION ALL SELECT 'publication ' || pubname FROM pg_publication
UNION ALL SELECT 'subscription ' || subname FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid WHERE datname = current_database()
UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE 'airlift%'
UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname LIKE 'airlift\\_%'
UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger WHERE tgname LIKE 'airlift%' AND NOT tgisinternal
UNION ALL SELECT 'event trigger ' || evtname FROM pg_event_trigger WHERE evtname LIKE 'airlift%'
UNION ALL SELECT 'replication origin ' || roname FROM pg_replication_origin
UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts
UNION ALL SELECT 'session ' || pid || ' ' || application_name || ' ' || backend_type || ': ' || left(query, 60) FROM pg_stat_activity
  WHERE (application_name LIKE 'pg\\_airlift%' OR backend_type LIKE '%airlift%' OR application_name = 'pg_dump')
UNION ALL SELECT 'advisory lock ' || classid || ',' || objid || ' of ' || pid FROM pg_locks WHERE locktype = 'advisory'
UNION ALL SELECT 'setting ' || unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase
  WHERE datname = current_database() AND setconfig::text LIKE '%airlift%'
"""


def leftovers(server, database):
    return sorted(row[0] for row in server.query(database, LEFT))


def points(path):
    with open(path) as file:
        return re.findall(r'^AIRLIFT_FAULT_POINT\(\w+, "([^"]+)"', file.read(), re.M)
