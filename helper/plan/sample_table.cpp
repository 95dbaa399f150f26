#include "plan/sample_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "digest/image_query.h"
#include "digest/stream_digest.h"
#include "pg/identifier.h"
#include "source/extension_client.h"

namespace airlift::planning {

namespace {

constexpr const char* kSampleTable = "pg_temp.pg_airlift_sample";
constexpr std::string_view kBinaryTrailer("\xff\xff", 2);
constexpr double kShortestDigestSeconds = 1;

// The type that a column has in the temporary table: its own where every server has it, else text. Domains over
// built-in types stand for their base type, which is what their binary form is.
constexpr const char* kColumnTypesQuery = R"(
SELECT CASE WHEN t.oid < 16384 THEN pg_catalog.format_type(a.atttypid, a.atttypmod)
            WHEN t.typtype = 'd' AND t.typbasetype < 16384 THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
       END, n.nspname, p.proname
FROM pg_catalog.pg_attribute a
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     JOIN pg_catalog.pg_proc p ON p.oid = t.typoutput
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum)";

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point began) {
  return std::max(1e-4, std::chrono::duration<double>(Clock::now() - began).count());
}

struct Shape {
  Relation relation;        // columns that the target may not know are imaged as text
  std::string definitions;  // of the temporary table's columns
};

Shape ShapeOf(Connection& source, const Relation& relation) {
  Shape shape{relation, {}};
  const Result types = source.Query(kColumnTypesQuery, {std::to_string(relation.oid)});
  for (size_t i = 0; i < shape.relation.columns.size() && static_cast<int>(i) < types.rows(); ++i) {
    const int row = static_cast<int>(i);
    Column& column = shape.relation.columns[i];
    const bool as_text = !column.is_portable || types.IsNull(row, 0);
    if (as_text) {
      column.is_portable = false;
      column.output_function = QualifiedName(types.Text(row, 1), types.Text(row, 2));
    }
    shape.definitions += fmt::format("{}{} {}", shape.definitions.empty() ? "" : ", ", QuoteIdentifier(column.name),
                                     as_text ? "pg_catalog.text" : types.Text(row, 0));
  }
  return shape;
}

const StoredTable& LargestPart(const Relation& relation) {
  return *std::max_element(relation.stored.begin(), relation.stored.end(),
                           [](const StoredTable& a, const StoredTable& b) { return a.bytes < b.bytes; });
}

// Sends what the source streams to the target; the trailer is ours, so that stopping early leaves a whole stream.
class Sink {
 public:
  explicit Sink(Connection* target) : target_(target) {}

  void Start() {
    if (target_ != nullptr) target_->StartCopyIn(fmt::format("COPY {} FROM STDIN (FORMAT binary)", kSampleTable));
  }
  void Add(std::string_view data) {
    if (target_ == nullptr || data == kBinaryTrailer) return;
    buffer_.append(data);
    if (buffer_.size() >= kFlushBytes) Flush();
  }
  void Finish(bool any_rows) {
    if (target_ == nullptr) return;
    if (any_rows || buffer_.size() <= kHeaderBytes)
      buffer_.append(kBinaryTrailer);  // of no rows, it came as one message
    Flush();
    target_->FinishCopyIn();
  }

 private:
  static constexpr size_t kFlushBytes = 256 * 1024;
  static constexpr size_t kHeaderBytes = 19;

  void Flush() {
    target_->PutCopyData(buffer_);
    buffer_.clear();
  }

  Connection* target_;
  std::string buffer_;
};

void CopySome(Connection& source, Connection* target, const Shape& shape, const StoredTable& part,
              const SampleBudget& budget, TableSample& sample) {
  Sink sink(target);
  StreamDigest digest;
  const auto began = Clock::now();
  sink.Start();
  source.StartCopyOut(ImageCopyStatement(shape.relation, part, BlockRange()));
  std::string_view data;
  bool more = source.NextCopyData(&data);
  while (more) {
    digest.Add(data);
    sink.Add(data);
    sample.stream_bytes += static_cast<int64_t>(data.size());
    const bool look = digest.digest().rows % 64 == 0;
    if (sample.stream_bytes > budget.bytes || (look && SecondsSince(began) > budget.seconds)) break;
    more = source.NextCopyData(&data);
  }
  sink.Finish(digest.digest().rows > 0);
  sample.copy_seconds = SecondsSince(began);
  sample.rows = static_cast<int64_t>(digest.digest().rows);
  sample.is_whole = !more;
  source.Rollback();
}

// What the rows seen take on the source; the planner's row count says which share of the part they are.
int64_t StoredBytes(const TableFacts& table, const StoredTable& part, const TableSample& sample) {
  if (sample.is_whole) return part.bytes;
  const double rows_of_part =
      table.rows() * static_cast<double>(part.bytes) / static_cast<double>(std::max<int64_t>(1, table.bytes()));
  if (rows_of_part < static_cast<double>(sample.rows)) return std::min(sample.stream_bytes, part.bytes);
  return static_cast<int64_t>(static_cast<double>(part.bytes) * static_cast<double>(sample.rows) / rows_of_part);
}

void MeasureDigest(Connection& source, const TableFacts& table, const SampleBudget& budget, TableSample& sample) {
  const double limit = std::max(kShortestDigestSeconds, budget.seconds);
  Transaction transaction(source, "BEGIN READ ONLY");
  source.Execute(fmt::format("SET LOCAL statement_timeout = {}", std::lround(limit * 1000)));
  const auto began = Clock::now();
  try {
    DigestByExtension(source, table.relation);
    sample.digest_seconds = SecondsSince(began);
    sample.digest_bytes = table.bytes();
  } catch (const SqlError& error) {
    CheckStop();
    if (error.sqlstate() != "57014") throw;  // larger than what can be digested in the time allowed
  }
}

void MeasureReadBack(Connection& target, const Shape& shape, TableSample& sample) {
  sample.target_bytes = target.Query(fmt::format("SELECT pg_catalog.pg_table_size('{}')", kSampleTable)).Integer(0, 0);
  StreamDigest digest(shape.relation.ArrayPositions());
  const auto began = Clock::now();
  target.StartCopyOut(fmt::format("COPY {} TO STDOUT (FORMAT binary)", kSampleTable));
  std::string_view data;
  while (target.NextCopyData(&data)) digest.Add(data);
  sample.read_back_seconds = SecondsSince(began);
}

void MeasureIndex(Connection& target, const TableFacts& table, TableSample& sample) {
  const IndexFacts* chosen = nullptr;
  for (const IndexFacts& index : table.indexes)
    if (index.method == "btree" && !index.columns.empty() && (chosen == nullptr || index.bytes > chosen->bytes))
      chosen = &index;
  if (chosen == nullptr) return;
  std::string columns;
  for (const std::string& column : chosen->columns) columns += (columns.empty() ? "" : ", ") + QuoteIdentifier(column);
  target.Execute("SAVEPOINT airlift_index");
  const auto began = Clock::now();
  try {
    target.Execute(fmt::format("CREATE INDEX pg_airlift_sample_index ON {} ({})", kSampleTable, columns));
    sample.index_seconds = SecondsSince(began);
    sample.index_bytes =
        target.Query("SELECT pg_catalog.pg_relation_size('pg_temp.pg_airlift_sample_index')").Integer(0, 0);
  } catch (const SqlError&) {
    CheckStop();
    if (target.IsBroken()) throw;
    target.Execute("ROLLBACK TO SAVEPOINT airlift_index");  // a type that is text here may be too long for a btree
  }
}

void End(Connection& connection) {
  if (connection.InTransaction()) connection.Rollback();
}

}  // namespace

TableSample SampleTable(Connection& source, Connection* target, const TableFacts& table, size_t position,
                        const SampleBudget& budget, bool in_depth, bool has_extension) {
  TableSample sample;
  sample.table = position;
  const StoredTable& part = LargestPart(table.relation);
  try {
    source.Execute("BEGIN READ ONLY");
    const Shape shape = ShapeOf(source, table.relation);
    if (target != nullptr) {
      target->Execute("BEGIN");
      target->Execute(fmt::format("CREATE TEMPORARY TABLE pg_airlift_sample ({}) ON COMMIT DROP", shape.definitions));
    }
    CopySome(source, target, shape, part, budget, sample);
    sample.stored_bytes = StoredBytes(table, part, sample);
    if (in_depth && has_extension) MeasureDigest(source, table, budget, sample);
    if (in_depth && target != nullptr) {
      MeasureReadBack(*target, shape, sample);
      MeasureIndex(*target, table, sample);
    }
  } catch (...) {
    End(source);
    if (target != nullptr) End(*target);
    throw;
  }
  End(source);
  if (target != nullptr) End(*target);
  return sample;
}

}  // namespace airlift::planning
