#include "digest/stream_digest.h"

namespace airlift {

namespace {

// Streams the images of one range to `add`.
template <typename Add>
void StreamImages(Connection& connection, const Relation& relation, const StoredTable& table, const BlockRange& range,
                  Meter& meter, Add add) {
  connection.StartCopyOut(ImageCopyStatement(relation, table, range));
  ImageStream images(relation.ArrayPositions());
  MeterBatch batch(meter);
  std::string_view data;
  std::string_view image;
  while (connection.NextCopyData(&data)) {
    const bool is_row = images.Image(data, &image);
    if (is_row) add(image);
    batch.Add(is_row ? 1 : 0, static_cast<int64_t>(data.size()));
  }
}

}  // namespace

void StreamDigest::Add(std::string_view copy_data) {
  std::string_view image;
  if (images_.Image(copy_data, &image)) digest_.AddRow(HashBytes(image.data(), image.size()));
}

TableDigest DigestRange(Connection& connection, const Relation& relation, const StoredTable& table,
                        const BlockRange& range, Meter& meter) {
  TableDigest digest;
  StreamImages(connection, relation, table, range, meter,
               [&](std::string_view image) { digest.AddRow(HashBytes(image.data(), image.size())); });
  return digest;
}

BucketDigests BucketRange(Connection& connection, const Relation& relation, const StoredTable& table,
                          const BlockRange& range, uint32_t buckets, Meter& meter) {
  BucketDigests digests(buckets);
  StreamImages(connection, relation, table, range, meter,
               [&](std::string_view image) { digests.AddRow(HashBytes(image.data(), image.size())); });
  return digests;
}

}  // namespace airlift
