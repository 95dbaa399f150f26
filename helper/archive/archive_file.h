// An archive of pg_dump on disk: a directory (-Fd), a file in custom format (-Fc) or a tar (-Ft), and the data in it.
//
// The data is read directly, as the contents are (schema/archive.h): no pg_restore, no pipe, and each reader has a file
// descriptor of its own, so that all methods may be called from several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/compression.h"
#include "digest.h"
#include "schema/archive.h"

namespace airlift {

// A large object in a directory or tar.
struct ArchivedObject {
  uint32_t oid = 0;
  std::string file;
  int64_t bytes = 0;  // as stored
};

// Told of the bytes read so far, as stored: for a progress display.
using ReadMeter = std::function<void(int64_t)>;

// What a file of the archive was when the archive was written.
struct FileFacts {
  int64_t size = 0;
  Digest128 digest;  // HashBytes of its bytes
};

class ArchiveFile {
 public:
  // Reads the contents. Throws Error where `path` is no archive, or where a file that the contents name is missing.
  explicit ArchiveFile(const std::string& path);

  const Archive& archive() const { return archive_; }
  // For whoever gives the contents another encoding.
  Archive& contents() { return archive_; }
  // The encoding of contents and data, as the archive has it.
  std::string Encoding() const;
  const std::string& path() const { return path_; }
  bool IsDirectory() const { return kind_ == Kind::kDirectory; }
  // "directory", "custom format", "tar".
  const char* KindName() const;
  // Of the contents: what tells this archive from any other.
  Digest128 contents_digest() const { return contents_digest_; }

  // From here on each file of a directory that is read to its end must be as it was.
  void Expect(std::map<std::string, FileFacts> files) { expected_ = std::move(files); }
  // All files of a directory, with their sizes; toc.dat among them.
  std::map<std::string, int64_t> Files() const;

  // Bytes of the entry's data as stored.
  int64_t DataBytes(const ArchiveEntry& entry) const;
  // The data of a TABLE DATA entry, decompressed. Throws Error, naming the file, where it is damaged or cut off.
  void ReadData(const ArchiveEntry& entry, const ByteSink& sink, const ReadMeter& meter = {}) const;

  // The objects of a BLOBS entry, where each has a file; none in custom format.
  std::vector<ArchivedObject> ListLargeObjects(const ArchiveEntry& entry) const;
  void ReadLargeObject(const ArchivedObject& object, const ByteSink& sink, const ReadMeter& meter = {}) const;
  // The objects of a BLOBS entry in custom format, one after the other: `begin(oid)`, its bytes, `begin(next oid)` ...
  void ReadLargeObjects(const ArchiveEntry& entry, const std::function<void(uint32_t)>& begin, const ByteSink& sink,
                        const ReadMeter& meter = {}) const;

 private:
  enum class Kind { kDirectory, kCustom, kTar };
  struct StoredFile {
    Extent extent;
    std::string name;
    Compression compression = Compression::kNone;
  };

  void OpenTar();
  void NameLargeObjectLists();
  void FindLengths();
  void WalkThroughData();
  void CheckFiles() const;
  StoredFile Find(const std::string& name) const;
  void ReadFile(const StoredFile& file, const ByteSink& sink, const ReadMeter& meter) const;
  // The chunks of one piece of data in custom format, up to the one of length 0.
  void ReadChunks(ByteSource& source, const ByteSink& sink, const ReadMeter& meter) const;

  const std::string path_;
  Kind kind_ = Kind::kCustom;
  Archive archive_;
  Digest128 contents_digest_;
  std::map<std::string, Extent> members_;  // of a tar
  std::map<int32_t, int64_t> data_bytes_;  // in custom format, by dump_id
  std::map<std::string, FileFacts> expected_;
};

}  // namespace airlift
