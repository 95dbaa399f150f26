// The plan of a move: everything that `pg_airlift plan` answers. Reads only, on both sides; AWS is never called.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pg/conninfo.h"
#include "plan/capacity.h"
#include "plan/estimate.h"
#include "plan/facts.h"
#include "plan/parameters.h"
#include "plan/runbook.h"
#include "plan/sample.h"
#include "plan/strategy.h"
#include "plan/trial.h"
#include "selection/selection_rules.h"

namespace airlift::planning {

struct PlanOptions {
  ConnInfo source;
  std::optional<ConnInfo> target;
  std::optional<ServerKind> target_kind;  // asked of the target, or RDS, when not given
  TargetVersion target_version;           // likewise
  std::optional<double> max_downtime;     // seconds
  double sample_seconds = 5;              // 0: nothing is measured
  int jobs = 2;
  SelectionRules selection;
  AwsNames aws;  // prefix empty: made from the database's name
};

struct MovePlan {
  std::string started_at;
  std::string finished_at;
  PlanOptions options;
  ServerKind target_kind = ServerKind::kRds;
  TargetVersion target_version;
  SourceFacts source;
  std::optional<TargetFacts> target;
  Rates rates;
  Estimate estimate;
  std::vector<StrategyVerdict> strategies;
  StoragePlan storage;
  InstancePlan instance;
  WalPlan wal;
  ParameterInputs parameter_inputs;
  std::vector<ParameterAdvice> parameters;
  std::vector<Runbook> runbooks;
  Trial trial;
  std::vector<FallbackStep> fallback;
  std::vector<std::string> notes;

  const StrategyVerdict* chosen() const { return Chosen(strategies); }
  // 0 where a way was found, 1 where none is left.
  int ExitStatus() const;
};

// Throws Error when a side cannot be read, or when a name for AWS is not valid (before anything is read).
MovePlan MakePlan(PlanOptions options);

nlohmann::json ToJson(const MovePlan& plan);
std::string PlanText(const MovePlan& plan);

}  // namespace airlift::planning
