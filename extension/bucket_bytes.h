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

// Bucket by bucket the count and the sum.
inline bytea* BucketBytes(const TableDigest* digests, uint32 buckets) {
  const Size size = VARHDRSZ + kTableDigestBytes * buckets;
  bytea* result = static_cast<bytea*>(palloc(size));
  SET_VARSIZE(result, size);
  char* to = VARDATA(result);
  for (uint32 i = 0; i < buckets; ++i, to += kTableDigestBytes) {
    StoreBigEndian64(to, digests[i].rows);
    StoreUuid(digests[i].sum, reinterpret_cast<unsigned char*>(to) + 8);
  }
  return result;
}

}  // namespace airlift
