// plan: which way to move, what it takes and how long it lasts. Reads only.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/duration.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/html_file.h"
#include "cli/options.h"
#include "cli/selection_arguments.h"
#include "model/verdict.h"
#include "plan/move_plan.h"

namespace airlift {

namespace {

using planning::PlanOptions;
using planning::ServerKind;

struct PlanArguments {
  ConnectionOptions connections;
  SelectionArguments selection;
  std::string target_kind;
  std::string target_version;
  std::string max_downtime;
  PlanOptions plan;
  std::string html;
  bool json = false;
};

void AddSides(CLI::App& app, PlanArguments& arguments) {
  app.add_option("-s,--source", arguments.connections.source,
                 "source database: a libpq connection string, URI or service (password from .pgpass, please)")
      ->envname("PG_AIRLIFT_SOURCE")
      ->type_name("CONNINFO")
      ->required();
  app.add_option("-t,--target", arguments.connections.target,
                 "target database, in the same form; a sample is copied into a temporary table there. Without it, the "
                 "target's share of the times is assumed")
      ->envname("PG_AIRLIFT_TARGET")
      ->type_name("CONNINFO");
  app.add_option("--target-kind", arguments.target_kind, "rds or aurora (default: asked of the target, else rds)")
      ->check(CLI::IsMember({"rds", "aurora"}));
  app.add_option("--target-version", arguments.target_version,
                 "version of the target that is to be, as 17 or 17.5 (default: that of --target)")
      ->type_name("N");
  AddSelectionOptions(app, arguments.selection);
}

void AddPlanOptions(CLI::App& app, PlanArguments& arguments) {
  PlanOptions& plan = arguments.plan;
  plan.jobs = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 8);
  app.add_option("--max-downtime", arguments.max_downtime, "how long writes may stand still, as 90s, 5min or 2h")
      ->type_name("DURATION");
  app.add_option("--sample-seconds", plan.sample_seconds,
                 "time for measuring the WAL rate, and for each of two passes of sample copies; 0 measures nothing")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  app.add_option("-j,--jobs", plan.jobs, "workers that the move will have (default: this host's processors, 2 to 8)")
      ->check(CLI::Range(1, 256));
  app.add_option("--identifier-prefix", plan.aws.prefix,
                 "beginning of the AWS identifiers in the commands (default: made from the database's name)");
  app.add_option("--source-instance", plan.aws.source_instance,
                 "identifier of the source's RDS instance (default: from its endpoint)");
  app.add_option("--source-region", plan.aws.source_region, "Region of the source (default: from its endpoint)");
  app.add_option("--region", plan.aws.region, "Region of the target (default: from its endpoint, else the source's)");
  app.add_option("--kms-key-id", plan.aws.kms_key, "key that encrypts the target");
  app.add_option("--instance-class", plan.aws.instance_class, "class of the target's instance, as db.r7g.xlarge");
  app.add_flag("--json", arguments.json, "print the plan as JSON (docs/plan.md)");
  AddHtmlOption(app, arguments.html);
}

int RunPlan(PlanArguments& arguments) {
  PlanOptions& plan = arguments.plan;
  plan.selection = arguments.selection.Rules();
  plan.source = arguments.connections.SourceInfo();
  if (!arguments.connections.target.empty()) plan.target = arguments.connections.TargetInfo();
  if (!arguments.target_kind.empty())
    plan.target_kind = arguments.target_kind == "aurora" ? ServerKind::kAurora : ServerKind::kRds;
  if (!arguments.target_version.empty()) plan.target_version = planning::ParseTargetVersion(arguments.target_version);
  if (!arguments.max_downtime.empty()) plan.max_downtime = ParseDuration(arguments.max_downtime);
  const planning::MovePlan made = planning::MakePlan(plan);
  const nlohmann::json document = ToJson(made);
  if (arguments.json) {
    std::puts(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  } else {
    PrintText(PlanText(made));
  }
  WriteHtmlFile(arguments.html, document);
  return made.ExitStatus();
}

}  // namespace

std::function<int()> SetupPlan(CLI::App& app) {
  auto arguments = std::make_shared<PlanArguments>();
  AddSides(app, *arguments);
  AddPlanOptions(app, *arguments);
  return [arguments] { return RunPlan(*arguments); };
}

}  // namespace airlift
