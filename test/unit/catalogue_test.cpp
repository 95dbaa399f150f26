// The catalogue of checks as data: complete, well formed, covered by tests, printed in docs/checks.md.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "../support/assess_coverage.h"
#include "assess/catalogue_listing.h"
#include "assess/reported_findings.h"
#include "base/error.h"
#include "checks/query_prefix.h"
#include "extension_matrix.h"
#include "findings/check_runner.h"
#include "findings/finding.h"

namespace airlift {
namespace {

std::string ReadProjectFile(const std::string& path) {
  std::ifstream file(std::string(AIRLIFT_TEST_DIRECTORY) + "/../" + path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

std::string WithoutStrings(const std::string& sql) {
  return std::regex_replace(std::regex_replace(sql, std::regex("--[^\n]*"), ""), std::regex("'(?:[^']|'')*'"), "''");
}

// Calls `visit(what, sql)` for every query of the catalogue and for what stands before it.
template <typename Visit>
void ForEachQuery(Visit visit) {
  visit("prefix", std::string(kQueryPrefix));
  for (size_t i = 0; i < CheckCount(); ++i) {
    const Check& check = CheckAt(i);
    visit(check.id, std::string(check.query));
    if (check.target_query != nullptr) visit(check.id, std::string(check.target_query));
  }
}

TEST(Catalogue, IdsAreUniqueAndWellFormed) {
  std::set<std::string> ids;
  const std::regex form("[a-z]+\\.[a-z0-9_]+");
  for (size_t i = 0; i < CheckCount(); ++i) {
    const std::string id = CheckAt(i).id;
    EXPECT_TRUE(ids.insert(id).second) << id;
    EXPECT_TRUE(std::regex_match(id, form)) << id;
    EXPECT_EQ(FindCheck(id.c_str()), &CheckAt(i));
  }
  EXPECT_EQ(FindCheck("no.such"), nullptr);
}

TEST(Catalogue, RowsAreComplete) {
  for (size_t i = 0; i < CheckCount(); ++i) {
    const Check& check = CheckAt(i);
    EXPECT_NE(std::string(check.title), "") << check.id;
    EXPECT_NE(std::string(check.remedy), "") << check.id;
    EXPECT_NE(std::string(check.source), "") << check.id;
    EXPECT_NE(check.query, nullptr) << check.id;
    EXPECT_EQ(check.target_query != nullptr, check.side == CheckSide::kPaired) << check.id;
    EXPECT_NE(check.strategies, 0) << check.id;
    EXPECT_NE(check.targets, 0) << check.id;
    EXPECT_LE(check.from_version, check.to_version) << check.id;
    EXPECT_NE(check.severity, Severity::kError) << check.id;
  }
}

TEST(Catalogue, QueriesNameFunctionsWithTheirSchema) {
  const std::set<std::string> keywords = {"AND",      "ANY",    "ALL",     "AS",     "ARRAY",    "BY",   "CASE",
                                          "COALESCE", "EXISTS", "EXTRACT", "FROM",   "GREATEST", "IN",   "JOIN",
                                          "LATERAL",  "LEAST",  "NOT",     "NULLIF", "ON",       "OR",   "OVER",
                                          "SELECT",   "THEN",   "VALUES",  "WHEN",   "WHERE",    "UNION"};
  // Column lists of CTEs and aliases.
  const std::set<std::string> aliases = {"a",
                                         "allowed",
                                         "both_sides",
                                         "e",
                                         "f",
                                         "g",
                                         "here",
                                         "l",
                                         "o",
                                         "r",
                                         "s",
                                         "t",
                                         "v",
                                         "w",
                                         "u",
                                         "k",
                                         "b",
                                         "c",
                                         "item",
                                         "settings",
                                         "type_container",
                                         "type_without_equality",
                                         "finding"};
  ForEachQuery([&](const char* what, const std::string& sql) {
    const std::string code = WithoutStrings(sql);
    const std::regex call("([A-Za-z_.]*[A-Za-z_][A-Za-z_0-9]*) ?\\(");
    for (std::sregex_iterator match(code.begin(), code.end(), call), end; match != end; ++match) {
      const std::string name = (*match)[1];
      if (name.rfind("pg_catalog.", 0) == 0 || keywords.count(name) != 0) continue;
      EXPECT_TRUE(aliases.count(name) != 0 && (*match)[0].str().find(" (") != std::string::npos)
          << what << ": " << name;
    }
  });
}

TEST(Catalogue, QueriesNameTypesAndCatalogsWithTheirSchema) {
  ForEachQuery([&](const char* what, const std::string& sql) {
    const std::string code = WithoutStrings(sql);
    const std::regex cast("::(?!pg_catalog\\.|int\\b|bigint\\b|boolean\\b|numeric\\b)(\\w+)");
    const std::regex catalog("(?:FROM|JOIN) (?!pg_catalog\\.)pg_\\w+");
    for (const std::regex& wrong : {cast, catalog})
      for (std::sregex_iterator match(code.begin(), code.end(), wrong), end; match != end; ++match)
        ADD_FAILURE() << what << ": " << match->str();
  });
}

TEST(Catalogue, QueriesOnlyRead) {
  ForEachQuery([&](const char* what, const std::string& sql) {
    const std::regex writes("\\b(INSERT|UPDATE|DELETE|TRUNCATE|LOCK|FOR SHARE)\\b");
    EXPECT_FALSE(std::regex_search(WithoutStrings(sql), writes)) << what;
  });
}

// Every check has a case: in the regression tests, end to end, or a reason why there cannot be one.
TEST(Catalogue, EveryCheckIsCovered) {
  std::map<std::string, int> covered;
  const std::string cases = ReadProjectFile("sql/assess_cases.sql");
  const std::regex row("\n\\('([a-z]+\\.[a-z0-9_]+)'");
  std::set<std::string> in_regress;
  for (std::sregex_iterator match(cases.begin(), cases.end(), row), end; match != end; ++match)
    in_regress.insert((*match)[1]);
  for (const std::string& id : in_regress) ++covered[id];
  for (const char* id : test::kCheckedEndToEnd) ++covered[id];
  for (const test::NotProduced& check : test::kNotProduced) ++covered[check.id];
  for (const auto& [id, times] : covered) {
    EXPECT_NE(FindCheck(id.c_str()), nullptr) << id << " is covered but not in the catalogue";
    EXPECT_EQ(times, 1) << id;
  }
  for (size_t i = 0; i < CheckCount(); ++i)
    EXPECT_EQ(covered.count(CheckAt(i).id), 1u) << CheckAt(i).id << " has no case";
}

TEST(Catalogue, FindingsOfCommandsHaveIdsOfTheirOwn) {
  for (size_t i = 0; i < ReportedFindingCount(); ++i) {
    const ReportedFinding& finding = ReportedFindingAt(i);
    EXPECT_EQ(FindCheck(finding.id), nullptr) << finding.id;
    if (i > 0) {
      EXPECT_LT(std::string(ReportedFindingAt(i - 1).id), finding.id);
    }
    EXPECT_NE(std::string(finding.remedy), "") << finding.id;
  }
}

// What looks like an id in the program is one that the catalogue or the table of reported findings knows.
TEST(Catalogue, EveryIdInTheProgramIsKnown) {
  const std::set<std::string> other = {"r.rolpassword", "rds.logical_replication", "toc.dat", "blobs.toc"};
  const std::regex literal("(?!\"[a-z_]+\\.h\")\"([a-z]+\\.[a-z0-9_]+)\"");
  std::set<std::string> found;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::string(AIRLIFT_TEST_DIRECTORY) + "/../helper")) {
    if (entry.path().extension() != ".cpp" || entry.path().filename() == "reported_findings.cpp") continue;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const std::string code = text.str();
    for (std::sregex_iterator match(code.begin(), code.end(), literal), end; match != end; ++match) {
      const std::string id = (*match)[1];
      if (other.count(id) != 0) continue;
      found.insert(id);
      EXPECT_TRUE(IsKnownFinding(id)) << id << " in " << entry.path()
                                      << " is no id of a check or of helper/assess/reported_findings.cpp";
    }
  }
  for (size_t i = 0; i < ReportedFindingCount(); ++i)
    EXPECT_EQ(found.count(ReportedFindingAt(i).id), 1u) << ReportedFindingAt(i).id << " is reported nowhere";
}

TEST(Catalogue, TheDocumentationIsUpToDate) {
  EXPECT_TRUE(ReadProjectFile("docs/checks.md") == CatalogueMarkdown())
      << "run: pg_airlift assess --list-checks --markdown >docs/checks.md";
}

TEST(Catalogue, ConcernsAsVersionsTargetsAndDepthSay) {
  Check check{.id = "x.y", .title = "", .severity = Severity::kInfo, .remedy = "", .source = ""};
  check.targets = kAurora;
  check.from_version = 15;
  check.to_version = 16;
  check.from_target = 17;
  check.deep = true;
  EXPECT_TRUE(Concerns(check, {kAurora, 17, true}, 15));
  EXPECT_TRUE(Concerns(check, {kAurora, 18, true}, 16));
  EXPECT_FALSE(Concerns(check, {kRds, 17, true}, 15));
  EXPECT_FALSE(Concerns(check, {kAurora, 16, true}, 15));
  EXPECT_FALSE(Concerns(check, {kAurora, 17, false}, 15));
  EXPECT_FALSE(Concerns(check, {kAurora, 17, true}, 14));
  EXPECT_FALSE(Concerns(check, {kAurora, 17, true}, 17));
}

TEST(Catalogue, NamesAreBits) {
  EXPECT_EQ(BitNamed(kTargetNames, "aurora"), kAurora);
  EXPECT_EQ(BitNamed(kStrategyNames, "snapshot"), kSnapshot);
  for (const char* wrong : {"", "rd", "rdss", "RDS"}) EXPECT_EQ(BitNamed(kTargetNames, wrong), 0) << wrong;
}

// --- lists of extensions ---------------------------------------------------------------------------------------------

std::vector<std::string> Fields(const std::string& line) {
  std::vector<std::string> fields;
  std::stringstream stream(line);
  for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
  return fields;
}

void ExpectMatrixIsFile(TargetSet target, const std::string& path) {
  std::stringstream file(ReadProjectFile(path));
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> versions = Fields(line);
  std::map<int, size_t> offered;
  while (std::getline(file, line)) {
    const std::vector<std::string> fields = Fields(line);
    std::string name = fields[0];
    if (name == "pgvector") name = "vector";
    if (name == "h3-pg") name = "h3";
    if (name == "h3-postgis") name = "h3_postgis";
    for (size_t i = 1; i < versions.size(); ++i) {
      const int version = std::stoi(versions[i]);
      const char* found = OfferedVersion(target, version, name.c_str());
      if (fields.at(i) == "-") {
        EXPECT_EQ(found, nullptr) << name << " " << version;
        continue;
      }
      ++offered[version];
      ASSERT_NE(found, nullptr) << name << " " << version;
      if (*found != '\0') {
        EXPECT_EQ(fields[i], found) << name << " " << version;
      }
    }
  }
  for (const auto& [version, count] : offered) EXPECT_EQ(OfferedExtensionCount(target, version), count) << version;
}

TEST(ExtensionMatrix, IsWhatTheListsSay) {
  ExpectMatrixIsFile(kRds, "common/matrix/rds_extensions.tsv");
  ExpectMatrixIsFile(kAurora, "common/matrix/aurora_extensions.tsv");
}

TEST(ExtensionMatrix, TellsExtensionsFromLibraries) {
  EXPECT_STREQ(OfferedVersion(kRds, 17, "wal2json"), "");
  EXPECT_STREQ(OfferedVersion(kRds, 17, "auto_explain"), "");
  EXPECT_STRNE(OfferedVersion(kRds, 17, "vector"), "");
  EXPECT_EQ(OfferedVersion(kRds, 17, "timescaledb"), nullptr);
  EXPECT_EQ(OfferedVersion(kRds, 18, "plrust"), nullptr);
  EXPECT_EQ(OfferedVersion(kOtherManaged, 17, "hstore"), nullptr);
}

TEST(ExtensionMatrix, AVersionAfterTheNewestListIsTakenAsThat) {
  EXPECT_EQ(NewestListedVersion(kAurora), 17);
  EXPECT_STREQ(OfferedVersion(kAurora, 18, "hstore"), OfferedVersion(kAurora, 17, "hstore"));
}

// The extension builds JSON of them without escapes.
TEST(ExtensionMatrix, NamesAndVersionsNeedNoEscapes) {
  for (const TargetSet target : {kRds, kAurora})
    for (int version = 13; version <= 18; ++version)
      for (const auto& [name, offered] : OfferedExtensions({target, version, false}))
        EXPECT_TRUE(std::regex_match(name + offered, std::regex("[-A-Za-z0-9_.+ ()]+"))) << name << offered;
}

// --- exit status -----------------------------------------------------------------------------------------------------

AssessReport ReportOf(const std::vector<std::pair<std::string, bool>>& findings) {
  AssessReport report;
  for (const auto& [severity, is_accepted] : findings) {
    AssessFinding finding;
    finding.severity = severity;
    finding.is_accepted = is_accepted;
    report.findings.push_back(finding);
  }
  return report;
}

TEST(AssessExitStatus, FollowsSeverityAndAcceptance) {
  EXPECT_EQ(AssessExitStatus(ReportOf({}), Severity::kInfo), 0);
  EXPECT_EQ(AssessExitStatus(ReportOf({{"warning", false}, {"info", false}}), Severity::kBlocker), 0);
  EXPECT_EQ(AssessExitStatus(ReportOf({{"warning", false}}), Severity::kWarning), 1);
  EXPECT_EQ(AssessExitStatus(ReportOf({{"blocker", false}}), Severity::kInfo), 1);
  EXPECT_EQ(AssessExitStatus(ReportOf({{"blocker", true}}), Severity::kInfo), 0);
}

TEST(AssessExitStatus, AFailedCheckIsNeverNothing) {
  EXPECT_EQ(AssessExitStatus(ReportOf({{"error", false}}), Severity::kBlocker), 2);
  EXPECT_EQ(AssessExitStatus(ReportOf({{"error", false}, {"blocker", false}}), Severity::kBlocker), 2);
  EXPECT_EQ(AssessExitStatus(ReportOf({{"error", true}}), Severity::kBlocker), 0);
  EXPECT_EQ(AssessExitStatus(ReportOf({{"error", true}, {"blocker", false}}), Severity::kBlocker), 1);
}

TEST(AssessSeverity, OtherWordsAreRefused) {
  EXPECT_EQ(ParseSeverity("warning"), Severity::kWarning);
  for (const char* wrong : {"", "error", "BLOCKER", "fatal"}) EXPECT_THROW(ParseSeverity(wrong), Error) << wrong;
}

}  // namespace
}  // namespace airlift
