#include "prepare/role_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "prepare/role_rules.h"
#include "prepare/setting_plan.h"

namespace airlift {

namespace {

constexpr int kSelfGrantSince = 16;

std::string OptionWords(const MembershipOptions& options) {
  std::string words = fmt::format("ADMIN {}", options.admin ? "TRUE" : "FALSE");
  if (options.inherit) words += fmt::format(", INHERIT {}", *options.inherit ? "TRUE" : "FALSE");
  if (options.set) words += fmt::format(", SET {}", *options.set ? "TRUE" : "FALSE");
  return words;
}

// Attributes that a CREATEROLE role may give, those that differ from what CREATE ROLE does without them. Never the
// words NOSUPERUSER, NOREPLICATION, NOBYPASSRLS: in ALTER ROLE their presence alone is refused.
std::string CreationOptions(const RoleFacts& role, bool may_create_databases) {
  std::string options;
  if (role.login) options += " LOGIN";
  if (!role.inherit) options += " NOINHERIT";
  if (role.createdb && may_create_databases) options += " CREATEDB";
  if (role.createrole) options += " CREATEROLE";
  if (role.connection_limit != -1) options += fmt::format(" CONNECTION LIMIT {}", role.connection_limit);
  if (role.valid_until) options += " VALID UNTIL " + SqlText(*role.valid_until);
  return options;
}

// How a role of the target that was there before is completed: words that add, and the words that take them away.
struct Completion {
  std::string add;
  std::string take_away;
  std::string kept;  // differences that are left, for people
};

void CompleteFlag(Completion& completion, const char* word, bool source, bool target, bool allowed) {
  if (source && !target && allowed) {
    completion.add += std::string(" ") + word;
    completion.take_away += std::string(" NO") + word;
  } else if (source != target) {
    completion.kept += fmt::format("{}{}{}", completion.kept.empty() ? "" : ", ", target ? "" : "NO", word);
  }
}

Completion CompletionOf(const RoleFacts& source, const RoleFacts& target, bool may_create_databases) {
  Completion completion;
  CompleteFlag(completion, "LOGIN", source.login, target.login, true);
  CompleteFlag(completion, "INHERIT", source.inherit, target.inherit, true);
  CompleteFlag(completion, "CREATEDB", source.createdb, target.createdb, may_create_databases);
  CompleteFlag(completion, "CREATEROLE", source.createrole, target.createrole, true);
  const auto keep = [&](const std::string& difference) {
    completion.kept += (completion.kept.empty() ? "" : ", ") + difference;
  };
  if (source.connection_limit != target.connection_limit) {
    if (target.connection_limit == -1) {
      completion.add += fmt::format(" CONNECTION LIMIT {}", source.connection_limit);
      completion.take_away += " CONNECTION LIMIT -1";
    } else {
      keep(fmt::format("CONNECTION LIMIT {}", target.connection_limit));
    }
  }
  if (source.valid_until != target.valid_until) {
    if (!target.valid_until && source.valid_until) {
      completion.add += " VALID UNTIL " + SqlText(*source.valid_until);
      completion.take_away += " VALID UNTIL 'infinity'";  // there is no way back to none; it means the same
    } else {
      keep("VALID UNTIL " + target.valid_until.value_or("none"));
    }
  }
  return completion;
}

class RolePlanner {
 public:
  RolePlanner(const SourceRoles& source, const TargetRoles& target, const RolePlanOptions& options)
      : source_(source),
        target_(target),
        options_(options),
        eligible_(EligibleRoles(source, target, options.left_alone)) {}

  PreparePart Plan() {
    AppendUnmovableRoles(source_, target_, options_.left_alone, plan_.findings);
    for (const RoleFacts* role : eligible_) PlanRole(*role);
    if (target_.major >= kSelfGrantSince && !target_.is_superuser)
      for (const RoleFacts* role : eligible_) PlanSelfGrant(*role);
    for (const RoleFacts* role : eligible_) PlanComment(*role);
    for (const MembershipFacts& membership : source_.memberships) PlanMembership(membership);
    for (const RoleFacts* role : eligible_) PlanReplication(*role);
    PlanSettings(source_, target_, options_.done, names_, plan_);
    for (const RoleFacts* role : eligible_) PlanPassword(*role);
    return std::move(plan_);
  }

 private:
  const RoleFacts* OnTarget(const std::string& name) const {
    const auto found = target_.roles.find(name);
    return found == target_.roles.end() ? nullptr : &found->second;
  }
  bool IsDone(const std::string& key) const { return options_.done.count(key) > 0; }
  bool CreatedByPrepare(const RoleFacts& role) const { return OnTarget(role.name) == nullptr || IsDone(RoleKey(role)); }

  static std::string RoleKey(const RoleFacts& role) { return "role/" + role.name; }

  Step NewStep(std::string key, std::string what) {
    Step step;
    step.key = std::move(key);
    step.what = std::move(what);
    return step;
  }
  // A step that presumes the role.
  Step StepOf(const RoleFacts& role, const std::string& kind, const std::string& what) {
    Step step = NewStep(kind + "/" + role.name, what);
    step.object = DisplayName(role.name);
    step.needs = {RoleKey(role)};
    return step;
  }
  void Note(const std::string& id, const std::string& role, const std::string& detail, const std::string& remedy = {}) {
    plan_.findings.push_back({id, DisplayName(role), detail, remedy, true, false});
  }

  void PlanRole(const RoleFacts& role) {
    names_.insert(role.name);
    AppendAttributeFindings(role, target_, plan_.findings);
    if (const RoleFacts* existing = OnTarget(role.name)) return CompleteRole(role, *existing);
    Step step = NewStep(RoleKey(role), "create role " + DisplayName(role.name));
    step.sql = "CREATE ROLE " + SqlName(role.name) + CreationOptions(role, target_.may_create_databases);
    step.undo_sql = "DROP ROLE " + SqlName(role.name);
    step.finding = "role.refused";
    step.object = DisplayName(role.name);
    step.remedy = "See the target's words; create the role by hand and run this again.";
    plan_.steps.push_back(std::move(step));
  }

  void CompleteRole(const RoleFacts& role, const RoleFacts& existing) {
    const Completion completion = CompletionOf(role, existing, target_.may_create_databases);
    if (!completion.kept.empty())
      Note("role.differs", role.name,
           "The target's role is there already and stays as it is: " + completion.kept + ".");
    if (completion.add.empty()) return;
    Step step = StepOf(role, "attributes", "complete role " + DisplayName(role.name));
    step.sql = "ALTER ROLE " + SqlName(role.name) + completion.add;
    step.undo_sql = "ALTER ROLE " + SqlName(role.name) + completion.take_away;
    step.finding = "role.refused";
    step.remedy = "Have it altered by a role with the ADMIN option on it.";
    plan_.steps.push_back(std::move(step));
  }

  // CREATEROLE gives the creator neither SET nor INHERIT since 16, and both are needed to hand objects over.
  void PlanSelfGrant(const RoleFacts& role) {
    const RoleFacts* existing = OnTarget(role.name);
    if (existing != nullptr && existing->can_act) return;
    Step step = StepOf(role, "self-grant", "let " + DisplayName(target_.user) + " act as " + DisplayName(role.name));
    step.sql = "GRANT " + SqlName(role.name) + " TO CURRENT_USER WITH SET TRUE, INHERIT TRUE";
    step.undo_sql = GrantUndo(role.name, target_.user, Membership(role.name, target_.user));
    step.finding = "owner.not_settable";
    step.remedy = "Have somebody with the ADMIN option run: GRANT " + SqlName(role.name) + " TO " +
                  SqlName(target_.user) + " WITH SET TRUE, INHERIT TRUE;";
    plan_.steps.push_back(std::move(step));
  }

  void PlanComment(const RoleFacts& role) {
    const RoleFacts* existing = OnTarget(role.name);
    if (!role.comment || (existing != nullptr && existing->comment)) return;
    Step step = StepOf(role, "comment", "comment on role " + DisplayName(role.name));
    step.sql = "COMMENT ON ROLE " + SqlName(role.name) + " IS " + SqlText(*role.comment);
    step.undo_sql = "COMMENT ON ROLE " + SqlName(role.name) + " IS NULL";
    step.finding = "role.refused";
    plan_.steps.push_back(std::move(step));
  }

  const MembershipFacts* Membership(const std::string& role, const std::string& member) const {
    for (const MembershipFacts& membership : target_.memberships)
      if (membership.role == role && membership.member == member) return &membership;
    return nullptr;
  }

  // Takes back a GRANT: what the same grantor had granted before, or nothing.
  std::string GrantUndo(const std::string& role, const std::string& member, const MembershipFacts* before) const {
    if (before != nullptr && target_.major >= kSelfGrantSince && before->own)
      return fmt::format("GRANT {} TO {} WITH {}", SqlName(role), SqlName(member), OptionWords(*before->own));
    if (before != nullptr && target_.major < kSelfGrantSince)
      return fmt::format("REVOKE ADMIN OPTION FOR {} FROM {}", SqlName(role), SqlName(member));
    return fmt::format("REVOKE {} FROM {}", SqlName(role), SqlName(member));
  }

  // "" where the target has all of it already.
  std::string GrantSql(const MembershipFacts& wanted, const MembershipFacts* before) const {
    const std::string grant = fmt::format("GRANT {} TO {}", SqlName(wanted.role), SqlName(wanted.member));
    const MembershipOptions& options = wanted.options;
    if (target_.major < kSelfGrantSince || !options.inherit || !options.set) {
      if (before != nullptr && (before->options.admin || !options.admin)) return {};
      return grant + (options.admin ? " WITH ADMIN OPTION" : "");
    }
    if (before == nullptr) return grant + " WITH " + OptionWords(options);
    // What is there is kept and completed, never reduced.
    const MembershipOptions& has = before->options;
    const MembershipOptions both{has.admin || options.admin, has.inherit.value_or(false) || *options.inherit,
                                 has.set.value_or(false) || *options.set};
    return both == has ? std::string() : grant + " WITH " + OptionWords(both);
  }

  void PlanMembership(const MembershipFacts& membership) {
    if (names_.count(membership.member) == 0) return;  // the member is listed already, or belongs to the service
    const std::string what =
        fmt::format("role {} member of {}", DisplayName(membership.member), DisplayName(membership.role));
    if (IsServerFilesRole(membership.role)) {
      plan_.findings.push_back({"role.server_files", DisplayName(membership.member),
                                "Member of " + membership.role + ", which no managed service grants.",
                                "Use \\copy or the extension aws_s3 instead.", false, false});
      return;
    }
    const bool exists = names_.count(membership.role) > 0 || OnTarget(membership.role) != nullptr;
    if (!exists || membership.role == target_.user) {
      plan_.findings.push_back({"role.membership", DisplayName(membership.member),
                                "Member of " + DisplayName(membership.role) + ", which is not moved.",
                                "Give it on the target what it had through that membership.", false, false});
      return;
    }
    const MembershipFacts* before = Membership(membership.role, membership.member);
    const std::string sql = GrantSql(membership, before);
    if (sql.empty()) return;
    Step step = NewStep("membership/" + membership.role + "/" + membership.member, "make " + what);
    step.sql = sql;
    step.undo_sql = GrantUndo(membership.role, membership.member, before);
    step.needs = {"role/" + membership.role, "role/" + membership.member};
    step.finding = "role.membership";
    step.object = DisplayName(membership.member);
    step.remedy = "Have somebody with the ADMIN option on " + DisplayName(membership.role) + " grant it.";
    NoteLostOptions(membership);
    plan_.steps.push_back(std::move(step));
  }

  void NoteLostOptions(const MembershipFacts& membership) {
    const MembershipOptions& options = membership.options;
    if (target_.major >= kSelfGrantSince || !options.set || !options.inherit) return;
    if (*options.set && *options.inherit == membership.member_inherits) return;
    Note("role.grant_options", membership.member,
         "Its membership in " + DisplayName(membership.role) + " has options that the target's version does not know.");
  }

  // The attribute is for superusers to give; managed services have a role in its place.
  void PlanReplication(const RoleFacts& role) {
    if (!role.replication || role.superuser || OnTarget(kReplicationRole) == nullptr) return;
    const MembershipFacts* before = Membership(kReplicationRole, role.name);
    if (before != nullptr) return;
    Step step = StepOf(role, "replication", "replication for " + DisplayName(role.name) + " by " + kReplicationRole);
    step.sql = fmt::format("GRANT {} TO {}", kReplicationRole, SqlName(role.name));
    step.undo_sql = GrantUndo(kReplicationRole, role.name, before);
    step.finding = "role.replication";
    step.remedy = "Have the target's master user run: " + step.sql + ";";
    plan_.steps.push_back(std::move(step));
  }

  void PlanPassword(const RoleFacts& role) {
    if (IsDone("password/" + role.name)) return;
    if (!CreatedByPrepare(role)) {
      if (role.login) Note("role.password_kept", role.name, "The target's role keeps the password that it has there.");
      return;
    }
    const auto verifier = options_.new_verifiers.find(role.name);
    if (verifier != options_.new_verifiers.end()) return SetPassword(role, verifier->second, "new password");
    if (!source_.passwords_readable) {
      if (role.login)
        plan_.findings.push_back({"role.password_hidden", DisplayName(role.name), source_.why_no_passwords,
                                  "Ask for --new-passwords FILE, or read the source as a superuser.", false, false});
      return;
    }
    if (!role.password_hash) {
      if (role.login) Note("role.no_password", role.name, "It has no password on the source, and gets none.");
      return;
    }
    PlanPasswordHash(role, *role.password_hash);
  }

  void PlanPasswordHash(const RoleFacts& role, const std::string& hash) {
    if (!IsPasswordHash(hash)) {
      plan_.findings.push_back({"role.password_hidden", DisplayName(role.name),
                                "Its password on the source is of a kind that is not known.",
                                "Give it a new password on the target.", false, false});
      return;
    }
    if (IsMd5Hash(hash))
      plan_.findings.push_back({"role.md5", DisplayName(role.name),
                                target_.accepts_md5 ? "Its password is stored as md5, which later versions will drop."
                                                    : "Its password is stored as md5; the target takes SCRAM only.",
                                "Set the password anew with password_encryption = 'scram-sha-256'.",
                                target_.accepts_md5, false});
    SetPassword(role, hash, "password");
  }

  void SetPassword(const RoleFacts& role, const std::string& verifier, const std::string& kind) {
    Step step = StepOf(role, "password", kind + " of role " + DisplayName(role.name));
    step.sql = "ALTER ROLE " + SqlName(role.name) + " PASSWORD " + kSecretMark;
    step.secret = verifier;
    step.finding = "role.password_refused";
    step.remedy = "Where rds.restrict_password_commands is on, a member of rds_password has to set it.";
    plan_.steps.push_back(std::move(step));
  }

  const SourceRoles& source_;
  const TargetRoles& target_;
  const RolePlanOptions& options_;
  std::vector<const RoleFacts*> eligible_;
  std::set<std::string> names_;  // of eligible_
  PreparePart plan_;
};

}  // namespace

bool IsMd5Hash(const std::string& text) {
  return text.size() == 35 && text.rfind("md5", 0) == 0 &&
         std::all_of(text.begin() + 3, text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool IsPasswordHash(const std::string& text) {
  if (IsMd5Hash(text)) return true;
  // SCRAM-SHA-256$iterations:salt$stored key:server key
  const std::string prefix = "SCRAM-SHA-256$";
  if (text.rfind(prefix, 0) != 0) return false;
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '+' || c == '/' || c == '=' || c == ':' || c == '$';
  };
  return std::count(text.begin(), text.end(), '$') == 2 && std::count(text.begin(), text.end(), ':') == 2 &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(prefix.size()), text.end(), plain);
}

PreparePart PlanRoles(const SourceRoles& source, const TargetRoles& target, const RolePlanOptions& options) {
  return RolePlanner(source, target, options).Plan();
}

std::vector<std::string> RolesWithoutReadablePassword(const SourceRoles& source, const TargetRoles& target,
                                                      const std::set<std::string>& done) {
  std::vector<std::string> names;
  if (source.passwords_readable) return names;
  for (const RoleFacts* role : EligibleRoles(source, target, {})) {
    const bool created = target.roles.count(role->name) == 0 || done.count("role/" + role->name) > 0;
    if (role->login && created && done.count("password/" + role->name) == 0) names.push_back(role->name);
  }
  return names;
}

}  // namespace airlift
