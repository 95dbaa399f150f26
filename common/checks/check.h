// The assessment catalogue: what would stop or harm a move to a managed server, as rows of data.
//
// The contract of a row, kept by every area's file here:
//
// - `id` is area.name and never changes its meaning; people accept findings by it.
// - `query` is one SELECT of four columns, in this order and all of them texts, one row per finding:
//     object   what it is about, quoted so that it can be pasted into SQL; never NULL
//     detail   what was found about it, for people; may be NULL
//     fix_sql  statements that mend it, each ended by a semicolon; NULL where there is no safe fix
//     undo_sql statements that bring back what the fix changed; NULL where that cannot be (detail says so)
//   The runner puts query_prefix.h before it, which offers $1 to $3 and often used sets of objects by name.
//   A fix may need a restart or a rewrite of a table; the remedy says so. It is never run by an assessment.
// - A query only reads, takes no lock beyond AccessShare, does not scan tables unless the row is `deep`, names every
//   object, function and type with its schema, and means the same on every version from `from_version` to `to_version`.
//   What a catalogue lacks in an older version is read by to_jsonb(row) ->> 'column'.
// - `side` says where the query runs. A paired row has two: `query` runs on the source and its rows (object, detail)
// are
//   the set source_fact of `target_query`, which runs on the target and yields the findings.
// - The fix of a source row is for the source, that of a target or paired row for the target.
//
// A query that fails is a finding of its own, severity "error": never silence.
#pragma once

#include <cstddef>
#include <cstdint>

namespace airlift {

enum class Severity : uint8_t { kError, kBlocker, kWarning, kInfo };

// Ways to move a database, as bits.
using StrategySet = uint8_t;
inline constexpr StrategySet kDump = 1;         // pg_dump and pg_restore
inline constexpr StrategySet kReplication = 2;  // native logical replication
inline constexpr StrategySet kCopy = 4;         // COPY of tables
inline constexpr StrategySet kDms = 8;          // AWS DMS homogeneous data migration
inline constexpr StrategySet kSnapshot = 16;    // RDS snapshot or Aurora read replica
inline constexpr StrategySet kEveryStrategy = 31;

// Kinds of targets, as bits.
using TargetSet = uint8_t;
inline constexpr TargetSet kRds = 1;
inline constexpr TargetSet kAurora = 2;
inline constexpr TargetSet kOtherManaged = 4;
inline constexpr TargetSet kAws = kRds | kAurora;
inline constexpr TargetSet kEveryTarget = 7;

enum class CheckSide : uint8_t { kSource, kTarget, kPaired };
enum class CheckScope : uint8_t { kDatabase, kCluster };  // what its findings speak of

inline constexpr int kFirstVersion = 13;
inline constexpr int kLastVersion = 99;

struct Check {
  const char* id;
  const char* title;
  Severity severity;
  StrategySet strategies = kEveryStrategy;
  TargetSet targets = kEveryTarget;
  int from_version = kFirstVersion;  // major versions of the source
  int to_version = kLastVersion;
  int from_target = kFirstVersion;  // and of the target
  int to_target = kLastVersion;
  CheckSide side = CheckSide::kSource;
  CheckScope scope = CheckScope::kDatabase;
  bool deep = false;     // reads tables: only when asked
  bool has_fix = false;  // some finding has a fix_sql
  const char* query = nullptr;
  const char* target_query = nullptr;  // of a paired row
  const char* remedy;
  const char* source;  // of the fact: manual page, release note, guide, or "measured"
};

// What an assessment is about.
struct Assessment {
  TargetSet target = kRds;  // one bit
  int target_version = 0;   // major
  bool deep = false;
};

size_t CheckCount() noexcept;
// In the order of the areas; ids are unique.
const Check& CheckAt(size_t index) noexcept;
// nullptr where there is none.
const Check* FindCheck(const char* id) noexcept;

bool Concerns(const Check& check, const Assessment& assessment, int source_version) noexcept;

const char* SeverityName(Severity severity) noexcept;  // "error", "blocker", "warning", "info"
const char* SideName(CheckSide side) noexcept;         // "source", "target", "paired"

struct NamedBit {
  uint8_t bit;
  const char* name;
};
inline constexpr NamedBit kStrategyNames[] = {
    {kDump, "dump"}, {kReplication, "replication"}, {kCopy, "copy"}, {kDms, "dms"}, {kSnapshot, "snapshot"}};
inline constexpr NamedBit kTargetNames[] = {{kRds, "rds"}, {kAurora, "aurora"}, {kOtherManaged, "managed"}};

// The bit of a name in one of the lists above; 0 for any other.
template <size_t size>
constexpr uint8_t BitNamed(const NamedBit (&names)[size], const char* name) noexcept {
  for (const NamedBit& each : names) {
    const char* a = each.name;
    const char* b = name;
    while (*a != '\0' && *a == *b) ++a, ++b;
    if (*a == *b) return each.bit;
  }
  return 0;
}

}  // namespace airlift
