#include "copy/table_copy.h"

#include <fmt/format.h>

#include "digest/stream_digest.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

// "(a, b)" of the columns that are copied; "" when there are none, which COPY takes for "all but the generated ones".
std::string ColumnList(const Relation& relation) {
  std::string list;
  for (const Column& column : relation.columns) {
    if (column.is_generated) continue;
    list += (list.empty() ? "" : ", ") + QuoteIdentifier(column.name);
  }
  return list;
}

// What the source selects for them.
std::string SelectList(const Relation& relation) {
  std::string list;
  for (const Column& column : relation.columns) {
    if (column.is_generated) continue;
    list += (list.empty() ? "" : ", ") + (column.expression.empty() ? QuoteIdentifier(column.name) : column.expression);
  }
  return list;
}

std::string Parenthesized(const std::string& list) { return list.empty() ? "" : " (" + list + ")"; }

const char* Format(const Relation& relation) { return relation.AllPortable() ? "binary" : "text"; }

// Joins CopyData messages into larger ones: the framing of COPY FROM is free, and fewer messages cost less.
class CopyInBuffer {
 public:
  explicit CopyInBuffer(Connection& target) : target_(target) { buffer_.reserve(kCapacity); }

  void Add(std::string_view data) {
    if (buffer_.size() + data.size() > kCapacity) Flush();
    if (data.size() >= kCapacity) {
      target_.PutCopyData(data);
    } else {
      buffer_.append(data);
    }
  }
  void Flush() {
    if (buffer_.empty()) return;
    target_.PutCopyData(buffer_);
    buffer_.clear();
  }

 private:
  static constexpr size_t kCapacity = 256 * 1024;

  Connection& target_;
  std::string buffer_;
};

std::string CopyInStatement(const Relation& relation, const CopyPart& part) {
  const std::string name = relation.needs_routing ? QualifiedName(relation.schema, relation.name)
                                                  : QualifiedName(part.table.schema, part.table.name);
  return fmt::format("COPY {}{} FROM STDIN (FORMAT {}{})", name, Parenthesized(ColumnList(relation)), Format(relation),
                     part.truncate_and_freeze ? ", FREEZE" : "");
}

}  // namespace

std::string CopyOutStatement(const Relation& relation, const CopyPart& part) {
  const std::string name = QualifiedName(part.table.schema, part.table.name);
  const std::string columns = ColumnList(relation);
  if (part.range.IsWhole() && relation.SourceCondition().empty() && !relation.HasExpressions())
    return fmt::format("COPY {}{} TO STDOUT (FORMAT {})", name, Parenthesized(columns), Format(relation));
  return fmt::format("COPY (SELECT {} FROM ONLY {}{}) TO STDOUT (FORMAT {})", SelectList(relation), name,
                     RangePredicate(part.range, relation.SourceCondition()), Format(relation));
}

std::vector<std::string> TargetStatements(const Relation& relation, const CopyPart& part) {
  const std::string name = QualifiedName(part.table.schema, part.table.name);
  std::vector<std::string> statements;
  if (part.truncate_and_freeze) statements.push_back("TRUNCATE ONLY " + name);
  if (relation.is_extension_configuration) statements.push_back("DELETE FROM " + name + " " + relation.condition);
  statements.push_back(CopyInStatement(relation, part));
  return statements;
}

bool CopyStreamsRowImages(const Relation& relation) { return relation.AllPortable() && !relation.HasGenerated(); }

CopyOutcome CopyTablePart(Connection& source, Connection& target, const Relation& relation, const CopyPart& part,
                          Meter& meter) {
  const std::vector<std::string> statements = TargetStatements(relation, part);
  for (size_t i = 0; i + 1 < statements.size(); ++i) target.Execute(statements[i]);
  source.StartCopyOut(CopyOutStatement(relation, part));
  target.StartCopyIn(statements.back());
  const bool is_image = CopyStreamsRowImages(relation);
  CopyOutcome outcome;
  StreamDigest stream(is_image ? relation.ArrayPositions() : std::vector<int>());
  CopyInBuffer buffer(target);
  MeterBatch batch(meter);
  std::string_view data;
  while (source.NextCopyData(&data)) {
    if (is_image) stream.Add(data);
    buffer.Add(data);
    outcome.bytes += static_cast<int64_t>(data.size());
    batch.Add(0, static_cast<int64_t>(data.size()));
  }
  buffer.Flush();
  const int64_t sent = source.copied_rows();
  outcome.rows = target.FinishCopyIn();
  if (outcome.rows != sent) {
    throw Error(fmt::format("{}: the source sent {} rows but the target took {}",
                            DisplayName(part.table.schema, part.table.name), sent, outcome.rows));
  }
  batch.Add(outcome.rows, 0);
  if (is_image) outcome.digest = stream.digest();
  return outcome;
}

}  // namespace airlift
