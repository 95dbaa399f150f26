// The subscriptions that bring a source's changes to a target, whoever made them, and what of each table they bring.
//
// Only what every role may read: subconninfo is never asked for.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pg/connection.h"
#include "row_compare/compared_table.h"

namespace airlift {

struct LiveSubscription {
  std::string name;
  std::string slot;
  std::set<std::string> publications;
};

// Of the target's database, those whose slot is one of the source's database; `names` where they are given. Throws
// Error where there is none, or a named one is not there or reads from elsewhere.
std::vector<LiveSubscription> FindSubscriptions(Connection& source, Connection& target,
                                                const std::vector<std::string>& names);

// What publications and subscriptions say of tables.
class ReplicatedTables {
 public:
  ReplicatedTables(Connection& source, Connection& target, const std::vector<LiveSubscription>& subscriptions);

  // Why the rows of a table need not be the same on both sides; "" where all of its rows and columns are replicated. A
  // publication's row filter is no reason where the user gave a condition of his own.
  std::string WhyNot(const ComparedTable& table) const;
  // What may explain a difference; "" where nothing is known.
  std::string Remark(const ComparedTable& table) const;

 private:
  using Name = std::pair<std::string, std::string>;

  // A table as one publication of one subscription has it.
  struct Published {
    Name name;  // under which changes are sent: a table's, or that of the partitioned table above it
    std::string publication;
    size_t subscription = 0;
    std::string row_filter;
    std::set<std::string> columns;  // empty: all
  };
  // Of the stored table, or of what it is a partition of.
  std::vector<const Published*> Of(uint32_t stored) const;
  std::string WhyNot(const Relation& source, const StoredTable& stored) const;

  void ReadPublished(Connection& source, const std::vector<LiveSubscription>& subscriptions);
  void ReadSubscribed(Connection& target, const std::vector<LiveSubscription>& subscriptions);

  std::vector<std::string> subscription_names_;
  std::vector<Published> published_;
  std::multimap<uint32_t, size_t> published_of_;        // stored table of the source to places in published_
  std::map<std::string, std::string> omitted_;          // publication to what it does not replicate: "updates, deletes"
  std::map<std::pair<size_t, Name>, char> subscribed_;  // state of a table of the target in a subscription
};

}  // namespace airlift
