#include "archive/data_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "digest/image_query.h"
#include "large_objects/property_applier.h"
#include "large_objects/sparse_writer.h"
#include "pg/identifier.h"
#include "pg/role.h"
#include "queue/task_kind.h"
#include "schema/rewrite.h"
#include "schema/sql_lexer.h"

namespace airlift {

namespace {

// What pg_dump writes behind a table's rows.
constexpr std::string_view kEndOfRows = "\\.\n\n\n";

// Sends rows to COPY, all but the end mark, by which it tells that none is missing; counts them on the way.
class RowFeeder {
 public:
  explicit RowFeeder(Connection& target) : target_(target) { buffer_.reserve(2 * kCapacity); }

  void Add(std::string_view bytes) {
    buffer_.append(bytes);
    if (buffer_.size() >= kCapacity + kTail) Send(buffer_.size() - kTail);
  }

  // Throws Error where the end mark is missing.
  void Finish() {
    const bool at_line_start = buffer_.size() == kEndOfRows.size()
                                   ? !any_sent_
                                   : buffer_.size() > kEndOfRows.size() && buffer_[buffer_.size() - kTail] == '\n';
    if (!buffer_.ends_with(kEndOfRows) || !at_line_start)
      throw Error("the archive's rows end too early: their end mark is missing");
    Send(buffer_.size() - kEndOfRows.size());
  }

  int64_t rows() const { return rows_; }

 private:
  static constexpr size_t kCapacity = size_t{256} * 1024;
  static constexpr size_t kTail = kEndOfRows.size() + 1;

  // A newline within a value is written as \n, so that each one ends a row.
  void Send(size_t length) {
    if (length == 0) return;
    const std::string_view rows(buffer_.data(), length);
    rows_ += std::count(rows.begin(), rows.end(), '\n');
    target_.PutCopyData(rows);
    buffer_.erase(0, length);
    any_sent_ = true;
  }

  Connection& target_;
  std::string buffer_;
  int64_t rows_ = 0;
  bool any_sent_ = false;
};

struct CopyTarget {
  std::string name;     // as written
  std::string columns;  // "(a, b)" or ""
  bool is_entrys_own = false;
};

CopyTarget ParseCopy(const ArchiveEntry& entry) {
  const std::vector<SqlToken> tokens = Tokenize(entry.copy_statement);
  if (tokens.size() < 4 || !tokens[0].Is("COPY"))
    throw Error(
        fmt::format("the archive holds the rows of {} as INSERT commands", DisplayName(entry.schema, entry.name)), {},
        "Dump without --inserts, or restore this archive with pg_restore.");
  CopyTarget target;
  size_t at = 1;
  std::vector<std::string> names;
  for (; at < tokens.size() && tokens[at].depth == 0 && !tokens[at].Is("(") && !tokens[at].Is("FROM"); ++at)
    if (!tokens[at].Is(".")) names.push_back(Unquoted(tokens[at].text));
  target.name = entry.copy_statement.substr(tokens[1].offset, tokens[at - 1].end() - tokens[1].offset);
  target.is_entrys_own = names == std::vector<std::string>{entry.schema, entry.name};
  if (at < tokens.size() && tokens[at].Is("(")) {
    const size_t open = at;
    while (at < tokens.size() && !(tokens[at].depth == 0 && tokens[at].Is(")"))) ++at;
    if (at < tokens.size())
      target.columns = " " + entry.copy_statement.substr(tokens[open].offset, tokens[at].end() - tokens[open].offset);
    ++at;
  }
  if (at + 1 >= tokens.size() || !tokens[at].Is("FROM") || !tokens[at + 1].Is("stdin"))
    throw Error(fmt::format("the archive's COPY of {} is not understood", DisplayName(entry.schema, entry.name)));
  return target;
}

// The rows and columns that a mapping makes of those in `shape`, by the expressions that a copy from the source has.
std::string InsertStatement(const Relation& relation, const std::string& into, const std::string& shape) {
  std::string columns, values;
  for (const Column& column : relation.columns) {
    if (column.is_generated) continue;
    columns += (columns.empty() ? " (" : ", ") + QuoteIdentifier(column.name);
    values += (values.empty() ? "" : ", ") + ColumnExpression(column);
  }
  if (!columns.empty()) columns += ")";
  return fmt::format("INSERT INTO {}{} OVERRIDING SYSTEM VALUE SELECT {} FROM {} {}", into, columns, values, shape,
                     relation.SourceCondition());
}

// Makes chunks of a large object's bytes as they come.
class ObjectFeeder {
 public:
  ObjectFeeder(Connection& target) : writer_(target) {}

  void Begin(uint32_t oid) {
    End();
    oid_ = oid;
    offset_ = 0;
    ++objects_;
  }
  void Add(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t room = static_cast<size_t>(kLargeObjectChunk) - buffer_.size();
      buffer_.append(bytes.substr(0, room));
      bytes.remove_prefix(std::min(room, bytes.size()));
      if (buffer_.size() == static_cast<size_t>(kLargeObjectChunk)) Send();
    }
  }
  TableDigest Finish() {
    End();
    writer_.Finish();
    return digest_.Finish();
  }
  int64_t bytes() const { return bytes_; }
  int64_t objects() const { return objects_; }

 private:
  void Send() {
    const LargeObjectChunk chunk{oid_, offset_, buffer_};
    writer_.Add(chunk);
    digest_.Add(chunk);
    offset_ += static_cast<int64_t>(buffer_.size());
    bytes_ += static_cast<int64_t>(buffer_.size());
    buffer_.clear();
  }
  void End() {
    if (oid_ != 0 && (offset_ == 0 || !buffer_.empty())) Send();
  }

  SparseWriter writer_;
  LargeObjectsDigest digest_;
  std::string buffer_;
  uint32_t oid_ = 0;
  int64_t offset_ = 0;
  int64_t bytes_ = 0;
  int64_t objects_ = 0;
};

constexpr size_t kBatchObjects = 1000;
constexpr int64_t kBatchBytes = int64_t{64} << 20;
constexpr const char* kObjectPrefix = "LARGE OBJECT ";

uint32_t OidIn(const std::string& text) {
  const size_t digit = text.find_first_of("0123456789");
  return digit == std::string::npos ? 0 : static_cast<uint32_t>(std::stoul(text.substr(digit, 10)));
}

// The objects of a BLOB or BLOB METADATA entry: named by its tag, or listed in it, one a line.
std::vector<uint32_t> ObjectsOf(const ArchiveEntry& entry) {
  if (entry.kind == "BLOB") return {OidIn(entry.name)};
  std::vector<uint32_t> oids;
  for (const SqlToken& token : Tokenize(entry.sql))
    if (token.kind == TokenKind::kNumber) oids.push_back(OidIn(std::string(token.text)));
  return oids;
}

// A statement about one large object, made to speak of another.
std::string WithObject(const std::string& sql, uint32_t oid) {
  const std::vector<SqlToken> tokens = Tokenize(sql);
  for (size_t i = 0; i + 2 < tokens.size(); ++i)
    if (tokens[i].Is("LARGE") && tokens[i + 1].Is("OBJECT"))
      return sql.substr(0, tokens[i + 2].offset) + std::to_string(oid) + sql.substr(tokens[i + 2].end());
  return sql;
}

}  // namespace

const ArchiveEntry& ArchiveSource::Entry(int32_t dump_id) const {
  const auto found = by_dump_id.find(dump_id);
  if (found == by_dump_id.end()) throw Error(fmt::format("the archive has no entry {}", dump_id));
  return *found->second;
}

ArchiveSource SourceOf(const ArchiveFile& file, std::string encoding) {
  ArchiveSource source{&file, std::move(encoding), {}};
  for (const ArchiveEntry& entry : file.archive().entries) source.by_dump_id.emplace(entry.dump_id, &entry);
  return source;
}

ArchiveCopy PlanArchiveCopy(const ArchiveEntry& entry, const Relation& relation, const std::string& encoding,
                            bool freeze, const std::string& shape) {
  const CopyTarget written = ParseCopy(entry);
  const std::string own = QualifiedName(entry.schema, entry.name);
  const bool routed = relation.needs_routing || !written.is_entrys_own;
  const std::string name = relation.needs_routing   ? QualifiedName(relation.schema, relation.name)
                           : !written.is_entrys_own ? written.name
                                                    : own;
  ArchiveCopy copy;
  copy.preparations.emplace_back("SET LOCAL xmloption = content");
  if (!shape.empty()) {
    copy.preparations.push_back("TRUNCATE " + shape);
    copy.statement = fmt::format("COPY {}{} FROM STDIN (FORMAT text, ENCODING '{}')", shape, written.columns, encoding);
    copy.take_over = InsertStatement(relation, name, shape);
    return copy;
  }
  if (freeze && !routed) copy.preparations.push_back("TRUNCATE ONLY " + own);
  if (relation.is_extension_configuration) copy.preparations.push_back("DELETE FROM " + own + " " + relation.condition);
  copy.statement = fmt::format("COPY {}{} FROM STDIN (FORMAT text, ENCODING '{}'{})", name, written.columns, encoding,
                               freeze && !routed ? ", FREEZE" : "");
  return copy;
}

TaskOutcome LoadTable(const ArchiveSource& source, Connection& target, const Relation& relation,
                      const nlohmann::json& detail, Meter& meter) {
  const ArchiveEntry& entry = source.Entry(detail.at("entry"));
  const std::string shape = detail.value("shape", "");
  const ArchiveCopy copy = PlanArchiveCopy(entry, relation, source.encoding, detail.at("freeze"), shape);
  for (const std::string& statement : copy.preparations) target.Execute(statement);
  target.StartCopyIn(copy.statement);
  RowFeeder feeder(target);
  TaskOutcome outcome;
  MeterBatch batch(meter);
  source.file->ReadData(
      entry, [&](std::string_view bytes) { feeder.Add(bytes); },
      [&](int64_t bytes) {
        outcome.bytes += bytes;
        batch.Add(0, bytes);
      });
  feeder.Finish();
  outcome.rows = target.FinishCopyIn();
  if (outcome.rows != feeder.rows())
    throw Error(fmt::format("the archive has {} rows of {} but the target took {}", feeder.rows(),
                            DisplayName(entry.schema, entry.name), outcome.rows));
  batch.Add(outcome.rows, 0);
  if (!copy.take_over.empty()) {
    outcome.rows = target.Query(copy.take_over).AffectedRows();
    target.Execute("TRUNCATE " + shape);
  }
  return outcome;
}

std::vector<Task> PlanLargeObjectLoad(const ArchiveFile& file) {
  std::vector<Task> tasks;
  for (const ArchiveEntry& entry : file.archive().entries) {
    if (entry.kind != "BLOBS" || !entry.has_data) continue;
    const std::vector<ArchivedObject> objects = file.ListLargeObjects(entry);
    if (objects.empty()) {
      tasks.push_back({0, kLargeObjectTask, -1, file.DataBytes(entry), {{"entry", entry.dump_id}}});
      continue;
    }
    for (size_t begin = 0; begin < objects.size();) {
      int64_t bytes = 0;
      size_t end = begin;
      while (end < objects.size() && end - begin < kBatchObjects && (end == begin || bytes < kBatchBytes))
        bytes += objects[end++].bytes;
      tasks.push_back(
          {0, kLargeObjectTask, -1, bytes, {{"entry", entry.dump_id}, {"first", begin}, {"count", end - begin}}});
      begin = end;
    }
  }
  return tasks;
}

TaskOutcome LoadLargeObjects(const ArchiveSource& source, Connection& target, const nlohmann::json& detail,
                             Meter& meter) {
  const ArchiveEntry& entry = source.Entry(detail.at("entry"));
  MeterBatch batch(meter);
  const auto read = [&](int64_t bytes) { batch.Add(0, bytes); };
  const std::vector<ArchivedObject> objects = source.file->ListLargeObjects(entry);
  ObjectFeeder feeder(target);
  const auto sink = [&](std::string_view bytes) { feeder.Add(bytes); };
  if (detail.contains("first")) {
    const size_t first = detail.at("first");
    const size_t count = detail.at("count");
    for (size_t i = first; i < first + count; ++i) {
      feeder.Begin(objects.at(i).oid);
      source.file->ReadLargeObject(objects[i], sink, read);
    }
  } else {
    source.file->ReadLargeObjects(
        entry, [&](uint32_t oid) { feeder.Begin(oid); }, sink, read);
  }
  TaskOutcome outcome;
  outcome.digest = feeder.Finish();
  outcome.rows = feeder.objects();
  outcome.bytes = feeder.bytes();
  batch.Add(outcome.rows, 0);
  return outcome;
}

std::vector<LeftOut> ApplyArchivedProperties(const Archive& archive, Connection& target,
                                             const std::set<std::string>& superusers) {
  PropertyApplier applier(target);
  const bool has_objects = std::any_of(archive.entries.begin(), archive.entries.end(),
                                       [](const ArchiveEntry& entry) { return entry.kind == "BLOBS"; });
  if (!has_objects) return {};
  std::map<int32_t, std::vector<uint32_t>> objects;  // by the dump_id of what names them
  for (const ArchiveEntry& entry : archive.entries) {
    if (entry.kind == "BLOB" || entry.kind == "BLOB METADATA") objects[entry.dump_id] = ObjectsOf(entry);
    if (entry.kind == "COMMENT" && entry.name.rfind(kObjectPrefix, 0) == 0)
      applier.Add("COMMENT", OidIn(entry.name), entry.sql);
  }
  applier.Run();
  RoleAccess roles(target);
  const std::string self = target.Query("SELECT current_user").Text(0, 0);
  for (const ArchiveEntry& entry : archive.entries) {
    if (!objects.contains(entry.dump_id) || entry.owner.empty() || entry.owner == self) continue;
    const bool was_superuser = superusers.contains(entry.owner);
    const auto why_not = was_superuser ? std::nullopt : roles.WhyNot(entry.owner);
    for (const uint32_t oid : objects[entry.dump_id]) {
      if (was_superuser) {
        applier.Refuse("OWNER", oid, "a superuser's at the source; the migrating role's at the target", true);
      } else if (why_not) {
        applier.Refuse("OWNER", oid, *why_not);
      } else {
        applier.Add("OWNER", oid, fmt::format("ALTER LARGE OBJECT {} OWNER TO {}", oid, QuoteIdentifier(entry.owner)));
      }
    }
  }
  applier.Run();
  for (const ArchiveEntry& entry : archive.entries) {
    if (entry.kind != "ACL" || entry.name.rfind("LARGE OBJECT", 0) != 0) continue;
    std::vector<uint32_t> oids = {OidIn(entry.name)};
    for (const int32_t id : entry.dependencies)
      if (const auto found = objects.find(id); found != objects.end() && found->second.size() > 1) oids = found->second;
    for (const uint32_t oid : oids)
      for (const std::string& grant : GrantStatements(entry.sql)) applier.Add("ACL", oid, WithObject(grant, oid));
  }
  applier.Run();
  return applier.LeftOuts();
}

}  // namespace airlift
