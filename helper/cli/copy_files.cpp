// copy-out and copy-in: tables as files, and back.
#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "base/format.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/selection_arguments.h"
#include "copy_files/copy_in.h"
#include "copy_files/copy_out.h"

namespace airlift {

namespace {

struct CopyOutArguments {
  SourceOptions source;
  CopyOutOptions copy;
  std::string format = "csv";
  std::optional<std::string> null;
  std::optional<std::string> delimiter;
  bool header = false;
  std::string compress = "none";
  std::string part_size;
  bool no_digests = false;
  std::string mapping;
  std::string aws_s3;
  std::string region;
  std::shared_ptr<const SigningKey> signing_key;
  bool quiet = false;
};

// "zstd" or "zstd:9".
void ParseCompression(const std::string& text, CopyOutOptions& copy) {
  const size_t colon = text.find(':');
  copy.format.compression = CompressionFromName(text.substr(0, colon));
  if (colon == std::string::npos) return;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data() + colon + 1, end, copy.level);
  if (error != std::errc() || after != end)
    throw Error(fmt::format("--compress {} is not understood", text), {}, "Write METHOD or METHOD:LEVEL.");
}

int RunCopyOut(CopyOutArguments& arguments) {
  CopyOutOptions& copy = arguments.copy;
  copy.source = arguments.source.Info();
  copy.jobs = arguments.source.jobs;
  copy.format = DefaultFormat(arguments.format);
  if (arguments.null) copy.format.null = *arguments.null;
  if (arguments.delimiter) copy.format.delimiter = *arguments.delimiter;
  copy.format.header = arguments.header && arguments.format == "csv";
  copy.digests = !arguments.no_digests;
  copy.mapping = MappingRules(arguments.mapping);
  ParseCompression(arguments.compress, copy);
  if (!arguments.part_size.empty()) copy.part_bytes = ParseSize(arguments.part_size);
  if (!arguments.aws_s3.empty()) {
    if (arguments.region.empty()) throw Error("no region for --print-aws-s3", {}, "Give --aws-region.");
    CopyManifest empty;
    empty.format = copy.format;
    AwsS3Commands(empty, copy.directory, arguments.aws_s3, arguments.region);  // refuses what aws_s3 does not read
  }
  Progress progress(arguments.quiet ? ProgressStyle::kQuiet : DefaultProgressStyle());
  const CopyManifest manifest = CopyOut(copy, progress);
  progress.Stop();
  if (arguments.signing_key) SignFile(copy.directory + "/" + kCopyManifestName, *arguments.signing_key);
  int64_t rows = 0;
  int64_t bytes = 0;
  size_t files = 0;
  for (const CopiedTable& table : manifest.tables) {
    for (const CopyFile& file : table.files) {
      rows += file.rows;
      bytes += file.facts.size;
      ++files;
    }
  }
  if (!arguments.quiet)
    fmt::print("{}{} tables, {} rows, {} in {} files\n{}manifest: {}/{}\n", arguments.aws_s3.empty() ? "" : "-- ",
               manifest.tables.size(), FormatCount(rows), FormatBytes(bytes), files,
               arguments.aws_s3.empty() ? "" : "-- ", copy.directory, kCopyManifestName);
  if (!arguments.aws_s3.empty())
    fmt::print("{}", AwsS3Commands(manifest, copy.directory, arguments.aws_s3, arguments.region));
  return kExitDone;
}

struct CopyInArguments {
  std::string target;
  CopyInOptions copy;
  OutputOptions output;
  std::string mapping;
  bool no_verify = false;
};

int RunCopyIn(CopyInArguments& arguments) {
  if (!arguments.mapping.empty())
    throw Error("copy-in takes no --mapping: the files hold what the mapping of copy-out made", {},
                "Give --mapping to copy-out; names, columns and rows are in the manifest.");
  ConnectionOptions connections;
  connections.target = arguments.target;
  arguments.copy.target = connections.TargetInfo();
  arguments.copy.verify = !arguments.no_verify;
  arguments.output.RequirePlace();
  const auto progress = arguments.output.MakeProgress();
  const RunResult result = CopyIn(arguments.copy, *progress);
  progress->Stop();
  return arguments.output.Present(result);
}

}  // namespace

std::function<int()> SetupCopyOut(CLI::App& app) {
  auto arguments = std::make_shared<CopyOutArguments>();
  AddSourceOptions(app, arguments->source);
  app.add_option("-d,--directory", arguments->copy.directory, "directory to write to; it must not exist, or be empty")
      ->type_name("DIR")
      ->required();
  app.add_option("--table", arguments->copy.tables, "tables to copy, as patterns (default: all); may be repeated")
      ->type_name("PATTERN");
  app.add_option("--where", arguments->copy.where, "copy the rows of a table where this holds; may be repeated")
      ->type_name("TABLE=CONDITION");
  app.add_option("--columns", arguments->copy.columns, "copy these columns of a table, in this order; may be repeated")
      ->type_name("TABLE=COLUMN,...");
  AddMappingOption(app, arguments->mapping);
  app.add_option("--format", arguments->format, "csv, text or binary")
      ->check(CLI::IsMember({"csv", "text", "binary"}))
      ->type_name("FORMAT")
      ->capture_default_str();
  app.add_option("--null", arguments->null, "what stands for NULL (default: as COPY has it)")->type_name("TEXT");
  app.add_option("--delimiter", arguments->delimiter, "between columns (default: as COPY has it)")->type_name("CHAR");
  app.add_flag("--header", arguments->header, "csv: names of the columns in the first line of each file");
  app.add_option("--compress", arguments->compress, "none, gzip, zstd or lz4, with a level behind a colon if you like")
      ->type_name("METHOD")
      ->capture_default_str();
  app.add_option("--part-size", arguments->part_size,
                 "a file for about so much of a table (default: one for each table)")
      ->type_name("SIZE");
  app.add_option("--parts", arguments->copy.parts, "so many files for each table")->check(CLI::Range(1, 10000));
  app.add_flag("--no-digests", arguments->no_digests, "make no digests: copy-in will not be able to prove the rows");
  app.add_option("--print-aws-s3", arguments->aws_s3, "print the SQL that imports the files from this place by aws_s3")
      ->type_name("BUCKET/PREFIX");
  app.add_option("--aws-region", arguments->region, "of the bucket")->type_name("REGION");
  AddSignOption(app, arguments->signing_key, "manifest");
  app.add_flag("-q,--quiet", arguments->quiet, "no progress and no summary");
  return [arguments] { return RunCopyOut(*arguments); };
}

std::function<int()> SetupCopyIn(CLI::App& app) {
  auto arguments = std::make_shared<CopyInArguments>();
  app.add_option("-t,--target", arguments->target, "target database: a libpq connection string, URI or service")
      ->envname("PG_AIRLIFT_TARGET")
      ->type_name("CONNINFO")
      ->required();
  app.add_option("-d,--directory", arguments->copy.directory, "what copy-out wrote")->type_name("DIR")->required();
  app.add_option("--table", arguments->copy.tables, "tables of it to load, as patterns (default: all); may be repeated")
      ->type_name("PATTERN");
  app.add_flag("--staging", arguments->copy.staging,
               "load into tables beside, prove these, then change the tables themselves in one transaction");
  app.add_flag("--append", arguments->copy.append, "the tables may hold rows already");
  app.add_option("--manifest-key", arguments->copy.manifest_key,
                 "load only what a manifest signed with this key (Ed25519, PEM, public) speaks of")
      ->type_name("PUBKEY");
  app.add_flag("--no-verify", arguments->no_verify, "do not read back and compare with the manifest");
  arguments->copy.jobs = DefaultJobs();
  app.add_option("-j,--jobs", arguments->copy.jobs,
                 "connections at work at once (default: this host's processors, 2 to 8)")
      ->check(CLI::Range(1, 256));
  app.add_option("--mapping", arguments->mapping)->group("");  // to be told where it belongs
  AddOutputOptions(app, arguments->output);
  return [arguments] { return RunCopyIn(*arguments); };
}

}  // namespace airlift
