// The schemas of two databases, described by the same queries on both sides and compared object by object.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct SchemaDifference {
  enum class Presence { kOnBoth, kMissingOnTarget, kExtraOnTarget };

  // "table", "column", "index" ...; "owner", "grant", "default privileges" and "comment" are kinds of their own, whose
  // object names what they belong to ("table app.orders").
  std::string kind;
  std::string object;    // for people
  std::string property;  // "existence" where the whole object is missing or extra
  // The values, "" where the side has none; for "existence" the words "present" and "missing".
  std::string source;
  std::string target;
  Presence presence = Presence::kOnBoth;
  // To know, not to mend: versions and comments of extensions.
  bool is_informational = false;
};

// What differs between the schemas, in the order of the kinds, then of the objects' names bytewise. An object that is
// missing or extra is one difference: its columns, indexes, grants ... are not listed.
//
// Compared is the user's schema: neither system schemas, nor members of extensions, nor our own extension and state.
// Not compared are publications and subscriptions (they are not moved), tablespaces and storage settings of columns
// (a managed service has its own), the options of user mappings (they hold passwords) and security labels. What servers
// of different major versions spell differently (definitions of views and rules, locales of collations) or only the
// newer one has is compared only where both have it in the same form.
//
// Constant memory but for the differences themselves: both servers sort, and their streams are merged. search_path and
// jit of the sessions are changed meanwhile. When it throws, the connections' transactions are rolled back.
std::vector<SchemaDifference> CompareSchemas(Connection& source, Connection& target);

}  // namespace airlift
