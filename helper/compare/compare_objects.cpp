#include "compare/compare_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "large_objects/large_objects.h"
#include "large_objects/metadata.h"
#include "pg/identifier.h"
#include "pg/role.h"
#include "prepare/replication_role.h"
#include "schema_compare/schema_compare.h"
#include "sequences/sequences.h"
#include "state/replication_state.h"

namespace airlift {

namespace {

// The function of the target's service through which subscriptions are made (replicate/admin_route.h), or "".
std::string AdminFunction(Connection& target) {
  const auto record = ReplicationState(target).Find();
  return record ? record->admin_function : std::string();
}

// That function, and the schema that it is in.
bool IsOfService(const SchemaDifference& found, const std::string& admin_function) {
  if (admin_function.empty() || found.presence != SchemaDifference::Presence::kExtraOnTarget) return false;
  return (found.kind == "function" && found.object.rfind(admin_function + "(", 0) == 0) ||
         (found.kind == "schema" && admin_function.rfind(found.object + ".", 0) == 0);
}

// What the replication role may read on the source is no part of the schema.
bool IsGrantToReplicationRole(const SchemaDifference& found, const std::set<std::string>& roles) {
  if (found.kind.find("grant") == std::string::npos || found.presence != SchemaDifference::Presence::kMissingOnTarget)
    return false;
  return std::any_of(roles.begin(), roles.end(),
                     [&](const std::string& role) { return found.object.ends_with(" to " + DisplayName(role)); });
}

}  // namespace

std::vector<Job> LargeObjectComparison::MakeJobs(Connection& source) {
  std::vector<Job> jobs;
  for (const LargeObjectBatch& batch : PlanLargeObjects(source)) {
    for (const Side side : {Side::kSource, Side::kTarget}) {
      StageProgress& stage = progress_.Stage(fmt::format("large objects, {}", SideName(side)));
      ++stage.tasks_total;
      stage.weight_total += batch.bytes;
      stage.meter.limit = pace_.LimitOf(side);
      jobs.push_back({batch.bytes, [this, side, batch, &stage](ReadOnlyPair& pair) {
                        progress_.TaskStarted(stage);
                        pace_.Await(side);
                        Digest(pair, side, batch, stage.meter);
                        progress_.TaskDone(stage, batch.bytes);
                      }});
    }
  }
  return jobs;
}

void LargeObjectComparison::Digest(ReadOnlyPair& pair, Side side, const LargeObjectBatch& batch, Meter& meter) {
  try {
    const TableDigest digest = DigestLargeObjects(pair.Get(side), batch, meter);
    const std::lock_guard lock(mutex_);
    digests_[side == Side::kTarget].Merge(digest);
  } catch (const SqlError& error) {
    if (!error.IsClass("42")) throw;
    pair.Reset(side);
    const std::lock_guard lock(mutex_);
    refusal_ = error.what();
  }
}

LargeObjectsResult LargeObjectComparison::Result() const {
  LargeObjectsResult result;
  result.source = digests_[0];
  result.target = digests_[1];
  if (refusal_.empty()) {
    Judge(result);
  } else {
    result.verdict = Verdict::kNotVerified;
    result.reason = refusal_;
  }
  return result;
}

void CompareSequences(Connection& source, Connection& target, const ComparedSelection& selection, RunResult& result) {
  const SequencePair values = selection.ReadSequences(source, target);
  for (const SequenceComparison& sequence : CompareSequences(values.source, values.target))
    result.sequences.push_back({DisplayName(sequence.schema, sequence.name), sequence.verdict, sequence.reason});
}

void CompareSchema(Connection& source, Connection& target, RunResult& result) {
  // A managed target has no superuser to give: what belonged to one belongs to the migrating role there.
  const std::set<std::string> superusers = SuperuserNames(source);
  const std::string migrating_role = target.Query("SELECT current_user").Text(0, 0);
  const auto is_given_up = [&](const std::string& source_owner, const std::string& target_owner) {
    return superusers.contains(source_owner) && target_owner == migrating_role;
  };
  // Since 15 it belongs to a role that stands for the database's owner; before that, to the bootstrap superuser.
  const auto is_public_of_15 = [&](const SchemaDifference& found) {
    return found.object == "schema public" && superusers.contains(found.source) && found.target == "pg_database_owner";
  };
  const std::string admin_function = AdminFunction(target);
  const std::set<std::string> replication_roles = ReplicationRoles(target);
  for (const SchemaDifference& found : CompareSchemas(source, target)) {
    if (IsOfService(found, admin_function) || IsGrantToReplicationRole(found, replication_roles)) continue;
    const bool informational =
        found.is_informational ||
        (found.kind == "owner" && (is_given_up(found.source, found.target) || is_public_of_15(found)));
    result.schema_differences.push_back(
        {found.kind, found.object, found.property, found.source, found.target, informational});
  }
  for (const LargeObjectDifference& found : CompareLargeObjectMetadata(source, target)) {
    const std::string object = found.objects == 1 ? std::to_string(found.first_oid)
                                                  : fmt::format("{} and {} more", found.first_oid, found.objects - 1);
    const bool informational = found.property == "owner" && is_given_up(found.source, found.target);
    result.schema_differences.push_back(
        {"large object", object, found.property, found.source, found.target, informational});
  }
  result.schema_was_compared = true;
}

}  // namespace airlift
