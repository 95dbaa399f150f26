// cutover: the application moves to the target. fallback: it goes back to the source.
#include "cutover/cutover.h"
#include "base/terminal.h"

#include <fmt/format.h>

#include <memory>

#include "base/duration.h"
#include "base/format.h"
#include "cli/command.h"
#include "cli/html_file.h"
#include "cli/options.h"
#include "cutover/fallback.h"

namespace airlift {

namespace {

constexpr const char* kDefaultPasswordFile = "pg_airlift-fallback-role.password";

struct CrossingArguments {
  ConnectionOptions connections;
  CrossingOptions crossing;
  std::string from_source;
  std::string timeout = "1min";
  std::string max_lag = "64MB";
  bool no_fallback = false;
  bool no_verify = false;
  bool no_refresh = false;
  bool json = false;
  bool quiet = false;
};

using Crosser = CrossingResult (*)(const CrossingOptions&, Progress&);

void AddCrossingOptions(CLI::App& app, CrossingArguments& arguments) {
  CrossingOptions& crossing = arguments.crossing;
  AddConnectionOptions(app, arguments.connections);
  app.add_option("--fallback-role", crossing.fallback_role,
                 "the target's login that may use replication slots, for the way back")
      ->type_name("NAME");
  crossing.fallback_password_file = kDefaultPasswordFile;
  app.add_option("--fallback-password-file", crossing.fallback_password_file, "its password (mode 0600)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--no-verify", arguments.no_verify,
               "do not compare rows under the fence: the writes stand still for a shorter time, and nothing is proved");
  app.add_flag("--no-refresh", arguments.no_refresh, "do not refresh materialized views");
  app.add_option("--sequence-margin", crossing.sequence_margin,
                 "set sequences ahead by this many increments (default: 100)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->type_name("N");
  app.add_option("--timeout", arguments.timeout,
                 "how long each wait may last (sessions that end, slots that confirm); then all is taken back")
      ->type_name("TIME")
      ->capture_default_str();
  app.add_option("--max-lag", arguments.max_lag, "refuse to begin with more WAL to be applied than this")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_flag("--dry-run", crossing.dry_run, "check, and print each step's SQL; change nothing");
  app.add_flag("--abort", crossing.abort, "take back what was begun and did not end");
  CLI::Option* evidence =
      WritesAtTheEnd(app.add_option("--evidence", crossing.evidence, "where to write the comparison's evidence file"))
          ->type_name("FILE");
  AddSignOption(app, crossing.signing_key)->needs(evidence);
  app.add_flag("--json", arguments.json, "print steps, times and the comparison as JSON")
      ->excludes(app.get_option("--dry-run"));
  app.add_flag("-q,--quiet", arguments.quiet, "no progress, and no output at all when the exit status is 0");
}

int Cross(CrossingArguments& arguments, Crosser cross) {
  CrossingOptions& crossing = arguments.crossing;
  crossing.source = arguments.connections.SourceInfo();
  crossing.target = arguments.connections.TargetInfo();
  crossing.jobs = arguments.connections.jobs;
  crossing.from_source = ConnInfo::Parse(arguments.from_source);
  crossing.with_fallback = !arguments.no_fallback;
  crossing.verify = !arguments.no_verify;
  crossing.refresh_materialized_views = !arguments.no_refresh;
  crossing.timeout = ParseDuration(arguments.timeout);
  crossing.most_lag = ParseSize(arguments.max_lag);
  Progress progress(arguments.quiet ? ProgressStyle::kQuiet : DefaultProgressStyle());
  const CrossingResult result = cross(crossing, progress);
  progress.Stop();
  const int status = result.ExitStatus();
  if (arguments.json) {
    fmt::print("{}\n", ToJson(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (!arguments.quiet || status != kExitDone) {
    PrintText(CrossingText(result));
  }
  return status;
}

}  // namespace

std::function<int()> SetupCutover(CLI::App& app) {
  auto arguments = std::make_shared<CrossingArguments>();
  AddCrossingOptions(app, *arguments);
  app.add_flag("--no-fallback", arguments->no_fallback, "make no way back to the source");
  app.add_flag("--full-verify", arguments->crossing.full_verify,
               "compare every row under the fence, also where an audit slot tells which have changed");
  app.add_option("--target-from-source", arguments->from_source,
                 "host and port of the target as the source reaches it, where they differ from those in --target")
      ->type_name("CONNINFO");
  return [arguments] { return Cross(*arguments, CutOver); };
}

std::function<int()> SetupFallback(CLI::App& app) {
  auto arguments = std::make_shared<CrossingArguments>();
  AddCrossingOptions(app, *arguments);
  return [arguments] { return Cross(*arguments, FallBack); };
}

}  // namespace airlift
