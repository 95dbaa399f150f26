// What `pg_airlift check` does, from its configuration file. docs/schedule.md lists the settings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "findings/finding.h"
#include "live_compare/live_options.h"

namespace airlift {

struct AssessmentPart {
  Severity severity = Severity::kBlocker;
  bool with_target = true;  // where there is a target
  bool deep = false;
  std::string target_kind;
  std::optional<int> target_version;
  std::map<std::string, std::string> accepted;
};

struct ComparisonPart {
  CompareOptions options;
  bool live = false;
  LiveOptions live_options;
};

struct ReplicationPart {
  std::optional<int64_t> max_lag_bytes;
  std::optional<double> max_lag_seconds;
  std::optional<int64_t> max_retained_bytes;
};

// Runs of airlift.run_checks in the source.
struct SourceRunsPart {
  std::string profile = "default";
  double max_age_seconds = 26.0 * 3600;
};

struct CheckConfig {
  std::string file_name;
  std::string name;
  std::string source;
  std::string target;
  std::string lock_file;
  std::string textfile;
  std::optional<AssessmentPart> assessment;
  std::optional<ComparisonPart> comparison;
  std::optional<ReplicationPart> replication;
  std::optional<SourceRunsPart> source_runs;
};

// Throws Error with file and line for unknown sections and settings and for values that cannot be read.
CheckConfig ParseCheckConfig(const std::string& text, const std::string& file_name);
CheckConfig ReadCheckConfig(const std::string& file_name);

}  // namespace airlift
