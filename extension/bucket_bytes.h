// The digests of a number of buckets as SQL gets them.
#pragma once

#include "byte_order.h"
#include "digest.h"
#include "server.h"

namespace airlift {

inline uint32 CheckedBuckets(int32 buckets) {
  if (buckets < 1 || static_cast<uint32>(buckets) > kMaxBuckets)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("number of buckets must be between 1 and %u", kMaxBuckets)));
  return static_cast<uint32>(buckets);
}

// A digest as bytes: the count, then the sum.
inline void StoreTableDigest(const TableDigest& digest, char* to) {
  StoreBigEndian64(to, digest.rows);
  StoreUuid(digest.sum, reinterpret_cast<unsigned char*>(to) + 8);
}

inline TableDigest LoadTableDigest(const char* from) {
  return TableDigest{LoadBigEndian64(from), LoadUuid(reinterpret_cast<const unsigned char*>(from) + 8)};
}

// Bucket by bucket.
inline bytea* BucketBytes(const TableDigest* digests, uint32 buckets) {
  const Size size = VARHDRSZ + kTableDigestBytes * buckets;
  bytea* result = static_cast<bytea*>(palloc(size));
  SET_VARSIZE(result, size);
  char* to = VARDATA(result);
  for (uint32 i = 0; i < buckets; ++i, to += kTableDigestBytes) StoreTableDigest(digests[i], to);
  return result;
}

}  // namespace airlift
