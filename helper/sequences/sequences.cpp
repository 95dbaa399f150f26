#include "sequences/sequences.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "pg/batch.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr const char* kListQuery = R"(
SELECT n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'airlift', 'airlift_state')
  AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                   WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
       OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")";

// Sequences of one UNION ALL.
constexpr size_t kReadBatch = 300;

auto Key(const SequenceValue& sequence) { return std::tie(sequence.schema, sequence.name); }

std::string ReadStatement(const std::vector<SequenceValue>& sequences, size_t begin, size_t end) {
  std::string sql;
  for (size_t i = begin; i < end; ++i) {
    sql += fmt::format("{}SELECT {}, last_value, is_called FROM {}", i == begin ? "" : " UNION ALL ", i,
                       QualifiedName(sequences[i].schema, sequences[i].name));
  }
  return sql;
}

void ReadBatch(Connection& connection, std::vector<SequenceValue>& sequences, size_t begin, size_t end) {
  const Result state = connection.Query(ReadStatement(sequences, begin, end));
  for (int row = 0; row < state.rows(); ++row) {
    SequenceValue& sequence = sequences.at(static_cast<size_t>(state.Integer(row, 0)));
    sequence.last_value = state.Integer(row, 1);
    sequence.is_called = state.Boolean(row, 2);
  }
}

std::string SetStatement(const Connection& target, const SequenceValue& value) {
  return fmt::format("SELECT pg_catalog.setval({}, {}, {})",
                     target.QuoteLiteral(QualifiedName(value.schema, value.name)), value.last_value, value.is_called);
}

std::string Describe(const SequenceValue& value) {
  return fmt::format("last_value {}, is_called {}", value.last_value, value.is_called);
}

SequenceComparison Compare(const SequenceValue& source, const SequenceValue& target) {
  if (source == target) return {source.schema, source.name, Verdict::kVerified, {}};
  return {source.schema, source.name, Verdict::kDiffers,
          fmt::format("source: {}; target: {}", Describe(source), Describe(target))};
}

}  // namespace

std::vector<SequenceValue> ReadSequences(Connection& connection, const SequenceFilter& is_wanted) {
  const Result list = connection.Query(kListQuery);
  std::vector<SequenceValue> sequences;
  for (int row = 0; row < list.rows(); ++row)
    if (!is_wanted || is_wanted(list.Text(row, 0), list.Text(row, 1)))
      sequences.push_back({list.Text(row, 0), list.Text(row, 1), 0, false});
  // Rolling back to a savepoint gives the batch's locks back: a lock on each of 10,000 sequences would not fit into the
  // server's lock table.
  const bool nested = connection.InTransaction();
  for (size_t begin = 0; begin < sequences.size(); begin += kReadBatch) {
    if (nested) connection.Execute("SAVEPOINT pg_airlift_sequences");
    ReadBatch(connection, sequences, begin, std::min(begin + kReadBatch, sequences.size()));
    if (nested)
      connection.Execute("ROLLBACK TO SAVEPOINT pg_airlift_sequences; RELEASE SAVEPOINT pg_airlift_sequences");
  }
  return sequences;
}

std::vector<LeftOut> SetSequences(Connection& target, const std::vector<SequenceValue>& values) {
  std::vector<std::string> statements;
  statements.reserve(values.size());
  for (const SequenceValue& value : values) statements.push_back(SetStatement(target, value));
  std::vector<LeftOut> left_out;
  RunEach(target, statements, [&](size_t index, const std::string& reason) {
    left_out.push_back({"SEQUENCE SET", DisplayName(values[index].schema, values[index].name), reason});
  });
  return left_out;
}

std::vector<SequenceComparison> CompareSequences(std::vector<SequenceValue> source, std::vector<SequenceValue> target) {
  const auto by_key = [](const SequenceValue& a, const SequenceValue& b) { return Key(a) < Key(b); };
  std::sort(source.begin(), source.end(), by_key);
  std::sort(target.begin(), target.end(), by_key);
  std::vector<SequenceComparison> compared;
  auto s = source.begin();
  auto t = target.begin();
  while (s != source.end() || t != target.end()) {
    if (t == target.end() || (s != source.end() && Key(*s) < Key(*t))) {
      compared.push_back({s->schema, s->name, Verdict::kDiffers, "missing on the target"});
      ++s;
    } else if (s == source.end() || Key(*t) < Key(*s)) {
      compared.push_back({t->schema, t->name, Verdict::kDiffers, "on the target only"});
      ++t;
    } else {
      compared.push_back(Compare(*s++, *t++));
    }
  }
  return compared;
}

}  // namespace airlift
