// cleanup: removes from both sides what was made for replicating.
#include "cleanup/cleanup.h"
#include "base/terminal.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/options.h"
#include "pg/side_conninfo.h"

namespace airlift {

namespace {

struct CleanupArguments {
  std::string source;
  std::string target;
  CleanupOptions cleanup;
  bool json = false;
};

void AddSides(CLI::App& app, CleanupArguments& arguments) {
  app.add_option("-s,--source", arguments.source, "source database, as for migrate")
      ->envname("PG_AIRLIFT_SOURCE")
      ->type_name("CONNINFO");
  app.add_option("-t,--target", arguments.target, "target database")
      ->envname("PG_AIRLIFT_TARGET")
      ->type_name("CONNINFO");
  app.add_flag("--source-is-gone", arguments.cleanup.source_is_gone, "clean up the target alone");
  app.add_flag("--target-is-gone", arguments.cleanup.target_is_gone,
               "clean up the source alone, by the names that begin with that of the publication");
  app.add_option("--publication", arguments.cleanup.publication, "with --target-is-gone: the publication's name")
      ->type_name("NAME")
      ->capture_default_str();
}

}  // namespace

std::function<int()> SetupCleanup(CLI::App& app) {
  auto arguments = std::make_shared<CleanupArguments>();
  CleanupOptions& cleanup = arguments->cleanup;
  AddSides(app, *arguments);
  app.add_option("--fallback-role", cleanup.fallback_role, "as for cutover, where there is a way back to be removed")
      ->type_name("NAME");
  cleanup.fallback_password_file = "pg_airlift-fallback-role.password";
  app.add_option("--fallback-password-file", cleanup.fallback_password_file, "its password (mode 0600)")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--abandon", cleanup.abandon, "also give up a migration that has not been cut over");
  app.add_flag("--unfence", cleanup.unfence, "let the source be written to again");
  app.add_flag("--dms", cleanup.dms, "also remove what AWS DMS homogeneous migrations left on the source");
  app.add_flag("--dry-run", cleanup.dry_run, "print what would be removed; change nothing");
  app.add_flag("--json", arguments->json, "print the items as JSON");
  return [arguments] {
    CleanupOptions& options = arguments->cleanup;
    if (arguments->source.empty() && !options.source_is_gone)
      throw Error("--source is required", {}, "Or say --source-is-gone.");
    if (arguments->target.empty() && !options.target_is_gone)
      throw Error("--target is required", {}, "Or say --target-is-gone.");
    options.source = ParseSide("source", arguments->source);
    options.target = ParseSide("target", arguments->target);
    const CleanupResult result = CleanUp(options);
    if (arguments->json) {
      fmt::print("{}\n", ToJson(result).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    } else {
      PrintText(CleanupText(result));
    }
    return result.ExitStatus();
  };
}

}  // namespace airlift
