// worker: joins a load or a comparison that another process drives, from this host or another.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "base/duration.h"
#include "base/format.h"
#include "base/patience.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/pace_arguments.h"
#include "compare/shared_comparison.h"
#include "engine/join.h"

namespace airlift {

namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(200);

struct WorkerArguments {
  ConnectionOptions connections;
  PaceArguments pace;
  std::string toast_compression = "lz4";
  std::string wait;
  bool quiet = false;
};

// What is in progress on the target, until it is over; nullopt where nothing is.
std::optional<int64_t> Join(const WorkerArguments& arguments, Progress& progress) {
  MoveOptions move;
  move.source = arguments.connections.SourceInfo();
  move.target = arguments.connections.TargetInfo();
  move.jobs = arguments.connections.jobs;
  move.toast_compression = arguments.toast_compression == "server" ? "" : arguments.toast_compression;
  if (const auto done = JoinLoad(move, progress)) return done;
  CompareOptions compare;
  compare.source = move.source;
  compare.target = move.target;
  compare.jobs = move.jobs;
  compare.pace = arguments.pace.Options();
  return JoinComparison(compare, progress);
}

int RunWorker(const WorkerArguments& arguments) {
  Progress progress(arguments.quiet ? ProgressStyle::kQuiet : DefaultProgressStyle());
  const double seconds = arguments.wait.empty() ? 0 : ParseDuration(arguments.wait);
  Patience patience(std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000)),
                    "a load or a comparison on the target");
  std::optional<int64_t> done = Join(arguments, progress);
  while (!done && !patience.IsOver()) {
    patience.Pause(kLookAgain);
    done = Join(arguments, progress);
  }
  if (!done)
    throw Error(
        "no load and no comparison that takes workers is in progress on the target", {},
        "migrate, restore and compare --resume take workers while they copy or compare tables; --wait waits for one.");
  progress.Stop();
  if (!arguments.quiet) fmt::print("{} tasks done here\n", FormatCount(*done));
  return kExitDone;
}

}  // namespace

std::function<int()> SetupWorker(CLI::App& app) {
  auto arguments = std::make_shared<WorkerArguments>();
  AddConnectionOptions(app, arguments->connections);
  app.add_option("--wait", arguments->wait, "wait so long for something to join (default: not at all)")
      ->type_name("TIME");
  app.add_option("--toast-compression", arguments->toast_compression, "as the migrate that it joins")
      ->check(CLI::IsMember({"lz4", "pglz", "server"}))
      ->type_name("METHOD");
  AddPaceOptions(app, arguments->pace);
  app.add_flag("-q,--quiet", arguments->quiet, "no progress, and no output at all when the exit status is 0");
  return [arguments] { return RunWorker(*arguments); };
}

}  // namespace airlift
