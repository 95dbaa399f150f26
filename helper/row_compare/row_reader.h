// Rows read one by one: by key, or by place where the table has no key.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "digest.h"
#include "pg/connection.h"
#include "row_compare/compared_table.h"

namespace airlift {

// What a row holds, as digests: of the row (format 1), and of each column's value; NULL is the zero digest.
struct RowForm {
  Digest128 row;
  std::vector<Digest128> columns;

  friend bool operator==(const RowForm& a, const RowForm& b) { return a.row == b.row; }
};

// A row as it was read, and which version of it that was. While the same version is visible, nobody changed the row: a
// change that put back the former values made another one.
struct RowVersion {
  Digest128 row;
  std::string version;      // tableoid, ctid, xmin
  bool is_touched = false;  // xmax is set: somebody changes or locks the row, or did

  bool IsSameVersion(const RowVersion& other) const { return row == other.row && version == other.version; }
};

class RowReader {
 public:
  static constexpr size_t kBatch = 512;

  // On the connection's side, in its transaction. The rows that `table.source.condition` leaves out are read as well.
  RowReader(Connection& connection, const ComparedTable& table);

  // The forms of the rows with these keys (key images); nullopt where there is no such row. Needs a key. Memory for a
  // row at a time, whatever the size of its values.
  std::vector<std::optional<RowForm>> Forms(std::span<const std::string> keys);

  // The versions of the rows with these keys; nullopt where there is no such row, or `table.source.condition` leaves it
  // out. `locking` may be "FOR SHARE" or the like, with what follows OF; it locks the rows that are returned.
  std::vector<std::optional<RowVersion>> Versions(std::span<const std::string> keys, const std::string& locking = {},
                                                  const std::string& locking_option = {});

  // Text output, under the settings of format 1, of the columns at `columns`. `addresses` are key images, or places
  // where the table has no key. `found` gets the index of the address, and a result whose columns from 1 on are those
  // asked for, in the order of the addresses.
  void Texts(std::span<const std::string> addresses, const std::vector<size_t>& columns,
             const std::function<void(size_t index, const Result& row)>& found);

 private:
  std::string SelectByKey(const std::string& list, std::span<const std::string> keys,
                          std::vector<TypedParameter>* parameters) const;
  bool ReadForm(const Result& row, int first, std::string_view key, RowForm* form) const;
  void TextsByKey(std::span<const std::string> keys, const std::string& list,
                  const std::function<void(size_t, const Result&)>& found);
  void TextsByPlace(std::span<const std::string> places, const std::string& list,
                    const std::function<void(size_t, const Result&)>& found);

  Connection& connection_;
  const ComparedTable& table_;
  std::vector<int> array_of_column_;  // 1 where the column is a portable array
};

// One key on both sides.
struct KeyComparison {
  std::optional<RowForm> source;
  std::optional<RowForm> target;

  bool IsSame() const { return source == target; }
  // Positions in ComparedTable::source.columns; empty unless both sides have the row.
  std::vector<size_t> ChangedColumns() const;
};

// Reads the rows with these keys (key images) on both sides, as they are in the connections' transactions.
std::vector<KeyComparison> CompareKeys(Connection& source, Connection& target, const ComparedTable& table,
                                       std::span<const std::string> keys);

// Key images of keys given as text, each with its columns in the order of ComparedTable::key.
std::vector<std::string> KeyImages(Connection& connection, const ComparedTable& table,
                                   const std::vector<std::vector<std::string>>& keys);

}  // namespace airlift
