#include "cli/options.h"
#include "base/file_name.h"
#include "base/output_directory.h"
#include "base/terminal.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <exception>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/html_file.h"
#include "pg/side_conninfo.h"
#include "tune/tuning_steps.h"

namespace airlift {

namespace {

// A name that tells runs apart and is safe in any shell.
std::string DefaultEvidencePath(const RunResult& result) {
  return fmt::format("pg_airlift-{}-{}-{:%Y%m%dT%H%M%SZ}.json", result.command, SafeFileName(result.source.database),
                     fmt::gmtime(std::time(nullptr)));
}

}  // namespace

int DefaultJobs() { return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 8); }

ConnInfo ConnectionOptions::SourceInfo() const { return ParseSide("source", source); }
ConnInfo ConnectionOptions::TargetInfo() const { return ParseSide("target", target); }

ConnInfo SourceOptions::Info() const { return ParseSide("source", source); }

void AddSourceOptions(CLI::App& app, SourceOptions& options) {
  options.jobs = DefaultJobs();
  app.add_option("-s,--source", options.source,
                 "source database: a libpq connection string, URI or service (password from .pgpass, please)")
      ->envname("PG_AIRLIFT_SOURCE")
      ->type_name("CONNINFO")
      ->required();
  app.add_option("-j,--jobs", options.jobs, "connections at work at once (default: this host's processors, 2 to 8)")
      ->check(CLI::Range(1, 256));
}

void AddSideOptions(CLI::App& app, ConnectionOptions& options) {
  app.add_option("-s,--source", options.source,
                 "source database: a libpq connection string, URI or service (password from .pgpass, please)")
      ->envname("PG_AIRLIFT_SOURCE")
      ->type_name("CONNINFO")
      ->required();
  app.add_option("-t,--target", options.target, "target database, in the same form")
      ->envname("PG_AIRLIFT_TARGET")
      ->type_name("CONNINFO")
      ->required();
}

void AddConnectionOptions(CLI::App& app, ConnectionOptions& options) {
  options.jobs = DefaultJobs();
  AddSideOptions(app, options);
  app.add_option("-j,--jobs", options.jobs,
                 "workers, each with a connection to both sides (default: this host's processors, 2 to 8)")
      ->check(CLI::Range(1, 256));
}

CLI::Option* AddSignOption(CLI::App& app, std::shared_ptr<const SigningKey>& key, const std::string& what) {
  return app
      .add_option_function<std::string>(
          "--sign", [&key](const std::string& path) { key = std::make_shared<SigningKey>(SigningKey::Load(path)); },
          "sign the " + what + " with this private key (Ed25519, PEM); the signature is written to its name with .sig")
      ->type_name("KEYFILE");
}

void AddOutputOptions(CLI::App& app, OutputOptions& options) {
  app.add_flag("--json", options.json, "print the evidence as JSON on standard output instead of the summary");
  app.add_flag("-q,--quiet", options.quiet, "no progress, and no output at all when the exit status is 0");
  WritesAtTheEnd(
      app.add_option("--evidence", options.evidence,
                     "where to write the evidence file (default: pg_airlift-COMMAND-DATABASE-TIME.json here)"))
      ->type_name("FILE");
  AddSignOption(app, options.signing_key);
  AddHtmlOption(app, options.html);
}

int PrintDescription(const Description& description) {
  PrintText(description.text);
  return description.is_blocked ? kExitFailed : kExitDone;
}

void OutputOptions::RequirePlace() const { RequirePlaceForFile(evidence.empty() ? "pg_airlift.json" : evidence); }

std::unique_ptr<Progress> OutputOptions::MakeProgress() const {
  return std::make_unique<Progress>(quiet ? ProgressStyle::kQuiet : DefaultProgressStyle());
}

int OutputOptions::Present(RunResult result, const ConnInfo& target) const {
  try {
    Connection connection(target, Side::kTarget);
    if (const auto note = NoteOfStandingTuning(connection)) result.notes.push_back(*note);
  } catch (const std::exception&) {
    // The result stands without it.
  }
  return Present(result);
}

int OutputOptions::Present(const RunResult& result) const {
  const std::string path = evidence.empty() ? DefaultEvidencePath(result) : evidence;
  // What was found is told also where the disk is full by now.
  std::exception_ptr failure;
  try {
    WriteEvidence(result, path, signing_key.get());
  } catch (const Error&) {
    failure = std::current_exception();
  }
  const int status = result.ExitStatus();
  if (json) {
    fmt::print("{}\n", ToJson(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (!quiet || status != kExitDone || failure) {
    PrintText((failure ? std::string() : fmt::format("evidence: {}\n", path)) + Summary(result));
  }
  if (failure) std::rethrow_exception(failure);
  WriteHtmlFile(html, ToJson(result));
  return status;
}

}  // namespace airlift
