#include "cli/cluster_arguments.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <nlohmann/json.hpp>

#include "base/file_name.h"

namespace airlift {

namespace {

constexpr const char* kGroup = "Whole clusters";
constexpr const char* kSuffix = ".json";

}  // namespace

CLI::Option* AddClusterOptions(CLI::App& app, ClusterArguments& arguments) {
  CLI::Option* all = app.add_flag("--all-databases", arguments.all,
                                  "every database of the source, one after another; --source and --target name the "
                                  "servers (and the database to begin from, default: postgres)")
                         ->group(kGroup);
  app.add_option("--database", arguments.include,
                 "only databases that match this pattern (as pg_dumpall takes it); may be given several times")
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->needs(all)
      ->group(kGroup);
  app.add_option("--exclude-database", arguments.exclude, "not those that match this pattern")
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->needs(all)
      ->group(kGroup);
  return all;
}

void AddClusterMoveOptions(CLI::App& app, ClusterArguments& arguments) {
  CLI::Option* all = AddClusterOptions(app, arguments);
  app.add_option("--map-locale", arguments.locales,
                 "a locale of the source by the name that the target has for it; may be given several times")
      ->type_name("FROM=TO")
      ->allow_extra_args(false)
      ->needs(all)
      ->group(kGroup);
  CLI::Option* no_roles =
      app.add_flag("--no-roles", arguments.no_roles, "the roles are on the target already")->needs(all)->group(kGroup);
  app.add_option("--globals", arguments.globals,
                 "read the roles from this file of pg_dumpall --globals-only, not from the source")
      ->type_name("FILE")
      ->needs(all)
      ->excludes(no_roles)
      ->group(kGroup);
  app.add_option("--new-passwords", arguments.new_passwords,
                 "where the source's hashes cannot be read: new passwords, written to this file (mode 0600)")
      ->type_name("FILE")
      ->needs(all)
      ->excludes(no_roles)
      ->group(kGroup);
}

void RefuseSelection(const SelectionRules& selection) {
  if (!selection.IsEmpty())
    throw Error("--all-databases takes databases whole", "Schemas, tables and mappings are chosen in one database.",
                "Choose databases with --database and --exclude-database; or run one database at a time.");
}

ConnInfo ClusterInfo(const ConnInfo& info) {
  const bool is_given = !info.Get("dbname").empty() || !info.Get("service").empty() ||
                        std::getenv("PGDATABASE") != nullptr || std::getenv("PGSERVICE") != nullptr;
  return is_given ? info : info.With("dbname", "postgres");
}

ClusterEvidence::ClusterEvidence(const OutputOptions& output, const std::string& command)
    : output_(output), path_(output.evidence) {
  if (!output.html.empty())
    throw Error("--html makes a page of one database", {},
                "Make one of each evidence file afterwards: pg_airlift report.");
  output.RequirePlace();
  if (path_.empty())
    path_ = fmt::format("pg_airlift-{}-all-databases-{:%Y%m%dT%H%M%SZ}{}", command, fmt::gmtime(std::time(nullptr)),
                        kSuffix);
}

std::string ClusterEvidence::Keep(const RunResult& result) {
  // Different databases may come to the same safe name.
  const std::string safe = SafeFileName(result.source.database);
  std::string name = safe;
  for (int number = 2; std::find(names_.begin(), names_.end(), name) != names_.end(); ++number)
    name = fmt::format("{}-{}", safe, number);
  names_.push_back(name);
  const bool has_suffix = path_.size() > 5 && path_.ends_with(kSuffix);
  const std::string path =
      fmt::format("{}.{}{}", has_suffix ? path_.substr(0, path_.size() - 5) : path_, name, kSuffix);
  WriteEvidence(result, path, output_.signing_key.get());
  return path;
}

int ClusterEvidence::Present(const ClusterResult& result) const {
  const std::string text = ClusterJson(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  // What was found is told also where the disk is full by now.
  std::exception_ptr failure;
  try {
    WriteFileAtomically(path_, "evidence file", 0666, [&](std::FILE* file) { std::fputs(text.c_str(), file); });
    if (output_.signing_key) SignFile(path_, *output_.signing_key);
  } catch (const Error&) {
    failure = std::current_exception();
  }
  const int status = result.ExitStatus();
  if (output_.json) {
    fmt::print("{}", text);
  } else if (!output_.quiet || status != kExitDone || failure) {
    fmt::print("{}{}", failure ? std::string() : fmt::format("evidence: {}\n", path_), ClusterText(result));
  }
  if (failure) std::rethrow_exception(failure);
  return status;
}

}  // namespace airlift
