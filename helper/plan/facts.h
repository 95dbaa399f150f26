// What a plan is made from: facts of the source and, when one is given, of the target, read from catalogs and
// statistics in a read-only transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "pg/connection.h"
#include "report/result.h"
#include "selection/selection.h"

namespace airlift::planning {

enum class ServerKind { kSelfManaged, kRds, kAurora, kOtherManaged };
const char* ServerKindName(ServerKind kind);  // "self-managed", "rds", "aurora", "other managed"

struct IndexFacts {
  std::string name;
  std::string method;
  int64_t bytes = 0;
  // Names of its key columns where all keys are plain columns; else empty.
  std::vector<std::string> columns;
};

// How updates and deletes of a table could be told to a subscriber.
enum class Identity { kKey, kFull, kNone };

struct TableFacts {
  Relation relation;
  int64_t toast_bytes = 0;
  int64_t index_bytes = 0;
  // What its rows would take freshly written; the stored size where statistics are missing.
  int64_t live_bytes = 0;
  std::vector<IndexFacts> indexes;
  std::vector<uint32_t> references;  // tables (roots) that its foreign keys point to
  int foreign_keys = 0;
  Identity identity = Identity::kKey;
  bool full_lacks_equality = false;  // identity is FULL and a column's type has no equality
  bool is_unlogged = false;
  // Counted by the server's statistics since SourceFacts::statistics_since.
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t deleted = 0;

  int64_t bytes() const { return relation.bytes(); }
  std::string name() const { return relation.display_name(); }
  double rows() const { return relation.estimated_rows; }
};

struct Setting {
  std::string name;
  std::string value;  // in `unit`
  std::string unit;
  std::string boot_value;
  std::string source;   // "default", "configuration file" ...
  std::string context;  // "postmaster": needs a restart
};
using Settings = std::vector<Setting>;
const Setting* FindSetting(const Settings& settings, const std::string& name);
// The value as a number; `otherwise` where it is missing.
int64_t SettingNumber(const Settings& settings, const std::string& name, int64_t otherwise);

struct ReplicationSlot {
  std::string name;
  std::string plugin;
  std::string confirmed_lsn;
  bool is_active = false;
};

struct WalFacts {
  // Measured over `interval_seconds`; absent where the server does not tell.
  std::optional<double> measured_bytes_per_second;
  double interval_seconds = 0;
  // Since the counters of pg_stat_wal were reset (14 and later).
  std::optional<double> average_bytes_per_second;
  std::optional<int64_t> directory_bytes;  // pg_wal as it is now

  // The larger of the two; 0 where neither is known.
  double bytes_per_second() const;
};

struct SourceFacts {
  ServerFacts server;
  ServerKind kind = ServerKind::kSelfManaged;
  int version = 0;  // PG_VERSION_NUM
  bool is_standby = false;
  bool user_is_superuser = false;
  bool has_extension = false;
  int64_t database_bytes = 0;
  int64_t large_objects = 0;
  int64_t large_object_bytes = 0;
  int64_t sequences = 0;
  int64_t views = 0;
  int64_t objects = 0;           // everything that pg_dump would make a statement of, roughly
  std::string statistics_since;  // "" where not known
  double statistics_days = 0;
  std::vector<TableFacts> tables;
  Settings settings;
  WalFacts wal;
  std::vector<ReplicationSlot> idle_slots;  // logical, of this database, not in use

  int major() const { return version / 10000; }
  int64_t table_bytes() const;
  int64_t index_bytes() const;
  int64_t live_bytes() const;
  // Rows gained per day, in bytes; absent where statistics do not reach back a quarter of a day.
  std::optional<int64_t> growth_per_day() const;
};

struct TargetFacts {
  ServerFacts server;
  ServerKind kind = ServerKind::kOtherManaged;
  int version = 0;
  Settings settings;
  double round_trip_seconds = 0;
  bool may_set_replication_role = false;
  std::vector<std::string> tables_with_rows;  // names that the source has as well
};

// Waits `wal_seconds` to see how much WAL the source writes meanwhile.
SourceFacts ReadSourceFacts(Connection& source, const SelectionRules& selection, double wal_seconds);
TargetFacts ReadTargetFacts(Connection& target, const SourceFacts& source);
// The same without what is asked about the tables of a source.
TargetFacts ReadTargetServer(Connection& target);

// Tables with sizes, indexes, keys and counters (facts_tables.cpp).
std::vector<TableFacts> ReadTableFacts(Connection& source, const SelectionRules& selection);

// Runs `sql`, or gives nothing where the server refuses it (privileges, another make of server); the transaction goes
// on either way.
std::optional<Result> TryQuery(Connection& connection, const std::string& sql);

}  // namespace airlift::planning
