#include "cutover/way_back.h"

#include <fmt/format.h>

#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "slots/slot.h"

namespace airlift {

namespace {

std::string PublicationList(const Connection& source, const std::vector<SubscriptionRecord>& forward) {
  std::string list;
  for (const SubscriptionRecord& subscription : forward)
    list += (list.empty() ? "" : ", ") + source.QuoteLiteral(subscription.publication);
  return list.empty() ? "''" : list;
}

bool HasRowFilters(Connection& source, const std::vector<SubscriptionRecord>& forward) {
  constexpr int kRowFiltersSince = 15;
  if (source.server_major() < kRowFiltersSince) return false;
  return source
      .Query(
          "SELECT EXISTS (SELECT FROM pg_catalog.pg_publication_tables WHERE rowfilter IS NOT NULL AND pubname IN (" +
          PublicationList(source, forward) + "))")
      .Boolean(0, 0);
}

bool Exists(Connection& connection, const std::string& publication) {
  return connection.Query("SELECT FROM pg_catalog.pg_publication WHERE pubname = $1", {publication}).rows() > 0;
}

}  // namespace

std::vector<PublishedTable> PublishedTables(Connection& source, const std::vector<SubscriptionRecord>& forward) {
  const Result result =
      source.Query("SELECT DISTINCT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname IN (" +
                   PublicationList(source, forward) + ") ORDER BY 1, 2");
  std::vector<PublishedTable> tables;
  for (int row = 0; row < result.rows(); ++row) tables.push_back({result.Text(row, 0), result.Text(row, 1)});
  return tables;
}

SubscriptionRecord BackSubscription(Connection& target, const ReplicationRecord& record) {
  const std::string oid =
      target.Query("SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()").Text(0, 0);
  const std::string name = fmt::format("{}_{}_back", SlotPart(record.publication), oid);
  return {name, name, name, Direction::kReverse, 0, {}};
}

std::vector<std::string> BackPublicationStatements(Connection& source, Connection& target,
                                                   const SubscriptionRecord& back,
                                                   const std::vector<SubscriptionRecord>& forward) {
  if (Exists(target, back.publication)) return {};
  std::string list;
  for (const PublishedTable& table : PublishedTables(source, forward))
    list += (list.empty() ? "" : ", ") + QualifiedName(table.schema, table.name);
  if (list.empty()) throw Error("the forward publications publish no table");
  const bool via_root = source
                            .Query(
                                "SELECT COALESCE(pg_catalog.bool_or(pubviaroot), false) FROM "
                                "pg_catalog.pg_publication WHERE pubname IN (" +
                                PublicationList(source, forward) + ")")
                            .Boolean(0, 0);
  // The source has rows that the target never had: emptying a table here must not empty it there.
  const char* operations = HasRowFilters(source, forward) ? "publish = 'insert, update, delete', " : "";
  return {fmt::format("CREATE PUBLICATION {} FOR TABLE {} WITH ({}publish_via_partition_root = {})",
                      QuoteIdentifier(back.publication), list, operations, via_root)};
}

std::string BackSlotStatement(const SubscriptionRecord& back) {
  return fmt::format(
      "SELECT pg_catalog.pg_create_logical_replication_slot({0}, 'pgoutput') WHERE NOT EXISTS (SELECT FROM "
      "pg_catalog.pg_replication_slots WHERE slot_name = {0})",
      SqlText(back.slot));
}

SubscriptionSpec BackSpec(const SubscriptionRecord& back, const ConnInfo& target_from_source, int target_major) {
  SubscriptionSpec spec;
  spec.name = back.name;
  spec.publisher = target_from_source;
  spec.publications = {back.publication};
  spec.slot = back.slot;
  spec.publisher_major = target_major;
  // What the target has from the source must not go back to it.
  spec.local_changes_only = true;
  return spec;
}

}  // namespace airlift
