// Rows of one side to be sorted by key: in memory while they fit, in sorted runs on disk when they do not.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/temporary_file.h"

namespace airlift {

// What is known of a row: its key (an image, or its digest where the table has no key), and what tells more about it.
struct SpooledRow {
  std::string key;
  std::string payload;

  friend bool operator==(const SpooledRow&, const SpooledRow&) = default;
  friend auto operator<=>(const SpooledRow&, const SpooledRow&) = default;
};

// A run of rows in order.
class SortedRun {
 public:
  virtual ~SortedRun() = default;
  // False at the end.
  virtual bool Next(SpooledRow* row) = 0;
};

class RowSpool {
 public:
  static constexpr size_t kDefaultMemory = size_t{24} << 20;

  explicit RowSpool(size_t memory = kDefaultMemory) : memory_(memory) {}
  RowSpool(const RowSpool&) = delete;
  RowSpool& operator=(const RowSpool&) = delete;

  // From any thread.
  void Add(std::string_view key, std::string_view payload);

  uint64_t rows() const { return rows_; }
  // Runs that went to disk.
  size_t runs() const { return runs_.size(); }
  // All rows by key, then payload, bytewise; once, after the last Add. The spool must outlive it.
  std::unique_ptr<SortedRun> Sorted();

 private:
  struct Span {
    int64_t from = 0;
    int64_t to = 0;
  };
  void WriteRun();
  void MergeRuns();
  void SortEntries();

  const size_t memory_;
  std::mutex mutex_;
  uint64_t rows_ = 0;
  // length of the key (4 bytes), of the payload (4), key, payload; one after the other
  std::string arena_;
  std::vector<size_t> entries_;  // where each begins
  std::unique_ptr<TemporaryFile> file_;
  std::vector<Span> runs_;
};

}  // namespace airlift
