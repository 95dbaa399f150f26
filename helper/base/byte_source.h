// Bytes of a file, or of a part of one, in order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace airlift {

// Where bytes lie: in the file at `path`, `size` of them from `offset` on.
struct Extent {
  std::string path;
  int64_t offset = 0;
  int64_t size = 0;
};

// The whole file. Throws Error where there is none.
Extent WholeFile(const std::string& path);
bool FileExists(const std::string& path);
std::string ReadWhole(const Extent& extent);

class ByteSource {
 public:
  explicit ByteSource(Extent extent);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  // At most `most` bytes, valid until the next call; empty at the end. Throws Error where the file is shorter than the
  // extent says.
  std::string_view Next(size_t most = kBuffer);
  // Throws Error at the end.
  int Byte();
  // pg_dump's number: a sign, then `size` bytes, the least significant first.
  int64_t Integer(int size);
  void Skip(int64_t bytes);
  bool AtEnd() const { return position_ >= extent_.size && begin_ == end_; }
  // Of the next byte, from the start of the extent.
  int64_t position() const { return position_ - static_cast<int64_t>(end_ - begin_); }

 private:
  static constexpr size_t kBuffer = size_t{256} * 1024;

  bool Fill();

  const Extent extent_;
  int descriptor_ = -1;
  int64_t position_ = 0;  // behind the buffer
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace airlift
