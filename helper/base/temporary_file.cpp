#include "base/temporary_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace airlift {

namespace {

[[noreturn]] void Fail(const char* what) {
  throw Error(fmt::format("could not {} a temporary file: {}", what, std::strerror(errno)), {},
              "TMPDIR names the directory for temporary files.");
}

}  // namespace

TemporaryFile::TemporaryFile() {
  const char* directory = std::getenv("TMPDIR");
  std::string path = directory == nullptr || *directory == '\0' ? "/tmp" : directory;
  path += "/pg_airlift.XXXXXX";
  const int descriptor = mkstemp(path.data());  // mode 0600
  if (descriptor < 0) Fail("create");
  unlink(path.c_str());
  file_.reset(fdopen(descriptor, "w+"));
  if (!file_) Fail("open");
}

void TemporaryFile::Append(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() || std::fflush(file_.get()) != 0)
    Fail("write to");
  size_ += static_cast<int64_t>(bytes.size());
}

size_t TemporaryFile::Read(int64_t offset, char* to, size_t size) const {
  size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(fileno(file_.get()), to + done, size - done, offset + static_cast<int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) Fail("read from");
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

void SpilledText::Append(std::string_view text) {
  buffer_.append(text);
  if (buffer_.size() < kPiece) return;
  if (!file_) file_ = std::make_unique<TemporaryFile>();
  file_->Append(buffer_);
  buffer_.clear();
  if (buffer_.capacity() > 4 * kPiece) buffer_.shrink_to_fit();
}

}  // namespace airlift
