#include "archive/dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "archive/archive_facts.h"
#include "archive/snapshot_digests.h"
#include "base/format.h"
#include "base/output_directory.h"
#include "compare/jobs.h"
#include "pg/role.h"
#include "schema/archive_selection.h"
#include "schema/client_program.h"
#include "selection/selection.h"
#include "snapshot/source_snapshot.h"

namespace airlift {

namespace {

constexpr const char* kLockTimeout = "--lock-wait-timeout=60s";
constexpr int kOldestTarget = 15;

// Rows that the mapping leaves out are not written; definitions are, for what depends on them is told by them.
std::vector<std::string> DumpArguments(const DumpOptions& options, const std::string& snapshot,
                                       const Selection& selection, Connection& source) {
  std::vector<std::string> arguments = {
      "--format=directory", "--file=" + options.path,  fmt::format("--jobs={}", options.jobs),
      "--encoding=UTF8",    "--quote-all-identifiers", "--exclude-schema=airlift_state",
      kLockTimeout,         "--snapshot=" + snapshot};
  if (!options.compress.empty()) arguments.push_back("--compress=" + options.compress);
  if (selection.IsEverything()) return arguments;
  for (const std::string& table : UnreadableTables(source, selection)) arguments.push_back("--exclude-table=" + table);
  for (const std::string& table : selection.TablesWithoutRows()) arguments.push_back("--exclude-table-data=" + table);
  if (!selection.TakesLargeObjects()) arguments.emplace_back("--no-blobs");
  return arguments;
}

FileFacts ReadFacts(const std::string& path, Meter& meter) {
  ByteSource source(WholeFile(path));
  StreamingHash hash;
  FileFacts facts;
  for (std::string_view piece = source.Next(); !piece.empty(); piece = source.Next()) {
    hash.Add(piece.data(), piece.size());
    facts.size += static_cast<int64_t>(piece.size());
    meter.Add(0, static_cast<int64_t>(piece.size()));
    CheckStop();
  }
  facts.digest = hash.Digest();
  return facts;
}

// What every file of the archive is, so that a restore finds a damaged one before it commits its rows.
void AddFiles(const ArchiveFile& archive, Progress& progress, Manifest& manifest) {
  StageProgress& stage = progress.Stage("digest files");
  for (const auto& [name, size] : archive.Files()) {
    ++stage.tasks_total;
    stage.weight_total += size;
  }
  for (const auto& [name, size] : archive.Files()) {
    progress.TaskStarted(stage);
    manifest.files[name] = ReadFacts(archive.path() + "/" + name, stage.meter);
    progress.TaskDone(stage, size);
  }
}

// pg_dump next to the digests, both under the snapshot; whichever fails ends the other.
void DumpAndDigest(const DumpOptions& options, const ClientProgram& program, const std::string& snapshot,
                   const std::vector<std::string>& arguments, SnapshotDigests& digests, std::atomic<bool>& give_up,
                   Progress& progress) {
  std::exception_ptr dump_failure;
  std::exception_ptr digest_failure;
  {
    std::jthread dump([&] {
      try {
        const auto check = [&] {
          if (give_up) throw Error("the digests failed");
        };
        const std::string warnings = RunClientProgram(program, options.source, arguments, check);
        if (!warnings.empty()) progress.Note(warnings);
      } catch (...) {
        dump_failure = std::current_exception();
        give_up = true;
      }
    });
    try {
      RunJobs(digests.TakeJobs(), options.jobs, options.source, options.source, {snapshot, ""});
    } catch (...) {
      digest_failure = std::current_exception();
      give_up = true;
    }
  }
  if (digest_failure) std::rethrow_exception(digest_failure);
  if (dump_failure) std::rethrow_exception(dump_failure);
}

}  // namespace

Manifest DumpDatabase(const DumpOptions& options, Progress& progress) {
  RefuseFilledDirectory(options.path, kManifestName);
  Manifest manifest;
  SourceSnapshot snapshot(options.source);
  Connection& source = snapshot.connection();
  manifest.source = ReadServerFacts(source);
  manifest.snapshot_lsn = snapshot.lsn();
  manifest.snapshot_taken_at = snapshot.taken_at();
  manifest.superusers = SuperuserNames(source);
  const ClientProgram program = ChooseProgram(FindPrograms(options.pg_bindir), source.server_major(),
                                              std::max(source.server_major(), kOldestTarget));
  progress.Note(fmt::format("dumping with {}", program.path));
  std::atomic<bool> give_up{false};
  const Selection selection(source, options.mapping);
  if (!selection.IsEverything()) progress.Note(selection.Summary());
  const std::vector<Relation> relations = selection.Apply(source, LoadRelations(source));
  SnapshotDigests digests(source, relations, progress, give_up);
  if (selection.TakesLargeObjects()) digests.AddLargeObjects(source);
  MakeDirectory(options.path);  // pg_dump makes the last one only
  DumpAndDigest(options, program, snapshot.id(), DumpArguments(options, snapshot.id(), selection, source), digests,
                give_up, progress);
  Archive contents = ArchiveFile(options.path).archive();
  if (selection.mapping() != nullptr) {
    manifest.mapped = MapArchive(contents, selection, source, relations);
    KeepPart(*manifest.mapped, contents);
  }
  snapshot.Release();
  manifest.tables = digests.TakeTables();
  manifest.large_objects = digests.large_objects();
  const ArchiveFile archive(options.path);
  manifest.dump_version = archive.archive().dump_version;
  manifest.contents = archive.contents_digest();
  manifest.sequences = ArchivedSequences(contents);
  AddFiles(archive, progress, manifest);
  manifest.created_at = UtcNow();
  // Nothing wrong shall be called proved later: what was dumped is what was digested.
  CheckManifestFits(manifest, archive);
  WriteManifest(manifest, options.path + "/" + kManifestName);
  return manifest;
}

}  // namespace airlift
