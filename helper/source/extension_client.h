// The only caller of airlift.*: what the extension on the source does for the helper.
#pragma once

#include <optional>
#include <string>

#include "catalog/relation.h"
#include "digest.h"
#include "digest/bucket_digests.h"
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

// Said once in the output of a run whose source lacks the extension.
inline constexpr const char* kNoExtensionNote =
    "the source has no pg_airlift extension: its rows are digested from streams over the network, which is slower";

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

// COPY (SELECT <selected>, <row digest as uuid> FROM <from> WHERE <condition> AND the row's bucket is in `set`) TO
// STDOUT (FORMAT binary): the server itself picks the rows.
std::string BucketRowsStatement(Connection& source, const Relation& relation, const std::string& selected,
                                const std::string& from, const BucketSet& set);

}  // namespace airlift
