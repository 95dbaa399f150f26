#include "row_compare/row_listing.h"

#include "byte_order.h"
#include "digest/image_stream.h"
#include "pg/identifier.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

constexpr size_t kTidBytes = 6;  // block, offset: what tid_send makes

std::string DigestBytes(Digest128 digest) {
  std::string bytes(kUuidBytes, '\0');
  StoreUuid(digest, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

std::string Place(uint32_t oid, std::string_view tid) {
  std::string place(4, '\0');
  StoreBigEndian32(place.data(), oid);
  return place.append(tid);
}

void ListStreamedKeys(Connection& connection, const ComparedTable& table, const BucketSet& buckets, RowSpool& spool,
                      Meter& meter) {
  ImageStream images(table.source.ArrayPositions());
  const std::vector<size_t> key = table.KeyPositions();
  MeterBatch batch(meter);
  std::string_view data, image;
  while (connection.NextCopyData(&data)) {
    batch.Add(1, static_cast<int64_t>(data.size()));
    if (!images.Image(data, &image)) continue;
    const Digest128 digest = HashBytes(image.data(), image.size());
    if (buckets.Holds(digest)) spool.Add(SubImage(image, key), DigestBytes(digest));
  }
}

void ListStreamedPlaces(Connection& connection, const ComparedTable& table, uint32_t oid, const BucketSet& buckets,
                        RowSpool& spool, Meter& meter) {
  ImageStream images(table.source.ArrayPositions());
  MeterBatch batch(meter);
  std::string_view data, image, tid;
  while (connection.NextCopyData(&data)) {
    batch.Add(1, static_cast<int64_t>(data.size()));
    if (!images.ImageBeforeLast(data, kTidBytes, &image, &tid)) continue;
    const Digest128 digest = HashBytes(image.data(), image.size());
    if (buckets.Holds(digest)) spool.Add(DigestBytes(digest), Place(oid, tid));
  }
}

// Positions, within the key's image, of its arrays.
std::vector<int> ArraysOfKey(const ComparedTable& table) {
  std::vector<int> positions;
  for (size_t i = 0; i < table.key.size(); ++i) {
    const Column& column = table.source.columns[table.key[i].position];
    if (column.is_array && column.is_portable) positions.push_back(static_cast<int>(i));
  }
  return positions;
}

std::string KeyExpressions(const ComparedTable& table) {
  std::string list;
  for (const KeyColumn& column : table.key)
    list += (list.empty() ? "" : ", ") + ImageExpression(table.source.columns[column.position]);
  return list;
}

void ListFrom(const std::string& from, Connection& source, const ComparedTable& table, const Relation& relation,
              const BucketSet& buckets, RowSpool& spool, Meter& meter) {
  source.StartCopyOut(
      BucketRowsStatement(source, relation, table.HasKey() ? KeyExpressions(table) : "tableoid, ctid", from, buckets));
  ImageStream images(ArraysOfKey(table));
  MeterBatch batch(meter);
  std::string_view data, image, digest;
  while (source.NextCopyData(&data)) {
    batch.Add(1, static_cast<int64_t>(data.size()));
    if (!images.ImageBeforeLast(data, kUuidBytes, &image, &digest)) continue;
    if (table.HasKey()) {
      spool.Add(image, digest);
    } else {  // two columns with their lengths before them
      spool.Add(digest, Place(LoadBigEndian32(image.data() + 6), image.substr(image.size() - kTidBytes)));
    }
  }
}

}  // namespace

void ListStreamedRows(Connection& connection, const ComparedTable& table, const StoredTable& stored,
                      const BlockRange& range, const BucketSet& buckets, RowSpool& spool, Meter& meter) {
  if (table.HasKey()) {
    connection.StartCopyOut(ImageCopyStatement(table.Of(connection.side()), stored, range));
    ListStreamedKeys(connection, table, buckets, spool, meter);
  } else {
    connection.StartCopyOut(ImageCopyStatementWith("ctid", table.Of(connection.side()), stored, range));
    ListStreamedPlaces(connection, table, stored.oid, buckets, spool, meter);
  }
}

void ListRowsByExtension(Connection& source, const ComparedTable& table, const BucketSet& buckets, RowSpool& spool,
                         Meter& meter) {
  if (table.source.foreign_leaves.empty())
    return ListFrom(table.From(Side::kSource), source, table, table.source, buckets, spool, meter);
  for (const StoredTable& leaf : table.source.stored)
    ListFrom("ONLY " + QualifiedName(leaf.schema, leaf.name), source, table, table.source, buckets, spool, meter);
}

void ListPieceByExtension(Connection& source, const ComparedTable& table, const StoredTable& stored,
                          const BlockRange& piece, const BucketSet& buckets, RowSpool& spool, Meter& meter) {
  Relation relation = table.source;
  relation.condition = RangePredicate(piece, relation.condition);
  ListFrom("ONLY " + QualifiedName(stored.schema, stored.name), source, table, relation, buckets, spool, meter);
}

}  // namespace airlift
