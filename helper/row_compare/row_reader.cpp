#include "row_compare/row_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "array_flags.h"
#include "base/error.h"
#include "byte_order.h"
#include "digest/image_query.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr uint32_t kNull = 0xffffffff;

const KeyPart& PartOf(const KeyColumn& column, Side side) {
  return side == Side::kSource ? column.source : column.target;
}

// The values of an image of columns that are not NULL.
std::vector<std::string_view> FieldsOf(std::string_view image) {
  std::vector<std::string_view> fields;
  size_t at = 2;
  for (uint16_t left = LoadBigEndian16(image.data()); left > 0; --left) {
    if (image.size() < at + 4) throw Error("a key is cut off");
    const uint32_t length = LoadBigEndian32(image.data() + at);
    if (length == kNull || image.size() - at - 4 < length) throw Error("a key is cut off");
    fields.push_back(image.substr(at + 4, length));
    at += 4 + length;
  }
  return fields;
}

void AppendField(std::string& image, const Result& row, int column) {
  const std::string_view value = row.View(0, column);
  char length[4];
  StoreBigEndian32(length, row.IsNull(0, column) ? kNull : static_cast<uint32_t>(value.size()));
  image.append(length, sizeof length);
  image.append(value);
}

std::string StartImage(size_t columns) {
  std::string image(2, '\0');
  StoreBigEndian16(image.data(), static_cast<uint16_t>(columns));
  return image;
}

// One column's value as an image of a row of its own, stale flags cleared.
std::string ColumnImage(const Result& row, int column, bool is_array) {
  std::string image = StartImage(1);
  AppendField(image, row, column);
  if (is_array) {
    const int position = 0;
    ClearStaleArrayFlags(reinterpret_cast<unsigned char*>(image.data()), image.size(), &position, 1);
  }
  return image;
}

size_t IndexOf(const Result& row, bool is_binary) {
  const std::string_view value = row.View(0, 0);
  if (is_binary) return LoadBigEndian32(value.data());
  size_t index = 0;
  std::from_chars(value.data(), value.data() + value.size(), index);
  return index;
}

// VALUES rows of `parameters`, (index, key ...), each with its cast.
std::string ValuesOfKeys(const ComparedTable& table, Side side, std::span<const std::string> keys,
                         std::vector<TypedParameter>* parameters) {
  std::string rows;
  for (size_t i = 0; i < keys.size(); ++i) {
    rows += fmt::format("{}({}", i == 0 ? "" : ", ", i);
    const auto fields = FieldsOf(keys[i]);
    if (fields.size() != table.key.size()) throw Error("a key has another number of columns");
    for (size_t k = 0; k < fields.size(); ++k) {
      parameters->push_back({fields[k], table.source.columns[table.key[k].position].is_portable});
      rows += fmt::format(", CAST(${} AS {})", parameters->size(), PartOf(table.key[k], side).type);
    }
    rows += ')';
  }
  return rows;
}

std::string KeyNames(const ComparedTable& table) {
  std::string names;
  for (size_t k = 0; k < table.key.size(); ++k) names += fmt::format(", k{}", k);
  return names;
}

}  // namespace

RowReader::RowReader(Connection& connection, const ComparedTable& table)
    : connection_(connection), table_(table), array_of_column_(table.source.columns.size()) {
  for (const int position : table.source.ArrayPositions()) array_of_column_[static_cast<size_t>(position)] = 1;
  // Rows are looked up by index or by ctid, whatever the statistics say.
  connection.Execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off");
}

std::string RowReader::SelectByKey(const std::string& list, std::span<const std::string> keys,
                                   std::vector<TypedParameter>* parameters) const {
  const Side side = connection_.side();
  std::string condition;
  for (size_t k = 0; k < table_.key.size(); ++k) {
    const KeyPart& part = PartOf(table_.key[k], side);
    condition += fmt::format("{}t.{} {} k.k{}", k == 0 ? "" : " AND ", QuoteIdentifier(part.column), part.equality, k);
  }
  return fmt::format("SELECT k.n{} FROM (VALUES {}) AS k(n{}) JOIN {} AS t ON {}", list,
                     ValuesOfKeys(table_, side, keys, parameters), KeyNames(table_), table_.From(side), condition);
}

// The form of the row whose columns begin at `first`. False where its key is another one than `key`: keys that are
// equal by the type's operator need not be the same, 1.0 and 1.00.
bool RowReader::ReadForm(const Result& row, int first, std::string_view key, RowForm* form) const {
  const size_t columns = table_.source.columns.size();
  const std::vector<size_t> key_positions = table_.KeyPositions();
  StreamingHash hash;
  const std::string start = StartImage(columns);
  hash.Add(start.data(), start.size());
  std::vector<std::string> key_fields(key_positions.size());
  for (size_t i = 0; i < columns; ++i) {
    const int column = static_cast<int>(i) + first;
    const std::string image = ColumnImage(row, column, array_of_column_[i] != 0);
    form->columns.push_back(row.IsNull(0, column) ? Digest128{} : HashBytes(image.data(), image.size()));
    hash.Add(image.data() + 2, image.size() - 2);
    for (size_t k = 0; k < key_positions.size(); ++k)
      if (key_positions[k] == i) key_fields[k] = image.substr(2);
  }
  form->row = hash.Digest();
  std::string own_key = StartImage(key_positions.size());
  for (const std::string& field : key_fields) own_key += field;
  return own_key == key;
}

std::vector<std::optional<RowForm>> RowReader::Forms(std::span<const std::string> keys) {
  std::vector<std::optional<RowForm>> forms(keys.size());
  std::string list;
  for (const Column& column : table_.Of(connection_.side()).columns) list += ", " + ImageExpression(column, "t.");
  for (size_t first = 0; first < keys.size(); first += kBatch) {
    const auto batch = keys.subspan(first, std::min(kBatch, keys.size() - first));
    std::vector<TypedParameter> parameters;
    const std::string sql = SelectByKey(list, batch, &parameters);
    connection_.StreamQuery(sql, parameters, true, [&](const Result& row) {
      const size_t index = IndexOf(row, true);
      RowForm form;
      if (ReadForm(row, 1, batch[index], &form)) forms[first + index] = std::move(form);
    });
  }
  return forms;
}

// The table goes by its own name, as a condition may use it, and the list of keys by names that no condition uses. No
// subquery either: FOR SHARE would lock all of its rows.
std::vector<std::optional<RowVersion>> RowReader::Versions(std::span<const std::string> keys,
                                                           const std::string& locking,
                                                           const std::string& locking_option) {
  constexpr int kFirstColumn = 5;
  const Side side = connection_.side();
  const std::string name = QuoteIdentifier(table_.Of(side).name);
  std::string list, condition, key_names;
  for (const char* system : {"tableoid", "ctid", "xmin", "xmax"}) list += fmt::format(", {}.{}", name, system);
  for (const Column& column : table_.source.columns) list += ", " + ImageExpression(column, name + ".");
  for (size_t k = 0; k < table_.key.size(); ++k) {
    const KeyPart& part = PartOf(table_.key[k], side);
    key_names += fmt::format(", \"pg_airlift key {}\"", k);
    condition += fmt::format("{}{}.{} {} \"pg_airlift keys\".\"pg_airlift key {}\"", k == 0 ? "" : " AND ", name,
                             QuoteIdentifier(part.column), part.equality, k);
  }
  std::vector<std::optional<RowVersion>> versions(keys.size());
  for (size_t first = 0; first < keys.size(); first += kBatch) {
    const auto batch = keys.subspan(first, std::min(kBatch, keys.size() - first));
    std::vector<TypedParameter> parameters;
    const std::string rows = ValuesOfKeys(table_, side, batch, &parameters);
    const std::string sql = fmt::format(
        "SELECT \"pg_airlift keys\".\"pg_airlift n\"{} FROM (VALUES {}) AS \"pg_airlift keys\"(\"pg_airlift n\"{}) "
        "JOIN {} ON {} {}{}",
        list, rows, key_names, table_.From(side), condition, table_.source.condition,
        locking.empty() ? "" : fmt::format(" {} OF {} {}", locking, name, locking_option));
    connection_.StreamQuery(sql, parameters, true, [&](const Result& row) {
      const size_t index = IndexOf(row, true);
      RowForm form;
      if (!ReadForm(row, kFirstColumn, batch[index], &form)) return;
      RowVersion version{form.row, {}, LoadBigEndian32(row.View(0, 4).data()) != 0};
      for (int column = 1; column <= 3; ++column) version.version += row.View(0, column);
      versions[first + index] = std::move(version);
    });
  }
  return versions;
}

void RowReader::Texts(std::span<const std::string> addresses, const std::vector<size_t>& columns,
                      const std::function<void(size_t index, const Result& row)>& found) {
  std::string list;
  for (const size_t column : columns)
    list += ", " + ColumnExpression(table_.Of(connection_.side()).columns[column], "t.");
  for (size_t first = 0; first < addresses.size(); first += kBatch) {
    const auto batch = addresses.subspan(first, std::min(kBatch, addresses.size() - first));
    const auto shifted = [&](size_t index, const Result& row) { found(first + index, row); };
    if (table_.HasKey()) {
      TextsByKey(batch, list, shifted);
    } else {
      TextsByPlace(batch, list, shifted);
    }
  }
}

void RowReader::TextsByKey(std::span<const std::string> keys, const std::string& list,
                           const std::function<void(size_t, const Result&)>& found) {
  std::vector<TypedParameter> parameters;
  const std::string sql = SelectByKey(list, keys, &parameters) + " ORDER BY k.n";
  connection_.StreamQuery(sql, parameters, false, [&](const Result& row) { found(IndexOf(row, false), row); });
}

void RowReader::TextsByPlace(std::span<const std::string> places, const std::string& list,
                             const std::function<void(size_t, const Result&)>& found) {
  std::map<uint32_t, std::string> values_of_table;
  for (size_t i = 0; i < places.size(); ++i) {
    const char* place = places[i].data();
    std::string& values = values_of_table[LoadBigEndian32(place)];
    values += fmt::format("{}({}, '({},{})'::pg_catalog.tid)", values.empty() ? "" : ", ", i,
                          LoadBigEndian32(place + 4), LoadBigEndian16(place + 8));
  }
  for (const StoredTable& stored : table_.Of(connection_.side()).stored) {
    const auto values = values_of_table.find(stored.oid);
    if (values == values_of_table.end()) continue;
    connection_.StreamQuery(
        fmt::format("SELECT k.n{} FROM (VALUES {}) AS k(n, place) JOIN ONLY {} AS t ON t.ctid = k.place ORDER BY k.n",
                    list, values->second, QualifiedName(stored.schema, stored.name)),
        {}, false, [&](const Result& row) { found(IndexOf(row, false), row); });
  }
}

std::vector<size_t> KeyComparison::ChangedColumns() const {
  std::vector<size_t> changed;
  if (!source || !target) return changed;
  for (size_t i = 0; i < source->columns.size(); ++i)
    if (source->columns[i] != target->columns[i]) changed.push_back(i);
  return changed;
}

std::vector<KeyComparison> CompareKeys(Connection& source, Connection& target, const ComparedTable& table,
                                       std::span<const std::string> keys) {
  auto source_forms = RowReader(source, table).Forms(keys);
  auto target_forms = RowReader(target, table).Forms(keys);
  std::vector<KeyComparison> comparisons(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) comparisons[i] = {std::move(source_forms[i]), std::move(target_forms[i])};
  return comparisons;
}

std::vector<std::string> KeyImages(Connection& connection, const ComparedTable& table,
                                   const std::vector<std::vector<std::string>>& keys) {
  std::vector<std::string> images(keys.size());
  std::string list;
  for (size_t k = 0; k < table.key.size(); ++k) {
    const Column& column = table.source.columns[table.key[k].position];
    list += column.is_portable ? fmt::format(", k.k{}", k)
                               : fmt::format(", pg_catalog.textin({}(k.k{}))", column.output_function, k);
  }
  for (size_t first = 0; first < keys.size(); first += RowReader::kBatch) {
    std::vector<TypedParameter> parameters;
    std::string rows;
    size_t found = 0;
    for (size_t i = first; i < std::min(first + RowReader::kBatch, keys.size()); ++i) {
      if (keys[i].size() != table.key.size()) throw Error("a key has another number of columns");
      rows += fmt::format("{}({}", rows.empty() ? "" : ", ", i - first);
      for (size_t k = 0; k < keys[i].size(); ++k) {
        parameters.push_back({keys[i][k], false});
        rows += fmt::format(", CAST(${} AS {})", parameters.size(), PartOf(table.key[k], connection.side()).type);
      }
      rows += ')';
    }
    connection.StreamQuery(
        fmt::format("SELECT k.n{} FROM (VALUES {}) AS k(n{})", list, rows, KeyNames(table)), parameters, true,
        [&](const Result& row) {
          std::string image = StartImage(table.key.size());
          for (size_t k = 0; k < table.key.size(); ++k) {
            const Column& column = table.source.columns[table.key[k].position];
            image += ColumnImage(row, static_cast<int>(k) + 1, column.is_array && column.is_portable).substr(2);
          }
          images.at(first + IndexOf(row, true)) = std::move(image);
          ++found;
        });
    if (found != std::min(RowReader::kBatch, keys.size() - first)) throw Error("keys were not read as they were given");
  }
  return images;
}

}  // namespace airlift
