// Options that several commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "pg/conninfo.h"
#include "preflight/preflight.h"
#include "progress/progress.h"
#include "report/result.h"
#include "report/signature.h"

namespace airlift {

// This host's processors, 2 to 8.
int DefaultJobs();

struct ConnectionOptions {
  std::string source;
  std::string target;
  int jobs = 0;

  ConnInfo SourceInfo() const;
  ConnInfo TargetInfo() const;
};
// --source and --target.
void AddSideOptions(CLI::App& app, ConnectionOptions& options);
// These and --jobs.
void AddConnectionOptions(CLI::App& app, ConnectionOptions& options);

// --source alone, and --jobs.
struct SourceOptions {
  std::string source;
  int jobs = 0;

  ConnInfo Info() const;
};
void AddSourceOptions(CLI::App& app, SourceOptions& options);

struct OutputOptions {
  bool json = false;
  bool quiet = false;
  std::string evidence;  // "" for a name made from the database and the time
  std::string html;      // "" for none
  std::shared_ptr<const SigningKey> signing_key;

  // Throws Error where the evidence file could not be made: a long run must not end with that.
  void RequirePlace() const;
  std::unique_ptr<Progress> MakeProgress() const;
  // The same, with a note where the tuning of the target for a load still stands.
  int Present(RunResult result, const ConnInfo& target) const;
  // Writes the evidence file, prints the summary (or the JSON), returns the exit status.
  int Present(const RunResult& result) const;
};
// --sign: the key is read at once, so that a long run does not end without its signature.
CLI::Option* AddSignOption(CLI::App& app, std::shared_ptr<const SigningKey>& key,
                           const std::string& what = "evidence file");
// Prints what a dry run tells; the exit status.
int PrintDescription(const Description& description);
void AddOutputOptions(CLI::App& app, OutputOptions& options);

}  // namespace airlift
