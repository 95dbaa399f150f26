#include "base/compression.h"

#include <fmt/format.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace airlift {

namespace {

constexpr size_t kBuffer = size_t{256} * 1024;

[[noreturn]] void ThrowDamaged(const std::string& why) { throw Error("the compressed data is damaged: " + why); }
[[noreturn]] void ThrowCutOff() { throw Error("the compressed data ends too early"); }
[[noreturn]] void ThrowTrailing() { throw Error("the compressed data has bytes behind its end"); }

class PlainReader : public Decompressor {
 public:
  void Feed(std::string_view bytes, const ByteSink& sink) override { sink(bytes); }
  void Finish() override {}
};

class GzipReader : public Decompressor {
 public:
  GzipReader() {
    constexpr int kAnyHeader = 32;
    if (inflateInit2(&stream_, MAX_WBITS + kAnyHeader) != Z_OK) throw Error("could not set zlib up");
  }
  ~GzipReader() override { inflateEnd(&stream_); }

  void Feed(std::string_view bytes, const ByteSink& sink) override {
    if (bytes.empty()) return;
    if (ended_) ThrowTrailing();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        ThrowDamaged(stream_.msg == nullptr ? "inflate failed" : stream_.msg);
      if (const size_t made = buffer_.size() - stream_.avail_out; made > 0) sink({buffer_.data(), made});
      ended_ = status == Z_STREAM_END;
    } while (!ended_ && (stream_.avail_in > 0 || stream_.avail_out == 0));
    if (ended_ && stream_.avail_in > 0) ThrowTrailing();
  }
  void Finish() override {
    if (!ended_) ThrowCutOff();
  }

 private:
  z_stream stream_ = {};
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
  bool ended_ = false;
};

class Lz4Reader : public Decompressor {
 public:
  Lz4Reader() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION))) throw Error("could not set LZ4 up");
  }
  ~Lz4Reader() override { LZ4F_freeDecompressionContext(context_); }

  void Feed(std::string_view bytes, const ByteSink& sink) override {
    while (!bytes.empty()) {
      if (ended_) ThrowTrailing();
      size_t taken = bytes.size();
      size_t made = buffer_.size();
      const size_t hint = LZ4F_decompress(context_, buffer_.data(), &made, bytes.data(), &taken, nullptr);
      if (LZ4F_isError(hint)) ThrowDamaged(LZ4F_getErrorName(hint));
      if (made > 0) sink({buffer_.data(), made});
      if (taken == 0 && made == 0) ThrowDamaged("LZ4 makes no progress");
      bytes.remove_prefix(taken);
      ended_ = hint == 0;
      full_ = made == buffer_.size();
    }
    while (full_ && !ended_) {
      size_t none = 0;
      size_t made = buffer_.size();
      const size_t hint = LZ4F_decompress(context_, buffer_.data(), &made, "", &none, nullptr);
      if (LZ4F_isError(hint)) ThrowDamaged(LZ4F_getErrorName(hint));
      if (made > 0) sink({buffer_.data(), made});
      ended_ = hint == 0;
      full_ = made == buffer_.size();
    }
  }
  void Finish() override {
    if (!ended_) ThrowCutOff();
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
  bool ended_ = false;
  bool full_ = false;  // the buffer was, so that there may be more
};

class ZstdReader : public Decompressor {
 public:
  ~ZstdReader() override { ZSTD_freeDStream(stream_); }

  void Feed(std::string_view bytes, const ByteSink& sink) override {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    bool full = true;
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out = {buffer_.data(), buffer_.size(), 0};
      const size_t left = ZSTD_decompressStream(stream_, &out, &in);
      if (ZSTD_isError(left)) ThrowDamaged(ZSTD_getErrorName(left));
      if (out.pos > 0) sink({buffer_.data(), out.pos});
      full = out.pos == out.size;
      if (in.size > 0 || out.pos > 0) ended_ = left == 0;
      if (in.pos == in.size && !full) break;
    }
  }
  void Finish() override {
    if (!ended_) ThrowCutOff();
  }

 private:
  ZSTD_DStream* const stream_ = ZSTD_createDStream();
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
  bool ended_ = false;
};

class PlainWriter : public Compressor {
 public:
  void Feed(std::string_view bytes, const ByteSink& sink) override { sink(bytes); }
  void Finish(const ByteSink&) override {}
};

class GzipWriter : public Compressor {
 public:
  explicit GzipWriter(int level) {
    constexpr int kGzipHeader = 16;
    constexpr int kMemory = 8;
    if (deflateInit2(&stream_, level == 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED, MAX_WBITS + kGzipHeader, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw Error("could not set zlib up");
  }
  ~GzipWriter() override { deflateEnd(&stream_); }

  void Feed(std::string_view bytes, const ByteSink& sink) override { Run(bytes, Z_NO_FLUSH, sink); }
  void Finish(const ByteSink& sink) override { Run({}, Z_FINISH, sink); }

 private:
  void Run(std::string_view bytes, int flush, const ByteSink& sink) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      deflate(&stream_, flush);
      if (const size_t made = buffer_.size() - stream_.avail_out; made > 0) sink({buffer_.data(), made});
    } while (stream_.avail_out == 0);
  }

  z_stream stream_ = {};
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
};

class Lz4Writer : public Compressor {
 public:
  explicit Lz4Writer(int level) {
    if (LZ4F_isError(LZ4F_createCompressionContext(&context_, LZ4F_VERSION))) throw Error("could not set LZ4 up");
    preferences_.compressionLevel = level;
    preferences_.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    buffer_.resize(LZ4F_compressBound(kBuffer, &preferences_) + LZ4F_HEADER_SIZE_MAX);
  }
  ~Lz4Writer() override { LZ4F_freeCompressionContext(context_); }

  void Feed(std::string_view bytes, const ByteSink& sink) override {
    Begin(sink);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(kBuffer, bytes.size())))
      Give(LZ4F_compressUpdate(context_, buffer_.data(), buffer_.size(), bytes.data(), std::min(kBuffer, bytes.size()),
                               nullptr),
           sink);
  }
  void Finish(const ByteSink& sink) override {
    Begin(sink);
    Give(LZ4F_compressEnd(context_, buffer_.data(), buffer_.size(), nullptr), sink);
  }

 private:
  void Begin(const ByteSink& sink) {
    if (begun_) return;
    begun_ = true;
    Give(LZ4F_compressBegin(context_, buffer_.data(), buffer_.size(), &preferences_), sink);
  }
  void Give(size_t made, const ByteSink& sink) {
    if (LZ4F_isError(made)) throw Error(fmt::format("LZ4 failed: {}", LZ4F_getErrorName(made)));
    if (made > 0) sink({buffer_.data(), made});
  }

  LZ4F_cctx* context_ = nullptr;
  LZ4F_preferences_t preferences_ = {};
  std::vector<char> buffer_;
  bool begun_ = false;
};

class ZstdWriter : public Compressor {
 public:
  explicit ZstdWriter(int level) {
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_compressionLevel, level == 0 ? ZSTD_CLEVEL_DEFAULT : level);
    ZSTD_CCtx_setParameter(stream_, ZSTD_c_checksumFlag, 1);
  }
  ~ZstdWriter() override { ZSTD_freeCCtx(stream_); }

  void Feed(std::string_view bytes, const ByteSink& sink) override { Run(bytes, ZSTD_e_continue, sink); }
  void Finish(const ByteSink& sink) override { Run({}, ZSTD_e_end, sink); }

 private:
  void Run(std::string_view bytes, ZSTD_EndDirective directive, const ByteSink& sink) {
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    size_t left = 0;
    do {
      ZSTD_outBuffer out = {buffer_.data(), buffer_.size(), 0};
      left = ZSTD_compressStream2(stream_, &out, &in, directive);
      if (ZSTD_isError(left)) throw Error(fmt::format("Zstandard failed: {}", ZSTD_getErrorName(left)));
      if (out.pos > 0) sink({buffer_.data(), out.pos});
    } while (in.pos < in.size || (directive == ZSTD_e_end && left > 0));
  }

  ZSTD_CCtx* const stream_ = ZSTD_createCCtx();
  std::vector<char> buffer_ = std::vector<char>(kBuffer);
};

struct Method {
  Compression compression;
  const char* name;
  const char* suffix;
};
constexpr Method kMethods[] = {{Compression::kNone, "none", ""},
                               {Compression::kGzip, "gzip", ".gz"},
                               {Compression::kLz4, "lz4", ".lz4"},
                               {Compression::kZstd, "zstd", ".zst"}};

}  // namespace

const char* CompressionName(Compression compression) { return kMethods[static_cast<size_t>(compression)].name; }
const char* CompressionSuffix(Compression compression) { return kMethods[static_cast<size_t>(compression)].suffix; }

Compression CompressionFromName(const std::string& name) {
  for (const Method& method : kMethods)
    if (name == method.name) return method.compression;
  throw Error("unknown compression \"" + name + "\"");
}

std::unique_ptr<Decompressor> MakeDecompressor(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<GzipReader>();
    case Compression::kLz4:
      return std::make_unique<Lz4Reader>();
    case Compression::kZstd:
      return std::make_unique<ZstdReader>();
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainReader>();
}

std::unique_ptr<Compressor> MakeCompressor(Compression compression, int level) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<GzipWriter>(level);
    case Compression::kLz4:
      return std::make_unique<Lz4Writer>(level);
    case Compression::kZstd:
      return std::make_unique<ZstdWriter>(level);
    case Compression::kNone:
      break;
  }
  return std::make_unique<PlainWriter>();
}

}  // namespace airlift
