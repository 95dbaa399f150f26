#include "large_objects/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "large_objects/grant_statements.h"
#include "large_objects/metadata_reader.h"
#include "large_objects/property_applier.h"
#include "pg/identifier.h"
#include "pg/role.h"

namespace airlift {

namespace {

// Calls visit(source's, target's) for every object of either side; nullptr where a side does not have it.
template <typename Visit>
void VisitBoth(Connection& source, Connection& target, Visit visit) {
  LargeObjectMetadataReader source_objects(source);
  LargeObjectMetadataReader target_objects(target);
  while (true) {
    const LargeObjectMetadata* s = source_objects.Current();
    const LargeObjectMetadata* t = target_objects.Current();
    if (s == nullptr && t == nullptr) return;
    const bool take_source = s != nullptr && (t == nullptr || s->oid <= t->oid);
    const bool take_target = t != nullptr && (s == nullptr || t->oid <= s->oid);
    visit(take_source ? s : nullptr, take_target ? t : nullptr);
    if (take_source) source_objects.Advance();
    if (take_target) target_objects.Advance();
  }
}

void ApplyOwners(Connection& source, Connection& target, RoleAccess& roles, PropertyApplier& applier) {
  const std::set<std::string> superusers = SuperuserNames(source);
  VisitBoth(source, target, [&](const LargeObjectMetadata* wanted, const LargeObjectMetadata* present) {
    if (wanted == nullptr || present == nullptr || wanted->owner == present->owner) return;
    if (superusers.contains(wanted->owner)) {
      applier.Refuse("OWNER", wanted->oid, "a superuser's at the source; the migrating role's at the target", true);
    } else if (const auto why_not = roles.WhyNot(wanted->owner)) {
      applier.Refuse("OWNER", wanted->oid, *why_not);
    } else {
      applier.Add("OWNER", wanted->oid,
                  fmt::format("ALTER LARGE OBJECT {} OWNER TO {}", wanted->oid, QuoteIdentifier(wanted->owner)));
    }
  });
  applier.Run();
}

std::set<std::string> RoleNames(Connection& target) {
  const Result roles = target.Query("SELECT rolname FROM pg_catalog.pg_roles");
  std::set<std::string> names;
  for (int row = 0; row < roles.rows(); ++row) names.insert(roles.Text(row, 0));
  return names;
}

// The grants whose roles the target has; the others are refused here, which costs no round trip.
std::vector<LargeObjectGrant> GrantsWithRoles(const LargeObjectMetadata& wanted, const std::set<std::string>& roles,
                                              PropertyApplier& applier) {
  std::vector<LargeObjectGrant> possible;
  for (const LargeObjectGrant& grant : wanted.grants) {
    std::string missing;
    for (const std::string& role : {grant.grantor, grant.grantee.value_or("")})
      if (!role.empty() && roles.count(role) == 0) missing = role;
    if (missing.empty()) {
      possible.push_back(grant);
    } else {
      applier.Refuse("ACL", wanted.oid, fmt::format("role {} does not exist on the target", DisplayName(missing)));
    }
  }
  return possible;
}

void ApplyGrantsAndComments(Connection& source, Connection& target, RoleAccess& roles, PropertyApplier& applier) {
  const std::set<std::string> names = RoleNames(target);
  VisitBoth(source, target, [&](const LargeObjectMetadata* wanted, const LargeObjectMetadata* present) {
    if (wanted == nullptr || present == nullptr) return;
    const uint32_t oid = wanted->oid;
    if (wanted->grants != present->grants) {
      const auto grants = GrantsWithRoles(*wanted, names, applier);
      for (const GrantStatement& statement : GrantStatements(oid, present->owner, grants, present->grants)) {
        const auto why_not = statement.grantor.empty() ? std::nullopt : roles.WhyNot(statement.grantor);
        if (why_not) {
          applier.Refuse("ACL", oid, *why_not);
        } else {
          applier.Add("ACL", oid, statement.sql);
        }
      }
    }
    if (wanted->comment != present->comment) {
      applier.Add("COMMENT", oid,
                  fmt::format("COMMENT ON LARGE OBJECT {} IS {}", oid,
                              wanted->comment ? target.QuoteLiteral(*wanted->comment) : "NULL"));
    }
  });
  applier.Run();
}

std::string Describe(std::vector<LargeObjectGrant> grants) {
  std::sort(grants.begin(), grants.end());
  const auto name = [](const std::string& role) { return role.empty() ? "the owner" : DisplayName(role); };
  std::string text;
  for (const LargeObjectGrant& grant : grants) {
    text += fmt::format("{}{} to {} by {}{}", text.empty() ? "" : ", ", grant.privilege,
                        grant.grantee ? name(*grant.grantee) : "PUBLIC", name(grant.grantor),
                        grant.with_grant_option ? " with grant option" : "");
  }
  return text.empty() ? "none" : text;
}

// Differences, counted by what differs.
class DifferenceCounter {
 public:
  void Add(const char* property, const std::string& source, const std::string& target, uint32_t oid) {
    if (source == target) return;
    LargeObjectDifference& difference = found_[{property, source, target}];
    if (difference.objects++ == 0) difference = {property, source, target, 1, oid};
  }
  std::vector<LargeObjectDifference> Differences() const {
    std::vector<LargeObjectDifference> list;
    for (const auto& [key, difference] : found_) list.push_back(difference);
    return list;
  }

 private:
  std::map<std::tuple<std::string, std::string, std::string>, LargeObjectDifference> found_;
};

// Quoted, so that no comment and an empty-looking one cannot be taken for each other.
std::string DescribeComment(const std::optional<std::string>& comment) {
  return comment ? "\"" + *comment + "\"" : "none";
}

}  // namespace

std::vector<LeftOut> ApplyLargeObjectOwnersAndGrants(Connection& source, Connection& target) {
  RoleAccess roles(target);
  PropertyApplier applier(target);
  // Owners first: a new owner takes the old one's place in the grants.
  ApplyOwners(source, target, roles, applier);
  ApplyGrantsAndComments(source, target, roles, applier);
  return applier.LeftOuts();
}

std::vector<LargeObjectDifference> CompareLargeObjectMetadata(Connection& source, Connection& target) {
  DifferenceCounter counter;
  VisitBoth(source, target, [&](const LargeObjectMetadata* s, const LargeObjectMetadata* t) {
    if (s == nullptr || t == nullptr) {
      counter.Add("existence", s == nullptr ? "missing" : "present", t == nullptr ? "missing" : "present",
                  s == nullptr ? t->oid : s->oid);
      return;
    }
    counter.Add("owner", s->owner, t->owner, s->oid);
    counter.Add("grants", Describe(s->grants), Describe(t->grants), s->oid);
    counter.Add("comment", DescribeComment(s->comment), DescribeComment(t->comment), s->oid);
  });
  return counter.Differences();
}

}  // namespace airlift
