#include "large_objects/sparse_writer.h"

#include <algorithm>
#include <cstring>

namespace airlift {

namespace {

bool IsZeros(std::string_view data) {
  return data.empty() || (data[0] == 0 && std::memcmp(data.data(), data.data() + 1, data.size() - 1) == 0);
}

// The page in which the server stores large objects, for its usual block size.
constexpr size_t kPage = 2048;

// Bytes of whole pages of zeros at the start of `data`.
size_t LeadingZeroPages(std::string_view data) {
  size_t zeros = 0;
  while (zeros < data.size() && IsZeros(data.substr(zeros, kPage))) zeros += kPage;
  return std::min(zeros, data.size());
}

// `data` without the pages of zeros at its end.
std::string_view WithoutTrailingZeroPages(std::string_view data) {
  while (!data.empty()) {
    const size_t page_start = (data.size() - 1) / kPage * kPage;
    if (!IsZeros(data.substr(page_start))) break;
    data = data.substr(0, page_start);
  }
  return data;
}

}  // namespace

void SparseWriter::Add(const LargeObjectChunk& chunk) {
  const size_t gap = LeadingZeroPages(chunk.data);
  const std::string_view data = WithoutTrailingZeroPages(chunk.data.substr(gap));
  if (chunk.offset == 0) {
    FinishObject();
    writer_.Create(chunk.oid, gap == 0 ? data : std::string_view());
  }
  if (!data.empty() && (chunk.offset > 0 || gap > 0))
    writer_.Put(chunk.oid, chunk.offset + static_cast<int64_t>(gap), data);
  oid_ = chunk.oid;
  size_ = chunk.offset + static_cast<int64_t>(chunk.data.size());
  size_is_made_ = gap + data.size() == chunk.data.size() && (!data.empty() || chunk.data.empty());
}

void SparseWriter::Finish() {
  FinishObject();
  writer_.Finish();
}

void SparseWriter::FinishObject() {
  if (!size_is_made_) writer_.Put(oid_, size_ - 1, std::string_view("\0", 1));
  size_is_made_ = true;
}

}  // namespace airlift
