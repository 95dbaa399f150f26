#include "copy_files/copy_out.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>

#include "archive/snapshot_digests.h"
#include "base/file_name.h"
#include "base/output_directory.h"
#include "catalog/pattern.h"
#include "compare/jobs.h"
#include "digest/image_query.h"
#include "mapping/resolved_mapping.h"
#include "pg/identifier.h"
#include "selection/selection.h"
#include "snapshot/rewritten_tables.h"
#include "snapshot/source_snapshot.h"

namespace airlift {

namespace {

constexpr size_t kNamePart = 40;  // bytes of a schema or a table in the name of a file

struct TableOption {
  std::string text;
  NamePattern pattern;
  std::string value;
  bool was_used = false;
};

std::vector<TableOption> ParseTableOptions(const std::vector<std::string>& options, const char* name,
                                           const char* form) {
  std::vector<TableOption> parsed;
  for (const std::string& option : options) {
    const size_t equals = FindUnquoted(option, '=', false);
    if (equals == std::string::npos || equals + 1 == option.size())
      throw Error(fmt::format("{} {} is not understood", name, option), {}, fmt::format("Write {}.", form));
    parsed.push_back({option, ParseNamePattern(option.substr(0, equals)), option.substr(equals + 1)});
  }
  return parsed;
}

TableOption* FindOption(std::vector<TableOption>& options, const Relation& relation) {
  for (TableOption& option : options) {
    if (!Matches({option.pattern}, relation.schema, relation.name)) continue;
    option.was_used = true;
    return &option;
  }
  return nullptr;
}

void CheckUsed(const std::vector<TableOption>& options) {
  for (const TableOption& option : options)
    if (!option.was_used) throw Error("no table that is copied matches " + option.text);
}

// "a, "B c"" as names.
std::vector<std::string> SplitNames(std::string list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const size_t comma = FindUnquoted(list, ',', false);
    std::string name = list.substr(0, comma);
    list = comma == std::string::npos ? "" : list.substr(comma + 1);
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
      name = name.substr(1, name.size() - 2);
      for (size_t at = name.find("\"\""); at != std::string::npos; at = name.find("\"\"", at + 1)) name.erase(at, 1);
    }
    names.push_back(std::move(name));
  }
  return names;
}

void KeepColumns(Relation& relation, const std::string& list) {
  std::vector<Column> kept;
  for (const std::string& name : SplitNames(list)) {
    const auto found = std::find_if(relation.columns.begin(), relation.columns.end(),
                                    [&](const Column& column) { return column.name == name; });
    if (found == relation.columns.end())
      throw Error(fmt::format("table {} has no column {}", relation.display_name(), DisplayName(name)));
    kept.push_back(*found);
  }
  relation.columns = std::move(kept);
}

void RefuseForeignBinary(const Relation& relation, const CopyOutOptions& options) {
  if (options.format.name != "binary" || relation.AllPortable()) return;
  throw Error(fmt::format("table {} has a column whose binary form means something else on another server",
                          relation.display_name()),
              {}, "Use --format csv or text, or leave the column out.");
}

// A mistyped name beside others would pass for a success without its table.
void RefuseUnmatched(Connection& source, const std::vector<std::string>& texts,
                     const std::vector<NamePattern>& patterns) {
  std::string list;
  for (size_t i = 0; i < patterns.size(); ++i)
    if (LoadRelations(source, {patterns[i]}).empty()) list += (list.empty() ? "--table " : ", --table ") + texts[i];
  if (!list.empty())
    throw Error("no table of the source matches", list, "Write schema.table; docs/selection.md tells of patterns.");
}

std::vector<Relation> ChooseTables(Connection& source, const CopyOutOptions& options) {
  std::vector<NamePattern> patterns;
  for (const std::string& pattern : options.tables) patterns.push_back(ParseNamePattern(pattern));
  RefuseUnmatched(source, options.tables, patterns);
  std::vector<Relation> relations = LoadRelations(source, patterns);
  std::erase_if(relations, [](const Relation& relation) { return relation.is_extension_configuration; });
  if (relations.empty() && patterns.empty()) throw Error("the source has no table");
  auto conditions = ParseTableOptions(options.where, "--where", "TABLE=CONDITION");
  auto columns = ParseTableOptions(options.columns, "--columns", "TABLE=COLUMN,COLUMN");
  for (Relation& relation : relations) {
    // A comment at the end must not swallow what follows.
    if (const TableOption* where = FindOption(conditions, relation))
      relation.condition = fmt::format("WHERE ({}\n)", where->value);
    if (const TableOption* some = FindOption(columns, relation)) KeepColumns(relation, some->value);
  }
  CheckUsed(conditions);
  CheckUsed(columns);
  return relations;
}

std::vector<Relation> ChooseTables(Connection& source, const CopyOutOptions& options, const Selection& selection) {
  if (!options.tables.empty() || !options.where.empty() || !options.columns.empty())
    throw Error("--mapping cannot be combined with --table, --where and --columns", {},
                "Write rules that select, filter and remove.");
  std::vector<Relation> relations = selection.Apply(source, LoadRelations(source));
  std::erase_if(relations, [](const Relation& relation) { return relation.is_extension_configuration; });
  if (relations.empty()) throw Error("no table of the source matches the table mapping");
  return relations;
}

// A file that is written through a compressor.
class OutputFile {
 public:
  OutputFile(const std::string& path, Compression compression, int level)
      : path_(path), compressor_(MakeCompressor(compression, level)) {
    descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) Fail("create");
    buffer_.reserve(2 * kCapacity);
  }
  ~OutputFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void Add(std::string_view bytes) {
    buffer_.append(bytes);
    if (buffer_.size() >= kCapacity) Flush();
  }
  // What the file is, once it is on disk.
  FileFacts Finish() {
    Flush();
    compressor_->Finish([this](std::string_view bytes) { Write(bytes); });
    const int descriptor = std::exchange(descriptor_, -1);
    if (fsync(descriptor) != 0 || close(descriptor) != 0) Fail("write");
    return {size_, hash_.Digest()};
  }

 private:
  static constexpr size_t kCapacity = size_t{256} * 1024;

  [[noreturn]] void Fail(const char* action) const {
    throw Error(fmt::format("could not {} \"{}\": {}", action, path_, std::strerror(errno)));
  }
  void Flush() {
    if (buffer_.empty()) return;
    compressor_->Feed(buffer_, [this](std::string_view bytes) { Write(bytes); });
    buffer_.clear();
  }
  void Write(std::string_view bytes) {
    hash_.Add(bytes.data(), bytes.size());
    size_ += static_cast<int64_t>(bytes.size());
    while (!bytes.empty()) {
      const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) Fail("write");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }

  const std::string path_;
  std::unique_ptr<Compressor> compressor_;
  int descriptor_ = -1;
  std::string buffer_;
  StreamingHash hash_;
  int64_t size_ = 0;
};

// `relation` is the source's; the columns go by the names that they arrive under.
std::string CopyStatement(const Relation& relation, const CopiedTable& table, const StoredTable& stored,
                          const BlockRange& range, const CopyFormat& format) {
  const std::string name = QualifiedName(stored.schema, stored.name);
  std::string selected;
  bool is_plain = range.IsWhole() && relation.SourceCondition().empty() && !table.columns.empty();
  auto arrives_as = table.columns.begin();
  for (const Column& column : relation.columns) {
    if (column.is_generated) continue;
    const bool is_as_it_was = column.expression.empty() && column.name == *arrives_as;
    selected += (selected.empty() ? "" : ", ") + ColumnExpression(column) +
                (is_as_it_was ? "" : " AS " + QuoteIdentifier(*arrives_as));
    is_plain &= is_as_it_was;
    ++arrives_as;
  }
  if (is_plain) return fmt::format("COPY {}{} TO STDOUT {}", name, CopyColumns(table.columns), format.Options());
  return fmt::format("COPY (SELECT {} FROM ONLY {}{}) TO STDOUT {}", selected, name,
                     RangePredicate(range, relation.SourceCondition()), format.Options());
}

class CopyOutRun {
 public:
  CopyOutRun(const CopyOutOptions& options, Progress& progress) : options_(options), progress_(progress) {}

  CopyManifest Run() {
    RefuseFilledDirectory(options_.directory, kCopyManifestName);
    SourceSnapshot snapshot(options_.source);
    Connection& source = snapshot.connection();
    manifest_.source = ReadServerFacts(source);
    manifest_.snapshot_lsn = snapshot.lsn();
    manifest_.snapshot_taken_at = snapshot.taken_at();
    manifest_.format = options_.format;
    manifest_.has_digests = options_.digests;
    manifest_.mapping = options_.mapping.mapping;
    const Selection selection(source, options_.mapping, Selection::Heirs::kAlone);
    relations_ = selection.IsEverything() ? ChooseTables(source, options_) : ChooseTables(source, options_, selection);
    for (const Relation& relation : relations_) RefuseForeignBinary(relation, options_);
    MakeDirectory(options_.directory);
    if (options_.format.name == "binary") types_ = ReadColumnTypes(source);
    for (const Relation& relation : relations_) AddTable(relation, selection.mapping());
    std::vector<Job> jobs = MakeJobs();
    const std::atomic<bool> never{false};
    std::optional<SnapshotDigests> digests;
    if (options_.digests) {
      digests.emplace(source, relations_, progress_, never);
      for (Job& job : digests->TakeJobs()) jobs.push_back(std::move(job));
    }
    RunJobs(std::move(jobs), options_.jobs, options_.source, options_.source, {snapshot.id(), ""});
    RefuseTornTables(snapshot.id());
    if (digests) TakeDigests(digests->TakeTables());
    manifest_.created_at = UtcNow();
    WriteCopyManifest(manifest_, options_.directory + "/" + kCopyManifestName);
    return std::move(manifest_);
  }

 private:
  // What was read of one table.
  struct Parts {
    std::string name;
    int parts = 0;
    int64_t rows = 0;
  };

  void AddTable(const Relation& relation, const ResolvedMapping* mapping) {
    CopiedTable table;
    table.table.relation = mapping == nullptr ? relation : mapping->AsItArrives(relation);
    table.table.relation.condition = relation.SourceCondition();
    if (const MappedTable* mapped = mapping == nullptr ? nullptr : mapping->OfRelation(relation.oid))
      table.mapped = relation.display_name() + ": " + mapped->Describe();
    for (const Column& column : table.table.relation.columns)
      if (!column.is_generated) table.columns.push_back(column.name);
    for (size_t i = 0; i < relation.columns.size(); ++i) {
      const Column& column = relation.columns[i];
      const auto type = types_.find({relation.schema, relation.name, column.name});
      if (type != types_.end() && !column.is_generated && column.expression.empty())
        table.types[table.table.relation.columns.at(i).name] = type->second;  // as a mapping names it
    }
    manifest_.tables.push_back(std::move(table));
  }

  std::vector<BlockRange> Ranges(const StoredTable& stored) const {
    int64_t parts = options_.parts;
    if (options_.part_bytes > 0) parts = (stored.bytes + options_.part_bytes - 1) / options_.part_bytes;
    return SplitBlocks(stored.heap_blocks, std::max<int64_t>(1, parts));
  }

  std::vector<Job> MakeJobs() {
    StageProgress& stage = progress_.Stage("copy out");
    std::vector<Job> jobs;
    for (size_t i = 0; i < manifest_.tables.size(); ++i) {
      CopiedTable& table = manifest_.tables[i];
      const Relation& relation = table.table.relation;
      for (const StoredTable& stored : relations_[i].stored) {
        const std::vector<BlockRange> ranges = Ranges(stored);
        for (const BlockRange& range : ranges) {
          const size_t number = table.files.size();
          table.files.push_back(
              {fmt::format("{:04}.{}.{}.{:04}{}", i + 1, SafeFileName(relation.schema.substr(0, kNamePart)),
                           SafeFileName(relation.name.substr(0, kNamePart)), number + 1, options_.format.Suffix()),
               0,
               {}});
          const int64_t weight = stored.bytes / static_cast<int64_t>(ranges.size());
          ++stage.tasks_total;
          stage.weight_total += weight;
          jobs.push_back({weight, [this, i, number, stored, range, weight, &stage](ReadOnlyPair& pair) {
                            progress_.TaskStarted(stage);
                            CopyPart(pair.Get(Side::kSource), i, number, stored, range, stage.meter);
                            progress_.TaskDone(stage, weight);
                          }});
        }
      }
    }
    return jobs;
  }

  void CopyPart(Connection& source, size_t index, size_t number, const StoredTable& stored, const BlockRange& range,
                Meter& meter) {
    CopiedTable& table = manifest_.tables[index];
    CopyFile& file = table.files[number];
    OutputFile output(options_.directory + "/" + file.name, options_.format.compression, options_.level);
    source.StartCopyOut(CopyStatement(relations_[index], table, stored, range, options_.format));
    MeterBatch batch(meter);
    std::string_view data;
    while (source.NextCopyData(&data)) {
      output.Add(data);
      batch.Add(0, static_cast<int64_t>(data.size()));
    }
    RequireReadByName(source, stored);
    file.rows = source.copied_rows();
    batch.Add(file.rows, 0);
    file.facts = output.Finish();
    const std::lock_guard lock(mutex_);
    Parts& parts = parts_of_[stored.oid];
    parts.name = DisplayName(stored.schema, stored.name);
    ++parts.parts;
    parts.rows += file.rows;
  }

  // A part that was read before TRUNCATE, and another one behind it, are no state of the table.
  void RefuseTornTables(const std::string& snapshot_id) {
    Connection source(options_.source, Side::kSource);
    for (const uint32_t oid : RequireRowsStillShown(source, snapshot_id, relations_))
      if (const auto found = parts_of_.find(oid);
          found != parts_of_.end() && found->second.parts > 1 && found->second.rows > 0)
        throw Error(fmt::format("source: table {} was truncated while it was read in parts", found->second.name), {},
                    "Begin anew.");
  }

  void TakeDigests(std::vector<ManifestTable> digested) {
    for (size_t i = 0; i < digested.size(); ++i) {
      digested[i].relation = std::move(manifest_.tables[i].table.relation);
      manifest_.tables[i].table = std::move(digested[i]);
      int64_t rows = 0;
      for (const CopyFile& file : manifest_.tables[i].files) rows += file.rows;
      const ManifestTable& table = manifest_.tables[i].table;
      // Two readings under one snapshot: they cannot differ.
      if (table.reason.empty() && rows != static_cast<int64_t>(table.digest.rows))
        throw Error(fmt::format("{} rows of {} were copied but {} were digested", rows, table.relation.display_name(),
                                table.digest.rows));
    }
  }

  const CopyOutOptions& options_;
  Progress& progress_;
  std::vector<Relation> relations_;  // the source's, in the order of the manifest's tables
  CopyManifest manifest_;
  ColumnTypes types_;  // where rows go in binary form
  std::mutex mutex_;
  std::map<uint32_t, Parts> parts_of_;  // by the OID of the table that holds the rows
};

}  // namespace

CopyManifest CopyOut(const CopyOutOptions& options, Progress& progress) { return CopyOutRun(options, progress).Run(); }

}  // namespace airlift
