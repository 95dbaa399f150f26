#include "assess/assess.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "extension_matrix.h"
#include "findings/check_runner.h"
#include "pg/connection.h"
#include "source/extension_assess.h"

namespace airlift {

namespace {

struct Session {
  const AssessOptions& options;
  Connection source;
  std::unique_ptr<Connection> target;
  AssessReport report;
};

void PrepareSession(Connection& connection) {
  // Compiling costs seconds here and saves none: the queries are wide and the catalogs small.
  connection.Execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET jit = off");
}

AssessSide DescribeSide(Connection& connection, const ConnInfo& info) {
  const Result result =
      connection.Query("SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version')");
  return {result.Text(0, 0), result.Text(0, 1), info.ToStringWithoutPassword()};
}

TargetSet DetectKind(Connection& target) {
  const Result result = target.Query(
      "SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proname = 'aurora_version' AND p.pronargs = 0), "
      "EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = 'rds_superuser')");
  if (result.Boolean(0, 0)) return kAurora;
  return result.Boolean(0, 1) ? kRds : kOtherManaged;
}

Assessment WhatToAssess(Session& session) {
  const AssessOptions& options = session.options;
  Assessment assessment;
  assessment.deep = options.deep;
  assessment.target = options.target_kind.value_or(session.target ? DetectKind(*session.target) : kRds);
  assessment.target_version = options.target_version.value_or(session.source.server_major());
  if (session.target) {
    const int actual = session.target->server_major();
    if (options.target_version && *options.target_version != actual)
      throw Error(fmt::format("the target is PostgreSQL {}, not {}", actual, *options.target_version), {},
                  "Leave --target-version out: the target is asked.");
    assessment.target_version = actual;
  }
  const int listed = NewestListedVersion(assessment.target);
  if (listed != 0 && assessment.target_version > listed)
    session.report.notes.push_back(fmt::format("the newest list of extensions of {} is that of PostgreSQL {}",
                                               TargetKindName(assessment.target), listed));
  return assessment;
}

void Add(AssessReport& report, std::vector<AssessFinding> findings) {
  std::move(findings.begin(), findings.end(), std::back_inserter(report.findings));
}

void RunOnSource(Session& session, const std::vector<const Check*>& checks) {
  std::string note;
  if (ExtensionHasCatalogue(session.source, &note)) {
    Add(session.report, AssessByExtension(session.source, session.report.assessment, checks));
    return;
  }
  if (!note.empty()) session.report.notes.push_back(note);
  for (const Check* check : checks)
    Add(session.report, RunSourceCheck(session.source, *check, session.report.assessment));
}

void RunCatalogue(Session& session) {
  AssessReport& report = session.report;
  std::vector<const Check*> on_source;
  for (size_t i = 0; i < CheckCount(); ++i) {
    const Check& check = CheckAt(i);
    if (!Concerns(check, report.assessment, session.source.server_major())) continue;
    if ((check.strategies & session.options.strategies) == 0) continue;
    if (check.side != CheckSide::kSource && session.target == nullptr) {
      report.not_run.emplace_back(check.id);
      continue;
    }
    report.checks_run.emplace_back(check.id);
    if (check.side == CheckSide::kSource) {
      on_source.push_back(&check);
    } else if (check.side == CheckSide::kTarget) {
      Add(report, RunTargetCheck(*session.target, check, report.assessment));
    } else {
      Add(report, RunPairedCheck(session.source, *session.target, check, report.assessment));
    }
  }
  RunOnSource(session, on_source);
}

int Rank(const AssessFinding& finding) {
  for (const Severity severity : {Severity::kError, Severity::kBlocker, Severity::kWarning})
    if (finding.severity == SeverityName(severity)) return static_cast<int>(severity);
  return static_cast<int>(Severity::kInfo);
}

void SortAndAccept(AssessReport& report, const std::map<std::string, std::string>& accepted) {
  std::stable_sort(report.findings.begin(), report.findings.end(), [](const auto& a, const auto& b) {
    return std::tuple(Rank(a), std::string_view(a.check_id), std::string_view(a.object)) <
           std::tuple(Rank(b), std::string_view(b.check_id), std::string_view(b.object));
  });
  for (AssessFinding& finding : report.findings) {
    const auto found = accepted.find(finding.check_id);
    if (found == accepted.end()) continue;
    finding.is_accepted = true;
    finding.accepted_reason = found->second;
  }
}

void RequireKnownIds(const std::map<std::string, std::string>& accepted) {
  for (const auto& [id, reason] : accepted)
    if (FindCheck(id.c_str()) == nullptr)
      throw Error("there is no check \"" + id + "\" to accept", {}, "pg_airlift assess --list-checks lists them.");
}

}  // namespace

AssessReport Assess(const AssessOptions& options) {
  RequireKnownIds(options.accepted);
  Session session{options, Connection(options.source, Side::kSource), nullptr, {}};
  if (options.target) session.target = std::make_unique<Connection>(*options.target, Side::kTarget);
  session.report.source = DescribeSide(session.source, options.source);
  if (session.target) session.report.target = DescribeSide(*session.target, *options.target);
  PrepareSession(session.source);
  if (session.target) PrepareSession(*session.target);
  session.report.assessment = WhatToAssess(session);
  RunCatalogue(session);
  SortAndAccept(session.report, options.accepted);
  return std::move(session.report);
}

}  // namespace airlift
