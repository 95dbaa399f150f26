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
    return negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
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

  void Skip(int bytes) {
    for (int i = 0; i < bytes; ++i) Byte();
  }

  // Magic, version, sizes, format.
  void Header() {
    if (bytes_.substr(0, 5) != "PGDMP") throw Error("pg_dump did not write an archive in custom format");
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
    if (integer_size_ < 1 || integer_size_ > 8) throw Error("the archive written by pg_dump is damaged");
    if (Byte() != kCustomFormat) throw Error("pg_dump did not write an archive in custom format");
    if (minor_ >= 15) {
      Byte();  // compression algorithm
    } else {
      Integer();  // compression level
    }
    for (int i = 0; i < 7; ++i) Integer();  // creation time
  }

  ArchiveEntry Entry() {
    ArchiveEntry entry;
    entry.dump_id = static_cast<int32_t>(Integer());
    Integer();  // whether it has data
    entry.class_oid = Number<uint32_t>();
    entry.object_oid = Number<uint32_t>();
    entry.name = String();
    entry.kind = String();
    entry.section = static_cast<ArchiveSection>(Integer());
    entry.sql = String();
    entry.drop_sql = String();
    String();  // COPY statement
    entry.schema = String();
    entry.tablespace = String();
    if (minor_ >= 14) entry.table_access_method = String();
    if (minor_ >= 16) Integer();  // relkind
    entry.owner = String();
    String();  // WITH OIDS
    entry.dependencies = Dependencies();
    Skip(1 + offset_size_);  // where the data lies
    return entry;
  }

 private:
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
};

}  // namespace

Archive ParseArchive(std::string_view bytes) {
  Reader reader(bytes);
  reader.Header();
  Archive archive;
  archive.database = reader.String();
  reader.String();  // the server's version
  archive.dump_version = reader.String();
  const int64_t count = reader.Integer();
  for (int64_t i = 0; i < count; ++i) archive.entries.push_back(reader.Entry());
  return archive;
}

}  // namespace airlift
