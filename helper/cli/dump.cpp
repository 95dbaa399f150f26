// dump: a directory archive by pg_dump, and the manifest by which a restore of it is proved.
#include <fmt/format.h>

#include <memory>

#include "archive/dump.h"
#include "base/format.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/selection_arguments.h"

namespace airlift {

namespace {

struct DumpArguments {
  SourceOptions source;
  DumpOptions dump;
  std::string mapping;
  std::shared_ptr<const SigningKey> signing_key;
  bool quiet = false;
};

int RunDump(DumpArguments& arguments) {
  arguments.dump.source = arguments.source.Info();
  arguments.dump.jobs = arguments.source.jobs;
  arguments.dump.mapping = MappingRules(arguments.mapping);
  Progress progress(arguments.quiet ? ProgressStyle::kQuiet : DefaultProgressStyle());
  const Manifest manifest = DumpDatabase(arguments.dump, progress);
  progress.Stop();
  if (arguments.signing_key) SignFile(arguments.dump.path + "/" + kManifestName, *arguments.signing_key);
  if (arguments.quiet) return kExitDone;
  uint64_t rows = 0;
  int64_t bytes = 0;
  for (const ManifestTable& table : manifest.tables) rows += table.digest.rows;
  for (const auto& [name, file] : manifest.files) bytes += file.size;
  fmt::print("{} tables, {} rows, {} large objects, {} in {} files\nmanifest: {}/{}\n",
             FormatCount(static_cast<int64_t>(manifest.tables.size())), FormatCount(static_cast<int64_t>(rows)),
             FormatCount(static_cast<int64_t>(manifest.large_objects.rows)), FormatBytes(bytes), manifest.files.size(),
             arguments.dump.path, kManifestName);
  return kExitDone;
}

}  // namespace

std::function<int()> SetupDump(CLI::App& app) {
  auto arguments = std::make_shared<DumpArguments>();
  AddSourceOptions(app, arguments->source);
  app.add_option("-f,--file", arguments->dump.path, "directory to write to; it must not exist, or be empty")
      ->type_name("DIR")
      ->required();
  app.add_option("-Z,--compress", arguments->dump.compress, "as pg_dump takes it: a level, or METHOD:LEVEL from 16 on")
      ->type_name("METHOD");
  app.add_option("--pg-bindir", arguments->dump.pg_bindir, "where to find pg_dump (default: PATH and the usual places)")
      ->type_name("DIR");
  AddMappingOption(app, arguments->mapping);
  AddSignOption(app, arguments->signing_key, "manifest");
  app.add_flag("-q,--quiet", arguments->quiet, "no progress and no summary");
  return [arguments] { return RunDump(*arguments); };
}

}  // namespace airlift
