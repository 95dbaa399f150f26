#include "audit/key_collector.h"

#include "base/error.h"
#include "byte_order.h"

namespace airlift {

namespace {

constexpr size_t kRecentBytes = size_t{8} << 20;
constexpr size_t kRecentOverhead = 64;

void AppendNumber(std::string& to, size_t number) {
  char bytes[4];
  StoreBigEndian32(bytes, static_cast<uint32_t>(number));
  to.append(bytes, sizeof bytes);
}

}  // namespace

TouchedKey ReadTouchedKey(std::string_view spooled) {
  TouchedKey key;
  key.table = LoadBigEndian32(spooled.data());
  for (size_t at = 4; at < spooled.size();) {
    const size_t size = LoadBigEndian32(spooled.data() + at);
    key.columns.emplace_back(spooled.substr(at + 4, size));
    at += 4 + size;
  }
  return key;
}

KeyCollector::KeyCollector(const std::vector<ComparedTable>& tables)
    : tables_(tables), changes_(tables.size()), obstacles_(tables.size()) {
  for (size_t i = 0; i < tables.size(); ++i) {
    table_of_oid_[tables[i].source.oid] = i;
    for (const StoredTable& stored : tables[i].source.stored) table_of_oid_[stored.oid] = i;
  }
}

void KeyCollector::Refuse(size_t table, const char* why) {
  if (obstacles_[table].empty()) obstacles_[table] = why;
}

void KeyCollector::Take(std::string_view bytes) {
  const pgoutput::Message message = pgoutput::Parse(bytes);
  if (const auto* relation = std::get_if<pgoutput::Relation>(&message)) {
    Describe(*relation);
  } else if (const auto* insert = std::get_if<pgoutput::Insert>(&message)) {
    Change(insert->relation, nullptr, &insert->row);
  } else if (const auto* update = std::get_if<pgoutput::Update>(&message)) {
    Change(update->relation, update->old_kind == pgoutput::OldRow::kNone ? nullptr : &update->old_row, &update->row);
  } else if (const auto* removal = std::get_if<pgoutput::Delete>(&message)) {
    Change(removal->relation, &removal->old_row, nullptr);
  } else if (const auto* truncate = std::get_if<pgoutput::Truncate>(&message)) {
    for (const uint32_t relation : truncate->relations) Truncate(relation);
  }
}

void KeyCollector::Describe(const pgoutput::Relation& relation) {
  const auto found = table_of_oid_.find(relation.id);
  if (found == table_of_oid_.end()) return;
  Described described{found->second, relation.columns.size(), {}};
  const ComparedTable& table = tables_[found->second];
  for (const KeyColumn& key : table.key) {
    const std::string& name = table.source.columns[key.position].name;
    for (size_t i = 0; i < relation.columns.size(); ++i)
      if (relation.columns[i].name == name && relation.columns[i].is_identity) described.key.push_back(i);
  }
  if (described.key.size() != table.key.size()) described.key.clear();
  described_[relation.id] = std::move(described);
}

void KeyCollector::Truncate(uint32_t relation) {
  const auto found = table_of_oid_.find(relation);
  if (found == table_of_oid_.end()) return;
  ++changes_[found->second];
  Refuse(found->second, "it was truncated since then");
}

void KeyCollector::Change(uint32_t relation, const pgoutput::Tuple* old_row, const pgoutput::Tuple* row) {
  const auto found = described_.find(relation);
  if (found == described_.end()) {
    if (table_of_oid_.count(relation) > 0) throw Error("a change of a relation came before its description");
    return;
  }
  const Described& described = found->second;
  ++changes_[described.table];
  if (!keeps_ || !obstacles_[described.table].empty()) return;
  if (described.key.empty()) return Refuse(described.table, "its replica identity does not tell the key of a row");
  if ((old_row != nullptr && !Keep(described, *old_row, nullptr)) ||
      (row != nullptr && !Keep(described, *row, old_row)))
    Refuse(described.table, "a change came without the whole key of its row");
}

bool KeyCollector::Keep(const Described& described, const pgoutput::Tuple& tuple, const pgoutput::Tuple* old_row) {
  using Kind = pgoutput::Value::Kind;
  if (tuple.size() != described.columns) return false;
  std::string key;
  AppendNumber(key, described.table);
  for (const size_t position : described.key) {
    const pgoutput::Value* value = &tuple[position];
    // Stored out of line and not changed: then the old row has it.
    if (value->kind == Kind::kUnchanged && old_row != nullptr && position < old_row->size())
      value = &(*old_row)[position];
    if (value->kind != Kind::kText) return false;
    AppendNumber(key, value->text.size());
    key.append(value->text);
  }
  if (recent_bytes_ > kRecentBytes) {
    recent_.clear();
    recent_bytes_ = 0;
  }
  if (!recent_.insert(key).second) return true;
  recent_bytes_ += key.size() + kRecentOverhead;
  spool_.Add(key, {});
  return true;
}

}  // namespace airlift
