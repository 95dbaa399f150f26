#include "schema/archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace airlift {

namespace {

constexpr int kOldestMinor = 12;
constexpr int kNewestMinor = 16;
constexpr int kCustomFormat = 1;
constexpr int kTarFormat = 3;  // also what toc.dat of a directory says
constexpr int kOffsetIsKnown = 2;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  int Byte() {
    if (position_ >= bytes_.size()) throw Error("the archive written by pg_dump ends too early");
    return static_cast<unsigned char>(bytes_[position_++]);
  }

  // A sign byte, then the magnitude in little-endian order.
  int64_t Integer() {
    const bool negative = Byte() != 0;
    uint64_t magnitude = 0;
    for (int i = 0; i < integer_size_; ++i) magnitude |= static_cast<uint64_t>(Byte()) << (8 * i);
    return static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  }

  // False for the archive's NULL.
  bool String(std::string* text) {
    const int64_t length = Integer();
    text->clear();
    if (length < 0) return false;
    if (static_cast<uint64_t>(length) > bytes_.size() - position_)
      throw Error("the archive written by pg_dump ends too early");
    text->assign(bytes_.substr(position_, static_cast<size_t>(length)));
    position_ += static_cast<size_t>(length);
    return true;
  }
  std::string String() {
    std::string text;
    String(&text);
    return text;
  }

  // Magic, version, sizes, format.
  void Header(Archive* archive) {
    if (bytes_.substr(0, 5) != "PGDMP") throw Error("this is no archive of pg_dump");
    position_ = 5;
    const int major = Byte();
    minor_ = Byte();
    Byte();
    if (major != 1 || minor_ < kOldestMinor || minor_ > kNewestMinor) {
      throw Error(fmt::format("pg_dump wrote an archive of version {}.{}, which is not known here", major, minor_), {},
                  "Point --pg-bindir at the programs of PostgreSQL 18 or older.");
    }
    integer_size_ = Byte();
    offset_size_ = Byte();
    if (integer_size_ < 1 || integer_size_ > 8 || offset_size_ < 1 || offset_size_ > 8)
      throw Error("the archive written by pg_dump is damaged");
    const int format = Byte();
    if (format != kCustomFormat && format != kTarFormat)
      throw Error(fmt::format("the archive written by pg_dump has an unknown format ({})", format));
    archive->format = format_ = format == kCustomFormat ? ArchiveFormat::kCustom : ArchiveFormat::kFiles;
    archive->integer_size = integer_size_;
    archive->compression = DataCompression();
    for (int i = 0; i < 7; ++i) Integer();  // creation time
  }

  ArchiveEntry Entry() {
    ArchiveEntry entry;
    entry.dump_id = static_cast<int32_t>(Integer());
    entry.has_data = Integer() != 0;
    entry.class_oid = Number<uint32_t>();
    entry.object_oid = Number<uint32_t>();
    entry.name = String();
    entry.kind = String();
    entry.section = static_cast<ArchiveSection>(Integer());
    entry.sql = String();
    entry.drop_sql = String();
    entry.copy_statement = String();
    entry.schema = String();
    entry.tablespace = String();
    if (minor_ >= 14) entry.table_access_method = String();
    if (minor_ >= 16) Integer();  // relkind
    entry.owner = String();
    String();  // WITH OIDS
    entry.dependencies = Dependencies();
    if (format_ == ArchiveFormat::kFiles) {
      entry.data_file = String();
    } else {
      entry.data_offset = Offset();
    }
    return entry;
  }

  size_t position() const { return position_; }

 private:
  Compression DataCompression() {
    if (minor_ < 15) return Integer() == 0 ? Compression::kNone : Compression::kGzip;
    const int algorithm = Byte();
    if (algorithm > static_cast<int>(Compression::kZstd))
      throw Error(fmt::format("the archive is compressed in a way that is not known here ({})", algorithm));
    return static_cast<Compression>(algorithm);
  }

  int64_t Offset() {
    const int state = Byte();
    uint64_t offset = 0;
    for (int i = 0; i < offset_size_; ++i) offset |= static_cast<uint64_t>(Byte()) << (8 * i);
    return state == kOffsetIsKnown ? static_cast<int64_t>(offset) : -1;
  }

  template <typename T>
  T Number() {
    return ToNumber<T>(String());
  }
  template <typename T>
  static T ToNumber(const std::string& text) {
    T value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  std::vector<int32_t> Dependencies() {
    std::vector<int32_t> ids;
    for (std::string text; String(&text);) ids.push_back(ToNumber<int32_t>(text));
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    return ids;
  }

  std::string_view bytes_;
  size_t position_ = 0;
  int minor_ = 0;
  int integer_size_ = 4;
  int offset_size_ = 8;
  ArchiveFormat format_ = ArchiveFormat::kCustom;
};

}  // namespace

Archive ParseArchive(std::string_view bytes) {
  Reader reader(bytes);
  Archive archive;
  reader.Header(&archive);
  archive.database = reader.String();
  archive.server_version = reader.String();
  archive.dump_version = reader.String();
  const int64_t count = reader.Integer();
  for (int64_t i = 0; i < count; ++i) archive.entries.push_back(reader.Entry());
  archive.contents_length = static_cast<int64_t>(reader.position());
  return archive;
}

}  // namespace airlift
