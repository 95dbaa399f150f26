// assess: what would stop or harm a move, and the SQL that mends it.
#include "assess/assess.h"

#include <fmt/format.h>

#include <memory>

#include "assess/assess_output.h"
#include "assess/catalogue_listing.h"
#include "base/error.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/html_file.h"
#include "model/verdict.h"
#include "pg/side_conninfo.h"

namespace airlift {

namespace {

struct AssessArguments {
  std::string source;
  std::string target;
  std::string target_kind;
  int target_version = 0;
  std::string severity = "blocker";
  std::vector<std::string> strategies;
  std::vector<std::string> accepted;
  std::string html;
  bool deep = false;
  bool json = false;
  bool quiet = false;
  bool list_checks = false;
  bool markdown = false;
};

template <size_t size>
std::vector<std::string> Names(const NamedBit (&names)[size]) {
  std::vector<std::string> list;
  for (const NamedBit& named : names) list.emplace_back(named.name);
  return list;
}

AssessOptions OptionsOf(const AssessArguments& arguments) {
  if (arguments.source.empty())
    throw Error("no source is given", {}, "Give --source CONNINFO, or set PG_AIRLIFT_SOURCE.");
  AssessOptions options;
  options.source = ParseSide("source", arguments.source);
  if (!arguments.target.empty()) options.target = ParseSide("target", arguments.target);
  if (!arguments.target_kind.empty()) options.target_kind = BitNamed(kTargetNames, arguments.target_kind.c_str());
  if (arguments.target_version != 0) options.target_version = arguments.target_version;
  options.deep = arguments.deep;
  if (!arguments.strategies.empty()) options.strategies = 0;
  for (const std::string& name : arguments.strategies)
    options.strategies = static_cast<StrategySet>(options.strategies | BitNamed(kStrategyNames, name.c_str()));
  for (const std::string& text : arguments.accepted) {
    const size_t equals = text.find('=');
    options.accepted[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return options;
}

int ListChecks(const AssessArguments& arguments) {
  if (arguments.json) {
    fmt::print("{}\n", CatalogueJson().dump(2));
  } else {
    fmt::print("{}", arguments.markdown ? CatalogueMarkdown() : CatalogueText());
  }
  return kExitDone;
}

int RunAssess(const AssessArguments& arguments) {
  if (arguments.list_checks) return ListChecks(arguments);
  const Severity severity = ParseSeverity(arguments.severity);
  const AssessReport report = Assess(OptionsOf(arguments));
  const int status = AssessExitStatus(report, severity);
  const nlohmann::json document = AssessJson(report, severity);
  if (arguments.json) {
    fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (!arguments.quiet || status != kExitDone) {
    PrintText(AssessText(report, severity));
  }
  WriteHtmlFile(arguments.html, document);
  return status;
}

void AddWhatToAssess(CLI::App& app, AssessArguments& arguments) {
  app.add_option("-s,--source", arguments.source,
                 "source database: a libpq connection string, URI or service (password from .pgpass, please)")
      ->envname("PG_AIRLIFT_SOURCE")
      ->type_name("CONNINFO");
  app.add_option("-t,--target", arguments.target,
                 "target database, in the same form; without it only the source is looked at")
      ->envname("PG_AIRLIFT_TARGET")
      ->type_name("CONNINFO");
  app.add_option("--target-kind", arguments.target_kind, "what the target is (default: asked of the target, else rds)")
      ->check(CLI::IsMember(Names(kTargetNames)));
  app.add_option("--target-version", arguments.target_version,
                 "major version of PostgreSQL there (default: the target's, else the source's)")
      ->check(CLI::Range(kFirstVersion, kLastVersion - 1))
      ->type_name("MAJOR");
  app.add_option("--strategy", arguments.strategies, "only checks that concern one of these ways to move")
      ->delimiter(',')
      ->check(CLI::IsMember(Names(kStrategyNames)));
  app.add_flag("--deep", arguments.deep,
               "also read samples of the tables: wide values, invalid bytes, bloat, corrupt indexes");
}

}  // namespace

std::function<int()> SetupAssess(CLI::App& app) {
  auto arguments = std::make_shared<AssessArguments>();
  AddWhatToAssess(app, *arguments);
  app.add_option("--severity", arguments->severity, "exit with 1 when there are findings of this severity or above")
      ->check(CLI::IsMember({"blocker", "warning", "info"}))
      ->capture_default_str();
  app.add_option("--accept", arguments->accepted,
                 "a check whose findings (or failure) you choose to live with, and why; may be given several times")
      ->type_name("ID[=REASON]")
      ->allow_extra_args(false);
  app.add_flag("--json", arguments->json, "print JSON instead of text");
  AddHtmlOption(app, arguments->html);
  app.add_flag("-q,--quiet", arguments->quiet, "no output at all when the exit status is 0");
  app.add_flag("--list-checks", arguments->list_checks, "print the catalogue of checks and do nothing else");
  app.add_flag("--markdown", arguments->markdown, "with --list-checks: as docs/checks.md has it");
  app.footer(
      "Exit status: 0 no findings at the severity, 1 findings, 2 a check could not be run, or the command failed.");
  return [arguments] { return RunAssess(*arguments); };
}

}  // namespace airlift
