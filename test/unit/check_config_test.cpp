// The configuration of `pg_airlift check`.
#include "check/check_config.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "check/check.h"

namespace airlift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  try {
    ParseCheckConfig(text, "nightly.conf");
  } catch (const Error& error) {
    return error.Report();
  }
  return "";
}

constexpr const char* kSides = "[check]\nsource = service=old\ntarget=service=new\n";

TEST(CheckConfig, EverySettingIsRead) {
  const CheckConfig config = ParseCheckConfig(
      "# a comment\n\n[check]\r\n name = the nightly one \nsource = host=a dbname='x = y'\ntarget=service=new\n"
      "lock_file = /run/lock\ntextfile=/var/x.prom\n"
      "[assessment]\nseverity = warning\naccept=tbl.unlogged = known\naccept=cfg.ssl\nwith_target=off\ndeep=yes\n"
      "target_kind=aurora\ntarget_version=17\n"
      "[comparison]\ntable=public.*\ntable=a.b\nwhere=t=id > 5\nexclude_column=t.x\nsample=2.5%\ndata_only=1\njobs=3\n"
      "max_rate=8MB\nlive=on\nmax_wait=2min\n"
      "[replication]\nmax_lag=1GB\nmax_lag_time=30s\nmax_retained_wal=5GB\n"
      "[source_runs]\nprofile=weekly\nmax_age=8 days\n",
      "/etc/nightly.conf");
  EXPECT_EQ(config.name, "the nightly one");
  EXPECT_EQ(config.source, "host=a dbname='x = y'");
  EXPECT_EQ(config.target, "service=new");
  EXPECT_EQ(config.lock_file, "/run/lock");
  EXPECT_EQ(config.textfile, "/var/x.prom");
  ASSERT_TRUE(config.assessment && config.comparison && config.replication && config.source_runs);
  EXPECT_EQ(config.assessment->severity, Severity::kWarning);
  EXPECT_EQ(config.assessment->accepted.at("tbl.unlogged "), " known");
  EXPECT_EQ(config.assessment->accepted.at("cfg.ssl"), "");
  EXPECT_FALSE(config.assessment->with_target);
  EXPECT_TRUE(config.assessment->deep);
  EXPECT_EQ(config.assessment->target_kind, "aurora");
  EXPECT_EQ(config.assessment->target_version, 17);
  SelectionRules tables;
  tables.Add(true, SelectedKind::kTable, "public.*", "");
  tables.Add(true, SelectedKind::kTable, "a.b", "");
  EXPECT_EQ(config.comparison->options.selection.rules, tables.rules);
  EXPECT_THAT(config.comparison->options.subset.where, ElementsAre("t=id > 5"));
  EXPECT_THAT(config.comparison->options.subset.exclude_columns, ElementsAre("t.x"));
  EXPECT_EQ(config.comparison->options.subset.sample_percent, 2.5);
  EXPECT_FALSE(config.comparison->options.with_schema);
  EXPECT_EQ(config.comparison->options.jobs, 3);
  EXPECT_EQ(config.comparison->options.pace.most_bytes_per_second, 8 << 20);
  EXPECT_TRUE(config.comparison->live);
  EXPECT_EQ(config.comparison->live_options.max_wait, std::chrono::minutes(2));
  EXPECT_EQ(config.replication->max_lag_bytes, int64_t{1} << 30);
  EXPECT_EQ(config.replication->max_lag_seconds, 30);
  EXPECT_EQ(config.replication->max_retained_bytes, int64_t{5} << 30);
  EXPECT_EQ(config.source_runs->profile, "weekly");
  EXPECT_EQ(config.source_runs->max_age_seconds, 8.0 * 86400);
}

TEST(CheckConfig, ASectionAloneSwitchesItsPartOn) {
  const CheckConfig config = ParseCheckConfig(std::string(kSides) + "[comparison]\n", "dir/nightly.conf");
  EXPECT_TRUE(config.comparison);
  EXPECT_FALSE(config.assessment || config.replication || config.source_runs);
  EXPECT_EQ(config.name, "nightly");
  EXPECT_EQ(config.lock_file, "dir/nightly.conf.lock");
}

TEST(CheckConfig, ErrorsNameTheLine) {
  EXPECT_THAT(ErrorOf("[check]\nsuorce=x\n"),
              HasSubstr("nightly.conf:2: unknown setting \"suorce\" of section [check]"));
  EXPECT_THAT(ErrorOf("[check]\nsuorce=x\n"), HasSubstr("name, source, target, lock_file, textfile"));
  EXPECT_THAT(ErrorOf("[check]\n[chekc]\n"), HasSubstr("nightly.conf:2: unknown section [chekc]"));
  EXPECT_THAT(ErrorOf("source=x\n"), HasSubstr("nightly.conf:1: \"source\" stands before the first section"));
  EXPECT_THAT(ErrorOf("[check\n"), HasSubstr("nightly.conf:1: section is not closed"));
  EXPECT_THAT(ErrorOf("[]\n"), HasSubstr("nightly.conf:1"));
  EXPECT_THAT(ErrorOf("[check]\nname\n"), HasSubstr("nightly.conf:2: \"name\" is no setting"));
  EXPECT_THAT(ErrorOf("[check]\nname=\n"), HasSubstr("\"name\" has no value"));
  EXPECT_THAT(ErrorOf("[comparison]\njobs=many\n"), HasSubstr("nightly.conf:2: \"many\" is no number"));
  EXPECT_THAT(ErrorOf("[comparison]\nsample=100%\n"), HasSubstr("nightly.conf:2"));
  EXPECT_THAT(ErrorOf("[comparison]\nlive=maybe\n"), HasSubstr("neither on nor off"));
  EXPECT_THAT(ErrorOf("[replication]\nmax_lag=lots\n"), HasSubstr("nightly.conf:2"));
  EXPECT_THAT(ErrorOf("[assessment]\nseverity=fatal\n"), HasSubstr("nightly.conf:2"));
  EXPECT_THAT(ErrorOf("[assessment]\ntarget_kind=azure\n"),
              HasSubstr("nightly.conf:2: \"azure\" is no kind of target"));
  EXPECT_THAT(ErrorOf(kSides), HasSubstr("nothing to check"));
  EXPECT_THAT(ErrorOf("[assessment]\n"), HasSubstr("no source is given"));
  EXPECT_THAT(ErrorOf("[check]\nsource=x\n[comparison]\n"), HasSubstr("no target is given"));
}

TEST(CheckReport, PrometheusEscapesAndTheWorstPartDecides) {
  CheckReport report;
  report.name = "a\"b\\c\nd";
  report.parts = {{"assessment", 0, "fine", "", 0.5}, {"comparison", 1, "differs", "line 1\nline 2\n", 2}};
  EXPECT_EQ(report.ExitStatus(), 1);
  EXPECT_THAT(CheckPrometheus(report),
              HasSubstr("pg_airlift_check_status{check=\"a\\\"b\\\\c\\nd\",part=\"comparison\"} 1\n"));
  EXPECT_THAT(
      CheckText(report),
      HasSubstr("comparison findings\n\nassessment: ok: fine\ncomparison: findings: differs\n  line 1\n  line 2\n"));
  report.parts.push_back({"replication", 2, "", "", 0});
  EXPECT_EQ(report.ExitStatus(), 2);
}

}  // namespace
}  // namespace airlift
