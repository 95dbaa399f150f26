#include "row_compare/row_examiner.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "byte_order.h"

namespace airlift {

namespace {

constexpr size_t kBatch = RowReader::kBatch;
// Values shown are cut after so many bytes, and left out when those of a table come to so many.
constexpr size_t kShownOfValue = 1000;
constexpr size_t kShownOfTable = size_t{8} << 20;

std::string DigestText(std::string_view bytes) {
  char text[kUuidTextLength + 1];
  FormatUuid(LoadUuid(reinterpret_cast<const unsigned char*>(bytes.data())), text);
  return text;
}

Side SideOfKey(DifferenceKind kind) { return kind == DifferenceKind::kExtraOnTarget ? Side::kTarget : Side::kSource; }

// At most `size` bytes, no UTF-8 character cut in two.
std::string_view CutText(std::string_view text, size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

RowExaminer::RowExaminer(Connection& source, Connection& target, const ComparedTable& table,
                         const ExamineOptions& options, TableRepair* repair)
    : source_(source), target_(target), table_(table), options_(options), repair_(repair) {
  for (const KeyColumn& column : table.key) result_.key.push_back(column.source.column);
}

void RowExaminer::Add(const RowDifference& difference) {
  switch (difference.kind) {
    case DifferenceKind::kChanged:
      ++result_.changed;
      break;
    case DifferenceKind::kMissingOnTarget:
      result_.missing_on_target += difference.rows();
      break;
    case DifferenceKind::kExtraOnTarget:
      result_.extra_on_target += difference.rows();
      break;
  }
  if (repair_ == nullptr && result_.rows.size() + pending_.size() >= options_.max_rows) {
    ++result_.not_listed;
    return;
  }
  pending_.push_back(difference);
  if (pending_.size() == kBatch) Flush();
}

TableDifferences RowExaminer::Finish() {
  Flush();
  return std::move(result_);
}

void RowExaminer::Flush() {
  std::vector<Case> cases;
  for (RowDifference& difference : pending_) cases.push_back({std::move(difference), {}, std::nullopt, Mending::kNone});
  pending_.clear();
  if (cases.empty()) return;
  FindColumns(cases);
  for (Case& each : cases) List(each);
  for (const Side side : {Side::kSource, Side::kTarget}) ReadTexts(cases, side);
}

void RowExaminer::FindColumns(std::vector<Case>& cases) {
  const bool reads_all = repair_ != nullptr && table_.is_reduced && table_.HasKey();
  std::vector<std::string> keys;
  std::vector<Case*> of_key;
  for (Case& each : cases) {
    const DifferenceKind kind = each.difference.kind;
    if (kind == DifferenceKind::kChanged || reads_all) {
      keys.push_back(each.difference.key);
      of_key.push_back(&each);
    } else {
      ChooseMending(each, kind == DifferenceKind::kMissingOnTarget, kind == DifferenceKind::kExtraOnTarget);
    }
  }
  if (keys.empty()) return;
  const std::vector<KeyComparison> compared = CompareKeys(source_, target_, table_, keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    of_key[i]->changed = compared[i].ChangedColumns();
    // A row that the condition hid may be there: then it is changed, not inserted twice.
    ChooseMending(*of_key[i], compared[i].source.has_value(), compared[i].target.has_value());
  }
}

void RowExaminer::ChooseMending(Case& each, bool on_source, bool on_target) const {
  if (repair_ == nullptr) return;
  if (on_source && on_target) {
    if (each.changed.empty()) return;
    each.mending = repair_->MustReplace(each.changed) ? Mending::kReplace : Mending::kUpdate;
  } else if (on_source || on_target) {
    each.mending = on_source ? Mending::kInsert : Mending::kDelete;
  }
}

void RowExaminer::List(Case& each) {
  for (const size_t column : each.changed) ++result_.columns[table_.source.columns[column].name];
  if (result_.rows.size() >= options_.max_rows) {
    ++result_.not_listed;
    return;
  }
  RowResult row;
  row.kind = DifferenceName(each.difference.kind);
  if (!table_.HasKey()) row.digest = DigestText(each.difference.key);
  row.source_copies = each.difference.source_copies;
  row.target_copies = each.difference.target_copies;
  if (each.difference.kind == DifferenceKind::kChanged)
    for (const size_t column : each.changed) row.columns.push_back(table_.source.columns[column].name);
  each.listed_at = result_.rows.size();
  result_.rows.push_back(std::move(row));
}

bool RowExaminer::NeedsTexts(const Case& each, Side side) const {
  const DifferenceKind kind = each.difference.kind;
  const bool is_source = side == Side::kSource;
  const bool mends = is_source ? each.mending == Mending::kInsert || each.mending == Mending::kUpdate ||
                                     each.mending == Mending::kReplace
                               : each.mending == Mending::kDelete;
  if (mends) return true;
  if (!each.listed_at) return false;
  if (SideOfKey(kind) == side) return table_.HasKey() || options_.show_values;
  return kind == DifferenceKind::kChanged && options_.show_values;
}

std::vector<size_t> RowExaminer::TextColumns(Side side) const {
  const bool for_repair = repair_ != nullptr && (side == Side::kSource || !table_.HasKey());
  if (!for_repair && !options_.show_values) return table_.KeyPositions();
  std::vector<size_t> all(table_.source.columns.size());
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

void RowExaminer::ReadTexts(const std::vector<Case>& cases, Side side) {
  const bool is_source = side == Side::kSource;
  std::vector<std::string> addresses;
  std::vector<const Case*> of_address;
  for (const Case& each : cases) {
    if (!NeedsTexts(each, side)) continue;
    addresses.push_back(table_.HasKey() ? each.difference.key
                        : is_source     ? each.difference.source_payload
                                        : each.difference.target_payload);
    of_address.push_back(&each);
  }
  const std::vector<size_t> columns = TextColumns(side);
  std::vector<int> result_column(table_.source.columns.size(), -1);
  for (size_t i = 0; i < columns.size(); ++i) result_column[columns[i]] = static_cast<int>(i) + 1;
  RowReader(is_source ? source_ : target_, table_).Texts(addresses, columns, [&](size_t index, const Result& row) {
    const auto text_of = [&](size_t position) -> std::optional<std::string_view> {
      const int column = result_column[position];
      if (column < 0 || row.IsNull(0, column)) return std::nullopt;
      return row.View(0, column);
    };
    Show(*of_address[index], side, text_of);
    Mend(*of_address[index], side, text_of);
  });
}

std::optional<std::string> RowExaminer::Shown(const std::optional<std::string_view>& text) {
  if (!text) return std::nullopt;
  const std::string_view cut = CutText(*text, kShownOfValue);
  shown_bytes_ += cut.size();
  if (cut.size() == text->size()) return std::string(cut);
  return fmt::format("{}... ({} bytes)", cut, text->size());
}

void RowExaminer::Show(const Case& each, Side side, const TableRepair::TextOf& text_of) {
  if (!each.listed_at) return;
  RowResult& row = result_.rows[*each.listed_at];
  const DifferenceKind kind = each.difference.kind;
  if (SideOfKey(kind) == side) {
    row.key.clear();
    for (const KeyColumn& column : table_.key)
      row.key.emplace_back(column.source.column, Shown(text_of(column.position)));
  } else if (kind != DifferenceKind::kChanged) {
    return;
  }
  if (!options_.show_values) return;
  if (shown_bytes_ > kShownOfTable) {
    result_.reason = "values of further rows are left out: there are too many";
    return;
  }
  std::vector<NamedValue>& values = side == Side::kSource ? row.source_values : row.target_values;
  for (size_t i = 0; i < table_.source.columns.size(); ++i) {
    const bool is_changed = std::find(each.changed.begin(), each.changed.end(), i) != each.changed.end();
    if (is_changed || kind != DifferenceKind::kChanged)
      values.emplace_back(table_.source.columns[i].name, Shown(text_of(i)));
  }
}

void RowExaminer::Mend(const Case& each, Side side, const TableRepair::TextOf& text_of) {
  if (repair_ == nullptr) return;
  const uint64_t copies = table_.HasKey() ? 1 : each.difference.rows();
  const bool is_source = side == Side::kSource;
  switch (each.mending) {
    case Mending::kInsert:
      if (is_source) repair_->Insert(text_of, copies);
      break;
    case Mending::kUpdate:
      if (is_source) repair_->Update(text_of, each.changed);
      break;
    case Mending::kReplace:
      if (!is_source) break;
      repair_->DeleteByKey(text_of);
      repair_->Insert(text_of);
      break;
    case Mending::kDelete:
      if (is_source) break;
      if (table_.HasKey())
        repair_->DeleteByKey(text_of);
      else
        repair_->DeleteCopies(text_of, copies);
      break;
    case Mending::kNone:
      break;
  }
}

}  // namespace airlift
