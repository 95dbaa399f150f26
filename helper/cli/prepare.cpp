// prepare: roles, replication role, replica identity, publication. undo: takes them back.
#include "prepare/prepare.h"
#include "base/terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/duration.h"
#include "cli/command.h"
#include "cli/options.h"
#include "pg/identifier.h"
#include "prepare/databases.h"
#include "prepare/prepare_report.h"

namespace airlift {

namespace {

constexpr const char* kDefaultPasswordFile = "pg_airlift-replication-role.password";

// Which databases, where they are several.
struct DatabaseArguments {
  std::vector<std::string> names;
  bool all = false;

  bool IsOne() const { return names.empty() && !all; }
};

struct PrepareArguments {
  ConnectionOptions connections;
  DatabaseArguments databases;
  PrepareOptions prepare;
  std::string from_target;
  std::vector<std::string> accepted;
  std::string lock_timeout = "2s";
  bool json = false;
};

struct UndoArguments {
  ConnectionOptions connections;
  DatabaseArguments databases;
  std::string lock_timeout = "2s";
  bool dry_run = false;
  bool json = false;
};

// "ID=reason"
std::map<std::string, std::string> ParseAccepted(const std::vector<std::string>& accepted) {
  std::map<std::string, std::string> reasons;
  for (const std::string& text : accepted) {
    const size_t equals = text.find('=');
    reasons[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return reasons;
}

int Present(const PrepareResult& result, bool json) {
  if (json) {
    fmt::print("{}\n", PrepareJson(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    PrintText(PrepareText(result));
  }
  return result.ExitStatus();
}

// One document or text for all; the exit status is the worst.
int Present(const std::vector<PrepareResult>& results, bool json) {
  nlohmann::ordered_json documents = nlohmann::ordered_json::array();
  int status = kExitDone;
  for (const PrepareResult& result : results) {
    status = std::max(status, result.ExitStatus());
    if (json)
      documents.push_back(PrepareJson(result));
    else
      PrintText(fmt::format("-- database {}\n{}\n", DisplayName(result.target.database), PrepareText(result)));
  }
  if (json)
    fmt::print("{}\n", nlohmann::ordered_json{{"command", results.empty() ? "" : results.front().command},
                                              {"databases", documents},
                                              {"exit_status", status}}
                           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return status;
}

void AddDatabases(CLI::App& app, DatabaseArguments& databases) {
  auto* named =
      app.add_option("--database", databases.names,
                     "this database of both servers, in place of those in --source and --target; may be given "
                     "several times")
          ->type_name("NAME")
          ->allow_extra_args(false);
  app.add_flag("--all-databases", databases.all, "every database of the source that takes connections")
      ->excludes(named);
}

void AddParts(CLI::App& app, PrepareArguments& arguments) {
  PrepareOptions& prepare = arguments.prepare;
  CLI::Option* roles = app.add_flag(
      "--roles", prepare.roles,
      "on the target: roles, memberships, settings of roles and of the database, passwords by their hashes");
  app.add_option("--globals", prepare.globals,
                 "read the roles from this file of pg_dumpall --globals-only, not from the source")
      ->type_name("FILE")
      ->needs(roles);
  app.add_option("--replication-role", prepare.replication_role,
                 "on the source: this login for the subscription, with REPLICATION, USAGE and SELECT; then try it")
      ->type_name("NAME");
  app.add_flag("--replica-identity", prepare.replica_identity,
               "on the source: a replica identity for tables without one (needs the extension)");
  app.add_option("--publication", prepare.publication,
                 "on the source: this publication of tables that have an identity (needs the extension)")
      ->type_name("NAME");
  app.add_option("-T,--table", prepare.tables,
                 "identity and publication: only tables that match this pattern; may be given several times")
      ->type_name("PATTERN");
  app.add_option(
         "--lock-timeout", arguments.lock_timeout,
         "identity: how long each of five tries waits for a table's lock, while others queue behind it; a unique "
         "index, behind which nobody queues, waits 60 times as long")
      ->type_name("DURATION")
      ->capture_default_str();
}

void AddSecrets(CLI::App& app, PrepareArguments& arguments) {
  PrepareOptions& prepare = arguments.prepare;
  app.add_option("--new-passwords", prepare.new_passwords,
                 "where the source's hashes cannot be read: new passwords, written to this file (mode 0600)")
      ->type_name("FILE");
  prepare.password_file = kDefaultPasswordFile;
  app.add_option("--password-file", prepare.password_file,
                 "the replication role's password; made where the file does not exist (mode 0600)")
      ->type_name("FILE")
      ->capture_default_str();
}

}  // namespace

std::function<int()> SetupPrepare(CLI::App& app) {
  auto arguments = std::make_shared<PrepareArguments>();
  AddSideOptions(app, arguments->connections);
  AddDatabases(app, arguments->databases);
  AddParts(app, *arguments);
  AddSecrets(app, *arguments);
  app.add_option("--source-from-target", arguments->from_target,
                 "host and port of the source as the target reaches it, where they differ from those in --source")
      ->type_name("CONNINFO");
  app.add_option("--accept", arguments->accepted,
                 "live with what is reported under this id; recorded, and no longer counted in the exit status")
      ->type_name("ID[=REASON]");
  app.add_flag("--dry-run", arguments->prepare.dry_run,
               "print the SQL; on the target try it in a transaction that is rolled back; change nothing");
  app.add_flag("--json", arguments->json, "print steps and findings as JSON");
  return [arguments] {
    PrepareOptions& prepare = arguments->prepare;
    prepare.source = arguments->connections.SourceInfo();
    prepare.target = arguments->connections.TargetInfo();
    prepare.from_target = ConnInfo::Parse(arguments->from_target);
    prepare.lock_timeout = ParseDuration(arguments->lock_timeout);
    prepare.accepted = ParseAccepted(arguments->accepted);
    const DatabaseArguments& databases = arguments->databases;
    if (databases.IsOne()) return Present(Prepare(prepare), arguments->json);
    return Present(
        PrepareDatabases(prepare, databases.all ? DatabasesOf(prepare.source, Side::kSource) : databases.names),
        arguments->json);
  };
}

std::function<int()> SetupUndo(CLI::App& app) {
  auto arguments = std::make_shared<UndoArguments>();
  AddSideOptions(app, arguments->connections);
  AddDatabases(app, arguments->databases);
  app.add_option("--lock-timeout", arguments->lock_timeout,
                 "dropping an index that was built, behind which nobody queues, waits 60 times as long for locks")
      ->type_name("DURATION")
      ->capture_default_str();
  app.add_flag("--dry-run", arguments->dry_run, "print what would be taken back; change nothing");
  app.add_flag("--json", arguments->json, "print steps as JSON");
  return [arguments] {
    const UndoOptions undo{arguments->connections.SourceInfo(), arguments->connections.TargetInfo(),
                           ParseDuration(arguments->lock_timeout), arguments->dry_run};
    const DatabaseArguments& databases = arguments->databases;
    if (databases.IsOne()) return Present(Undo(undo), arguments->json);
    return Present(UndoDatabases(undo, databases.all ? DatabasesOf(undo.target, Side::kTarget) : databases.names),
                   arguments->json);
  };
}

}  // namespace airlift
