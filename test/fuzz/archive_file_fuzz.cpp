// Whole archives of pg_dump, custom format or tar: all data and all large objects read and decompressed.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "archive/archive_file.h"
#include "fuzz/fuzz.h"

using namespace airlift;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int descriptor = memfd_create("archive", 0);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size)) return 0;
  // Few bytes may stand for very many.
  size_t left = size_t{1} << 24;
  const auto sink = [&left](std::string_view bytes) {
    if (bytes.size() > left) throw Error("enough");
    left -= bytes.size();
  };
  fuzz::Refusing([&] {
    const ArchiveFile file("/proc/self/fd/" + std::to_string(descriptor));
    file.Encoding();
    for (const ArchiveEntry& entry : file.archive().entries) {
      if (!entry.has_data) continue;
      fuzz::Refusing([&] {
        file.DataBytes(entry);
        if (entry.kind != "BLOBS") return file.ReadData(entry, sink);
        for (const ArchivedObject& object : file.ListLargeObjects(entry)) file.ReadLargeObject(object, sink);
        file.ReadLargeObjects(
            entry, [](uint32_t) {}, sink);
      });
    }
  });
  return 0;
}
