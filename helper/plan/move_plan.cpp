#include "plan/move_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "model/verdict.h"
#include "plan/aws_name.h"

namespace airlift::planning {

namespace {

// A table that somebody keeps locked must not make the plan wait for ever.
constexpr const char* kLockTimeout = "SET lock_timeout = '10s'";
constexpr double kLongestWalInterval = 60;

std::unique_ptr<Connection> Open(const ConnInfo& info, Side side) {
  auto connection = std::make_unique<Connection>(info.With("application_name", "pg_airlift plan"), side);
  connection->Execute(kLockTimeout);
  return connection;
}

void CompleteNames(MovePlan& plan) {
  AwsNames& aws = plan.options.aws;
  if (aws.prefix.empty()) aws.prefix = IdentifierFrom(plan.source.server.database);
  const RdsEndpoint endpoint = ParseRdsEndpoint(plan.source.server.host);
  if (aws.source_instance.empty()) aws.source_instance = endpoint.identifier;
  if (aws.source_region.empty()) aws.source_region = endpoint.region;
  if (!plan.target) return;
  if (aws.region.empty()) aws.region = ParseRdsEndpoint(plan.target->server.host).region;
}

void ReadFacts(MovePlan& plan) {
  const auto source = Open(plan.options.source, Side::kSource);
  plan.source =
      ReadSourceFacts(*source, plan.options.selection, std::min(plan.options.sample_seconds, kLongestWalInterval));
  if (!plan.options.selection.IsEmpty() && plan.source.tables.empty()) throw Error("no table is selected");
  if (plan.options.target) plan.target = ReadTargetFacts(*Open(*plan.options.target, Side::kTarget), plan.source);
  plan.target_kind = plan.options.target_kind.value_or(plan.target ? plan.target->kind : ServerKind::kRds);
  plan.target_version = plan.options.target_version;
  if (plan.target && plan.target_version.major == 0)
    plan.target_version = {plan.target->version / 10000, plan.target->version % 10000};
}

void CheckTarget(MovePlan& plan) {
  if (!plan.target) return;
  if (plan.options.target_version.major != 0 && plan.options.target_version.major != plan.target->version / 10000)
    plan.notes.push_back(fmt::format("--target-version {} was given, but the target is PostgreSQL {}",
                                     plan.options.target_version.Text(), plan.target->server.server_version));
  if (!plan.target->tables_with_rows.empty())
    plan.notes.push_back(fmt::format("the target already holds rows in {} of the tables, {} for one",
                                     plan.target->tables_with_rows.size(), plan.target->tables_with_rows.front()));
}

// Of the target as it is, else of the instance that the plan asks for.
ServerMemory TargetMemory(const MovePlan& plan) {
  const bool is_aurora = plan.target_kind == ServerKind::kAurora;
  if (plan.target) return MemoryOf(0, SettingNumber(plan.target->settings, "shared_buffers", 0) * 8192, is_aurora);
  const int64_t memory = plan.instance.memory_bytes;
  return MemoryOf(memory, is_aurora ? memory / 4 * 3 : memory / 4, is_aurora);
}

bool Replicates(const StrategyVerdict* chosen) {
  return chosen != nullptr && (chosen->way == Way::kLoadAndReplication || chosen->way == Way::kNativeReplication ||
                               chosen->way == Way::kReplicationFromStart || chosen->way == Way::kDms);
}

void Decide(MovePlan& plan) {
  StrategyInputs inputs{.source = plan.source, .estimate = plan.estimate};
  if (plan.target) inputs.target = &*plan.target;
  inputs.target_kind = plan.target_kind;
  inputs.target_major = plan.target_version.major;
  inputs.max_downtime = plan.options.max_downtime;
  inputs.only_some_tables = !plan.options.selection.IsEmpty();
  inputs.copy_rate = plan.rates.copy.bytes_per_second * plan.rates.efficiency * plan.options.jobs;
  plan.strategies = DecideStrategy(inputs);
}

void AdviseOnParameters(MovePlan& plan) {
  ParameterInputs& inputs = plan.parameter_inputs;
  inputs.target_kind = plan.target_kind;
  inputs.target = plan.target ? &*plan.target : nullptr;
  inputs.jobs = plan.options.jobs;
  inputs.target_major = plan.target_version.major;
  inputs.memory = TargetMemory(plan);
  inputs.with_replication = Replicates(plan.chosen());
  inputs.group = plan.options.aws.prefix + "-parameters";
  const RdsEndpoint endpoint = plan.target ? ParseRdsEndpoint(plan.target->server.host) : RdsEndpoint();
  const char* role = plan.target_kind == ServerKind::kAurora ? "-writer" : "-target";
  inputs.instance = endpoint.identifier.empty() ? plan.options.aws.prefix + role : endpoint.identifier;
  plan.parameters = AdviseParameters(inputs);
  inputs.target = nullptr;  // not to outlive the move of the plan
}

void DrawConclusions(MovePlan& plan) {
  plan.estimate = MakeEstimate(plan.source, plan.rates, plan.options.jobs);
  Decide(plan);
  plan.storage = PlanStorage(plan.source, plan.target_kind, plan.target_version);
  plan.instance = PlanInstance(plan.source, plan.options.jobs, plan.target_kind);
  plan.wal = PlanWal(plan.source, plan.estimate.total_seconds);
  AdviseOnParameters(plan);
  plan.runbooks = MakeRunbooks(plan.source, plan.options.aws, plan.target_version, plan.target_kind);
  plan.trial =
      PlanTrial(plan.source.tables, plan.options.source.ToStringWithoutPassword(),
                plan.options.target ? plan.options.target->ToStringWithoutPassword() : "host=TARGET dbname=DATABASE");
  plan.fallback = PlanFallback(plan.chosen());
}

}  // namespace

int MovePlan::ExitStatus() const { return chosen() == nullptr ? kExitFindings : kExitDone; }

MovePlan MakePlan(PlanOptions options) {
  if (!options.aws.prefix.empty()) CheckAwsNames(options.aws);
  MovePlan plan;
  plan.started_at = UtcNow();
  plan.options = std::move(options);
  ReadFacts(plan);
  CompleteNames(plan);
  CheckAwsNames(plan.options.aws);
  CheckTarget(plan);
  SampleOptions sample;
  sample.seconds = plan.options.sample_seconds;
  sample.jobs = plan.options.jobs;
  plan.rates = MeasureRates(plan.options.source, plan.options.target, plan.source, sample);
  if (plan.target) plan.rates.round_trip_seconds = plan.target->round_trip_seconds;
  plan.notes.insert(plan.notes.end(), plan.rates.notes.begin(), plan.rates.notes.end());
  DrawConclusions(plan);
  plan.finished_at = UtcNow();
  return plan;
}

}  // namespace airlift::planning
