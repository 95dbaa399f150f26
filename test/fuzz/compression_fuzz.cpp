// Compressed streams: the first byte chooses the algorithm and the size of the pieces.
#include "base/compression.h"
#include "fuzz/fuzz.h"

using namespace airlift;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view stream = fuzz::View(data + 1, size - 1);
  const size_t piece = size_t{1} << (data[0] >> 2 & 15);
  size_t left = size_t{1} << 24;
  fuzz::Refusing([&] {
    const auto decompressor = MakeDecompressor(static_cast<Compression>(data[0] & 3));
    const auto sink = [&left](std::string_view bytes) {
      if (bytes.size() > left) throw Error("enough");
      left -= bytes.size();
    };
    for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size())))
      decompressor->Feed(stream.substr(0, piece), sink);
    decompressor->Finish();
  });
  return 0;
}
