#include "archive/dump.h"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>

#include "archive/archive_facts.h"
#include "base/format.h"
#include "compare/jobs.h"
#include "digest/stream_digest.h"
#include "large_objects/large_objects.h"
#include "pg/role.h"
#include "schema/client_program.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

constexpr const char* kLockTimeout = "--lock-wait-timeout=60s";

void RefuseFilledDirectory(const std::string& path) {
  if (!std::filesystem::exists(path)) return;
  if (!std::filesystem::is_directory(path)) throw Error(fmt::format("\"{}\" is no directory", path));
  if (std::filesystem::is_empty(path)) return;
  const bool is_whole = FileExists(path + "/" + kManifestName);
  throw Error(fmt::format("directory \"{}\" is not empty", path),
              is_whole ? "It holds an archive with its manifest."
                       : "It may be of a dump that did not end: there is no manifest in it.",
              "Give another directory, or remove this one.");
}

// Digests of all tables and large objects, under the snapshot.
class ManifestDigests {
 public:
  ManifestDigests(Connection& source, Progress& progress, const std::atomic<bool>& give_up)
      : progress_(progress), give_up_(give_up), has_extension_(FindExtension(source).has_value()) {
    for (Relation& relation : LoadRelations(source)) {
      tables_.push_back({std::move(relation), {}, has_extension_ ? "extension" : "read stream", {}});
    }
    if (!has_extension_) progress_.Note(kNoExtensionNote);
    for (ManifestTable& table : tables_) AddTable(table);
    for (const LargeObjectBatch& batch : PlanLargeObjects(source)) {
      Add("digest large objects", batch.bytes, [this, batch](Connection& connection, Meter& meter) {
        const TableDigest digest = DigestLargeObjects(connection, batch, meter);
        const std::lock_guard lock(mutex_);
        large_objects_.Merge(digest);
      });
    }
  }

  void Run(const DumpOptions& options, const std::string& snapshot) {
    RunJobs(std::move(jobs_), options.jobs, options.source, options.source, {snapshot, ""});
  }

  void MoveTo(Manifest& manifest) {
    manifest.tables = std::move(tables_);
    manifest.large_objects = large_objects_;
  }

 private:
  void AddTable(ManifestTable& table) {
    if (has_extension_) {
      Add("digest source", table.relation.bytes(), [&table](Connection& connection, Meter& meter) {
        const SourceDigest digest = DigestByExtension(connection, table.relation);
        table.digest = digest.digest;
        if (!digest.is_complete) table.reason = digest.reason;
        meter.Add(static_cast<int64_t>(digest.digest.rows), table.relation.bytes());
      });
      return;
    }
    for (const StoredTable& stored : table.relation.stored) {
      Add("digest source", stored.bytes, [this, &table, &stored](Connection& connection, Meter& meter) {
        const TableDigest digest = DigestRange(connection, table.relation, stored, BlockRange(), meter);
        const std::lock_guard lock(mutex_);
        table.digest.Merge(digest);
      });
    }
  }

  template <typename Work>
  void Add(const char* label, int64_t weight, Work work) {
    StageProgress& stage = progress_.Stage(label);
    ++stage.tasks_total;
    stage.weight_total += weight;
    jobs_.push_back({weight, [this, &stage, weight, work](ReadOnlyPair& pair) {
                       if (give_up_) return;
                       progress_.TaskStarted(stage);
                       work(pair.Get(Side::kSource), stage.meter);
                       progress_.TaskDone(stage, weight);
                     }});
  }

  Progress& progress_;
  const std::atomic<bool>& give_up_;
  const bool has_extension_;
  std::vector<ManifestTable> tables_;
  TableDigest large_objects_;
  std::vector<Job> jobs_;
  std::mutex mutex_;
};

std::vector<std::string> DumpArguments(const DumpOptions& options, const std::string& snapshot) {
  std::vector<std::string> arguments = {
      "--format=directory", "--file=" + options.path,  fmt::format("--jobs={}", options.jobs),
      "--encoding=UTF8",    "--quote-all-identifiers", "--exclude-schema=airlift_state",
      kLockTimeout,         "--snapshot=" + snapshot};
  if (!options.compress.empty()) arguments.push_back("--compress=" + options.compress);
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
                   ManifestDigests& digests, std::atomic<bool>& give_up, Progress& progress) {
  std::exception_ptr dump_failure;
  std::exception_ptr digest_failure;
  {
    std::jthread dump([&] {
      try {
        const auto check = [&] {
          if (give_up) throw Error("the digests failed");
        };
        const std::string warnings = RunClientProgram(program, options.source, DumpArguments(options, snapshot), check);
        if (!warnings.empty()) progress.Note(warnings);
      } catch (...) {
        dump_failure = std::current_exception();
        give_up = true;
      }
    });
    try {
      digests.Run(options, snapshot);
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
  RefuseFilledDirectory(options.path);
  Manifest manifest;
  SourceSnapshot snapshot(options.source);
  Connection& source = snapshot.connection();
  manifest.source = ReadServerFacts(source);
  manifest.snapshot_lsn = snapshot.lsn();
  manifest.snapshot_taken_at = snapshot.taken_at();
  manifest.superusers = SuperuserNames(source);
  const ClientProgram program =
      ChooseProgram(FindPrograms(options.pg_bindir), source.server_major(), source.server_major());
  progress.Note(fmt::format("dumping with {}", program.path));
  std::atomic<bool> give_up{false};
  ManifestDigests digests(source, progress, give_up);
  DumpAndDigest(options, program, snapshot.id(), digests, give_up, progress);
  snapshot.Release();
  digests.MoveTo(manifest);
  const ArchiveFile archive(options.path);
  manifest.dump_version = archive.archive().dump_version;
  manifest.contents = archive.contents_digest();
  manifest.sequences = ArchivedSequences(archive.archive());
  AddFiles(archive, progress, manifest);
  manifest.created_at = UtcNow();
  // Nothing wrong shall be called proved later: what was dumped is what was digested.
  CheckManifestFits(manifest, archive);
  WriteManifest(manifest, options.path + "/" + kManifestName);
  return manifest;
}

}  // namespace airlift
