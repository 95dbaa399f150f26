#include "digest/image_stream.h"

#include <algorithm>

#include "array_flags.h"
#include "base/error.h"
#include "byte_order.h"

namespace airlift {

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr size_t kFixedHeader = 19;  // signature, flags, length of the extension
constexpr uint16_t kTrailer = 0xffff;
constexpr uint32_t kNull = 0xffffffff;

[[noreturn]] void ThrowNoTuple() { throw Error("the server's COPY stream has a message that is no tuple"); }

// Bytes of the file header at the start of `data`.
size_t HeaderLength(std::string_view data) {
  if (data.size() < kFixedHeader || data.substr(0, kSignature.size()) != kSignature)
    throw Error("the server's COPY stream does not start with the binary signature");
  return kFixedHeader + LoadBigEndian32(data.data() + kFixedHeader - 4);
}

// The field at `*at`, its length included; moves behind it.
std::string_view TakeField(std::string_view image, size_t* at) {
  if (image.size() - *at < 4) ThrowNoTuple();
  const uint32_t length = LoadBigEndian32(image.data() + *at);
  const size_t size = 4 + (length == kNull ? size_t{0} : length);
  if (image.size() - *at < size) ThrowNoTuple();
  const std::string_view field = image.substr(*at, size);
  *at += size;
  return field;
}

}  // namespace

bool ImageStream::Tuple(std::string_view data, std::string_view* tuple) {
  if (!header_seen_) {
    data.remove_prefix(std::min(HeaderLength(data), data.size()));
    header_seen_ = true;
    if (data.empty()) return false;
  }
  if (data.size() < 2) ThrowNoTuple();
  if (LoadBigEndian16(data.data()) == kTrailer) return false;
  *tuple = data;
  return true;
}

void ImageStream::ClearStaleFlags() {
  ClearStaleArrayFlags(reinterpret_cast<unsigned char*>(image_.data()), image_.size(), array_positions_.data(),
                       array_positions_.size());
}

bool ImageStream::Image(std::string_view copy_data, std::string_view* image) {
  if (!Tuple(copy_data, image)) return false;
  if (!array_positions_.empty()) {
    image_.assign(*image);
    ClearStaleFlags();
    *image = image_;
  }
  return true;
}

bool ImageStream::ImageBeforeLast(std::string_view copy_data, size_t last_length, std::string_view* image,
                                  std::string_view* last) {
  std::string_view tuple;
  if (!Tuple(copy_data, &tuple)) return false;
  const size_t tail = 4 + last_length;
  const uint16_t count = LoadBigEndian16(tuple.data());
  if (count == 0 || tuple.size() < 2 + tail ||
      LoadBigEndian32(tuple.data() + tuple.size() - tail) != static_cast<uint32_t>(last_length))
    ThrowNoTuple();
  *last = tuple.substr(tuple.size() - last_length);
  image_.assign(tuple.substr(0, tuple.size() - tail));
  StoreBigEndian16(image_.data(), static_cast<uint16_t>(count - 1));
  ClearStaleFlags();
  *image = image_;
  return true;
}

std::string SubImage(std::string_view image, const std::vector<size_t>& positions) {
  if (image.size() < 2) ThrowNoTuple();
  const size_t count = LoadBigEndian16(image.data());
  const size_t last = positions.empty() ? 0 : *std::max_element(positions.begin(), positions.end()) + 1;
  if (last > count) ThrowNoTuple();
  std::vector<std::string_view> fields;
  size_t at = 2;
  for (size_t i = 0; i < last; ++i) fields.push_back(TakeField(image, &at));
  std::string sub(2, '\0');
  StoreBigEndian16(sub.data(), static_cast<uint16_t>(positions.size()));
  for (const size_t position : positions) sub.append(fields[position]);
  return sub;
}

}  // namespace airlift
