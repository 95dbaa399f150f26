#include "large_objects/grant_statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "pg/identifier.h"

namespace airlift {

namespace {

const LargeObjectGrant* FindIgnoringOption(const std::vector<LargeObjectGrant>& grants,
                                           const LargeObjectGrant& sought) {
  const auto found = std::find_if(grants.begin(), grants.end(), [&](const LargeObjectGrant& grant) {
    return grant.grantor == sought.grantor && grant.grantee == sought.grantee && grant.privilege == sought.privilege;
  });
  return found == grants.end() ? nullptr : &*found;
}

class StatementWriter {
 public:
  StatementWriter(uint32_t oid, const std::string& owner) : oid_(oid), owner_(owner) {}

  // `verb_end`: "TO" or "FROM".
  GrantStatement Write(const LargeObjectGrant& grant, const char* verb, const char* verb_end,
                       const char* suffix) const {
    std::string sql =
        fmt::format("{} {} ON LARGE OBJECT {} {} {}{}", verb, grant.privilege, oid_, verb_end, Grantee(grant), suffix);
    if (!grant.grantor.empty()) sql = fmt::format("SET ROLE {}; {}; RESET ROLE", QuoteIdentifier(grant.grantor), sql);
    return {std::move(sql), grant.grantor};
  }

 private:
  std::string Grantee(const LargeObjectGrant& grant) const {
    if (!grant.grantee) return "PUBLIC";
    return QuoteIdentifier(grant.grantee->empty() ? owner_ : *grant.grantee);
  }

  uint32_t oid_;
  const std::string& owner_;
};

}  // namespace

std::vector<GrantStatement> GrantStatements(uint32_t oid, const std::string& target_owner,
                                            const std::vector<LargeObjectGrant>& wanted,
                                            const std::vector<LargeObjectGrant>& present) {
  const StatementWriter writer(oid, target_owner);
  std::vector<GrantStatement> statements;
  for (const LargeObjectGrant& grant : present) {
    const LargeObjectGrant* kept = FindIgnoringOption(wanted, grant);
    if (kept == nullptr) {
      statements.push_back(writer.Write(grant, "REVOKE", "FROM", ""));
    } else if (grant.with_grant_option && !kept->with_grant_option) {
      statements.push_back(writer.Write(grant, "REVOKE GRANT OPTION FOR", "FROM", ""));
    }
  }
  for (const bool of_owner : {true, false}) {
    for (const LargeObjectGrant& grant : wanted) {
      const LargeObjectGrant* present_one = FindIgnoringOption(present, grant);
      const bool is_there = present_one != nullptr && (present_one->with_grant_option || !grant.with_grant_option);
      if (grant.grantor.empty() != of_owner || is_there) continue;
      statements.push_back(writer.Write(grant, "GRANT", "TO", grant.with_grant_option ? " WITH GRANT OPTION" : ""));
    }
  }
  return statements;
}

}  // namespace airlift
