#include "audit/audit_slot.h"

#include <fmt/format.h>

#include <chrono>

#include "base/patience.h"
#include "pg/identifier.h"
#include "selection/selection_store.h"
#include "slots/catch_up.h"
#include "slots/slot.h"
#include "state/driver_lock.h"
#include "state/seen_source.h"

namespace airlift {

namespace {

constexpr auto kCatchUpLimit = std::chrono::minutes(10);
constexpr auto kReleaseLimit = std::chrono::seconds(30);
constexpr auto kPause = std::chrono::milliseconds(50);

struct Replicated {
  ReplicationRecord record;
  std::vector<SubscriptionRecord> streams;
};

Replicated RequireReplicating(Connection& target) {
  ReplicationState state(target);
  const auto record = state.Find();
  if (!record || record->phase != MigrationPhase::kReplicating)
    throw Error(record ? fmt::format("the migration is \"{}\", not \"replicating\"", MigrationPhaseName(record->phase))
                       : "the target knows of no replication",
                "The rows that change are decoded from the publication of a running replication.",
                "Compare in full: pg_airlift compare without this option.");
  TakeDriverLock(target);
  return {*record, state.Subscriptions(Direction::kForward)};
}

void RequireWholeMigration(Connection& target, const char* option) {
  const SelectionRules moved = SelectionStore(target).Find();
  if (moved.IsEmpty()) return;
  throw Error(fmt::format("{} is about the whole database", option),
              fmt::format("The migration is of a part of it: {}.", Describe(moved)),
              "Compare in full: pg_airlift compare without this option.");
}

void RequireWhole(const CompareOptions& options, Connection& target, const char* option) {
  const SubsetOptions& subset = options.subset;
  if (options.selection.IsEmpty() && options.repair.empty() && !options.with_views && subset.exclude_columns.empty() &&
      subset.where.empty() && !subset.sample_percent && !subset.ignore_extra_columns)
    return RequireWholeMigration(target, option);
  throw Error(fmt::format("{} is about the whole database", option), {},
              "Leave out the options that select, --views, --repair and the options of subsets.");
}

void WaitUntilApplied(Connection& source, Connection& target, const std::vector<SubscriptionRecord>& streams,
                      const std::string& lsn, Progress& progress) {
  const CatchUpOutcome outcome = WaitForSlots(
      {source, &target, streams, lsn, kCatchUpLimit, [&](const std::string& line) { progress.Note(line); }});
  if (!outcome.is_reached)
    throw Error("the target has not applied what the source had written", outcome.reason + ".",
                "See pg_airlift status; then try again.");
}

// A walsender needs a moment to notice that its client is gone.
void AdvanceSlot(Connection& source, const std::string& slot, const std::string& lsn) {
  Patience patience(kReleaseLimit, "the session that reads slot " + DisplayName(slot));
  for (;;) {
    try {
      source.Query("SELECT pg_catalog.pg_replication_slot_advance($1, $2)", {slot, lsn});
      return;
    } catch (const SqlError& error) {
      if (error.sqlstate() != "55006" || patience.IsOver()) throw;
    }
    patience.Pause(kPause);
  }
}

SinceVerifiedOptions OptionsFrom(const CompareOptions& compare) {
  SinceVerifiedOptions options;
  options.source = compare.source;
  options.target = compare.target;
  options.jobs = compare.jobs;
  options.max_rows = compare.max_rows;
  options.show_values = compare.show_values;
  options.with_sequences = options.with_large_objects = compare.with_schema;
  return options;
}

}  // namespace

std::string AuditSlotName(Connection& source, const std::string& publication) {
  const std::string oid =
      source.Query("SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()").Text(0, 0);
  return fmt::format("{}_{}_audit", SlotPart(publication), oid);
}

std::vector<std::string> PublicationsOf(const std::vector<SubscriptionRecord>& subscriptions) {
  std::vector<std::string> names;
  for (const SubscriptionRecord& subscription : subscriptions) names.push_back(subscription.publication);
  return names;
}

void CopyAuditSlot(Connection& source, Connection& target, const std::string& publication, const std::string& from,
                   const std::string& lsn, const std::vector<std::string>& publications) {
  const std::string name = AuditSlotName(source, publication);
  AuditState state(target);
  state.Begin(name);
  DropSlot(source, name);
  const std::string start = CopySlot(source, from, name);
  if (start != lsn)
    throw Error(fmt::format("source: slot {} begins at {}, not at {}", name, start, lsn), {},
                "Run the same command again.");
  state.SetPosition(lsn, ToJson(ReadTableSignatures(source, publications)));
}

void DropAuditSlot(Connection* source, Connection& target) {
  AuditState state(target);
  const auto record = state.Find();
  if (!record) return;
  if (source != nullptr) DropSlot(*source, record->slot);
  state.Forget();
}

RunResult CompareWithNewAuditSlot(const CompareOptions& options, Progress& progress) {
  Connection source(options.source, Side::kSource);
  Connection target(options.target, Side::kTarget);
  RequireWhole(options, target, "--audit-slot");
  const Replicated replicated = RequireReplicating(target);
  const std::vector<std::string> publications = PublicationsOf(replicated.streams);
  const std::string name = AuditSlotName(source, replicated.record.publication);
  DropAuditSlot(&source, target);
  AuditState state(target);
  state.Begin(name);
  DropSlot(source, name);
  NewSlot slot = CreateSlot(options.source, source, name, [&](const std::string& line) { progress.Note(line); });
  slot.holder.reset();
  state.SetPosition(slot.lsn, ToJson(ReadTableSignatures(source, publications)));
  WaitUntilApplied(source, target, replicated.streams, MarkWal(source), progress);
  RunResult result = CompareDatabases(options, progress);
  bool stays = true;
  for (const TableResult& table : result.tables) stays = stays && table.verdict == Verdict::kVerified;
  std::string why = stays ? "" : "not every table is verified";
  if (stays) {
    // What stands still from the slot's position to the end was compared as it was at that position.
    uint64_t changes = 0;
    ChangeStream(options.source, name, publications).ReadUntil(MarkWal(source), [&](std::string_view message) {
      if (message.find_first_of("IUDT") == 0) ++changes;
    });
    if (changes > 0) why = fmt::format("{} changes were written meanwhile", changes);
  }
  if (why.empty()) {
    RememberSource(source, target);
    state.SetVerified("compare");
    result.notes.push_back(
        fmt::format("audit slot {} keeps what changes from {} on: pg_airlift compare "
                    "--since-verified, and cutover, compare these rows only",
                    DisplayName(name), slot.lsn));
  } else {
    DropAuditSlot(&source, target);
    result.notes.push_back("no audit slot was kept: " + why);
  }
  return result;
}

RunResult CompareSinceVerified(const CompareOptions& options, Progress& progress) {
  Connection source(options.source, Side::kSource);
  Connection target(options.target, Side::kTarget);
  RequireWhole(options, target, "--since-verified");
  const Replicated replicated = RequireReplicating(target);
  AuditState state(target);
  const auto record = state.Find();
  if (const std::string why = WhyNoAudit(source, target, record); !why.empty())
    throw Error("cannot tell what changed since the last full verification", why + ".",
                "Compare in full: pg_airlift compare; with --audit-slot, what changes from then on is kept.");
  SinceVerified since(OptionsFrom(options), *record, PublicationsOf(replicated.streams), progress);
  RunResult result = since.Compare(
      source, [&](const std::string& lsn) { WaitUntilApplied(source, target, replicated.streams, lsn, progress); });
  since.Close();
  if (since.verified_lsn().empty()) return result;
  // In this order: a slot that stands further back than the record is read again, which only takes longer.
  state.MoveTo(since.verified_lsn(), ToJson(since.signatures()), "compare --since-verified");
  AdvanceSlot(source, record->slot, since.verified_lsn());
  return result;
}

}  // namespace airlift
