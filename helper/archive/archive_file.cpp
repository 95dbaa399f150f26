#include "archive/archive_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <typeinfo>

#include "base/error.h"
#include "base/stop.h"
#include "schema/sql_lexer.h"
#include "schema/unwritten_grants.h"

namespace airlift {

namespace {

constexpr const char* kContents = "toc.dat";
constexpr int kDataBlock = 1;
constexpr int kObjectsBlock = 3;

constexpr int64_t kTarBlock = 512;
constexpr int64_t kTarSizeAt = 124;
constexpr size_t kTarNameLength = 100;

// Octal text, or, with the first bit set, a binary number.
int64_t TarSize(std::string_view header) {
  const std::string_view field = header.substr(kTarSizeAt, 12);
  int64_t size = 0;
  if ((static_cast<unsigned char>(field[0]) & 0x80) != 0) {
    for (const char c : field.substr(4)) size = size << 8 | static_cast<unsigned char>(c);
    return size;
  }
  for (const char c : field)
    if (c >= '0' && c <= '7') size = size * 8 + (c - '0');
  return size;
}

std::string Magic(const std::string& path) {
  ByteSource source(WholeFile(path));
  std::string start;
  while (start.size() < kTarBlock) {
    const std::string_view piece = source.Next(kTarBlock - start.size());
    if (piece.empty()) break;
    start += piece;
  }
  return start;
}

[[noreturn]] void ThrowNoArchive(const std::string& path) {
  throw Error(
      fmt::format("\"{}\" is no archive of pg_dump", path),
      "It is neither a directory with a toc.dat, nor custom format, nor a tar, nor a plain script that begins as "
      "pg_dump begins one.",
      "Any other script is for psql: psql -X -v ON_ERROR_STOP=1 -f FILE -d TARGET.");
}

// With the file named.
template <typename Work>
void Naming(const std::string& file, Work work) {
  try {
    work();
  } catch (const Error& error) {
    const std::string message = error.what();
    // A server's refusal, or a stop, stays what it is.
    if (typeid(error) != typeid(Error) || message.find(file) != std::string::npos) throw;
    throw Error(fmt::format("archive file \"{}\": {}", file, message), error.detail(), error.hint());
  }
}

}  // namespace

ArchiveFile::ArchiveFile(const std::string& path) : path_(path) {
  std::string contents;
  if (std::filesystem::is_directory(path)) {
    kind_ = Kind::kDirectory;
    if (!FileExists(path + "/" + kContents)) ThrowNoArchive(path);
    contents = ReadWhole(WholeFile(path + "/" + kContents));
  } else {
    const std::string magic = Magic(path);
    if (magic.substr(0, 5) == "PGDMP") {
      Extent whole = WholeFile(path);
      // The contents come first, and tell their length only by being read: in growing pieces.
      for (int64_t size = int64_t{1} << 20;; size *= 8) {
        contents = ReadWhole({path, 0, std::min(size, whole.size)});
        if (size >= whole.size) break;
        try {
          ParseArchive(contents);
          break;
        } catch (const Error&) {
          continue;
        }
      }
    } else if (magic.size() == kTarBlock && magic.compare(0, 8, std::string("toc.dat\0", 8)) == 0) {
      kind_ = Kind::kTar;
      OpenTar();
      contents = ReadWhole(Find(kContents).extent);
    } else {
      ThrowNoArchive(path);
    }
  }
  Naming(path, [&] { archive_ = ParseArchive(contents); });
  if ((archive_.format == ArchiveFormat::kCustom) != (kind_ == Kind::kCustom)) ThrowNoArchive(path);
  if (kind_ == Kind::kTar) NameLargeObjectLists();
  contents_digest_ = HashBytes(contents.data(), static_cast<size_t>(archive_.contents_length));
  AddUnwrittenGrants(&archive_);
  if (kind_ == Kind::kCustom) FindLengths();
  CheckFiles();
}

const char* ArchiveFile::KindName() const {
  return kind_ == Kind::kDirectory ? "directory" : kind_ == Kind::kTar ? "tar" : "custom format";
}

std::string ArchiveFile::Encoding() const {
  for (const ArchiveEntry& entry : archive_.entries) {
    if (entry.kind != "ENCODING") continue;
    for (const SqlToken& token : Tokenize(entry.sql))
      if (token.kind == TokenKind::kString) return std::string(token.text.substr(1, token.text.size() - 2));
  }
  return "UTF8";
}

void ArchiveFile::OpenTar() {
  const Extent whole = WholeFile(path_);
  for (int64_t at = 0; at + kTarBlock <= whole.size;) {
    const std::string header = ReadWhole({path_, at, kTarBlock});
    if (header[0] == '\0') return;
    const std::string name = header.substr(0, std::min(header.find('\0'), kTarNameLength));
    const int64_t size = TarSize(header);
    if (size < 0 || size > whole.size - at - kTarBlock)
      throw Error(fmt::format("\"{}\" ends too early, in \"{}\"", path_, name));
    members_[name] = {path_, at + kTarBlock, size};
    at += kTarBlock + (size + kTarBlock - 1) / kTarBlock * kTarBlock;
  }
  throw Error(fmt::format("\"{}\" ends too early", path_), "It has no end mark of a tar.");
}

// The contents of a tar give them the name of a table's data.
void ArchiveFile::NameLargeObjectLists() {
  for (ArchiveEntry& entry : archive_.entries) {
    if (entry.kind != "BLOBS") continue;
    const std::string own = fmt::format("blobs_{}.toc", entry.dump_id);  // since 17
    entry.data_file = members_.contains(own) ? own : "blobs.toc";
  }
}

// How long each entry's data is, from where it and the next one begin.
void ArchiveFile::FindLengths() {
  std::map<int64_t, int32_t> by_offset;
  for (const ArchiveEntry& entry : archive_.entries) {
    if (!entry.has_data) continue;
    if (entry.data_offset < 0) return WalkThroughData();
    by_offset[entry.data_offset] = entry.dump_id;
  }
  int64_t end = WholeFile(path_).size;
  for (auto at = by_offset.rbegin(); at != by_offset.rend(); ++at) {
    if (at->first >= end) throw Error(fmt::format("archive \"{}\" ends too early", path_));
    data_bytes_[at->second] = end - at->first;
    end = at->first;
  }
}

// An archive that was written into a pipe does not say where its data lies: from block to block.
void ArchiveFile::WalkThroughData() {
  ByteSource source(WholeFile(path_));
  source.Skip(archive_.contents_length);
  std::map<int32_t, int64_t> offsets;
  const auto skip_chunks = [&] {
    while (const int64_t length = source.Integer(archive_.integer_size)) source.Skip(length);
  };
  while (!source.AtEnd()) {
    CheckStop();
    const int64_t begin = source.position();
    const int type = source.Byte();
    const auto id = static_cast<int32_t>(source.Integer(archive_.integer_size));
    if (type == kDataBlock) {
      skip_chunks();
    } else if (type == kObjectsBlock) {
      while (source.Integer(archive_.integer_size) != 0) skip_chunks();
    } else {
      throw Error(fmt::format("archive \"{}\" is damaged", path_),
                  fmt::format("No block of data begins at byte {}.", begin));
    }
    offsets[id] = begin;
    data_bytes_[id] = source.position() - begin;
  }
  for (ArchiveEntry& entry : archive_.entries) {
    if (!entry.has_data) continue;
    const auto found = offsets.find(entry.dump_id);
    if (found == offsets.end())
      throw Error(fmt::format("archive \"{}\" ends too early", path_),
                  fmt::format("The data of {} \"{}\" is missing.", entry.kind, entry.name));
    entry.data_offset = found->second;
  }
}

void ArchiveFile::CheckFiles() const {
  if (kind_ == Kind::kCustom) return;
  for (const ArchiveEntry& entry : archive_.entries)
    if (entry.has_data) Find(entry.data_file);
}

ArchiveFile::StoredFile ArchiveFile::Find(const std::string& name) const {
  // The contents name files of the archive; a damaged or forged one shall not name others.
  if (name.empty() || name.find('/') != std::string::npos)
    throw Error(fmt::format("archive \"{}\" is damaged", path_), fmt::format("It names a file \"{}\".", name));
  for (const Compression compression :
       {Compression::kNone, Compression::kGzip, Compression::kLz4, Compression::kZstd}) {
    const std::string full = name + CompressionSuffix(compression);
    if (kind_ == Kind::kTar) {
      const auto found = members_.find(full);
      if (found != members_.end()) return {found->second, full, compression};
    } else if (FileExists(path_ + "/" + full)) {
      return {WholeFile(path_ + "/" + full), full, compression};
    }
  }
  throw Error(fmt::format("archive \"{}\" is not complete", path_), fmt::format("File \"{}\" is missing.", name));
}

std::map<std::string, int64_t> ArchiveFile::Files() const {
  std::map<std::string, int64_t> files;
  const auto add = [&](const std::string& name) {
    const StoredFile file = Find(name);
    files[file.name] = file.extent.size;
  };
  add(kContents);
  for (const ArchiveEntry& entry : archive_.entries) {
    if (!entry.has_data) continue;
    add(entry.data_file);
    if (entry.kind != "BLOBS") continue;
    for (const ArchivedObject& object : ListLargeObjects(entry)) add(object.file);
  }
  return files;
}

int64_t ArchiveFile::DataBytes(const ArchiveEntry& entry) const {
  if (!entry.has_data) return 0;
  if (kind_ != Kind::kCustom) return Find(entry.data_file).extent.size;
  const auto found = data_bytes_.find(entry.dump_id);
  return found == data_bytes_.end() ? 0 : found->second;
}

void ArchiveFile::ReadFile(const StoredFile& file, const ByteSink& sink, const ReadMeter& meter) const {
  Naming(file.name, [&] {
    const auto expected = expected_.find(file.name);
    if (expected != expected_.end() && expected->second.size != file.extent.size)
      throw Error(
          fmt::format("it has {} bytes, and had {} when it was written", file.extent.size, expected->second.size));
    ByteSource source(file.extent);
    StreamingHash hash;
    const auto decompressor = MakeDecompressor(file.compression);
    for (std::string_view piece = source.Next(); !piece.empty(); piece = source.Next()) {
      if (expected != expected_.end()) hash.Add(piece.data(), piece.size());
      decompressor->Feed(piece, sink);
      if (meter) meter(static_cast<int64_t>(piece.size()));
    }
    // An empty large object is an empty file, whatever the compression.
    if (file.extent.size > 0) decompressor->Finish();
    if (expected != expected_.end() && hash.Digest() != expected->second.digest)
      throw Error("it has other bytes than it had when it was written");
  });
}

void ArchiveFile::ReadChunks(ByteSource& source, const ByteSink& sink, const ReadMeter& meter) const {
  const auto decompressor = MakeDecompressor(archive_.compression);
  bool any = false;
  while (int64_t left = source.Integer(archive_.integer_size)) {
    any = true;
    while (left > 0) {
      const std::string_view piece = source.Next(static_cast<size_t>(left));
      if (piece.empty()) throw Error(fmt::format("archive \"{}\" ends too early", path_));
      decompressor->Feed(piece, sink);
      left -= static_cast<int64_t>(piece.size());
      if (meter) meter(static_cast<int64_t>(piece.size()));
    }
  }
  if (any) decompressor->Finish();
}

void ArchiveFile::ReadData(const ArchiveEntry& entry, const ByteSink& sink, const ReadMeter& meter) const {
  if (kind_ != Kind::kCustom) return ReadFile(Find(entry.data_file), sink, meter);
  Naming(path_, [&] {
    ByteSource source(WholeFile(path_));
    source.Skip(entry.data_offset);
    source.Byte();
    if (source.Integer(archive_.integer_size) != entry.dump_id) throw Error("the archive is damaged");
    ReadChunks(source, sink, meter);
  });
}

std::vector<ArchivedObject> ArchiveFile::ListLargeObjects(const ArchiveEntry& entry) const {
  std::vector<ArchivedObject> objects;
  if (kind_ == Kind::kCustom) return objects;
  std::string list;
  ReadFile(Find(entry.data_file), [&](std::string_view bytes) { list += bytes; }, {});
  for (size_t at = 0; at < list.size();) {
    const size_t end = list.find('\n', at);
    const size_t blank = list.find(' ', at);
    if (end == std::string::npos || blank == std::string::npos || blank > end)
      throw Error(fmt::format("archive file \"{}\" is damaged", entry.data_file));
    ArchivedObject object;
    std::from_chars(list.data() + at, list.data() + blank, object.oid);
    object.file = list.substr(blank + 1, end - blank - 1);
    // Named with or without the suffix of its compression.
    if (kind_ == Kind::kTar || !FileExists(path_ + "/" + object.file)) {
      object.bytes = Find(object.file).extent.size;
    } else {
      for (const Compression compression : {Compression::kGzip, Compression::kLz4, Compression::kZstd})
        if (const std::string suffix = CompressionSuffix(compression); object.file.ends_with(suffix))
          object.file.resize(object.file.size() - suffix.size());
      object.bytes = Find(object.file).extent.size;
    }
    if (object.oid == 0) throw Error(fmt::format("archive file \"{}\" is damaged", entry.data_file));
    objects.push_back(std::move(object));
    at = end + 1;
  }
  return objects;
}

void ArchiveFile::ReadLargeObject(const ArchivedObject& object, const ByteSink& sink, const ReadMeter& meter) const {
  ReadFile(Find(object.file), sink, meter);
}

void ArchiveFile::ReadLargeObjects(const ArchiveEntry& entry, const std::function<void(uint32_t)>& begin,
                                   const ByteSink& sink, const ReadMeter& meter) const {
  Naming(path_, [&] {
    ByteSource source(WholeFile(path_));
    source.Skip(entry.data_offset);
    source.Byte();
    source.Integer(archive_.integer_size);
    while (const int64_t oid = source.Integer(archive_.integer_size)) {
      begin(static_cast<uint32_t>(oid));
      ReadChunks(source, sink, meter);
    }
  });
}

}  // namespace airlift
