#include "prepare/prepare.h"

#include <algorithm>
#include <memory>
#include <set>

#include "prepare/globals_file.h"
#include "prepare/prepare_checks.h"
#include "prepare/publication_steps.h"
#include "prepare/reachability.h"
#include "prepare/replication_role.h"
#include "prepare/role_plan.h"
#include "prepare/role_reader.h"
#include "prepare/secret.h"
#include "prepare/step_runner.h"
#include "prepare/step_store.h"

namespace airlift {

namespace {

class Preparation {
 public:
  explicit Preparation(const PrepareOptions& options)
      : options_(options),
        source_(options.source, Side::kSource),
        target_(options.target, Side::kTarget),
        store_(target_, ReadServerFacts(source_).identity),
        runner_(&source_, target_, store_, options.dry_run) {
    runner_.SetPatience(options.lock_timeout);
    result_.command = "prepare";
    result_.dry_run = options.dry_run;
    result_.source = ReadServerFacts(source_);
    result_.target = ReadServerFacts(target_);
  }

  PrepareResult Run() {
    ThrowPrepareProblems(CheckPrepare({source_, target_, options_}));
    store_.Lock();
    if (!options_.dry_run) store_.Create();
    records_ = store_.Load();
    runner_.Settle(records_);
    for (const Step& step : records_)
      if (step.state == StepState::kDone) done_.insert(step.key);
    for (const Step& step : records_)
      if (step.state == StepState::kStarted && !step.error.empty())
        result_.findings.push_back({"undo.refused", step.what, step.error,
                                    "It was left half done by an earlier run; run this again later.", false, false});
    result_.done_before = done_.size();
    if (!options_.dry_run) store_.Accept(options_.accepted);
    {
      std::unique_ptr<Transaction> rolled_back;
      if (options_.dry_run) rolled_back = std::make_unique<Transaction>(target_);
      RunParts();
    }
    TestReplicationRole();
    MarkAccepted();
    return std::move(result_);
  }

 private:
  void RunParts() {
    if (!options_.replication_role.empty()) PrepareReplicationRole();
    if (options_.roles) PrepareRoles();
    if (options_.replica_identity) {
      Run(PlanIdentityIndexes(source_, options_.tables));
      Run(PlanReplicaIdentity(source_, options_.tables, options_.lock_timeout));
    }
    if (!options_.publication.empty())
      Run(PlanPublication(source_,
                          {options_.publication, options_.tables, options_.exclude_tables, options_.publication_groups,
                           options_.via_partition_root, options_.row_filters, options_.column_lists},
                          options_.dry_run && options_.replica_identity));
  }

  // Roles that are the migration's own, now or since an earlier run.
  std::set<std::string> OwnRoles() const {
    std::set<std::string> names;
    if (!options_.replication_role.empty()) names.insert(options_.replication_role);
    const std::string prefix = ReplicationRoleKey("");
    for (const std::string& key : done_)
      if (key.rfind(prefix, 0) == 0) names.insert(key.substr(prefix.size()));
    return names;
  }

  void PrepareRoles() {
    const SourceRoles source = SourceRolesAsAsked();
    const TargetRoles target = ReadTargetRoles(target_);
    RolePlanOptions plan_options;
    plan_options.done = done_;
    plan_options.left_alone = OwnRoles();
    if (!options_.new_passwords.empty()) plan_options.new_verifiers = NewVerifiers(source, target);
    Run(PlanRoles(source, target, plan_options));
  }

  SourceRoles SourceRolesAsAsked() {
    SourceRoles source;
    if (options_.globals.empty()) {
      source = ReadSourceRoles(source_);
    } else {
      Globals globals = ReadGlobals(options_.globals);
      source = std::move(globals.roles);
      for (PrepareFinding& finding : globals.left_out) result_.findings.push_back(std::move(finding));
    }
    if (!options_.database_settings)
      std::erase_if(source.settings, [](const SettingFacts& setting) { return setting.in_database; });
    return source;
  }

  std::map<std::string, std::string> NewVerifiers(const SourceRoles& source, const TargetRoles& target) {
    PasswordFile file(options_.new_passwords);
    std::map<std::string, std::string> verifiers;
    for (const std::string& role : RolesWithoutReadablePassword(source, target, done_)) {
      const std::string password = options_.dry_run ? RandomPassword() : file.For(role);
      verifiers[role] = ScramVerifier(target_, role, password);
    }
    return verifiers;
  }

  void PrepareReplicationRole() {
    const std::string& role = options_.replication_role;
    const bool exists = RoleExists(role);
    if (!options_.password_file.empty()) password_ = ReadPasswordFile(options_.password_file);
    if (!exists && password_.empty())
      password_ = options_.dry_run ? RandomPassword() : CreatePasswordFile(options_.password_file);
    const std::string verifier = exists ? std::string() : ScramVerifier(source_, role, password_);
    Run(PlanReplicationRole(source_, role, verifier));
  }

  bool RoleExists(const std::string& role) {
    return source_.Query("SELECT FROM pg_catalog.pg_roles WHERE rolname = $1", {role}).rows() > 0;
  }

  void TestReplicationRole() {
    if (options_.replication_role.empty()) return;
    const bool exists = RoleExists(options_.replication_role);
    if (!exists && !options_.dry_run) return;  // it was refused, and that is listed
    for (PrepareFinding& finding : TestReachability(
             {source_, target_, options_.source, options_.from_target, options_.replication_role, password_, exists}))
      result_.findings.push_back(std::move(finding));
  }

  void Run(PreparePart part) {
    for (PrepareFinding& finding : part.findings) result_.findings.push_back(std::move(finding));
    for (Step& step : part.steps) {
      CheckStop();
      runner_.Do(step);
      if (step.state == StepState::kFailed && !step.was_skipped)
        result_.findings.push_back({step.finding, step.object, step.error, step.remedy, false, false});
      result_.steps.push_back(std::move(step));
    }
  }

  void MarkAccepted() {
    std::map<std::string, std::string> accepted = store_.Accepted();
    for (const auto& [id, reason] : options_.accepted) accepted[id] = reason;
    for (PrepareFinding& finding : result_.findings) finding.accepted = accepted.count(finding.id) > 0;
  }

  const PrepareOptions& options_;
  Connection source_;
  Connection target_;
  StepStore store_;
  StepRunner runner_;
  std::vector<Step> records_;
  std::set<std::string> done_;
  std::string password_;  // of the replication role
  PrepareResult result_;
};

}  // namespace

int PrepareResult::ExitStatus() const {
  const bool all_well = std::all_of(findings.begin(), findings.end(),
                                    [](const PrepareFinding& finding) { return finding.is_note || finding.accepted; });
  return all_well ? kExitDone : kExitFindings;
}

PrepareResult Prepare(PrepareOptions options) {
  if (options.AsksForNothing()) {
    options.roles = options.replica_identity = options.dry_run = true;
  }
  return Preparation(options).Run();
}

}  // namespace airlift
