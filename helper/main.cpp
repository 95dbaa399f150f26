// pg_airlift: moves PostgreSQL databases to managed servers and proves that every row arrived.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/hidden_arguments.h"
#include "model/verdict.h"

namespace {

using airlift::Command;
using airlift::WithoutPassword;

constexpr Command kCommands[] = {
    {"assess", "find what would stop or harm a move, with the SQL that mends it", airlift::SetupAssess},
    {"migrate", "move schema and data to the target and prove every row", airlift::SetupMigrate},
    {"replicate", "replicate changes into a target that is loaded already", airlift::SetupReplicate},
    {"status", "tell how a migration stands: load, lag, slots, what needs attention", airlift::SetupStatus},
    {"restore", "move schema and data to the target without the proof; or restore an archive", airlift::SetupRestore},
    {"dump", "write a directory archive, and the manifest that proves a restore of it", airlift::SetupDump},
    {"copy-out", "write tables to files: filtered, in parts, compressed, with a manifest", airlift::SetupCopyOut},
    {"copy-in", "load such files into tables that exist, and prove the rows", airlift::SetupCopyIn},
    {"compare", "compare source and target to the row, both standing still", airlift::SetupCompare},
    {"worker", "join a migrate, restore or compare --resume in progress, from this host or another",
     airlift::SetupWorker},
    {"prepare", "make roles, replication role, replica identity and publication, in steps", airlift::SetupPrepare},
    {"undo", "take back what prepare did", airlift::SetupUndo},
    {"tune", "set for a load what the role may set on the target, and put it back", airlift::SetupTune},
    {"cutover", "move the application's writes to the target, within seconds", airlift::SetupCutover},
    {"fallback", "after a cutover: move them back to the source", airlift::SetupFallback},
    {"cleanup", "end a migration: remove what was made for it on both sides", airlift::SetupCleanup},
    {"plan", "tell which way to move, what it takes and how long it lasts", airlift::SetupPlan},
    {"check", "look again, for cron and systemd timers: silent while all is well", airlift::SetupCheck},
    {"report", "make an HTML page from what another command wrote as JSON", airlift::SetupReport},
    {"verify-evidence", "check the signature of an evidence file", airlift::SetupVerifyEvidence},
};

int Fail(const std::string& report) {
  fmt::print(stderr, "pg_airlift: error: {}\n", report);
  return airlift::kExitFailed;
}

// A word that is no command is otherwise told as a missing command, and what was not expected may be a connection
// string with its password.
std::string UsageProblem(const CLI::App& app, const CLI::App* command, const CLI::ParseError& error) {
  const std::vector<std::string> words = app.remaining(true);
  const bool is_extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (command == nullptr && !is_extra)
    return words.empty() ? "a command is required"
                         : fmt::format("\"{}\" is no command", WithoutPassword(words.front()));
  if (!is_extra) return error.what();
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : " ") + WithoutPassword(word);
  return "not expected: " + list;
}

// Of an option that is missing: the variable that could give it.
std::string OtherWay(const CLI::App* command, const std::string& problem) {
  if (command == nullptr) return {};
  const CLI::Option* option = command->get_option_no_throw(problem.substr(0, problem.find(' ')));
  if (option == nullptr || option->get_envname().empty() || !problem.ends_with(" is required")) return {};
  return fmt::format("Or set {}. ", option->get_envname());
}

std::string UsageReport(const CLI::App* app, const CLI::Error& error) {
  const auto* parse_error = dynamic_cast<const CLI::ParseError*>(&error);
  const std::vector<const CLI::App*> chosen = app->get_subcommands([](const CLI::App* s) { return s->parsed(); });
  const CLI::App* command = chosen.empty() ? nullptr : chosen.front();
  const std::string problem = parse_error == nullptr ? error.what() : UsageProblem(*app, command, *parse_error);
  const std::string way = OtherWay(command, problem);
  const std::string help = command == nullptr
                               ? std::string("pg_airlift --help lists the commands.")
                               : fmt::format("pg_airlift {} --help lists the options.", command->get_name());
  return fmt::format("pg_airlift: error: {}\nHINT:  {}{}\n", airlift::Inert(problem), way, help);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Moves a PostgreSQL database to a managed server and proves that every row arrived.", "pg_airlift");
  app.set_version_flag("-V,--version", std::string("pg_airlift ") + AIRLIFT_VERSION);
  app.require_subcommand(1);
  app.failure_message(UsageReport);
  app.footer("Exit status: 0 verified or done, 1 something differs or was left out, 2 could not tell or failed.");
  std::function<int()> run;
  for (const Command& command : kCommands) {
    CLI::App* subcommand = app.add_subcommand(command.name, command.description);
    subcommand->callback([&run, setup = command.setup(*subcommand)] { run = setup; });
  }
  // CLI11 takes them from the back.
  std::vector<std::string> arguments(std::make_reverse_iterator(argv + argc), std::make_reverse_iterator(argv + 1));
  airlift::HidePasswords(argc, argv);
  try {
    app.parse(std::move(arguments));
    airlift::InstallStopHandlers();
    const int status = run();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
    return Fail(fmt::format("could not write to standard output: {}", std::strerror(errno)));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? airlift::kExitDone : airlift::kExitFailed;
  } catch (const airlift::Error& error) {
    return Fail(error.Report());
  } catch (const std::exception& error) {
    return Fail(airlift::Inert(error.what()));
  }
}
