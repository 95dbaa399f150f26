#include "schema/entry_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <set>

#include "model/state_schema.h"
#include "schema/rewrite.h"

namespace airlift {

#define SCHEMA_LOAD AIRLIFT_STATE_SCHEMA ".schema_load"
#define SCHEMA_ENTRY AIRLIFT_STATE_SCHEMA ".schema_entry"
#define SCHEMA_MEMBERSHIP AIRLIFT_STATE_SCHEMA ".schema_membership"

const char* const kSchemaStateDdl =
    "CREATE TABLE " SCHEMA_LOAD R"( (
  fingerprint text NOT NULL,
  into_existing boolean NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
)"
    "CREATE TABLE " SCHEMA_ENTRY R"( (
  entry bigint PRIMARY KEY,
  dump_id integer NOT NULL,
  class_oid oid NOT NULL,
  object_oid oid NOT NULL,
  kind text NOT NULL,
  schema_name text NOT NULL,
  name text NOT NULL,
  owner text NOT NULL,
  phase text NOT NULL,
  table_oid oid NOT NULL,
  weight bigint NOT NULL,
  is_constraint_backing boolean NOT NULL,
  build_sql text NOT NULL,
  sql text NOT NULL,
  dependencies integer[] NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  expected boolean NOT NULL
) WITH (fillfactor = 70);
)"
    "CREATE INDEX schema_entry_phase ON " SCHEMA_ENTRY
    " (phase, entry);"
    "CREATE TABLE " SCHEMA_MEMBERSHIP
    " (role_name text PRIMARY KEY);"
    "COMMENT ON TABLE " SCHEMA_LOAD
    " IS 'the dump that schema_entry was made from; one row';"
    "COMMENT ON TABLE " SCHEMA_ENTRY
    " IS 'objects and properties of the source''s schema: how to make them, how far that is';"
    "COMMENT ON TABLE " SCHEMA_MEMBERSHIP
    " IS 'roles granted to the migrating role so that it can give objects to them';";

namespace {

constexpr const char* kColumns =
    "entry, dump_id, class_oid, object_oid, kind, schema_name, name, owner, phase, table_oid, weight, "
    "is_constraint_backing, build_sql, sql, dependencies, state, reason, expected";
constexpr size_t kCopyBufferBytes = 256 * 1024;

void AppendEscaped(std::string* row, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\\':
        *row += "\\\\";
        break;
      case '\n':
        *row += "\\n";
        break;
      case '\r':
        *row += "\\r";
        break;
      case '\t':
        *row += "\\t";
        break;
      default:
        *row += c;
    }
  }
}

void AppendCopyRow(std::string* rows, const SchemaEntry& e) {
  const auto text = [&](std::string_view value) {
    AppendEscaped(rows, value);
    *rows += '\t';
  };
  *rows += fmt::format("{}\t{}\t{}\t{}\t", e.entry, e.dump_id, e.class_oid, e.object_oid);
  for (const std::string* value : {&e.kind, &e.schema, &e.name, &e.owner}) text(*value);
  *rows += fmt::format("{}\t{}\t{}\t{}\t", RestorePhaseName(e.phase), e.table_oid, e.weight,
                       e.is_constraint_backing ? 't' : 'f');
  text(e.build_sql);
  text(e.sql);
  *rows += fmt::format("{{{}}}\t{}\t", fmt::join(e.dependencies, ","), EntryStateName(e.state));
  text(e.reason);
  *rows += e.expected ? "t\n" : "f\n";
}

// "{1,2}"
std::vector<int32_t> ParseIntegers(std::string_view text) {
  std::vector<int32_t> values;
  const char* position = text.data() + 1;
  const char* const end = text.data() + text.size();
  while (position < end && *position != '}') {
    int32_t value = 0;
    position = std::from_chars(position, end, value).ptr;
    values.push_back(value);
    if (position < end && *position == ',') ++position;
  }
  return values;
}

SchemaEntry ReadEntry(const Result& result, int row) {
  SchemaEntry e;
  e.entry = result.Integer(row, 0);
  e.dump_id = static_cast<int32_t>(result.Integer(row, 1));
  e.class_oid = static_cast<uint32_t>(result.Integer(row, 2));
  e.object_oid = static_cast<uint32_t>(result.Integer(row, 3));
  e.kind = result.Text(row, 4);
  e.schema = result.Text(row, 5);
  e.name = result.Text(row, 6);
  e.owner = result.Text(row, 7);
  e.phase = RestorePhaseFromName(result.Text(row, 8));
  e.table_oid = static_cast<uint32_t>(result.Integer(row, 9));
  e.weight = result.Integer(row, 10);
  e.is_constraint_backing = result.Boolean(row, 11);
  e.build_sql = result.Text(row, 12);
  e.sql = result.Text(row, 13);
  e.dependencies = ParseIntegers(result.Text(row, 14));
  e.state = EntryStateFromName(result.Text(row, 15));
  e.reason = result.Text(row, 16);
  e.expected = result.Boolean(row, 17);
  return e;
}

}  // namespace

std::optional<SchemaLoad> EntryStore::FindLoad() {
  const Result result = target_.Query("SELECT fingerprint, into_existing FROM " SCHEMA_LOAD);
  if (result.rows() == 0) return std::nullopt;
  return SchemaLoad{result.Text(0, 0), result.Boolean(0, 1)};
}

void EntryStore::Write(const SchemaLoad& load, const std::vector<SchemaEntry>& entries) {
  target_.Query("INSERT INTO " SCHEMA_LOAD " (fingerprint, into_existing) VALUES ($1, $2)",
                {load.fingerprint, load.into_existing ? "t" : "f"});
  target_.StartCopyIn(fmt::format("COPY " SCHEMA_ENTRY " ({}) FROM STDIN", kColumns));
  std::string rows;
  for (const SchemaEntry& entry : entries) {
    AppendCopyRow(&rows, entry);
    if (rows.size() < kCopyBufferBytes) continue;
    target_.PutCopyData(rows);
    rows.clear();
  }
  if (!rows.empty()) target_.PutCopyData(rows);
  target_.FinishCopyIn();
  target_.Execute("ANALYZE " SCHEMA_ENTRY);
}

std::vector<SchemaEntry> EntryStore::Select(const std::string& condition, const Parameters& parameters) {
  const Result result =
      target_.Query(fmt::format("SELECT {} FROM " SCHEMA_ENTRY " WHERE {}", kColumns, condition), parameters);
  std::vector<SchemaEntry> entries;
  for (int row = 0; row < result.rows(); ++row) entries.push_back(ReadEntry(result, row));
  return entries;
}

std::vector<SchemaEntry> EntryStore::Pending(RestorePhase phase, int64_t after, int limit) {
  return Select("phase = $1 AND entry > $2 AND state IN ('pending', 'built') ORDER BY entry LIMIT $3",
                {RestorePhaseName(phase), std::to_string(after), std::to_string(limit)});
}

std::vector<SchemaEntry> EntryStore::PendingOfOwner(RestorePhase phase, const std::string& owner, int64_t after,
                                                    int limit) {
  return Select("phase = $1 AND owner = $2 AND entry > $3 AND state = 'pending' ORDER BY entry LIMIT $4",
                {RestorePhaseName(phase), owner, std::to_string(after), std::to_string(limit)});
}

std::vector<std::string> EntryStore::PendingOwners(RestorePhase phase) {
  const Result result = target_.Query("SELECT owner FROM " SCHEMA_ENTRY
                                      " WHERE phase = $1 AND state = 'pending' GROUP BY 1 ORDER BY min(entry)",
                                      {RestorePhaseName(phase)});
  std::vector<std::string> owners;
  for (int row = 0; row < result.rows(); ++row) owners.push_back(result.Text(row, 0));
  return owners;
}

std::vector<std::string> EntryStore::PendingGrantors() {
  std::set<std::string> roles;
  for (const SchemaEntry& entry : Select("phase = $1 AND state = 'pending' AND pg_catalog.strpos(sql, 'SET ROLE ') > 0",
                                         {RestorePhaseName(RestorePhase::kAcl)}))
    for (const std::string& role : GrantorRoles(entry.sql)) roles.insert(role);
  return {roles.begin(), roles.end()};
}

bool EntryStore::HasBegun(RestorePhase phase) {
  return !Select("phase = $1 AND state = 'done' LIMIT 1", {RestorePhaseName(phase)}).empty();
}

std::optional<SchemaEntry> EntryStore::Find(int64_t entry) {
  auto found = Select("entry = $1", {std::to_string(entry)});
  if (found.empty()) return std::nullopt;
  return found[0];
}

std::vector<SchemaEntry> EntryStore::MissingOrKept() {
  return Select("state IN ('left out', 'kept') AND dump_id > 0 ORDER BY entry", {});
}

std::vector<SchemaEntry> EntryStore::Reported() {
  return Select("state IN ('left out', 'kept') OR (state = 'done' AND reason <> '') ORDER BY entry", {});
}

void EntryStore::Save(const std::vector<EntryOutcome>& outcomes) {
  std::vector<int64_t> plain;
  for (const EntryOutcome& outcome : outcomes) {
    if (outcome.state == EntryState::kDone && outcome.reason.empty()) {
      plain.push_back(outcome.entry);
    } else {
      target_.Query(
          "UPDATE " SCHEMA_ENTRY " SET state = $2, reason = $3, expected = $4 WHERE entry = $1",
          {std::to_string(outcome.entry), EntryStateName(outcome.state), outcome.reason, outcome.expected ? "t" : "f"});
    }
  }
  if (plain.empty()) return;
  target_.Query("UPDATE " SCHEMA_ENTRY " SET state = 'done' WHERE entry = ANY ($1)",
                {fmt::format("{{{}}}", fmt::join(plain, ","))});
}

void EntryStore::LeaveOutOwner(RestorePhase phase, const std::string& owner, const std::string& reason) {
  target_.Query("UPDATE " SCHEMA_ENTRY
                " SET state = 'left out', reason = $3 "
                "WHERE phase = $1 AND owner = $2 AND state = 'pending'",
                {RestorePhaseName(phase), owner, reason});
}

void EntryStore::ForgetPasswords() {
  target_.Execute("UPDATE " SCHEMA_ENTRY
                  " SET sql = '' WHERE kind IN ('USER MAPPING', 'SERVER') AND state <> 'pending' AND sql <> ''");
}

void EntryStore::RecordMembership(const std::string& role) {
  target_.Query("INSERT INTO " SCHEMA_MEMBERSHIP " VALUES ($1) ON CONFLICT DO NOTHING", {role});
}

}  // namespace airlift
