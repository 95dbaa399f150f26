#include "source/extension_client.h"

#include <fmt/format.h>

namespace airlift {

namespace {

constexpr int kApiVersion = 1;

std::string NameArray(const Relation& relation) {
  std::string array = "{";
  for (const Column& column : relation.columns) {
    if (array.size() > 1) array += ',';
    array += '"';
    for (const char c : column.name) {
      if (c == '"' || c == '\\') array += '\\';
      array += c;
    }
    array += '"';
  }
  return array + "}";
}

// `text` with every `c` in it twice.
std::string Doubled(const std::string& text, char c) {
  std::string doubled;
  for (const char each : text) {
    if (each == c) doubled += c;
    doubled += each;
  }
  return doubled;
}

std::string ColumnsLiteral(const Relation& relation) {
  return "E'" + Doubled(Doubled(NameArray(relation), '\\'), '\'') + "'";
}

// The condition without its WHERE, as a literal; NULL where there is none.
std::string ConditionLiteral(const std::string& condition) {
  return condition.empty() ? "NULL" : "'" + Doubled(condition.substr(sizeof("WHERE")), '\'') + "'";
}

constexpr int kTidRangeScanSince = 14;

std::string BucketsStatement(uint32_t oid, uint32_t buckets, const Relation& relation, const std::string& condition) {
  return fmt::format("SELECT digests, complete, reason FROM airlift.table_buckets({}, {}, {}, {})", oid, buckets,
                     ColumnsLiteral(relation), ConditionLiteral(condition));
}

}  // namespace

std::optional<std::string> FindExtension(Connection& source) {
  const Result found = source.Query("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_airlift'");
  if (found.rows() == 0) return std::nullopt;
  if (source.Query("SELECT airlift.api_version()").Integer(0, 0) != kApiVersion) return std::nullopt;
  return found.Text(0, 0);
}

std::string WithoutExtension(const ExtensionUse& use) {
  std::string losses;
  const auto add = [&](bool is_used, const char* loss) {
    if (is_used) losses += (losses.empty() ? "" : "; ") + std::string(loss);
  };
  add(use.digests, "its rows are digested from streams over the network, which is slower and as exact");
  add(use.snapshot,
      "the load's snapshot ends with this program, so that a rerun checks under a new one what is copied");
  add(use.replication,
      "DDL on the source is not noticed while it is replicated, and the cutover holds writes off with triggers on its "
      "tables instead of a fence of the whole database");
  if (losses.empty()) return {};
  return fmt::format("{}, everything goes over the wire: {}", kNoExtension, losses);
}

std::string DigestStatement(const Relation& relation) {
  return fmt::format("SELECT row_count, digest, complete, reason FROM airlift.table_digest({}, {}, {})", relation.oid,
                     ColumnsLiteral(relation), ConditionLiteral(relation.SourceCondition()));
}

SourceDigest DigestByExtension(Connection& source, const Relation& relation) {
  const Result result = source.Query(DigestStatement(relation));
  SourceDigest digest;
  digest.digest.rows = static_cast<uint64_t>(result.Integer(0, 0));
  const std::string text = result.Text(0, 1);
  if (!ParseUuid(text.data(), text.size(), &digest.digest.sum))
    throw Error("source: airlift.table_digest returned no digest for " + relation.display_name());
  digest.is_complete = result.Boolean(0, 2);
  digest.reason = result.Text(0, 3);
  return digest;
}

SourceBuckets BucketsByExtension(Connection& source, const Relation& relation, uint32_t buckets) {
  const Result result = source.Query(BucketsStatement(relation.oid, buckets, relation, relation.SourceCondition()));
  return {BucketDigests::FromHex(result.Text(0, 0), buckets), result.Boolean(0, 1), result.Text(0, 2)};
}

BucketDigests BucketsOfStored(Connection& source, const Relation& relation, const StoredTable& stored,
                              uint32_t buckets) {
  const Result result = source.Query(BucketsStatement(stored.oid, buckets, relation, relation.SourceCondition()));
  return BucketDigests::FromHex(result.Text(0, 0), buckets);
}

std::optional<BucketDigests> BucketsOfPiece(Connection& source, const Relation& relation, const StoredTable& stored,
                                            const BlockRange& piece, uint32_t buckets) {
  if (relation.SourceCondition().empty()) {
    const Result scanned = source.Query(fmt::format("SELECT airlift.scan_digests({}, {}, {}, {}, {})", stored.oid,
                                                    buckets, ColumnsLiteral(relation), piece.from,
                                                    piece.to ? std::to_string(*piece.to - piece.from) : "NULL"));
    if (!scanned.IsNull(0, 0)) return BucketDigests::FromHex(scanned.Text(0, 0), buckets);
  }
  if (source.server_major() < kTidRangeScanSince) return std::nullopt;
  // The part behind " WHERE".
  std::string condition = RangePredicate(piece, relation.SourceCondition());
  condition.erase(0, condition.find_first_not_of(' '));
  const Result result = source.Query(BucketsStatement(stored.oid, buckets, relation, condition));
  return BucketDigests::FromHex(result.Text(0, 0), buckets);
}

std::string IncompleteReason(Connection& source, const Relation& relation) {
  return source.Query(fmt::format("SELECT airlift.incomplete_reason({})", relation.oid)).Text(0, 0);
}

std::string BucketRowsStatement(Connection& source, const Relation& relation, const std::string& selected,
                                const std::string& from, const BucketSet& set) {
  const std::string arguments =
      source.Query(fmt::format("SELECT airlift.row_arguments({}, {})", relation.oid, ColumnsLiteral(relation)))
          .Text(0, 0);
  return fmt::format(
      "COPY (SELECT {}, airlift.row_digest({}) FROM {} {}\n{} airlift.row_in_buckets({}, '{}'::pg_catalog.bytea, {})) "
      "TO STDOUT (FORMAT binary)",
      selected, arguments, from, relation.SourceCondition(), relation.SourceCondition().empty() ? "WHERE" : "AND",
      set.buckets(), set.ToHex(), arguments);
}

}  // namespace airlift
