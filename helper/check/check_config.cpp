#include "check/check_config.h"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/duration.h"
#include "base/error.h"
#include "base/format.h"
#include "check/ini_file.h"

namespace airlift {

namespace {

bool ParseSwitch(const std::string& value) {
  for (const char* on : {"on", "true", "yes", "1"})
    if (value == on) return true;
  for (const char* off : {"off", "false", "no", "0"})
    if (value == off) return false;
  throw Error(fmt::format("\"{}\" is neither on nor off", value));
}

double ParseNumber(std::string value, double least, double most) {
  double number = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (status != std::errc() || end != value.data() + value.size() || !(number >= least) || !(number <= most))
    throw Error(fmt::format("\"{}\" is no number from {} to {}", value, least, most));
  return number;
}

std::string ParseTargetKind(const std::string& value) {
  if (BitNamed(kTargetNames, value.c_str()) == 0)
    throw Error(fmt::format("\"{}\" is no kind of target", value), {}, "Kinds are rds, aurora and managed.");
  return value;
}

void Accept(AssessmentPart& part, const std::string& value) {
  const size_t equals = value.find('=');
  part.accepted[value.substr(0, equals)] = equals == std::string::npos ? "" : value.substr(equals + 1);
}

struct Setting {
  const char* section;
  const char* key;
  void (*set)(CheckConfig& config, const std::string& value);
};

// A setting of the table below is one row of it.
constexpr Setting kSettings[] = {
    {"check", "name", [](CheckConfig& c, const std::string& v) { c.name = v; }},
    {"check", "source", [](CheckConfig& c, const std::string& v) { c.source = v; }},
    {"check", "target", [](CheckConfig& c, const std::string& v) { c.target = v; }},
    {"check", "lock_file", [](CheckConfig& c, const std::string& v) { c.lock_file = v; }},
    {"check", "textfile", [](CheckConfig& c, const std::string& v) { c.textfile = v; }},
    {"assessment", "severity", [](CheckConfig& c, const std::string& v) { c.assessment->severity = ParseSeverity(v); }},
    {"assessment", "accept", [](CheckConfig& c, const std::string& v) { Accept(*c.assessment, v); }},
    {"assessment", "with_target",
     [](CheckConfig& c, const std::string& v) { c.assessment->with_target = ParseSwitch(v); }},
    {"assessment", "deep", [](CheckConfig& c, const std::string& v) { c.assessment->deep = ParseSwitch(v); }},
    {"assessment", "target_kind",
     [](CheckConfig& c, const std::string& v) { c.assessment->target_kind = ParseTargetKind(v); }},
    {"assessment", "target_version",
     [](CheckConfig& c, const std::string& v) {
       c.assessment->target_version = static_cast<int>(ParseNumber(v, kFirstVersion, kLastVersion - 1));
     }},
    {"comparison", "table",
     [](CheckConfig& c, const std::string& v) {
       c.comparison->options.selection.Add(true, SelectedKind::kTable, v, "table = " + v);
     }},
    {"comparison", "exclude_column",
     [](CheckConfig& c, const std::string& v) { c.comparison->options.subset.exclude_columns.push_back(v); }},
    {"comparison", "where",
     [](CheckConfig& c, const std::string& v) { c.comparison->options.subset.where.push_back(v); }},
    {"comparison", "sample",
     [](CheckConfig& c, const std::string& v) {
       c.comparison->options.subset.sample_percent =
           ParseNumber(v.ends_with('%') ? v.substr(0, v.size() - 1) : v, 0.000001, 99.999999);
     }},
    {"comparison", "data_only",
     [](CheckConfig& c, const std::string& v) { c.comparison->options.with_schema = !ParseSwitch(v); }},
    {"comparison", "jobs",
     [](CheckConfig& c, const std::string& v) {
       c.comparison->options.jobs = static_cast<int>(ParseNumber(v, 1, 256));
     }},
    {"comparison", "max_rate",
     [](CheckConfig& c, const std::string& v) { c.comparison->options.pace.most_bytes_per_second = ParseSize(v); }},
    {"comparison", "live", [](CheckConfig& c, const std::string& v) { c.comparison->live = ParseSwitch(v); }},
    {"comparison", "max_wait",
     [](CheckConfig& c, const std::string& v) {
       c.comparison->live_options.max_wait = std::chrono::milliseconds(std::llround(ParseDuration(v) * 1000));
     }},
    {"replication", "max_lag",
     [](CheckConfig& c, const std::string& v) { c.replication->max_lag_bytes = ParseSize(v); }},
    {"replication", "max_lag_time",
     [](CheckConfig& c, const std::string& v) { c.replication->max_lag_seconds = ParseDuration(v); }},
    {"replication", "max_retained_wal",
     [](CheckConfig& c, const std::string& v) { c.replication->max_retained_bytes = ParseSize(v); }},
    {"source_runs", "profile", [](CheckConfig& c, const std::string& v) { c.source_runs->profile = v; }},
    {"source_runs", "max_age",
     [](CheckConfig& c, const std::string& v) { c.source_runs->max_age_seconds = ParseDuration(v); }},
};

// A section that is there switches its part on; false for an unknown one.
bool OpenSection(CheckConfig& config, const std::string& section) {
  if (section == "check") return true;
  if (section == "assessment" && !config.assessment) config.assessment.emplace();
  if (section == "comparison" && !config.comparison) config.comparison.emplace();
  if (section == "replication" && !config.replication) config.replication.emplace();
  if (section == "source_runs" && !config.source_runs) config.source_runs.emplace();
  return section == "assessment" || section == "comparison" || section == "replication" || section == "source_runs";
}

void Apply(CheckConfig& config, const IniEntry& entry) {
  for (const Setting& setting : kSettings) {
    if (entry.section != setting.section || entry.key != setting.key) continue;
    if (entry.value.empty()) throw Error(fmt::format("\"{}\" has no value", entry.key));
    return setting.set(config, entry.value);
  }
  std::string known;
  for (const Setting& setting : kSettings)
    if (entry.section == setting.section) known += (known.empty() ? "" : ", ") + std::string(setting.key);
  throw Error(fmt::format("unknown setting \"{}\" of section [{}]", entry.key, entry.section), {},
              "Settings of this section are " + known + ".");
}

void CheckWhole(const CheckConfig& config) {
  const auto fail = [&](const std::string& what, const std::string& hint) {
    throw Error(fmt::format("{}: {}", config.file_name, what), {}, hint);
  };
  if (!config.assessment && !config.comparison && !config.replication && !config.source_runs)
    fail("nothing to check", "Add a section [assessment], [comparison], [replication] or [source_runs].");
  if (config.source.empty()) fail("no source is given", "Set source in section [check].");
  if (config.target.empty() && (config.comparison || config.replication))
    fail("no target is given", "Set target in section [check].");
}

}  // namespace

CheckConfig ParseCheckConfig(const std::string& text, const std::string& file_name) {
  CheckConfig config;
  config.file_name = file_name;
  config.name = std::filesystem::path(file_name).stem().string();
  config.lock_file = file_name + ".lock";
  for (const IniEntry& entry : ParseIni(text, file_name)) {
    try {
      if (!OpenSection(config, entry.section))
        throw Error(fmt::format("unknown section [{}]", entry.section), {},
                    "Sections are [check], [assessment], [comparison], [replication] and [source_runs].");
      if (!entry.key.empty()) Apply(config, entry);
    } catch (const Error& error) {
      throw Error(fmt::format("{}:{}: {}", file_name, entry.line, error.what()), error.detail(), error.hint());
    }
  }
  CheckWhole(config);
  return config;
}

CheckConfig ReadCheckConfig(const std::string& file_name) {
  std::ifstream file(file_name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw Error(fmt::format("could not read file \"{}\": {}", file_name, std::strerror(errno)));
  return ParseCheckConfig(text.str(), file_name);
}

}  // namespace airlift
