#include "row_compare/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pg/identifier.h"
#include "text_settings.h"

namespace airlift {

namespace {

constexpr int kRowsPerStatement = 100;
constexpr int64_t kBytesPerStatement = 1 << 20;

constexpr const char* kColumnsQuery = R"(
WITH RECURSIVE base(column_type, type) AS (
  SELECT DISTINCT atttypid, atttypid FROM pg_catalog.pg_attribute
  WHERE attrelid = $1::pg_catalog.oid AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT base.column_type, t.typbasetype FROM base JOIN pg_catalog.pg_type t ON t.oid = base.type
  WHERE t.typtype = 'd'
)
SELECT a.attname, n.nspname, p.proname,
       CASE WHEN argument.typtype <> 'p' AND argument.oid <> t.oid
            THEN pg_catalog.format_type(argument.oid, -1) ELSE '' END, t.oid, t.typtype = 'c', a.attgenerated <> '', a.attidentity = 'a'
FROM pg_catalog.pg_attribute a
     JOIN base ON base.column_type = a.atttypid
     JOIN pg_catalog.pg_type t ON t.oid = base.type AND t.typtype <> 'd'
     JOIN pg_catalog.pg_proc p ON p.oid = t.typoutput
     JOIN pg_catalog.pg_type argument ON argument.oid = p.proargtypes[0]
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE a.attrelid = $1::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped)";

constexpr const char* kConstraintsQuery = R"(
SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_index
        WHERE indrelid = $1::pg_catalog.oid AND (indisunique OR indisexclusion)),
       EXISTS (SELECT FROM pg_catalog.pg_trigger
               WHERE tgrelid = $1::pg_catalog.oid AND NOT tgisinternal AND tgenabled <> 'D'))";

constexpr const char* kReferencesQuery = R"(
SELECT confrelid, conrelid FROM pg_catalog.pg_constraint
WHERE contype = 'f' AND conparentid = 0 AND confrelid <> conrelid)";

// Types whose = tells apart whatever COPY BINARY tells apart, so that a plain comparison will do: bool, bytea, name,
// integers, oid, dates and times without a zone of their own, uuid.
constexpr uint32_t kExactTypes[] = {16, 17, 19, 20, 21, 23, 26, 1082, 1083, 1114, 1184, 2950};
constexpr uint32_t kTextTypes[] = {25, 1043};

bool IsOneOf(uint32_t type, const auto& types) {
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

std::string LiteralOrNull(const std::optional<std::string_view>& text) { return text ? SqlLiteral(*text) : "NULL"; }

// For a comment: one line, whatever is in it.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\n' || c == '\r' ? ' ' : c;
  return line;
}

constexpr const char* kCatalogEquality = "OPERATOR(\"pg_catalog\".=)";

std::string EqualityOf(const KeyPart& part) { return part.equality == kCatalogEquality ? "=" : part.equality; }

// Whether this role may have the session's triggers and foreign keys at rest: tried, then undone.
bool MaySilenceTriggers(Connection& target) {
  target.Execute("SAVEPOINT pg_airlift_trial");
  bool may = true;
  try {
    target.Execute("SET LOCAL session_replication_role = replica");
  } catch (const SqlError& error) {
    if (!error.IsClass("42")) throw;
    may = false;
  }
  target.Execute("ROLLBACK TO SAVEPOINT pg_airlift_trial; RELEASE SAVEPOINT pg_airlift_trial");
  return may;
}

}  // namespace

std::string SqlLiteral(std::string_view text) {
  const bool has_backslash = text.find('\\') != std::string_view::npos;
  std::string literal = has_backslash ? "E'" : "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += c;
    literal += c;
  }
  return literal + "'";
}

TargetTableFacts ReadTargetTableFacts(Connection& target, const ComparedTable& table) {
  TargetTableFacts facts;
  const std::string oid = std::to_string(table.target.oid);
  const Result columns = target.Query(kColumnsQuery, {oid});
  for (int row = 0; row < columns.rows(); ++row) {
    facts.columns[columns.Text(row, 0)] = {.output_function = QualifiedName(columns.Text(row, 1), columns.Text(row, 2)),
                                           .output_argument = columns.Text(row, 3),
                                           .type = static_cast<uint32_t>(columns.Integer(row, 4)),
                                           .is_composite = columns.Boolean(row, 5),
                                           .is_generated = columns.Boolean(row, 6),
                                           .is_always_identity = columns.Boolean(row, 7)};
  }
  const Result constraints = target.Query(kConstraintsQuery, {oid});
  facts.has_other_unique_keys = constraints.Integer(0, 0) > (table.HasKey() ? 1 : 0);
  facts.has_triggers = constraints.Boolean(0, 1);
  return facts;
}

TableRepair::TableRepair(const ComparedTable& table, TargetTableFacts facts, bool silences_triggers)
    : table_(table), facts_(std::move(facts)), silences_triggers_(silences_triggers) {
  std::string names;
  bool overrides = false;
  for (size_t i = 0; i < table.source.columns.size(); ++i) {
    if (Facts(i).is_generated) continue;
    insertable_.push_back(i);
    overrides |= Facts(i).is_always_identity;
    names += (names.empty() ? "" : ", ") + QuoteIdentifier(table.source.columns[i].name);
  }
  const std::string name = QualifiedName(table.target.schema, table.target.name);
  insert_head_ = insertable_.empty() ? fmt::format("INSERT INTO {} DEFAULT VALUES;\n", name)
                                     : fmt::format("INSERT INTO {} ({}){} VALUES\n", name, names,
                                                   overrides ? " OVERRIDING SYSTEM VALUE" : "");
  plain_key_ = table.key.size() == 1 && EqualityOf(table.key[0].target) == "=";
}

const TargetColumn& TableRepair::Facts(size_t position) const {
  return facts_.columns.at(table_.source.columns[position].name);
}

bool TableRepair::MustReplace(const std::vector<size_t>& changed) const {
  for (const size_t position : changed)
    if (Facts(position).is_always_identity) return true;
  return silences_triggers_ && facts_.has_other_unique_keys;
}

void TableRepair::Insert(const TextOf& text_of, uint64_t copies) {
  std::string values;
  for (const size_t position : insertable_) values += (values.empty() ? "" : ", ") + LiteralOrNull(text_of(position));
  for (uint64_t copy = 0; copy < copies; ++copy) {
    if (insertable_.empty()) {
      inserts_.Append(insert_head_);
      continue;
    }
    if (open_inserts_ == kRowsPerStatement ||
        (open_inserts_ > 0 && inserts_.size() - insert_began_ > kBytesPerStatement))
      CloseInsert();
    if (open_inserts_ == 0) {
      insert_began_ = inserts_.size();
      inserts_.Append(insert_head_);
    }
    inserts_.Append(open_inserts_++ == 0 ? "  (" : ",\n  (");
    inserts_.Append(values);
    inserts_.Append(")");
  }
}

void TableRepair::CloseInsert() {
  if (open_inserts_ > 0) inserts_.Append(";\n");
  open_inserts_ = 0;
}

std::string TableRepair::KeyCondition(const TextOf& text_of) const {
  std::string condition;
  for (const KeyColumn& column : table_.key) {
    condition += fmt::format("{}{} {} {}::{}", condition.empty() ? "" : " AND ", QuoteIdentifier(column.target.column),
                             EqualityOf(column.target), LiteralOrNull(text_of(column.position)), column.target.type);
  }
  return condition;
}

// Generated columns follow from the others, but are columns of the row all the same.
std::string TableRepair::RowCondition(const TextOf& text_of) const {
  std::string condition;
  for (size_t i = 0; i < table_.source.columns.size(); ++i) {
    const TargetColumn& column = Facts(i);
    const std::string name = QuoteIdentifier(table_.source.columns[i].name);
    const auto text = text_of(i);
    condition += i == 0 ? "" : " AND ";
    if (!text) {  // IS NULL is true of a composite whose fields are all NULL
      condition += name + (column.is_composite ? " IS NOT DISTINCT FROM NULL" : " IS NULL");
    } else if (IsOneOf(column.type, kExactTypes)) {
      condition += fmt::format("{} = {}", name, SqlLiteral(*text));
    } else if (IsOneOf(column.type, kTextTypes)) {
      condition += fmt::format("{} COLLATE \"C\" = {}", name, SqlLiteral(*text));
    } else {
      condition +=
          fmt::format("pg_catalog.textin({}({})) COLLATE \"C\" = {}", column.output_function,
                      column.output_argument.empty() ? name : name + "::" + column.output_argument, SqlLiteral(*text));
    }
  }
  return condition.empty() ? "true" : condition;
}

void TableRepair::Update(const TextOf& text_of, const std::vector<size_t>& changed) {
  std::string assignments;
  for (const size_t position : changed) {
    if (Facts(position).is_generated) continue;
    assignments += fmt::format("{}{} = {}", assignments.empty() ? "" : ", ",
                               QuoteIdentifier(table_.source.columns[position].name), LiteralOrNull(text_of(position)));
  }
  const std::string where = KeyCondition(text_of);
  if (assignments.empty()) {
    updates_.Append(fmt::format("-- only generated columns of {} differ where {}: compare their expressions\n",
                                OneLine(table_.From(Side::kTarget)), OneLine(where)));
    return;
  }
  updates_.Append(fmt::format("UPDATE {} SET {} WHERE {};\n", table_.From(Side::kTarget), assignments, where));
}

void TableRepair::DeleteByKey(const TextOf& text_of) {
  if (open_deletes_ == kRowsPerStatement) CloseDelete();
  if (open_deletes_ == 0) deletes_.Append(fmt::format("DELETE FROM {} WHERE ", table_.From(Side::kTarget)));
  if (plain_key_) {
    const KeyColumn& column = table_.key[0];
    deletes_.Append(open_deletes_++ == 0 ? QuoteIdentifier(column.target.column) + " IN (" : ", ");
    deletes_.Append(fmt::format("{}::{}", LiteralOrNull(text_of(column.position)), column.target.type));
  } else {
    deletes_.Append(fmt::format("{}({})", open_deletes_++ == 0 ? "" : "\n  OR ", KeyCondition(text_of)));
  }
}

void TableRepair::CloseDelete() {
  if (open_deletes_ > 0) deletes_.Append(plain_key_ ? ");\n" : ";\n");
  open_deletes_ = 0;
}

void TableRepair::DeleteCopies(const TextOf& text_of, uint64_t copies) {
  // In different partitions rows may have the same ctid.
  const char* place = table_.target.is_partitioned ? "tableoid, ctid" : "ctid";
  const std::string from = table_.From(Side::kTarget);
  deletes_.Append(fmt::format("DELETE FROM {} WHERE ({}) IN (SELECT {} FROM {} WHERE {} LIMIT {});\n", from, place,
                              place, from, RowCondition(text_of), copies));
}

void TableRepair::Finish() {
  CloseInsert();
  CloseDelete();
}

RepairScript::RepairScript(Connection& target) : silences_triggers_(MaySilenceTriggers(target)) {
  const Result result = target.Query(kReferencesQuery);
  for (int row = 0; row < result.rows(); ++row)
    references_.emplace(static_cast<uint32_t>(result.Integer(row, 0)), static_cast<uint32_t>(result.Integer(row, 1)));
}

RepairScript::Segment RepairScript::Store(SpilledText& text) {
  const int64_t from = store_.size();
  text.ForEachPiece([this](std::string_view piece) { store_.Append(piece); });
  return {from, store_.size()};
}

void RepairScript::Add(TableRepair& repair) {
  repair.Finish();
  const std::lock_guard lock(mutex_);
  Part part{repair.table().target.oid, Store(repair.deletes()), Store(repair.updates()), Store(repair.inserts())};
  if (part.inserts.to == part.deletes.from) return;
  parts_.push_back(part);
  if (repair.facts().has_triggers) tables_with_triggers_.push_back(repair.table().target.display_name());
}

void RepairScript::AddNote(const std::string& note) {
  const std::lock_guard lock(mutex_);
  notes_.push_back(note);
}

std::vector<const RepairScript::Part*> RepairScript::ReferencingFirst() const {
  std::map<uint32_t, const Part*> by_oid;
  for (const Part& part : parts_) by_oid[part.oid] = &part;
  std::vector<const Part*> ordered;
  std::set<uint32_t> visited;
  // Depth first: who references a table comes before it. A cycle is cut where it is entered.
  const std::function<void(uint32_t)> visit = [&](uint32_t oid) {
    if (!visited.insert(oid).second) return;
    const auto [begin, end] = references_.equal_range(oid);
    for (auto each = begin; each != end; ++each) visit(each->second);
    if (const auto found = by_oid.find(oid); found != by_oid.end()) ordered.push_back(found->second);
  };
  for (const Part& part : parts_) visit(part.oid);
  return ordered;
}

std::string RepairScript::Header(const RunResult& result) const {
  const auto side = [](const ServerFacts& server) {
    return OneLine(fmt::format("PostgreSQL {}, database {}", server.server_version, server.database));
  };
  std::string text = "-- SQL that makes rows of the target equal to those of the source, as a comparison found them.\n";
  text += fmt::format("-- Made by pg_airlift {} compare, begun at {}. pg_airlift never runs it.\n", AIRLIFT_VERSION,
                      result.started_at);
  text += fmt::format("-- source: {}\n-- target: {}\n", side(result.source), side(result.target));
  text += "-- Review it, then run it on the target: psql -v ON_ERROR_STOP=1 -f FILE. It is one transaction.\n";
  text += "-- It holds values of rows. Sequences, large objects and definitions are not in it.\n";
  if (parts_.empty()) text += "-- No row needs a change.\n";
  for (const std::string& note : notes_) text += "-- " + OneLine(note) + "\n";
  text += "\nBEGIN;\nSET LOCAL client_encoding = 'UTF8';\nSET LOCAL standard_conforming_strings = on;\n";
  text += "SET LOCAL statement_timeout = 0;\nSET LOCAL row_security = off;\nSET LOCAL xmloption = content;\n";
  for (const TextSetting& setting : kTextSettings)
    text += fmt::format("SET LOCAL {} = '{}';\n", setting.name, setting.value);
  if (silences_triggers_) {
    text +=
        "-- Triggers, rules and foreign keys are at rest: the rows are those that the source has with their effects.\n";
    text += "SET LOCAL session_replication_role = replica;\n";
  } else {
    text += "-- This role may not set session_replication_role: triggers fire and foreign keys are enforced.\n";
    for (const std::string& table : tables_with_triggers_)
      text +=
          fmt::format("-- Mind the triggers of {}: what they do to other rows is not undone here.\n", OneLine(table));
    text += "SET CONSTRAINTS ALL DEFERRED;\n";
  }
  return text;
}

void RepairScript::Copy(const Segment& segment, std::FILE* file) const {
  std::string piece(size_t{1} << 20, '\0');
  for (int64_t at = segment.from; at < segment.to;) {
    const size_t size = std::min(piece.size(), static_cast<size_t>(segment.to - at));
    store_.Read(at, piece.data(), size);
    std::fwrite(piece.data(), 1, size, file);
    at += static_cast<int64_t>(size);
  }
}

void RepairScript::Write(const std::string& path, const RunResult& result) {
  const std::lock_guard lock(mutex_);
  const std::vector<const Part*> ordered = ReferencingFirst();
  WriteFileAtomically(path, "repair file", 0600, [&](std::FILE* file) {
    std::fputs((Header(result) + "\n").c_str(), file);
    for (const Part* part : ordered) Copy(part->deletes, file);
    for (const Part* part : ordered) Copy(part->updates, file);
    for (auto part = ordered.rbegin(); part != ordered.rend(); ++part) Copy((*part)->inserts, file);
    std::fputs("\nCOMMIT;\n", file);
  });
}

}  // namespace airlift
