// The only caller of airlift.*: what the extension on the source does for the helper.
#pragma once

#include <optional>
#include <string>

#include "catalog/relation.h"
#include "digest.h"
#include "digest/bucket_digests.h"
#include "digest/image_query.h"
#include "pg/connection.h"

namespace airlift {

// A digest, and whether it speaks of all rows; `reason` says why not.
struct SourceDigest {
  TableDigest digest;
  bool is_complete = true;
  std::string reason;
};

// The extension's version when it is installed in this database and speaks our digest format, else nullopt.
std::optional<std::string> FindExtension(Connection& source);

// What a run would have the extension do.
struct ExtensionUse {
  bool digests = false;      // the source's rows in its own server
  bool snapshot = false;     // held beyond this program's life
  bool replication = false;  // the record of DDL now, the fence at the cutover
};
inline constexpr const char* kNoExtension = "the source has no pg_airlift extension";
// What a run whose source lacks the extension loses by that, in one sentence that begins with kNoExtension; said once
// in its output. "" where it loses nothing.
std::string WithoutExtension(const ExtensionUse& use);

// The call of airlift.table_digest for `relation`.
std::string DigestStatement(const Relation& relation);

// airlift.table_digest: one scan in the server, parallel where the server's planner sees fit.
SourceDigest DigestByExtension(Connection& source, const Relation& relation);

// The same in buckets.
struct SourceBuckets {
  BucketDigests digests;
  bool is_complete = true;
  std::string reason;
};
// airlift.table_buckets: one scan as well.
SourceBuckets BucketsByExtension(Connection& source, const Relation& relation, uint32_t buckets);

// The same of the rows of one of the relation's stored tables.
BucketDigests BucketsOfStored(Connection& source, const Relation& relation, const StoredTable& stored,
                              uint32_t buckets);
// Of some of its blocks, by one process of the server; nullopt where the server (before version 14) can only read all.
std::optional<BucketDigests> BucketsOfPiece(Connection& source, const Relation& relation, const StoredTable& stored,
                                            const BlockRange& piece, uint32_t buckets);
// Why the role may not see all rows of `relation`; "" when it does.
std::string IncompleteReason(Connection& source, const Relation& relation);

// COPY (SELECT <selected>, <row digest as uuid> FROM <from> WHERE <condition> AND the row's bucket is in `set`) TO
// STDOUT (FORMAT binary): the server itself picks the rows.
std::string BucketRowsStatement(Connection& source, const Relation& relation, const std::string& selected,
                                const std::string& from, const BucketSet& set);

}  // namespace airlift
