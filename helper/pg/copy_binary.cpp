#include "pg/copy_binary.h"

#include "base/error.h"
#include "byte_order.h"

namespace airlift {

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr size_t kFixedHeader = 19;  // signature, flags, length of the extension
constexpr uint16_t kTrailer = 0xffff;
constexpr uint32_t kNull = 0xffffffff;

std::string_view Take(std::string_view* data, size_t length) {
  if (data->size() < length) throw Error("the server's COPY stream has a message that is no tuple");
  const std::string_view taken = data->substr(0, length);
  data->remove_prefix(length);
  return taken;
}

void SkipHeader(std::string_view* data) {
  const std::string_view fixed = Take(data, kFixedHeader);
  if (fixed.substr(0, kSignature.size()) != kSignature)
    throw Error("the server's COPY stream does not start with the binary signature");
  Take(data, LoadBigEndian32(fixed.data() + kFixedHeader - 4));
}

}  // namespace

bool CopyBinaryParser::Parse(std::string_view copy_data, CopyFields* fields) {
  if (!header_seen_) SkipHeader(&copy_data);
  header_seen_ = true;
  const uint16_t count = LoadBigEndian16(Take(&copy_data, 2).data());
  if (count == kTrailer) return false;
  fields->clear();
  for (uint16_t i = 0; i < count; ++i) {
    const uint32_t length = LoadBigEndian32(Take(&copy_data, 4).data());
    fields->push_back(length == kNull ? std::nullopt : std::optional(Take(&copy_data, length)));
  }
  if (!copy_data.empty()) throw Error("the server's COPY stream has a message that is no tuple");
  return true;
}

}  // namespace airlift
