#include "digest/stream_digest.h"

#include "array_flags.h"
#include "byte_order.h"

namespace airlift {

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr size_t kFixedHeader = 19;  // signature, flags, length of the extension
constexpr uint16_t kTrailer = 0xffff;

// Bytes of the file header at the start of `data`.
size_t HeaderLength(std::string_view data) {
  if (data.size() < kFixedHeader || data.substr(0, kSignature.size()) != kSignature)
    throw Error("the server's COPY stream does not start with the binary signature");
  return kFixedHeader + LoadBigEndian32(data.data() + kFixedHeader - 4);
}

}  // namespace

void StreamDigest::Add(std::string_view data) {
  if (!header_seen_) {
    data.remove_prefix(std::min(HeaderLength(data), data.size()));
    header_seen_ = true;
    if (data.empty()) return;
  }
  if (data.size() < 2) throw Error("the server's COPY stream has a message that is no tuple");
  if (LoadBigEndian16(data.data()) == kTrailer) return;
  if (!array_positions_.empty()) {
    image_.assign(data);
    ClearStaleArrayFlags(reinterpret_cast<unsigned char*>(image_.data()), image_.size(), array_positions_.data(),
                         array_positions_.size());
    data = image_;
  }
  digest_.AddRow(HashBytes(data.data(), data.size()));
}

TableDigest DigestRange(Connection& connection, const Relation& relation, const StoredTable& table,
                        const BlockRange& range, Meter& meter) {
  connection.StartCopyOut(ImageCopyStatement(relation, table, range));
  StreamDigest stream(relation.ArrayPositions());
  MeterBatch batch(meter);
  std::string_view data;
  while (connection.NextCopyData(&data)) {
    stream.Add(data);
    batch.Add(0, static_cast<int64_t>(data.size()));
  }
  batch.Add(static_cast<int64_t>(stream.digest().rows), 0);
  return stream.digest();
}

}  // namespace airlift
