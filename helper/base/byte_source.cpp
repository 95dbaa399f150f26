#include "base/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace airlift {

Extent WholeFile(const std::string& path) {
  struct stat facts = {};
  if (stat(path.c_str(), &facts) != 0)
    throw Error(fmt::format("could not open \"{}\": {}", path, std::strerror(errno)));
  if (!S_ISREG(facts.st_mode)) throw Error(fmt::format("\"{}\" is no file", path));
  return {path, 0, facts.st_size};
}

bool FileExists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string ReadWhole(const Extent& extent) {
  ByteSource source(extent);
  std::string bytes;
  bytes.reserve(static_cast<size_t>(extent.size));
  for (std::string_view piece = source.Next(); !piece.empty(); piece = source.Next()) bytes += piece;
  return bytes;
}

ByteSource::ByteSource(Extent extent) : extent_(std::move(extent)), buffer_(kBuffer) {
  descriptor_ = open(extent_.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw Error(fmt::format("could not open \"{}\": {}", extent_.path, std::strerror(errno)));
  posix_fadvise(descriptor_, extent_.offset, extent_.size, POSIX_FADV_SEQUENTIAL);
}

ByteSource::~ByteSource() { close(descriptor_); }

bool ByteSource::Fill() {
  const int64_t left = extent_.size - position_;
  if (left <= 0) return false;
  const auto wanted = static_cast<size_t>(std::min<int64_t>(left, static_cast<int64_t>(buffer_.size())));
  ssize_t got = 0;
  do {
    got = pread(descriptor_, buffer_.data(), wanted, extent_.offset + position_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw Error(fmt::format("could not read \"{}\": {}", extent_.path, std::strerror(errno)));
  if (got == 0) throw Error(fmt::format("\"{}\" ends too early", extent_.path));
  position_ += got;
  begin_ = 0;
  end_ = static_cast<size_t>(got);
  return true;
}

std::string_view ByteSource::Next(size_t most) {
  if (begin_ == end_ && !Fill()) return {};
  const size_t length = std::min(most, end_ - begin_);
  begin_ += length;
  return {buffer_.data() + begin_ - length, length};
}

int ByteSource::Byte() {
  if (begin_ == end_ && !Fill()) throw Error(fmt::format("\"{}\" ends too early", extent_.path));
  return static_cast<unsigned char>(buffer_[begin_++]);
}

int64_t ByteSource::Integer(int size) {
  const bool negative = Byte() != 0;
  uint64_t magnitude = 0;
  for (int i = 0; i < size; ++i) magnitude |= static_cast<uint64_t>(Byte()) << (8 * i);
  return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
}

void ByteSource::Skip(int64_t bytes) {
  const auto buffered = static_cast<int64_t>(end_ - begin_);
  if (bytes < 0 || bytes - buffered > extent_.size - position_)
    throw Error(fmt::format("\"{}\" ends too early", extent_.path));
  if (bytes <= buffered) {
    begin_ += static_cast<size_t>(bytes);
  } else {
    begin_ = end_ = 0;
    position_ += bytes - buffered;
  }
}

}  // namespace airlift
