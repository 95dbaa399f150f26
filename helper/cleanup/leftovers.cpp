#include "cleanup/leftovers.h"

#include "slots/slot.h"

namespace airlift {

namespace {

// Each gives rows (what, drop statement); $1 is the publication's name. Its groups are name_1, name_2 ...; slots and
// subscriptions are name_OID_1 ..., name_OID_back for the way back, name_OID_audit for the audit slot.
constexpr const char* kOurName =
    "($1 = NAME OR NAME ~ ('^' || pg_catalog.regexp_replace($1, '([^A-Za-z0-9_])', '\\\\\\1', 'g') || "
    "'_[0-9]+(_([0-9]+|back|audit))?$'))";

constexpr const char* kSlots =
    "SELECT 'slot ' || slot_name, pg_catalog.format('SELECT pg_catalog.pg_drop_replication_slot(%L)', slot_name) "
    "FROM pg_catalog.pg_replication_slots WHERE database = pg_catalog.current_database() AND ";
constexpr const char* kPublications =
    "SELECT 'publication ' || pg_catalog.quote_ident(pubname), pg_catalog.format('DROP PUBLICATION IF EXISTS %I', "
    "pubname) "
    "FROM pg_catalog.pg_publication WHERE ";
constexpr const char* kSubscriptions =
    "SELECT 'subscription ' || pg_catalog.quote_ident(subname), pg_catalog.format('DROP SUBSCRIPTION %I', subname) "
    "FROM pg_catalog.pg_subscription WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database "
    "WHERE datname = pg_catalog.current_database()) AND ";

constexpr const char* kState =
    "SELECT 'schema ' || nspname, 'DROP SCHEMA ' || nspname || ' CASCADE' FROM pg_catalog.pg_namespace "
    "WHERE nspname IN ('airlift_state', 'airlift_fence')";
constexpr const char* kGuards =
    "SELECT pg_catalog.format('guard of %I.%I', n.nspname, c.relname), "
    "pg_catalog.format('DROP TRIGGER airlift_guard ON %I.%I', n.nspname, c.relname) FROM pg_catalog.pg_trigger t "
    "JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE t.tgname = 'airlift_guard' AND NOT t.tgisinternal LIMIT 20";

constexpr const char* kDmsSlots =
    "SELECT 'slot ' || slot_name, pg_catalog.format('SELECT pg_catalog.pg_drop_replication_slot(%L)', slot_name) "
    "FROM pg_catalog.pg_replication_slots WHERE database = pg_catalog.current_database() AND NOT active "
    "AND slot_name LIKE 'migration\\_subscriber\\_%'";
// Named after the same migration, whose slot may be gone already.
constexpr const char* kDmsPublications =
    "SELECT 'publication ' || pg_catalog.quote_ident(pubname), pg_catalog.format('DROP PUBLICATION IF EXISTS %I', "
    "pubname) "
    "FROM pg_catalog.pg_publication p WHERE pubname ~ '^publication_[0-9a-z_]{10,}$' AND NOT EXISTS (SELECT FROM "
    "pg_catalog.pg_replication_slots s WHERE s.active AND s.slot_name LIKE 'migration\\_subscriber\\_%')";

std::string Named(const char* query, const char* column) {
  std::string condition = kOurName;
  for (size_t at; (at = condition.find("NAME")) != std::string::npos;) condition.replace(at, 4, column);
  return query + condition;
}

void Find(Connection& connection, const std::string& query, const Parameters& parameters,
          std::vector<Leftover>& found) {
  const Result result = connection.Query(query, parameters);
  for (int row = 0; row < result.rows(); ++row)
    found.push_back({connection.side(), result.Text(row, 0), result.Text(row, 1)});
}

void FindNamed(Connection& connection, const std::string& publication, std::vector<Leftover>& found) {
  Find(connection, Named(kSubscriptions, "subname::text"), {SlotPart(publication)}, found);
  Find(connection, Named(kSlots, "slot_name::text"), {SlotPart(publication)}, found);
  Find(connection, Named(kPublications, "pubname::text"), {publication}, found);
}

}  // namespace

std::vector<Leftover> FindSourceObjects(Connection& source, const std::string& publication) {
  std::vector<Leftover> found;
  FindNamed(source, publication, found);
  return found;
}

std::vector<Leftover> FindTargetObjects(Connection& target, const std::string& publication) {
  std::vector<Leftover> found;
  FindNamed(target, publication, found);
  Find(target, kGuards, {}, found);
  Find(target, kState, {}, found);
  return found;
}

std::vector<Leftover> FindDmsLeftovers(Connection& source) {
  std::vector<Leftover> found;
  Find(source, kDmsSlots, {}, found);
  Find(source, kDmsPublications, {}, found);
  return found;
}

}  // namespace airlift
