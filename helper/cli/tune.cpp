// tune: what the migrating role may set on the target for a load, set and put back; the rest as commands.
#include "tune/tune.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "cli/command.h"
#include "cli/options.h"
#include "plan/aws_name.h"
#include "tune/tune_output.h"

namespace airlift {

namespace {

struct TuneArguments {
  ConnectionOptions connections;
  TuneOptions tune;
  std::string memory;
  std::string kind;
  bool apply = false;
  bool reset = false;
  bool without_tables = false;
  bool json = false;
};

void AddWhatToDo(CLI::App& app, TuneArguments& arguments) {
  app.add_option("-t,--target", arguments.connections.target,
                 "target database: a libpq connection string, URI or service (password from .pgpass, please)")
      ->envname("PG_AIRLIFT_TARGET")
      ->type_name("CONNINFO")
      ->required();
  auto* apply = app.add_flag("--apply", arguments.apply,
                             "set what the role may set, and record what was there; without this: only show");
  app.add_flag("--reset", arguments.reset, "put back exactly what was there before, also after a kill")
      ->excludes(apply);
  app.add_flag("--dry-run", arguments.tune.dry_run, "try it in a transaction that is rolled back; change nothing");
  app.add_flag("--json", arguments.json, "print JSON instead of text");
}

void AddValues(CLI::App& app, TuneArguments& arguments) {
  TuneOptions& tune = arguments.tune;
  tune.jobs = DefaultJobs();
  app.add_option("-j,--jobs", tune.jobs, "workers that the load will have (default: this host's processors, 2 to 8)")
      ->check(CLI::Range(1, 256));
  app.add_option("--memory", arguments.memory,
                 "memory of the target's instance, as 16GB (default: told from its shared_buffers, carefully)")
      ->type_name("SIZE");
  app.add_option("-T,--table", tune.tables,
                 "autovacuum rests only for tables that match this pattern; may be given several times")
      ->type_name("PATTERN");
  app.add_flag("--without-tables", arguments.without_tables, "leave autovacuum of the tables as it is");
  app.add_flag("--with-replication", tune.with_replication, "tell the parameters of replication, too");
  app.add_option("--target-kind", arguments.kind, "rds or aurora (default: asked of the target)")
      ->check(CLI::IsMember({"rds", "aurora"}));
  app.add_option("--parameter-group", tune.parameter_group,
                 "name of the instance's parameter group, for the commands (default: made from the database's name)")
      ->type_name("NAME");
  app.add_option("--cluster-parameter-group", tune.cluster_parameter_group, "Aurora: that of the cluster")
      ->type_name("NAME");
  app.add_option("--instance", tune.instance, "identifier of the instance (default: from the endpoint)")
      ->type_name("NAME");
}

void CheckNames(const TuneOptions& tune) {
  const std::pair<const char*, const std::string&> names[] = {
      {"--parameter-group", tune.parameter_group},
      {"--cluster-parameter-group", tune.cluster_parameter_group},
      {"--instance", tune.instance}};
  for (const auto& [what, name] : names)
    if (!name.empty()) planning::CheckAwsIdentifier(name, what);
}

int RunTune(TuneArguments& arguments) {
  TuneOptions& tune = arguments.tune;
  tune.target = arguments.connections.TargetInfo();
  tune.mode = arguments.apply ? TuneMode::kApply : arguments.reset ? TuneMode::kReset : TuneMode::kShow;
  tune.with_tables = !arguments.without_tables;
  if (!arguments.memory.empty()) tune.memory = ParseSize(arguments.memory);
  if (!arguments.kind.empty())
    tune.kind = arguments.kind == "aurora" ? planning::ServerKind::kAurora : planning::ServerKind::kRds;
  CheckNames(tune);
  const TuneResult result = Tune(tune);
  if (arguments.json) {
    fmt::print("{}\n", TuneJson(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{}", TuneText(result));
  }
  return result.ExitStatus();
}

}  // namespace

std::function<int()> SetupTune(CLI::App& app) {
  auto arguments = std::make_shared<TuneArguments>();
  AddWhatToDo(app, *arguments);
  AddValues(app, *arguments);
  app.footer("Exit status: 0 done (or shown), 1 the target refused something, 2 failed.");
  return [arguments] { return RunTune(*arguments); };
}

}  // namespace airlift
