#include "plan/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <set>
#include <thread>

#include "source/extension_client.h"

namespace airlift::planning {

namespace {

constexpr double kShortestStatisticsDays = 0.25;

constexpr const char* kKindQuery = R"(
SELECT CASE
  WHEN EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = 'aurora_version') THEN 'aurora'
  WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rdsadmin')
    OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_superuser') THEN 'rds'
  WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname IN ('cloudsqlsuperuser', 'azure_pg_admin', 'alloydbsuperuser'))
    THEN 'other managed'
  ELSE 'self-managed' END)";

// The upper half of the system identifier is the time of initdb: statistics cannot be older.
constexpr const char* kDatabaseQuery = R"(
SELECT pg_catalog.pg_is_in_recovery(),
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user),
       pg_catalog.pg_database_size(pg_catalog.current_database()),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata),
       pg_catalog.pg_relation_size('pg_catalog.pg_largeobject'),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relkind = 'S' AND oid >= 16384),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c WHERE relkind IN ('v', 'm') AND oid >= 16384
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e'
                          AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)),
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE oid >= 16384 AND relkind <> 't')
         + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p WHERE oid >= 16384
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'
                            AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass))
         + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_constraint WHERE oid >= 16384)
         + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger WHERE oid >= 16384 AND NOT tgisinternal))";

constexpr const char* kStatisticsQuery = R"(
SELECT since::pg_catalog.text, pg_catalog.date_part('epoch', pg_catalog.now() - since) / 86400
FROM (SELECT COALESCE((SELECT stats_reset FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()),
                      (SELECT pg_catalog.to_timestamp((system_identifier >> 32)::pg_catalog.float8)
                       FROM pg_catalog.pg_control_system())) AS since) AS s)";

// The values that a new session would have, not those that this one pinned.
constexpr const char* kSettingsQuery = R"(
SELECT name, COALESCE(reset_val, setting), COALESCE(unit, ''), COALESCE(boot_val, ''), source, context FROM pg_catalog.pg_settings
WHERE name NOT LIKE '%.%' OR name LIKE 'rds.%')";

constexpr const char* kSlotsQuery = R"(
SELECT slot_name, plugin, COALESCE(confirmed_flush_lsn::pg_catalog.text, ''), active FROM pg_catalog.pg_replication_slots
WHERE slot_type = 'logical' AND database = pg_catalog.current_database() AND NOT active)";

constexpr const char* kWalPositionQuery = R"(
SELECT pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                                  ELSE pg_catalog.pg_current_wal_insert_lsn() END, '0/0'))";

double Number(const Result& result, int row, int column) {
  return result.IsNull(row, column) ? 0 : std::strtod(result.Text(row, column).c_str(), nullptr);
}

ServerKind KindOf(Connection& connection) {
  const std::string name = connection.Query(kKindQuery).Text(0, 0);
  for (const ServerKind kind : {ServerKind::kRds, ServerKind::kAurora, ServerKind::kOtherManaged})
    if (name == ServerKindName(kind)) return kind;
  return ServerKind::kSelfManaged;
}

Settings ReadSettings(Connection& connection) {
  const Result result = connection.Query(kSettingsQuery);
  Settings settings;
  for (int row = 0; row < result.rows(); ++row) {
    settings.push_back({result.Text(row, 0), result.Text(row, 1), result.Text(row, 2), result.Text(row, 3),
                        result.Text(row, 4), result.Text(row, 5)});
  }
  return settings;
}

// Sleeps in short steps, so that Ctrl-C is obeyed.
void Wait(double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < until) {
    CheckStop();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

WalFacts ReadWal(Connection& source, double seconds) {
  WalFacts wal;
  const auto began = std::chrono::steady_clock::now();
  if (const auto first = TryQuery(source, kWalPositionQuery); first && !first->IsNull(0, 0)) {
    Wait(seconds);
    if (const auto second = TryQuery(source, kWalPositionQuery); second && !second->IsNull(0, 0)) {
      wal.interval_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      wal.measured_bytes_per_second = (Number(*second, 0, 0) - Number(*first, 0, 0)) / wal.interval_seconds;
    }
  }
  if (source.server_major() >= 14) {
    const auto average = TryQuery(source,
                                  "SELECT wal_bytes / GREATEST(pg_catalog.date_part('epoch', pg_catalog.now() - "
                                  "stats_reset), 60)::pg_catalog.numeric FROM pg_catalog.pg_stat_wal");
    if (average && average->rows() == 1 && !average->IsNull(0, 0))
      wal.average_bytes_per_second = Number(*average, 0, 0);
  }
  if (const auto directory = TryQuery(source, "SELECT pg_catalog.sum(size) FROM pg_catalog.pg_ls_waldir()"))
    wal.directory_bytes = directory->Integer(0, 0);
  return wal;
}

void ReadDatabase(Connection& source, SourceFacts& facts) {
  const Result result = source.Query(kDatabaseQuery);
  facts.is_standby = result.Boolean(0, 0);
  facts.user_is_superuser = result.Boolean(0, 1);
  facts.database_bytes = result.Integer(0, 2);
  facts.large_objects = result.Integer(0, 3);
  facts.large_object_bytes = facts.large_objects == 0 ? 0 : result.Integer(0, 4);
  facts.sequences = result.Integer(0, 5);
  facts.views = result.Integer(0, 6);
  facts.objects = result.Integer(0, 7);
  if (const auto since = TryQuery(source, kStatisticsQuery); since && !since->IsNull(0, 0)) {
    facts.statistics_since = since->Text(0, 0);
    facts.statistics_days = Number(*since, 0, 1);
  }
}

double MeasureRoundTrip(Connection& connection) {
  constexpr int kTimes = 20;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) connection.Query("SELECT 1");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() / kTimes;
}

}  // namespace

const char* ServerKindName(ServerKind kind) {
  switch (kind) {
    case ServerKind::kRds:
      return "rds";
    case ServerKind::kAurora:
      return "aurora";
    case ServerKind::kOtherManaged:
      return "other managed";
    case ServerKind::kSelfManaged:
      break;
  }
  return "self-managed";
}

const Setting* FindSetting(const Settings& settings, const std::string& name) {
  const auto found = std::find_if(settings.begin(), settings.end(), [&](const Setting& s) { return s.name == name; });
  return found == settings.end() ? nullptr : &*found;
}

int64_t SettingNumber(const Settings& settings, const std::string& name, int64_t otherwise) {
  const Setting* setting = FindSetting(settings, name);
  if (setting == nullptr) return otherwise;
  char* end = nullptr;
  const int64_t value = std::strtoll(setting->value.c_str(), &end, 10);
  return end == setting->value.c_str() ? otherwise : value;
}

double WalFacts::bytes_per_second() const {
  return std::max(measured_bytes_per_second.value_or(0), average_bytes_per_second.value_or(0));
}

int64_t SourceFacts::table_bytes() const {
  int64_t total = 0;
  for (const TableFacts& table : tables) total += table.bytes();
  return total;
}

int64_t SourceFacts::index_bytes() const {
  int64_t total = 0;
  for (const TableFacts& table : tables) total += table.index_bytes;
  return total;
}

int64_t SourceFacts::live_bytes() const {
  int64_t total = 0;
  for (const TableFacts& table : tables) total += table.live_bytes;
  return total;
}

std::optional<int64_t> SourceFacts::growth_per_day() const {
  if (statistics_days < kShortestStatisticsDays) return std::nullopt;
  double bytes = 0;
  for (const TableFacts& table : tables) {
    const double rows = static_cast<double>(table.inserted - table.deleted);
    const double size = static_cast<double>(table.live_bytes + table.index_bytes);
    if (rows > 0 && table.rows() > 0) bytes += std::min(rows, table.rows()) * size / table.rows();
  }
  return static_cast<int64_t>(bytes / statistics_days);
}

std::optional<Result> TryQuery(Connection& connection, const std::string& sql) {
  const bool in_transaction = connection.InTransaction();
  if (in_transaction) connection.Execute("SAVEPOINT airlift_plan");
  try {
    Result result = connection.Query(sql);
    if (in_transaction) connection.Execute("RELEASE SAVEPOINT airlift_plan");
    return result;
  } catch (const SqlError&) {
    if (connection.IsBroken()) throw;
    CheckStop();
    if (in_transaction) connection.Execute("ROLLBACK TO SAVEPOINT airlift_plan; RELEASE SAVEPOINT airlift_plan");
    return std::nullopt;
  }
}

SourceFacts ReadSourceFacts(Connection& source, const SelectionRules& selection, double wal_seconds) {
  SourceFacts facts;
  facts.server = ReadServerFacts(source);
  const Transaction transaction(source, "BEGIN READ ONLY");
  facts.kind = KindOf(source);
  facts.version = source.server_version();
  facts.has_extension = FindExtension(source).has_value();
  ReadDatabase(source, facts);
  facts.tables = ReadTableFacts(source, selection);
  facts.settings = ReadSettings(source);
  if (const auto slots = TryQuery(source, kSlotsQuery)) {
    for (int row = 0; row < slots->rows(); ++row)
      facts.idle_slots.push_back(
          {slots->Text(row, 0), slots->Text(row, 1), slots->Text(row, 2), slots->Boolean(row, 3)});
  }
  facts.wal = ReadWal(source, wal_seconds);
  return facts;
}

TargetFacts ReadTargetServer(Connection& target) {
  TargetFacts facts;
  facts.server = ReadServerFacts(target);
  const Transaction transaction(target, "BEGIN READ ONLY");
  facts.kind = KindOf(target);
  if (facts.kind == ServerKind::kSelfManaged) facts.kind = ServerKind::kOtherManaged;
  facts.version = target.server_version();
  facts.settings = ReadSettings(target);
  facts.round_trip_seconds = MeasureRoundTrip(target);
  facts.may_set_replication_role = TryQuery(target, "SET LOCAL session_replication_role = replica").has_value();
  return facts;
}

TargetFacts ReadTargetFacts(Connection& target, const SourceFacts& source) {
  TargetFacts facts = ReadTargetServer(target);
  const Transaction transaction(target, "BEGIN READ ONLY");
  std::set<std::pair<std::string, std::string>> names;
  for (const TableFacts& table : source.tables) names.emplace(table.relation.schema, table.relation.name);
  for (const Relation& relation : LoadRelations(target))
    if (relation.bytes() > 0 && names.count({relation.schema, relation.name}) != 0)
      facts.tables_with_rows.push_back(relation.display_name());
  return facts;
}

}  // namespace airlift::planning
