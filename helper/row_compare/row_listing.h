// Which rows of one side are in buckets that differ: their keys and digests, read in one more scan.
#pragma once

#include "digest/bucket_digests.h"
#include "digest/image_query.h"
#include "pg/connection.h"
#include "progress/meter.h"
#include "row_compare/compared_table.h"
#include "row_compare/row_spool.h"

namespace airlift {

// With a key, a spooled row is (key image, row digest), for MergeByKey. Without one it is (row digest, place), for
// MergeByRow; a place is the OID of the stored table and the ctid, 10 bytes, good under the snapshot it was read under.

// Streams a part of the table; nothing needs to be installed there.
void ListStreamedRows(Connection& connection, const ComparedTable& table, const StoredTable& stored,
                      const BlockRange& range, const BucketSet& buckets, RowSpool& spool, Meter& meter);

// The source's server picks the rows, and sends no others.
void ListRowsByExtension(Connection& source, const ComparedTable& table, const BucketSet& buckets, RowSpool& spool,
                         Meter& meter);
// The same of some blocks of one stored table.
void ListPieceByExtension(Connection& source, const ComparedTable& table, const StoredTable& stored,
                          const BlockRange& piece, const BucketSet& buckets, RowSpool& spool, Meter& meter);

}  // namespace airlift
