#include "check/check_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "assess/assess.h"
#include "assess/assess_output.h"
#include "base/error.h"
#include "base/format.h"
#include "live_compare/live_compare.h"
#include "pg/connection.h"
#include "pg/identifier.h"
#include "pg/side_conninfo.h"
#include "replicate/status.h"
#include "replicate/status_print.h"
#include "schema_compare/spelling.h"

namespace airlift {

namespace {

PartResult RunAssessment(const CheckConfig& config) {
  const AssessmentPart& part = *config.assessment;
  AssessOptions options;
  options.source = ParseSide("source", config.source);
  if (part.with_target && !config.target.empty()) options.target = ParseSide("target", config.target);
  if (!part.target_kind.empty()) options.target_kind = BitNamed(kTargetNames, part.target_kind.c_str());
  options.target_version = part.target_version;
  options.deep = part.deep;
  options.accepted = part.accepted;
  const AssessReport report = Assess(options);
  PartResult result;
  result.status = AssessExitStatus(report, part.severity);
  result.summary = fmt::format("{} findings, {} checks that could not be run", CountFindings(report, part.severity),
                               CountFailures(report));
  if (result.status != kExitDone) result.details = AssessText(report, part.severity);
  return result;
}

// A sample is never "verified". It is well when that is all there is to say.
bool IsWellAsSample(const RunResult& compared) {
  const auto is_verified = [](const ObjectResult& object) { return object.verdict == Verdict::kVerified; };
  const auto is_well = [](const TableResult& table) {
    return table.verdict == Verdict::kVerified ||
           (table.verdict == Verdict::kNotVerified && table.reason.starts_with(kSampleReason));
  };
  return std::ranges::all_of(compared.tables, is_well) && std::ranges::all_of(compared.sequences, is_verified) &&
         (!compared.large_objects || compared.large_objects->verdict == Verdict::kVerified);
}

PartResult RunComparison(const CheckConfig& config) {
  const ComparisonPart& part = *config.comparison;
  CompareOptions options = part.options;
  options.source = ParseSide("source", config.source);
  options.target = ParseSide("target", config.target);
  Progress progress(ProgressStyle::kQuiet);
  const RunResult compared =
      part.live ? CompareLive(options, part.live_options, progress) : CompareDatabases(options, progress);
  progress.Stop();
  PartResult result;
  result.status = compared.ExitStatus();
  const bool is_sample = options.subset.sample_percent.has_value();
  if (is_sample && IsWellAsSample(compared)) result.status = compared.SchemaDiffers() ? kExitFindings : kExitDone;
  result.summary = fmt::format("{}{}, {} tables", VerdictName(compared.Overall()), is_sample ? " (a sample)" : "",
                               compared.tables.size());
  if (result.status != kExitDone) result.details = Summary(compared);
  return result;
}

void Require(PartResult& result, bool holds, const std::string& line) {
  if (holds) return;
  result.status = std::max(result.status, kExitFindings);
  result.details += line + "\n";
}

PartResult RunReplication(const CheckConfig& config) {
  const ReplicationPart& part = *config.replication;
  StatusCollector collector(ParseSide("source", config.source), ParseSide("target", config.target));
  const MigrationStatus status = collector.Collect();
  PartResult result;
  result.status = status.ExitStatus();
  if (result.status != kExitDone) result.details = StatusText(status);
  if (status.streams.empty()) {
    result.status = kExitFailed;
    result.details += "no replication of a migration was found on the target\n";
  }
  for (const StreamStatus& stream : status.streams) {
    const std::string slot = DisplayName(stream.record.slot);
    if (part.max_lag_bytes)
      Require(result, stream.lag_bytes <= *part.max_lag_bytes,
              fmt::format("slot {} lags by {}, more than {}", slot, FormatBytes(stream.lag_bytes),
                          FormatBytes(*part.max_lag_bytes)));
    if (part.max_lag_seconds && stream.lag_seconds)
      Require(result, *stream.lag_seconds <= *part.max_lag_seconds,
              fmt::format("slot {} lags by {}, more than {}", slot, FormatSeconds(*stream.lag_seconds),
                          FormatSeconds(*part.max_lag_seconds)));
    if (part.max_retained_bytes)
      Require(result, stream.retained_bytes <= *part.max_retained_bytes,
              fmt::format("slot {} retains {} of WAL, more than {}", slot, FormatBytes(stream.retained_bytes),
                          FormatBytes(*part.max_retained_bytes)));
  }
  result.summary = fmt::format("{} subscriptions", status.streams.size());
  return result;
}

// The last run of airlift.run_checks in the source, whoever scheduled it.
PartResult RunSourceRuns(const CheckConfig& config) {
  const SourceRunsPart& part = *config.source_runs;
  Connection source(ParseSide("source", config.source), Side::kSource);
  const Result run = source.Query(
      "SELECT id, state, COALESCE(verdict, ''), EXTRACT(epoch FROM pg_catalog.clock_timestamp() - "
      "started_at)::pg_catalog.int8, COALESCE(error, '') "
      "FROM airlift.check_run WHERE profile = $1 ORDER BY id DESC LIMIT 1",
      {part.profile});
  PartResult result;
  if (run.rows() == 0) {
    result.status = kExitFailed;
    result.summary = fmt::format("no run of profile \"{}\" is recorded in airlift.check_run", part.profile);
    return result;
  }
  const std::string id = run.Text(0, 0);
  const std::string verdict = run.Text(0, 1) == "finished" ? run.Text(0, 2) : run.Text(0, 1);
  const auto age = static_cast<double>(run.Integer(0, 3));
  result.summary =
      fmt::format("run {} of profile \"{}\", begun {} ago: {}", id, part.profile, FormatSeconds(age), verdict);
  if (verdict == "findings") result.status = kExitFindings;
  if (verdict == "failed") result.status = kExitFailed;
  if (age > part.max_age_seconds) {
    result.status = kExitFailed;
    result.details = fmt::format("the last run is older than {}\n", FormatSeconds(part.max_age_seconds));
  }
  if (verdict == "ok" || verdict == "running") return result;
  if (!run.Text(0, 4).empty()) result.details += run.Text(0, 4) + "\n";
  const Result found = source.Query(
      "SELECT pg_catalog.concat_ws('  ', severity, check_id, object, COALESCE(detail, reason)) FROM "
      "airlift.check_result "
      "WHERE run_id = $1::pg_catalog.int8 AND (kind = 'finding' OR NOT complete) "
      "UNION ALL SELECT pg_catalog.concat_ws('  ', what, object, detail) FROM airlift.check_drift($2) "
      "WHERE what = 'changed without a recorded write' LIMIT 100",
      {id, part.profile});
  for (int row = 0; row < found.rows(); ++row) result.details += ShowControls(found.Text(row, 0)) + "\n";
  return result;
}

}  // namespace

const std::vector<CheckPart>& CheckParts() {
  static const std::vector<CheckPart> parts = {
      {"assessment", [](const CheckConfig& config) { return config.assessment.has_value(); }, RunAssessment},
      {"comparison", [](const CheckConfig& config) { return config.comparison.has_value(); }, RunComparison},
      {"replication", [](const CheckConfig& config) { return config.replication.has_value(); }, RunReplication},
      {"source_runs", [](const CheckConfig& config) { return config.source_runs.has_value(); }, RunSourceRuns},
  };
  return parts;
}

}  // namespace airlift
