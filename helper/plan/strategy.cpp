#include "plan/strategy.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"

namespace airlift::planning {

namespace {

using Inputs = StrategyInputs;
using MaybeSeconds = std::optional<double>;
using MaybeText = std::optional<std::string>;

// Stopping writes, waiting for the last change, verifying what changed, sequences, repointing the application.
constexpr double kCutoverSeconds = 120;
constexpr double kPromotionSeconds = 300;
constexpr double kSnapshotStartSeconds = 1800;
// "Several hours per tebibyte" (Aurora user guide, migrating by a read replica).
constexpr double kHoursPerTebibyte = 3;
constexpr double kTebibyte = 1099511627776.0;
constexpr double kDumpAdvisedBytes = 500e9;
constexpr int kStandbyDecodingSince = 16;
// The apply worker is one process; WAL faster than this share of what a parallel copy writes may never be caught up.
constexpr double kApplyShareOfCopy = 0.5;

// --- times ----------------------------------------------------------------------------------------------------------

double PhysicalCopySeconds(const Inputs& in) {
  return kSnapshotStartSeconds + static_cast<double>(in.source.database_bytes) / kTebibyte * kHoursPerTebibyte * 3600;
}

MaybeSeconds LoadSeconds(const Inputs& in) { return in.estimate.total_seconds; }
MaybeSeconds DumpSeconds(const Inputs& in) { return in.estimate.dump_seconds + in.estimate.restore_seconds; }
MaybeSeconds Cutover(const Inputs&) { return kCutoverSeconds; }
MaybeSeconds Promotion(const Inputs&) { return kPromotionSeconds; }
MaybeSeconds PhysicalCopy(const Inputs& in) { return PhysicalCopySeconds(in); }
MaybeSeconds LoadAndCatchUp(const Inputs& in) { return in.estimate.total_seconds + kCutoverSeconds; }
// The initial copy of a subscription: one worker a table, indexes in place.
MaybeSeconds NativeCopy(const Inputs& in) {
  double longest = 0;
  for (const TableTimes& table : in.estimate.tables) longest = std::max(longest, table.copy + table.index);
  return std::max(longest, in.estimate.total_seconds) + kCutoverSeconds;
}
MaybeSeconds Unknown(const Inputs&) { return std::nullopt; }

// --- the ways, in order of preference -------------------------------------------------------------------------------

struct WayRow {
  Way way;
  const char* name;
  const char* title;
  const char* road;
  MaybeSeconds (*downtime)(const Inputs&);
  MaybeSeconds (*total)(const Inputs&);
};

constexpr WayRow kWays[] = {
    {Way::kFilteredCopy, "filtered-copy", "filtered COPY",
     "COPY (SELECT ... WHERE ...) of the wanted tables into tables made beforehand, one transaction a table",
     LoadSeconds, LoadSeconds},
    {Way::kStreamedLoad, "streamed-load", "streamed full load (pg_airlift migrate)",
     "rows stream from source to target without a file between, each one proved, while writes stand still", LoadSeconds,
     LoadSeconds},
    {Way::kAuroraReadReplica, "aurora-read-replica", "Aurora read replica of the RDS instance, promoted",
     "the storage copies itself while the source works; stop writes, wait for the replay, promote", Promotion,
     PhysicalCopy},
    {Way::kSnapshotToAurora, "rds-snapshot", "RDS snapshot restored as an Aurora cluster",
     "stop writes, snapshot, restore-db-cluster-from-snapshot: pages are copied, no row is read", PhysicalCopy,
     PhysicalCopy},
    {Way::kLoadAndReplication, "load-and-replication", "streamed full load, then native logical replication",
     "slot and snapshot first, pg_airlift migrate under that snapshot, a subscription from that very point, cut over "
     "when "
     "caught up",
     Cutover, LoadAndCatchUp},
    {Way::kReplicationFromStart, "replication-only", "replication only, from a start point that exists already",
     "rows are on the target as of a slot's start point; a subscription with copy_data = false goes on from there",
     Cutover, Unknown},
    {Way::kNativeReplication, "publication-subscription", "publication and subscription with their own initial copy",
     "CREATE SUBSCRIPTION copies each table by one worker, then applies changes", Cutover, NativeCopy},
    {Way::kDumpRestore, "dump-restore", "pg_dump and pg_restore", "a directory dump on disk, then a parallel restore",
     DumpSeconds, DumpSeconds},
    {Way::kDms, "dms-homogeneous", "AWS DMS homogeneous data migration",
     "the service runs pg_dump, pg_restore and a subscription on its own hosts", Cutover, Unknown},
};

constexpr unsigned Bit(Way way) { return 1U << static_cast<unsigned>(way); }
constexpr unsigned kReplicating =
    Bit(Way::kLoadAndReplication) | Bit(Way::kNativeReplication) | Bit(Way::kReplicationFromStart) | Bit(Way::kDms);
constexpr unsigned kPhysical = Bit(Way::kSnapshotToAurora) | Bit(Way::kAuroraReadReplica);
constexpr unsigned kEvery = ~0U;

// --- the rules ------------------------------------------------------------------------------------------------------

template <typename Condition>
std::string TablesWhere(const Inputs& in, Condition condition) {
  constexpr int kShown = 3;
  std::string names;
  int count = 0;
  for (const TableFacts& table : in.source.tables) {
    if (!condition(table)) continue;
    if (++count <= kShown) names += (names.empty() ? "" : ", ") + table.name();
  }
  return count > kShown ? fmt::format("{} and {} more", names, count - kShown) : names;
}

MaybeText TargetOlder(const Inputs& in) {
  if (in.target_major == 0 || in.target_major >= in.source.major()) return std::nullopt;
  return fmt::format("the target's version {} is older than the source's {}", in.target_major, in.source.major());
}

MaybeText SourceNotRds(const Inputs& in) {
  if (in.source.kind == ServerKind::kRds) return std::nullopt;
  return fmt::format("the source is {}, not RDS: Amazon takes in no data directory and no base backup",
                     ServerKindName(in.source.kind));
}

MaybeText TargetNotAurora(const Inputs& in) {
  if (in.target_kind == ServerKind::kAurora) return std::nullopt;
  return "the target is not Aurora";
}

MaybeText OtherMajor(const Inputs& in) {
  if (in.target_major == 0 || in.target_major == in.source.major()) return std::nullopt;
  return fmt::format("pages are copied: the target must be of major version {} too, not {}", in.source.major(),
                     in.target_major);
}

MaybeText PartOfDatabase(const Inputs& in) {
  if (!in.only_some_tables) return std::nullopt;
  return "only some tables are wanted; this moves the whole database";
}

MaybeText WholeDatabase(const Inputs& in) {
  if (in.only_some_tables) return std::nullopt;
  return "the whole database is wanted: COPY by hand carries rows only, and needs tables, keys, sequences, owners and "
         "grants made by other means";
}

MaybeText DowntimeTooLong(const Inputs& in, MaybeSeconds downtime) {
  if (!in.max_downtime || !downtime || *downtime <= *in.max_downtime) return std::nullopt;
  return fmt::format("writes would stand still for about {}, {} are allowed", FormatSeconds(*downtime),
                     FormatSeconds(*in.max_downtime));
}

MaybeText LoadTooLong(const Inputs& in) { return DowntimeTooLong(in, LoadSeconds(in)); }
MaybeText DumpTooLong(const Inputs& in) { return DowntimeTooLong(in, DumpSeconds(in)); }
MaybeText CutoverTooLong(const Inputs& in) { return DowntimeTooLong(in, Cutover(in)); }
MaybeText PromotionTooLong(const Inputs& in) { return DowntimeTooLong(in, Promotion(in)); }
MaybeText SnapshotTooLong(const Inputs& in) { return DowntimeTooLong(in, PhysicalCopySeconds(in)); }

MaybeText DecodingOnStandby(const Inputs& in) {
  if (!in.source.is_standby) return std::nullopt;
  if (in.source.major() < kStandbyDecodingSince)
    return "the source is a standby, which cannot decode WAL before version 16: connect to its primary";
  return std::nullopt;
}

MaybeText PublicationOnPrimary(const Inputs& in) {
  if (!in.source.is_standby || in.source.major() < kStandbyDecodingSince) return std::nullopt;
  return "the source is a standby: create the publication on its primary";
}

MaybeText WalFasterThanApply(const Inputs& in) {
  const double wal = in.source.wal.bytes_per_second();
  if (in.copy_rate <= 0 || wal <= in.copy_rate * kApplyShareOfCopy) return std::nullopt;
  return fmt::format(
      "the source writes {}/s of WAL, more than one apply worker is likely to keep up with ({}/s): several "
      "subscriptions "
      "by groups of tables, streaming = parallel (16 and later), a larger target",
      FormatBytes(static_cast<int64_t>(wal)), FormatBytes(static_cast<int64_t>(in.copy_rate * kApplyShareOfCopy)));
}

MaybeText WalLevel(const Inputs& in) {
  const Setting* level = FindSetting(in.source.settings, "wal_level");
  if (level == nullptr || level->value == "logical") return std::nullopt;
  return fmt::format("wal_level is {}: set it to logical, which restarts the source", level->value);
}

MaybeText NoIdentity(const Inputs& in) {
  const std::string names =
      TablesWhere(in, [](const TableFacts& t) { return t.identity == Identity::kNone && t.updated + t.deleted > 0; });
  if (names.empty()) return std::nullopt;
  return "tables that are updated have no replica identity, and publishing them would make their updates fail on the "
         "source: " +
         names;
}

MaybeText NoIdentityUnchanged(const Inputs& in) {
  const std::string names =
      TablesWhere(in, [](const TableFacts& t) { return t.identity == Identity::kNone && t.updated + t.deleted == 0; });
  if (names.empty()) return std::nullopt;
  return "tables without a replica identity may only be published for inserts (no update was counted so far): " + names;
}

MaybeText FullWithoutEquality(const Inputs& in) {
  const std::string names = TablesWhere(in, [](const TableFacts& t) { return t.full_lacks_equality; });
  if (names.empty()) return std::nullopt;
  return "REPLICA IDENTITY FULL with a column whose type has no equality stops the apply: " + names;
}

MaybeText Unlogged(const Inputs& in) {
  const std::string names = TablesWhere(in, [](const TableFacts& t) { return t.is_unlogged; });
  if (names.empty()) return std::nullopt;
  return "unlogged tables are not in the WAL; make them LOGGED or copy them during the cutover: " + names;
}

MaybeText LargeObjectsChange(const Inputs& in) {
  if (in.source.large_objects == 0) return std::nullopt;
  return fmt::format(
      "{} large objects are not replicated: no writes to them between load and cutover, or load them again",
      FormatCount(in.source.large_objects));
}

MaybeText SequencesByHand(const Inputs& in) {
  if (in.source.sequences == 0) return std::nullopt;
  return fmt::format("{} sequences are not replicated; they are set at the cutover", FormatCount(in.source.sequences));
}

MaybeText NoStartPoint(const Inputs& in) {
  if (in.target == nullptr) return "no target was given that could hold the rows already";
  if (in.target->tables_with_rows.empty()) return "the target does not hold the rows of the source yet";
  if (in.source.idle_slots.empty())
    return "no unused logical slot of this database marks the point at which the target's rows were copied";
  return std::nullopt;
}

MaybeText StartPoint(const Inputs& in) {
  if (in.target == nullptr || in.target->tables_with_rows.empty() || in.source.idle_slots.empty()) return std::nullopt;
  const ReplicationSlot& slot = in.source.idle_slots.front();
  return fmt::format(
      "slot {} keeps changes from {} on and the target holds {} of the tables with rows: right only if "
      "they were copied at exactly that point; pg_airlift compare tells",
      slot.name, slot.confirmed_lsn, in.target->tables_with_rows.size());
}

MaybeText OneWorkerPerTable(const Inputs& in) {
  const auto largest = std::max_element(in.source.tables.begin(), in.source.tables.end(),
                                        [](const TableFacts& a, const TableFacts& b) { return a.bytes() < b.bytes(); });
  if (largest == in.source.tables.end()) return std::nullopt;
  return fmt::format(
      "one worker a table, indexes are kept while rows arrive, and nothing is proved; {} ({}) is the "
      "longest",
      largest->name(), FormatBytes(largest->bytes()));
}

MaybeText DumpIsLarge(const Inputs& in) {
  if (static_cast<double>(in.source.database_bytes) < kDumpAdvisedBytes) return std::nullopt;
  return fmt::format("{} is more than what AWS advises pg_dump for ({})", FormatBytes(in.source.database_bytes),
                     FormatBytes(static_cast<int64_t>(kDumpAdvisedBytes)));
}

MaybeText DumpNeedsDisk(const Inputs& in) {
  return fmt::format("needs disk for the dump, reads after it has written, and proves nothing; live rows take {}",
                     FormatBytes(in.source.live_bytes()));
}

MaybeText DmsNeedsSuperuser(const Inputs& in) {
  if (in.source.kind != ServerKind::kSelfManaged || in.source.user_is_superuser) return std::nullopt;
  return "DMS needs a superuser on the source for ongoing replication, and the given role is none";
}

MaybeText DmsViews(const Inputs& in) {
  if (in.source.views == 0) return std::nullopt;
  return fmt::format("{} views would arrive as tables, or not at all", FormatCount(in.source.views));
}

MaybeText DmsNoProof(const Inputs&) { return "nothing is validated"; }
MaybeText DmsLeftovers(const Inputs&) {
  return "a replication slot and a publication stay on the source after Stopped, Failed or Deleted; the slot keeps WAL";
}
MaybeText DmsLargeObjects(const Inputs& in) {
  if (in.source.large_objects == 0) return std::nullopt;
  return "changes of large objects are lost";
}
MaybeText DmsUnmeasured(const Inputs&) { return "its time cannot be measured from here"; }
MaybeText DmsIsManaged(const Inputs&) { return "no host of one's own is needed"; }

MaybeText ReplicaRules(const Inputs&) {
  return "one Aurora replica an instance, same account and Region, none while a cross-Region replica exists";
}

MaybeText UnloggedPhysical(const Inputs& in) {
  const std::string names = TablesWhere(in, [](const TableFacts& t) { return t.is_unlogged; });
  if (names.empty()) return std::nullopt;
  return "unlogged tables must be made LOGGED first: " + names;
}

MaybeText BloatComesAlong(const Inputs&) { return "bloat comes along, and nothing is verified row by row"; }

MaybeText FitsDowntime(const Inputs& in) {
  if (!in.max_downtime) return "no --max-downtime was given: the simplest way that proves every row";
  return fmt::format("about {} without writes, {} are allowed: the simplest way that proves every row",
                     FormatSeconds(*LoadSeconds(in)), FormatSeconds(*in.max_downtime));
}

MaybeText ShortDowntime(const Inputs& in) {
  if (!in.max_downtime) return "the source works on during the load; writes stand still only at the cutover";
  return fmt::format("writes stand still only at the cutover, about {} of the {} allowed",
                     FormatSeconds(kCutoverSeconds), FormatSeconds(*in.max_downtime));
}

MaybeText OnlyWanted(const Inputs& in) {
  if (!in.only_some_tables) return std::nullopt;
  return fmt::format("{} tables were asked for", in.source.tables.size());
}

struct Rule {
  unsigned ways;
  Effect effect;
  MaybeText (*text)(const Inputs&);
};

constexpr Rule kRules[] = {
    {kEvery, Effect::kRejects, TargetOlder},
    {kPhysical, Effect::kRejects, SourceNotRds},
    {kPhysical, Effect::kRejects, TargetNotAurora},
    {kPhysical, Effect::kRejects, OtherMajor},
    {kEvery & ~Bit(Way::kFilteredCopy), Effect::kRejects, PartOfDatabase},
    {Bit(Way::kFilteredCopy), Effect::kRejects, WholeDatabase},
    {Bit(Way::kFilteredCopy) | Bit(Way::kStreamedLoad), Effect::kRejects, LoadTooLong},
    {Bit(Way::kDumpRestore), Effect::kRejects, DumpTooLong},
    {kReplicating, Effect::kRejects, CutoverTooLong},
    {Bit(Way::kAuroraReadReplica), Effect::kRejects, PromotionTooLong},
    {Bit(Way::kSnapshotToAurora), Effect::kRejects, SnapshotTooLong},
    {kReplicating, Effect::kRejects, DecodingOnStandby},
    {Bit(Way::kReplicationFromStart), Effect::kRejects, NoStartPoint},
    {Bit(Way::kDms), Effect::kRejects, DmsNeedsSuperuser},

    {kReplicating, Effect::kPrepare, WalLevel},
    {kReplicating, Effect::kPrepare, NoIdentity},
    {kReplicating, Effect::kPrepare, NoIdentityUnchanged},
    {kReplicating, Effect::kPrepare, FullWithoutEquality},
    {kReplicating, Effect::kPrepare, Unlogged},
    {kReplicating, Effect::kPrepare, PublicationOnPrimary},
    {kReplicating, Effect::kPrepare, WalFasterThanApply},
    {kPhysical, Effect::kPrepare, UnloggedPhysical},
    {Bit(Way::kAuroraReadReplica), Effect::kPrepare, ReplicaRules},
    {kReplicating & ~Bit(Way::kDms), Effect::kPrepare, LargeObjectsChange},

    {kReplicating, Effect::kLoses, SequencesByHand},
    {Bit(Way::kNativeReplication), Effect::kLoses, OneWorkerPerTable},
    {Bit(Way::kDumpRestore), Effect::kLoses, DumpIsLarge},
    {Bit(Way::kDumpRestore), Effect::kLoses, DumpNeedsDisk},
    {Bit(Way::kDms), Effect::kLoses, DmsViews},
    {Bit(Way::kDms), Effect::kLoses, DmsNoProof},
    {Bit(Way::kDms), Effect::kLoses, DmsLeftovers},
    {Bit(Way::kDms), Effect::kLoses, DmsLargeObjects},
    {Bit(Way::kDms), Effect::kLoses, DmsUnmeasured},
    {kPhysical, Effect::kLoses, BloatComesAlong},

    {Bit(Way::kFilteredCopy), Effect::kSpeaksFor, OnlyWanted},
    {Bit(Way::kStreamedLoad), Effect::kSpeaksFor, FitsDowntime},
    {Bit(Way::kLoadAndReplication) | Bit(Way::kAuroraReadReplica), Effect::kSpeaksFor, ShortDowntime},
    {Bit(Way::kReplicationFromStart), Effect::kSpeaksFor, StartPoint},
    {Bit(Way::kDms), Effect::kSpeaksFor, DmsIsManaged},
};

StrategyVerdict Judge(const WayRow& row, const Inputs& inputs) {
  StrategyVerdict verdict{row.way, row.name, row.title, row.road, {}, row.downtime(inputs), row.total(inputs)};
  for (const Rule& rule : kRules) {
    if ((rule.ways & Bit(row.way)) == 0) continue;
    if (MaybeText text = rule.text(inputs)) verdict.remarks.push_back({rule.effect, *std::move(text)});
  }
  verdict.is_rejected = !verdict.Texts(Effect::kRejects).empty();
  return verdict;
}

// A start point that exists is a fact about the past that only the user knows: offered, never chosen.
bool MayBeChosen(const StrategyVerdict& verdict) {
  return !verdict.is_rejected && verdict.way != Way::kReplicationFromStart;
}

}  // namespace

std::vector<std::string> StrategyVerdict::Texts(Effect effect) const {
  std::vector<std::string> texts;
  for (const Remark& remark : remarks)
    if (remark.effect == effect) texts.push_back(remark.text);
  return texts;
}

std::vector<StrategyVerdict> DecideStrategy(const StrategyInputs& inputs) {
  std::vector<StrategyVerdict> verdicts;
  for (const WayRow& row : kWays) verdicts.push_back(Judge(row, inputs));
  const auto chosen = std::find_if(verdicts.begin(), verdicts.end(), MayBeChosen);
  if (chosen != verdicts.end()) chosen->is_chosen = true;
  std::stable_sort(verdicts.begin(), verdicts.end(), [](const StrategyVerdict& a, const StrategyVerdict& b) {
    return std::pair(!a.is_chosen, a.is_rejected) < std::pair(!b.is_chosen, b.is_rejected);
  });
  return verdicts;
}

const StrategyVerdict* Chosen(const std::vector<StrategyVerdict>& verdicts) {
  return verdicts.empty() || !verdicts.front().is_chosen ? nullptr : &verdicts.front();
}

}  // namespace airlift::planning
