// COPY ... (FORMAT binary), cut into messages: the first byte says how long each is.
#include <algorithm>

#include "digest/image_stream.h"
#include "digest/stream_digest.h"
#include "fuzz/fuzz.h"
#include "pg/copy_binary.h"

using namespace airlift;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t length = data[0] + size_t{1};
  const std::string_view stream = fuzz::View(data + 1, size - 1);
  const auto each = [&](const auto& work) {
    fuzz::Refusing([&] {
      for (size_t at = 0; at < stream.size(); at += length) work(stream.substr(at, length));
    });
  };
  CopyBinaryParser parser;
  CopyFields fields;
  each([&](std::string_view message) { parser.Parse(message, &fields); });
  StreamDigest digest({0, 2});
  each([&](std::string_view message) { digest.Add(message); });
  ImageStream images({1});
  each([&](std::string_view message) {
    std::string_view image;
    std::string_view last;
    if (images.ImageBeforeLast(message, 4, &image, &last)) SubImage(image, {1, 0});
  });
  return 0;
}
