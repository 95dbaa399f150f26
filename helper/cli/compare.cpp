// compare: are two databases that stand still the same, to the row?
#include "compare/compare.h"

#include <memory>

#include "cli/command.h"
#include "cli/options.h"

namespace airlift {

namespace {

struct CompareArguments {
  ConnectionOptions connections;
  OutputOptions output;
  CompareOptions compare;
  std::vector<std::string> schemas;
  bool data_only = false;
};

}  // namespace

std::function<int()> SetupCompare(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  AddConnectionOptions(app, arguments->connections);
  AddOutputOptions(app, arguments->output);
  app.add_option("-T,--table", arguments->compare.tables,
                 "compare only tables that match this pattern (as psql's \\d takes it); may be given several times")
      ->type_name("PATTERN");
  app.add_option("-n,--schema", arguments->schemas, "compare only tables of schemas that match this pattern")
      ->type_name("PATTERN");
  app.add_flag("--data-only", arguments->data_only, "tables only: no sequences, large objects or schema");
  return [arguments] {
    CompareOptions& compare = arguments->compare;
    compare.source = arguments->connections.SourceInfo();
    compare.target = arguments->connections.TargetInfo();
    for (const std::string& schema : arguments->schemas) compare.tables.push_back(schema + ".*");
    compare.jobs = arguments->connections.jobs;
    compare.with_schema = !arguments->data_only;
    const auto progress = arguments->output.MakeProgress();
    const RunResult result = CompareDatabases(compare, *progress);
    progress->Stop();
    return arguments->output.Present(result);
  };
}

}  // namespace airlift
