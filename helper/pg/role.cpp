#include "pg/role.h"

#include <fmt/format.h>

#include "pg/batch.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

// Superusers pass both tests: pg_has_role says yes for them.
const char* CanActQuery(int server_major) {
  return server_major >= 16
             ? "SELECT pg_catalog.pg_has_role(oid, 'SET') AND pg_catalog.pg_has_role(oid, 'USAGE') "
               "FROM pg_catalog.pg_roles WHERE rolname = $1"
             : "SELECT pg_catalog.pg_has_role(oid, 'MEMBER') FROM pg_catalog.pg_roles WHERE rolname = $1";
}

}  // namespace

std::optional<std::string> RoleAccess::WhyNot(const std::string& role) {
  const auto known = answers_.find(role);
  if (known != answers_.end()) return known->second;
  return answers_[role] = Ask(role);
}

std::optional<std::string> RoleAccess::Ask(const std::string& role) {
  const Result can = target_.Query(CanActQuery(target_.server_major()), {role});
  if (can.rows() == 0) return fmt::format("role {} does not exist on the target", DisplayName(role));
  if (can.Boolean(0, 0)) return std::nullopt;
  const std::string options = target_.server_major() >= 16 ? " WITH SET TRUE, INHERIT TRUE" : "";
  auto refusal = TryStatement(target_, fmt::format("GRANT {} TO CURRENT_USER{}", QuoteIdentifier(role), options));
  if (!refusal) granted_.push_back(role);
  return refusal;
}

std::set<std::string> SuperuserNames(Connection& connection) {
  const Result roles = connection.Query("SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper");
  std::set<std::string> names;
  for (int row = 0; row < roles.rows(); ++row) names.insert(roles.Text(row, 0));
  return names;
}

}  // namespace airlift
