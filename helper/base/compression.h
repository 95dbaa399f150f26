// Streams of compressed bytes: gzip or zlib, LZ4 frames, Zstandard.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace airlift {

// The numbers are those of pg_dump's archives.
enum class Compression { kNone = 0, kGzip = 1, kLz4 = 2, kZstd = 3 };

// "none", "gzip", "lz4", "zstd".
const char* CompressionName(Compression compression);
// Throws Error for another word.
Compression CompressionFromName(const std::string& name);
// "", ".gz", ".lz4", ".zst": what files so compressed end in.
const char* CompressionSuffix(Compression compression);

using ByteSink = std::function<void(std::string_view)>;

class Decompressor {
 public:
  virtual ~Decompressor() = default;

  // Gives what `bytes` yield to `sink`. Throws Error when they are damaged.
  virtual void Feed(std::string_view bytes, const ByteSink& sink) = 0;
  // After the last byte: throws Error when the stream is cut off.
  virtual void Finish() = 0;
};
// kGzip takes both the gzip and the zlib form.
std::unique_ptr<Decompressor> MakeDecompressor(Compression compression);

class Compressor {
 public:
  virtual ~Compressor() = default;

  virtual void Feed(std::string_view bytes, const ByteSink& sink) = 0;
  // Ends the stream.
  virtual void Finish(const ByteSink& sink) = 0;
};
// Level 0 is the algorithm's default.
std::unique_ptr<Compressor> MakeCompressor(Compression compression, int level = 0);

}  // namespace airlift
