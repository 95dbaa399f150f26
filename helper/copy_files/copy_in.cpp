#include "copy_files/copy_in.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "archive/archive_facts.h"
#include "catalog/pattern.h"
#include "copy_files/copy_manifest.h"
#include "digest/stream_digest.h"
#include "engine/load.h"
#include "pg/batch.h"
#include "pg/identifier.h"
#include "report/signature.h"

namespace airlift {

namespace {

constexpr const char* kDoneTable = "airlift_state.copy_in_file";
constexpr const char* kStagingSchema = "airlift_staging";

constexpr const char* kStateDdl = R"(
CREATE SCHEMA IF NOT EXISTS airlift_state;
CREATE TABLE IF NOT EXISTS airlift_state.copy_in_file (
  manifest text NOT NULL,
  file text NOT NULL,
  row_count bigint NOT NULL,
  PRIMARY KEY (manifest, file)
))";

// Referencing and referenced tables, both as the roots of their partitions.
constexpr const char* kReferencesQuery = R"(
SELECT rn.nspname, r.relname, fn.nspname, f.relname
FROM pg_catalog.pg_constraint c
     JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace rn ON rn.oid = r.relnamespace
     JOIN pg_catalog.pg_class f ON f.oid = c.confrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
WHERE c.contype = 'f' AND c.conrelid <> c.confrelid)";

// Line 5 in "... COPY t, line 5, column a: ...": of the file, since each file is a COPY of its own. "" for none.
std::string LineOf(const std::string& context) {
  const size_t copy = context.find("Context: COPY ");
  const size_t line = copy == std::string::npos ? copy : context.find(", line ", copy);
  if (line == std::string::npos) return {};
  const size_t digits = line + 7;
  return context.substr(digits, context.find_first_not_of("0123456789", digits) - digits);
}

// One table on its way.
struct IncomingTable {
  const CopiedTable* copied = nullptr;
  std::string into;  // qualified and quoted: the table, or the one that stands in for it
  StoredTable staging;
  int level = 0;  // tables that it references have lower ones
  int64_t rows = 0;
};

// Calls `work(connection, i)` for i below `count` on several threads with a connection each; collects what fails.
class Pool {
 public:
  Pool(const ConnInfo& target, int jobs) : target_(target), jobs_(jobs) {}

  std::vector<std::string> Run(size_t count, const std::function<void(Connection&, size_t)>& work) {
    std::atomic<size_t> next{0};
    std::mutex mutex;
    std::vector<std::string> failures;
    const auto fail = [&](const std::string& report) {
      const std::lock_guard lock(mutex);
      failures.push_back(report);
    };
    const auto loop = [&] {
      std::unique_ptr<Connection> connection;
      for (size_t i = next++; i < count && !StopRequested(); i = next++) {
        try {
          if (!connection || connection->IsBroken()) {
            connection = std::make_unique<Connection>(target_.With("application_name", "pg_airlift worker copy-in"),
                                                      Side::kTarget);
            connection->Execute("SET synchronous_commit = off");
          }
          work(*connection, i);
        } catch (const Error& error) {
          fail(error.Report());
        } catch (const std::exception& error) {
          fail(error.what());
        }
      }
    };
    {
      std::vector<std::jthread> threads;
      for (size_t i = 0; i < std::min(count, static_cast<size_t>(jobs_)); ++i) threads.emplace_back(loop);
    }
    CheckStop();
    return failures;
  }

 private:
  const ConnInfo target_;
  const int jobs_;
};

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

class CopyInRun {
 public:
  CopyInRun(const CopyInOptions& options, Progress& progress)
      : options_(options),
        progress_(progress),
        manifest_(ReadCopyManifest(options.directory)),
        target_(options.target, Side::kTarget),
        pool_(options.target, options.jobs) {
    const std::string text = ReadWhole(WholeFile(options_.directory + "/" + kCopyManifestName));
    if (!options_.manifest_key.empty())
      VerifyingKey::Load(options_.manifest_key).Require(options_.directory + "/" + kCopyManifestName, text);
    id_ = DigestText(HashBytes(text.data(), text.size())) + (options_.staging ? " staging" : "");
  }

  RunResult Run() {
    TakeDriverLock(target_, progress_);
    result_.command = "copy-in";
    result_.started_at = UtcNow();
    result_.source = manifest_.source;
    result_.target = ReadServerFacts(target_);
    result_.snapshot_lsn = manifest_.snapshot_lsn;
    result_.snapshot_taken_at = manifest_.snapshot_taken_at;
    verify_ = options_.verify && manifest_.has_digests && (options_.staging || !options_.append);
    result_.was_verified = verify_;
    if (!manifest_.has_digests) result_.notes.push_back("not verified: the manifest has no digests");
    if (options_.append && !options_.staging)
      result_.notes.push_back("not verified: the tables may hold other rows (--append without --staging)");
    ChooseTables();
    CheckTables();
    target_.Execute(kStateDdl);
    FindDone();
    if (!options_.append) RefuseFilledTables();
    if (options_.staging) MakeStagingTables();
    Load();
    options_.staging ? TakeOver() : Judge();
    result_.finished_at = UtcNow();
    return std::move(result_);
  }

 private:
  void ChooseTables() {
    std::vector<NamePattern> patterns;
    for (const std::string& pattern : options_.tables) patterns.push_back(ParseNamePattern(pattern));
    for (const CopiedTable& copied : manifest_.tables) {
      const Relation& relation = copied.table.relation;
      if (!Matches(patterns, relation.schema, relation.name)) continue;
      IncomingTable table;
      table.copied = &copied;
      table.into = QualifiedName(relation.schema, relation.name);
      for (const CopyFile& file : copied.files) table.rows += file.rows;
      if (!copied.mapped.empty()) result_.notes.push_back(copied.mapped);
      tables_.push_back(std::move(table));
    }
    if (tables_.empty()) throw Error("no table of the manifest matches");
  }

  // All that does not fit, at once, before anything is changed.
  void CheckTables() {
    std::map<TableName, std::set<std::string>> present;
    for (const Relation& relation : LoadRelations(target_))
      for (const Column& column : relation.columns) present[{relation.schema, relation.name}].insert(column.name);
    const ColumnTypes types = manifest_.format.name == "binary" ? ReadColumnTypes(target_) : ColumnTypes();
    std::vector<std::string> problems;
    for (const IncomingTable& table : tables_) {
      const Relation& relation = table.copied->table.relation;
      const auto found = present.find({relation.schema, relation.name});
      if (found == present.end()) {
        problems.push_back(fmt::format("the target has no table {}", relation.display_name()));
        continue;
      }
      for (const Column& column : relation.columns)
        if (!found->second.contains(column.name))
          problems.push_back(fmt::format("table {} of the target has no column {}", relation.display_name(),
                                         DisplayName(column.name)));
      for (const auto& [column, type] : table.copied->types)
        if (const auto other = types.find({relation.schema, relation.name, column});
            other != types.end() && !SameBytesMeanTheSame(type, other->second))
          problems.push_back(
              fmt::format("column {} of table {} is {} in the files and {} on the target, where its "
                          "bytes mean something else",
                          DisplayName(column), relation.display_name(), type.name, other->second.name));
    }
    if (!problems.empty())
      throw Error(Joined(problems), {},
                  manifest_.mapping.empty()
                      ? "Nothing was loaded. copy-in loads into tables that exist."
                      : "Nothing was loaded. copy-in loads into tables that exist, under the names that the table "
                        "mapping of copy-out gave them.");
    OrderByReferences();
  }

  void OrderByReferences() {
    std::map<TableName, size_t> position;
    for (size_t i = 0; i < tables_.size(); ++i) {
      const Relation& relation = tables_[i].copied->table.relation;
      position[{relation.schema, relation.name}] = i;
    }
    std::vector<std::pair<size_t, size_t>> references;
    const Result result = target_.Query(kReferencesQuery);
    for (int row = 0; row < result.rows(); ++row) {
      const auto from = position.find({result.Text(row, 0), result.Text(row, 1)});
      const auto to = position.find({result.Text(row, 2), result.Text(row, 3)});
      if (from != position.end() && to != position.end() && from != to)
        references.emplace_back(from->second, to->second);
    }
    // In a circle nothing settles: the server will say what is amiss.
    for (size_t round = 0; round < tables_.size(); ++round) {
      bool changed = false;
      for (const auto& [from, to] : references) {
        if (tables_[from].level > tables_[to].level || tables_[to].level >= static_cast<int>(tables_.size())) continue;
        tables_[from].level = tables_[to].level + 1;
        changed = true;
      }
      if (!changed) break;
    }
    std::stable_sort(tables_.begin(), tables_.end(),
                     [](const IncomingTable& a, const IncomingTable& b) { return a.level < b.level; });
  }

  void FindDone() {
    const Result result = target_.Query("SELECT file FROM airlift_state.copy_in_file WHERE manifest = $1", {id_});
    for (int row = 0; row < result.rows(); ++row) done_.insert(result.Text(row, 0));
    if (!done_.empty()) progress_.Note(fmt::format("going on: {} files were loaded before", done_.size()));
  }

  bool WasBegun(const IncomingTable& table) const {
    return std::any_of(table.copied->files.begin(), table.copied->files.end(),
                       [&](const CopyFile& file) { return done_.contains(file.name); });
  }

  void RefuseFilledTables() {
    for (const IncomingTable& table : tables_) {
      const Relation& relation = table.copied->table.relation;
      if (!options_.staging && WasBegun(table)) continue;
      const std::string name = QualifiedName(relation.schema, relation.name);
      if (target_.Query("SELECT EXISTS (SELECT FROM " + name + ")").Boolean(0, 0))
        throw Error("table " + relation.display_name() + " of the target holds rows already",
                    "Nothing was loaded by this run.", "Empty it, or give --append to add to them.");
    }
  }

  void MakeStagingTables() {
    target_.Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", kStagingSchema));
    for (size_t i = 0; i < tables_.size(); ++i) {
      IncomingTable& table = tables_[i];
      const auto number = static_cast<size_t>(table.copied - manifest_.tables.data());
      table.staging.schema = kStagingSchema;
      table.staging.name = fmt::format("t{}_{}", number + 1, id_.substr(0, 8));
      const std::string name = QualifiedName(table.staging.schema, table.staging.name);
      target_.Execute(fmt::format(
          "CREATE UNLOGGED TABLE IF NOT EXISTS {} (LIKE {} INCLUDING DEFAULTS INCLUDING GENERATED)", name, table.into));
      table.into = name;
    }
  }

  void Load() {
    StageProgress& stage = progress_.Stage("copy in");
    for (const IncomingTable& table : tables_) {
      for (const CopyFile& file : table.copied->files) {
        ++stage.tasks_total;
        stage.weight_total += file.facts.size;
        if (!done_.contains(file.name)) continue;
        ++stage.tasks_done;
        stage.weight_done += file.facts.size;
      }
    }
    for (size_t begin = 0; begin < tables_.size();) {
      size_t end = begin;
      std::vector<std::pair<const IncomingTable*, const CopyFile*>> files;
      for (; end < tables_.size() && (options_.staging || tables_[end].level == tables_[begin].level); ++end)
        for (const CopyFile& file : tables_[end].copied->files)
          if (!done_.contains(file.name)) files.emplace_back(&tables_[end], &file);
      std::stable_sort(files.begin(), files.end(),
                       [](const auto& a, const auto& b) { return a.second->facts.size > b.second->facts.size; });
      const auto failures = pool_.Run(files.size(), [&](Connection& connection, size_t i) {
        progress_.TaskStarted(stage);
        LoadFile(connection, *files[i].first, *files[i].second, stage.meter);
        progress_.TaskDone(stage, files[i].second->facts.size);
      });
      if (!failures.empty())
        throw Error(
            Joined(failures), {},
            options_.staging
                ? "The tables themselves are untouched. Run the same command again to go on."
                : "No row of a file that failed was loaded; the other files are, and stay. Run the same command "
                  "again to go on.");
      begin = end;
    }
  }

  void LoadFile(Connection& connection, const IncomingTable& table, const CopyFile& file, Meter& meter) {
    try {
      Transaction transaction(connection);
      connection.StartCopyIn(fmt::format("COPY {}{} FROM STDIN {}", table.into, CopyColumns(table.copied->columns),
                                         manifest_.format.Options()));
      Feed(connection, file, meter);
      const int64_t rows = connection.FinishCopyIn();
      if (rows != file.rows) throw Error(fmt::format("the target took {} rows, and {} were written", rows, file.rows));
      meter.Add(rows, 0);
      connection.Query("INSERT INTO airlift_state.copy_in_file (manifest, file, row_count) VALUES ($1, $2, $3)",
                       {id_, file.name, std::to_string(rows)});
      transaction.Commit();
    } catch (const Stopped&) {
      throw;
    } catch (const SqlError& error) {
      const std::string line = LineOf(error.detail());
      throw Error(fmt::format("file \"{}\"{}: {}", file.name, line.empty() ? "" : ", line " + line, error.primary()),
                  error.detail(), error.hint());
    } catch (const Error& error) {
      throw Error(fmt::format("file \"{}\": {}", file.name, error.what()), error.detail(), error.hint());
    }
  }

  // The file's rows, but not its last ones unless the file is what was written.
  void Feed(Connection& connection, const CopyFile& file, Meter& meter) {
    ByteSource source(WholeFile(options_.directory + "/" + file.name));
    const auto decompressor = MakeDecompressor(manifest_.format.compression);
    StreamingHash hash;
    const ByteSink sink = [&](std::string_view bytes) { connection.PutCopyData(bytes); };
    for (std::string_view piece = source.Next(); !piece.empty(); piece = source.Next()) {
      CheckStop();
      hash.Add(piece.data(), piece.size());
      decompressor->Feed(piece, sink);
      meter.Add(0, static_cast<int64_t>(piece.size()));
    }
    decompressor->Finish();
    if (hash.Digest() != file.facts.digest) throw Error("it has other bytes than it had when it was written");
  }

  // The rows of `stored` tables as the manifest counts them: the condition chose them on the source.
  TableDigest Digest(Connection& connection, const IncomingTable& table, const std::vector<StoredTable>& stored,
                     Meter& meter) const {
    Relation relation = table.copied->table.relation;
    relation.condition.clear();
    TableDigest digest;
    for (const StoredTable& each : stored) digest.Merge(DigestRange(connection, relation, each, BlockRange(), meter));
    return digest;
  }

  static TableResult Describe(const IncomingTable& table) {
    const ManifestTable& wanted = table.copied->table;
    TableResult result;
    result.schema = wanted.relation.schema;
    result.name = wanted.relation.name;
    for (const Column& column : wanted.relation.columns) result.columns.push_back(column.name);
    result.condition = wanted.relation.condition;
    result.source_digest_by = "manifest";
    return result;
  }

  // Reads the tables back, or those that stand in for them, and judges; false where something differs.
  bool ReadBack() {
    result_.tables.resize(tables_.size());
    for (size_t i = 0; i < tables_.size(); ++i) result_.tables[i] = Describe(tables_[i]);
    if (!verify_) return true;
    StageProgress& stage = progress_.Stage("read back");
    stage.tasks_total += static_cast<int64_t>(tables_.size());
    const auto failures = pool_.Run(tables_.size(), [&](Connection& connection, size_t i) {
      const IncomingTable& table = tables_[i];
      const Relation& relation = table.copied->table.relation;
      progress_.TaskStarted(stage);
      const auto stored = options_.staging ? std::vector<StoredTable>{table.staging}
                                           : LoadStoredTables(connection, relation.schema, relation.name);
      result_.tables[i].source = table.copied->table.digest;
      result_.tables[i].target = Digest(connection, table, stored, stage.meter);
      result_.tables[i].reason = table.copied->table.reason;
      airlift::Judge(result_.tables[i]);
      progress_.TaskDone(stage, 0);
    });
    if (!failures.empty()) throw Error(Joined(failures), {}, "The rows are loaded, but not proved.");
    return result_.DataVerdict() != Verdict::kDiffers;
  }

  void Judge() {
    if (!ReadBack()) result_.notes.push_back("the rows are in the tables, and differ from what was copied out");
    ForgetState();
  }

  // From the tables that stand in to the tables themselves: all of them in one transaction.
  void TakeOver() {
    if (!ReadBack()) {
      result_.notes.push_back("the tables themselves are untouched: what was loaded beside them differs");
      DropStaging();
      ForgetState();
      return;
    }
    Transaction transaction(target_);
    for (size_t i = 0; i < tables_.size(); ++i) TakeOver(tables_[i], result_.tables[i]);
    DropStaging();
    if (result_.DataVerdict() == Verdict::kDiffers) {
      target_.Rollback();
      result_.notes.push_back("the tables themselves are untouched: what arrived in them differed");
      DropStaging();
    } else {
      transaction.Commit();
    }
    ForgetState();
  }

  void TakeOver(const IncomingTable& table, TableResult& result) {
    const Relation& relation = table.copied->table.relation;
    const std::string name = QualifiedName(relation.schema, relation.name);
    std::string columns;
    for (const std::string& column : table.copied->columns)
      columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(column);
    try {
      const int64_t rows = target_
                               .Query(fmt::format("INSERT INTO {}{} OVERRIDING SYSTEM VALUE SELECT {} FROM {}", name,
                                                  CopyColumns(table.copied->columns), columns, table.into))
                               .AffectedRows();
      if (rows != table.rows)
        throw Error(fmt::format("table {} took {} of {} rows", relation.display_name(), rows, table.rows));
    } catch (const SqlError& error) {
      throw Error(
          fmt::format("table {}: {}", relation.display_name(), error.primary()), error.detail(),
          "The tables themselves are untouched. Run the same command again to go on from the tables beside them.");
    }
    if (!verify_ || options_.append) return;
    Meter meter;
    result.target = Digest(target_, table, LoadStoredTables(target_, relation.schema, relation.name), meter);
    result.reason = table.copied->table.reason;
    airlift::Judge(result);
  }

  void DropStaging() {
    for (const IncomingTable& table : tables_) target_.Execute("DROP TABLE IF EXISTS " + table.into);
  }

  // What only a rerun would have needed; schemas go when nothing else is in them.
  void ForgetState() {
    target_.Query(fmt::format("DELETE FROM {} WHERE manifest = $1", kDoneTable), {id_});
    if (!target_.Query(fmt::format("SELECT EXISTS (SELECT FROM {})", kDoneTable)).Boolean(0, 0))
      target_.Execute(fmt::format("DROP TABLE {}", kDoneTable));
    for (const char* schema : {"airlift_state", kStagingSchema})
      TryStatement(target_, fmt::format("DROP SCHEMA IF EXISTS {}", schema));
  }

  const CopyInOptions& options_;
  Progress& progress_;
  const CopyManifest manifest_;
  Connection target_;
  Pool pool_;
  std::string id_;
  bool verify_ = true;
  std::vector<IncomingTable> tables_;
  std::set<std::string> done_;
  RunResult result_;
};

}  // namespace

RunResult CopyIn(const CopyInOptions& options, Progress& progress) { return CopyInRun(options, progress).Run(); }

}  // namespace airlift
