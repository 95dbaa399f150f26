#include "live_compare/subscriptions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr int kRowFiltersSince = 15;

constexpr const char* kSubscriptionsQuery = R"(
SELECT s.subname, COALESCE(s.subslotname, ''), p.name
FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
     LEFT JOIN LATERAL pg_catalog.unnest(s.subpublications) AS p(name) ON true
WHERE d.datname = pg_catalog.current_database() ORDER BY 1, 3)";

constexpr const char* kSlotsQuery = R"(
SELECT slot_name FROM pg_catalog.pg_replication_slots
WHERE slot_type = 'logical' AND database = pg_catalog.current_database())";

// A row per published table, stored table under it, and published column (NULL where the server knows no lists).
constexpr const char* kPublishedQuery = R"(
SELECT t.pubname, t.schemaname, t.tablename, l.relid::pg_catalog.oid, %s
FROM pg_catalog.pg_publication_tables t
     JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
     JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
     CROSS JOIN LATERAL (SELECT c.oid AS relid WHERE c.relkind <> 'p'
                         UNION ALL
                         SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) p WHERE c.relkind = 'p' AND p.isleaf) l
     %s
ORDER BY 1, 2, 3, 4)";

constexpr const char* kSubscribedQuery = R"(
SELECT s.subname, n.nspname, c.relname, r.srsubstate
FROM pg_catalog.pg_subscription_rel r
     JOIN pg_catalog.pg_subscription s ON s.oid = r.srsubid
     JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
     JOIN pg_catalog.pg_class c ON c.oid = r.srrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE d.datname = pg_catalog.current_database())";

std::string PublishedQuery(int source_major) {
  std::string sql = kPublishedQuery;
  const bool has_filters = source_major >= kRowFiltersSince;
  const auto put = [&](const char* text) { sql.replace(sql.find("%s"), 2, text); };
  put(has_filters ? "t.rowfilter, a.name" : "NULL, NULL");
  put(has_filters ? "LEFT JOIN LATERAL pg_catalog.unnest(t.attnames) AS a(name) ON true" : "");
  return sql;
}

std::set<std::string> FirstColumn(const Result& result) {
  std::set<std::string> values;
  for (int row = 0; row < result.rows(); ++row) values.insert(result.Text(row, 0));
  return values;
}

std::string Join(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace

std::vector<LiveSubscription> FindSubscriptions(Connection& source, Connection& target,
                                                const std::vector<std::string>& names) {
  const std::set<std::string> slots = FirstColumn(source.Query(kSlotsQuery));
  std::map<std::string, LiveSubscription> all;
  const Result result = target.Query(kSubscriptionsQuery);
  for (int row = 0; row < result.rows(); ++row) {
    LiveSubscription& subscription = all[result.Text(row, 0)];
    subscription.name = result.Text(row, 0);
    subscription.slot = result.Text(row, 1);
    if (!result.IsNull(row, 2)) subscription.publications.insert(result.Text(row, 2));
  }
  std::vector<LiveSubscription> found;
  for (const std::string& name : names) {
    const auto named = all.find(name);
    if (named == all.end())
      throw Error(fmt::format("target: there is no subscription {} in this database", DisplayName(name)), {},
                  "SELECT subname FROM pg_subscription lists them.");
    if (!slots.contains(named->second.slot))
      throw Error(fmt::format("subscription {} reads from slot \"{}\", which the source's database does not have",
                              DisplayName(name), named->second.slot),
                  {},
                  "Name the database that it replicates from as the source; where its slot was lost, replicate anew.");
    found.push_back(named->second);
  }
  if (!names.empty()) return found;
  for (const auto& [name, subscription] : all)
    if (slots.contains(subscription.slot)) found.push_back(subscription);
  if (found.empty())
    throw Error(all.empty() ? "target: there is no subscription in this database"
                            : "no subscription of the target reads from a slot of the source's database",
                "A live comparison follows the native logical replication from the source to the target.",
                "Compare databases that stand still without --live.");
  return found;
}

ReplicatedTables::ReplicatedTables(Connection& source, Connection& target,
                                   const std::vector<LiveSubscription>& subscriptions) {
  for (const LiveSubscription& subscription : subscriptions) subscription_names_.push_back(subscription.name);
  ReadPublished(source, subscriptions);
  ReadSubscribed(target, subscriptions);
}

void ReplicatedTables::ReadPublished(Connection& source, const std::vector<LiveSubscription>& subscriptions) {
  const Result operations =
      source.Query("SELECT pubname, pubinsert, pubupdate, pubdelete, pubtruncate FROM pg_catalog.pg_publication");
  for (int row = 0; row < operations.rows(); ++row) {
    std::vector<std::string> missing;
    const char* names[] = {"inserts", "updates", "deletes", "truncates"};
    for (int i = 0; i < 4; ++i)
      if (!operations.Boolean(row, i + 1)) missing.emplace_back(names[i]);
    if (!missing.empty()) omitted_[operations.Text(row, 0)] = Join(missing);
  }
  const Result result = source.Query(PublishedQuery(source.server_major()));
  for (size_t i = 0; i < subscriptions.size(); ++i) {
    std::string last;
    for (int row = 0; row < result.rows(); ++row) {
      const std::string publication = result.Text(row, 0);
      if (!subscriptions[i].publications.contains(publication)) continue;
      const Name name{result.Text(row, 1), result.Text(row, 2)};
      const std::string stored = result.Text(row, 3);
      // Rows of one stored table of one publication stand together.
      const std::string place = publication + '\0' + name.first + '\0' + name.second + '\0' + stored;
      if (place != last) {
        last = place;
        published_of_.emplace(static_cast<uint32_t>(result.Integer(row, 3)), published_.size());
        published_.push_back({name, publication, i, result.Text(row, 4), {}});
      }
      if (!result.IsNull(row, 5)) published_.back().columns.insert(result.Text(row, 5));
    }
  }
}

void ReplicatedTables::ReadSubscribed(Connection& target, const std::vector<LiveSubscription>& subscriptions) {
  std::map<std::string, size_t> place;
  for (size_t i = 0; i < subscriptions.size(); ++i) place[subscriptions[i].name] = i;
  const Result result = target.Query(kSubscribedQuery);
  for (int row = 0; row < result.rows(); ++row) {
    const auto found = place.find(result.Text(row, 0));
    if (found != place.end())
      subscribed_[{found->second, Name{result.Text(row, 1), result.Text(row, 2)}}] = result.Text(row, 3).front();
  }
}

std::vector<const ReplicatedTables::Published*> ReplicatedTables::Of(uint32_t stored) const {
  std::vector<const Published*> found;
  const auto [first, last] = published_of_.equal_range(stored);
  for (auto it = first; it != last; ++it) found.push_back(&published_[it->second]);
  return found;
}

std::string ReplicatedTables::WhyNot(const ComparedTable& table) const {
  for (const StoredTable& stored : table.source.stored) {
    const std::string reason = WhyNot(table.source, stored);
    if (!reason.empty()) return "not replicated: " + reason;
  }
  return {};
}

std::string ReplicatedTables::WhyNot(const Relation& source, const StoredTable& stored) const {
  const std::string shown = DisplayName(stored.schema, stored.name);
  const auto published = Of(stored.oid);
  if (published.empty())
    return fmt::format("{} is in no publication of subscription {}", shown, Join(subscription_names_));
  for (const Published* each : published) {
    const std::string sent = DisplayName(each->name.first, each->name.second);
    const std::string& subscription = subscription_names_[each->subscription];
    const auto state = subscribed_.find({each->subscription, each->name});
    if (state == subscribed_.end())
      return fmt::format("subscription {} does not know table {}; ALTER SUBSCRIPTION ... REFRESH PUBLICATION adds it",
                         DisplayName(subscription), sent);
    if (state->second != 'r')
      return fmt::format("subscription {} has not finished the first copy of {} (state \"{}\")",
                         DisplayName(subscription), sent, state->second);
    if (each->columns.empty()) continue;
    for (const Column& column : source.columns)
      if (!column.is_generated && !each->columns.contains(column.name))
        return fmt::format("publication {} leaves out column {}; --exclude-column leaves it out here",
                           DisplayName(each->publication), DisplayName(column.name));
  }
  const bool all_filter =
      std::all_of(published.begin(), published.end(), [](const Published* each) { return !each->row_filter.empty(); });
  if (all_filter && source.condition.empty())
    return fmt::format("publication {} has only the rows where {}; --where compares these",
                       DisplayName(published.front()->publication), published.front()->row_filter);
  return {};
}

std::string ReplicatedTables::Remark(const ComparedTable& table) const {
  for (const StoredTable& stored : table.source.stored) {
    for (const Published* each : Of(stored.oid)) {
      const auto omitted = omitted_.find(each->publication);
      if (omitted != omitted_.end())
        return fmt::format("publication {} does not replicate {}", DisplayName(each->publication), omitted->second);
    }
  }
  return {};
}

}  // namespace airlift
