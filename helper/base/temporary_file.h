// A file without a name: for what does not fit into memory. It is gone when it is closed, however the process ends.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace airlift {

class TemporaryFile {
 public:
  // In TMPDIR, or /tmp; readable by nobody else. Throws Error when it cannot be made.
  TemporaryFile();

  void Append(std::string_view bytes);
  // At most `size` bytes from `offset` on; fewer only at the end of the file.
  size_t Read(int64_t offset, char* to, size_t size) const;
  int64_t size() const { return size_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Closer> file_;
  int64_t size_ = 0;
};

// Text that grows, first in memory, then on disk.
class SpilledText {
 public:
  void Append(std::string_view text);
  bool IsEmpty() const { return buffer_.empty() && !file_; }
  int64_t size() const { return static_cast<int64_t>(buffer_.size()) + (file_ ? file_->size() : 0); }
  // Gives everything to `sink` in pieces.
  template <typename Sink>
  void ForEachPiece(Sink sink) {
    if (file_) {
      std::string piece(kPiece, '\0');
      file_->Append(buffer_);
      buffer_.clear();
      for (int64_t at = 0; at < file_->size();) {
        const size_t size = file_->Read(at, piece.data(), piece.size());
        sink(std::string_view(piece.data(), size));
        at += static_cast<int64_t>(size);
      }
    } else {
      sink(std::string_view(buffer_));
    }
  }

 private:
  static constexpr size_t kPiece = size_t{1} << 20;

  std::string buffer_;
  std::unique_ptr<TemporaryFile> file_;
};

}  // namespace airlift
