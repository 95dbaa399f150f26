#include "row_compare/row_spool.h"

#include <algorithm>
#include <cstring>
#include <queue>

#include "base/error.h"
#include "base/stop.h"

namespace airlift {

namespace {

constexpr size_t kHeader = 8;
constexpr size_t kReadBuffer = size_t{64} << 10;
// Runs merged at once: bounds what their buffers take.
constexpr size_t kMostRuns = 128;

uint32_t LoadLength(const char* from) {
  uint32_t length;
  std::memcpy(&length, from, sizeof length);
  return length;
}

std::string_view KeyAt(const char* entry) { return {entry + kHeader, LoadLength(entry)}; }
std::string_view PayloadAt(const char* entry) { return {entry + kHeader + LoadLength(entry), LoadLength(entry + 4)}; }
size_t SizeAt(const char* entry) { return kHeader + LoadLength(entry) + LoadLength(entry + 4); }

bool IsBefore(const char* a, const char* b) {
  const int order = KeyAt(a).compare(KeyAt(b));
  return order != 0 ? order < 0 : PayloadAt(a) < PayloadAt(b);
}

class MemoryRun : public SortedRun {
 public:
  MemoryRun(const std::string& arena, const std::vector<size_t>& entries) : arena_(arena), entries_(entries) {}
  bool Next(SpooledRow* row) override {
    if (next_ == entries_.size()) return false;
    const char* entry = arena_.data() + entries_[next_++];
    row->key.assign(KeyAt(entry));
    row->payload.assign(PayloadAt(entry));
    return true;
  }

 private:
  const std::string& arena_;
  const std::vector<size_t>& entries_;
  size_t next_ = 0;
};

class FileRun : public SortedRun {
 public:
  FileRun(const TemporaryFile& file, int64_t from, int64_t to) : file_(file), at_(from), end_(to) {}
  bool Next(SpooledRow* row) override {
    if (!Have(kHeader)) return false;
    if (!Have(SizeAt(buffer_.data() + begin_))) throw Error("a temporary file was cut off");
    const char* entry = buffer_.data() + begin_;
    row->key.assign(KeyAt(entry));
    row->payload.assign(PayloadAt(entry));
    begin_ += SizeAt(entry);
    return true;
  }

 private:
  bool Have(size_t size) {
    if (buffer_.size() - begin_ >= size) return true;
    buffer_.erase(0, begin_);
    begin_ = 0;
    const size_t before = buffer_.size();
    const auto left = static_cast<size_t>(end_ - at_);
    const size_t wanted = std::min(left, std::max(kReadBuffer, size) - before);
    buffer_.resize(before + wanted);
    const size_t got = file_.Read(at_, buffer_.data() + before, wanted);
    buffer_.resize(before + got);
    at_ += static_cast<int64_t>(got);
    return buffer_.size() >= size;
  }

  const TemporaryFile& file_;
  int64_t at_;
  const int64_t end_;
  std::string buffer_;
  size_t begin_ = 0;
};

class MergedRun : public SortedRun {
 public:
  explicit MergedRun(std::vector<std::unique_ptr<SortedRun>> runs) : runs_(std::move(runs)), heads_(runs_.size()) {
    for (size_t i = 0; i < runs_.size(); ++i) Pull(i);
  }
  bool Next(SpooledRow* row) override {
    if (queue_.empty()) return false;
    const size_t run = queue_.top();
    queue_.pop();
    std::swap(*row, heads_[run]);
    Pull(run);
    return true;
  }

 private:
  void Pull(size_t run) {
    if (runs_[run]->Next(&heads_[run])) queue_.push(run);
  }
  struct Later {
    const std::vector<SpooledRow>* heads;
    bool operator()(size_t a, size_t b) const { return (*heads)[b] < (*heads)[a]; }
  };

  std::vector<std::unique_ptr<SortedRun>> runs_;
  std::vector<SpooledRow> heads_;
  std::priority_queue<size_t, std::vector<size_t>, Later> queue_{Later{&heads_}};
};

void AppendEntry(std::string& to, std::string_view key, std::string_view payload) {
  const uint32_t lengths[] = {static_cast<uint32_t>(key.size()), static_cast<uint32_t>(payload.size())};
  to.append(reinterpret_cast<const char*>(lengths), sizeof lengths);
  to.append(key);
  to.append(payload);
}

}  // namespace

void RowSpool::Add(std::string_view key, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  entries_.push_back(arena_.size());
  AppendEntry(arena_, key, payload);
  ++rows_;
  if (arena_.size() + entries_.size() * sizeof(size_t) >= memory_) WriteRun();
}

void RowSpool::SortEntries() {
  std::sort(entries_.begin(), entries_.end(),
            [this](size_t a, size_t b) { return IsBefore(arena_.data() + a, arena_.data() + b); });
}

void RowSpool::WriteRun() {
  SortEntries();
  if (!file_) file_ = std::make_unique<TemporaryFile>();
  const int64_t from = file_->size();
  std::string buffer;
  for (const size_t entry : entries_) {
    buffer.append(arena_, entry, SizeAt(arena_.data() + entry));
    if (buffer.size() < kReadBuffer) continue;
    file_->Append(buffer);
    buffer.clear();
  }
  file_->Append(buffer);
  runs_.push_back({from, file_->size()});
  arena_.clear();
  entries_.clear();
}

// Into one run of a new file.
void RowSpool::MergeRuns() {
  std::vector<Span> merged;
  auto file = std::make_unique<TemporaryFile>();
  for (size_t first = 0; first < runs_.size(); first += kMostRuns) {
    std::vector<std::unique_ptr<SortedRun>> some;
    for (size_t i = first; i < std::min(first + kMostRuns, runs_.size()); ++i)
      some.push_back(std::make_unique<FileRun>(*file_, runs_[i].from, runs_[i].to));
    MergedRun run(std::move(some));
    const int64_t from = file->size();
    std::string buffer;
    for (SpooledRow row; run.Next(&row);) {
      AppendEntry(buffer, row.key, row.payload);
      if (buffer.size() < kReadBuffer) continue;
      CheckStop();
      file->Append(buffer);
      buffer.clear();
    }
    file->Append(buffer);
    merged.push_back({from, file->size()});
  }
  file_ = std::move(file);
  runs_ = std::move(merged);
}

std::unique_ptr<SortedRun> RowSpool::Sorted() {
  const std::lock_guard lock(mutex_);
  SortEntries();
  if (runs_.empty()) return std::make_unique<MemoryRun>(arena_, entries_);
  while (runs_.size() > kMostRuns) MergeRuns();
  std::vector<std::unique_ptr<SortedRun>> runs;
  for (const Span& span : runs_) runs.push_back(std::make_unique<FileRun>(*file_, span.from, span.to));
  runs.push_back(std::make_unique<MemoryRun>(arena_, entries_));
  return std::make_unique<MergedRun>(std::move(runs));
}

}  // namespace airlift
