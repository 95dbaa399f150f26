// Every fix that an assessment offers, run as it stands: its finding goes away, and its undo brings back what was, to
// the byte of what pg_dump and pg_dumpall write.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>
#include <thread>

#include "checks/check.h"
#include "support/assess_case.h"

namespace airlift::test {
namespace {

using nlohmann::json;

std::string WithoutRestrictLines(const std::string& dump) {
  std::istringstream lines(dump);
  std::string kept;
  for (std::string line; std::getline(lines, line);)
    if (line.find("restrict ") == std::string::npos) kept += line + "\n";
  return kept;
}

class Fix : public AssessCase {
 protected:
  static std::string Dump(const Cluster& cluster, const std::string& database) {
    const std::string schema = RunOrThrow(
        {cluster.bindir() + "/pg_dump", "--schema-only", "--create", "-d", cluster.Superuser(database).ToString()});
    const std::string globals = RunOrThrow(
        {cluster.bindir() + "/pg_dumpall", "--globals-only", "-d", cluster.Superuser("postgres").ToString()});
    return WithoutRestrictLines(schema + globals);
  }

  // Ids of the catalogue that offer a fix and concern a source of that version.
  static Ids Fixable(int source_major) {
    Ids ids;
    for (size_t i = 0; i < CheckCount(); ++i)
      if (CheckAt(i).has_fix && source_major >= CheckAt(i).from_version && source_major <= CheckAt(i).to_version)
        ids.insert(CheckAt(i).id);
    return ids;
  }

  // Findings of several targets: what concerns only one of them is there too. Each once.
  json FindingsForEachTarget(Cluster& cluster, const std::string& database) {
    json findings = json::array();
    for (const char* version : {"15", "18"}) {
      const json report = Run(cluster.Superuser(database).ToString(), {"--target-version", version});
      for (const json& finding : report.at("findings"))
        if (std::find(findings.begin(), findings.end(), finding) == findings.end()) findings.push_back(finding);
    }
    return findings;
  }

  static json WithSql(const json& findings, const char* kind) {
    json kept = json::array();
    for (const json& finding : findings)
      if (!finding.at(kind).is_null()) kept.push_back(finding);
    return kept;
  }

  // None of `findings` is in `later`, by check and object.
  static void ExpectGone(const json& findings, const json& later) {
    for (const json& finding : findings)
      for (const json& other : later)
        if (finding.at("check") == other.at("check") && finding.at("object") == other.at("object"))
          ADD_FAILURE() << "is still found after its fix: " << other.dump(1);
  }

  static void ExpectCovered(Ids expected, const json& findings, const Ids& elsewhere) {
    for (const json& finding : findings) expected.erase(finding.at("check"));
    for (const std::string& id : elsewhere) expected.erase(id);
    EXPECT_EQ(expected, Ids()) << "a check offers a fix, and no case in test/data/fixable*.sql makes it fire";
  }
};

const std::set<std::string> kNoWayBack = {"db.invalid", "idx.invalid", "ri.index_dropped", "slot.inactive"};
const std::set<std::string> kOnTheTarget = {"owner.needs_grant"};

TEST_F(Fix, EveryFixMendsAndEveryUndoPutsBack) {
  const std::string name = "fix'able \"db\"";
  const std::string role = "fix \"ow'ner";
  Cluster cluster(Side::kSource, BadSettings(source()));
  const int major = cluster.Connect("postgres")->server_major();
  cluster.CreateDatabase(name);
  cluster.Psql("postgres", "CREATE ROLE \"fix \"\"ow'ner\"");
  cluster.PsqlFile(name, TestFile("data/fixable.sql"), {"-v", "database=" + name, "-v", "role=" + role});
  if (major <= 17) cluster.PsqlFile(name, TestFile("data/fixable_17.sql"));
  if (WithExtension()) cluster.Execute(name, "CREATE EXTENSION pg_airlift");
  cluster.Execute("postgres", "ALTER SYSTEM SET deadlock_timeout = '3s'");
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // until counted updates are seen by others

  const std::string before = Dump(cluster, name) + StoredSettings(cluster);
  const json found = FindingsForEachTarget(cluster, name);
  json fixable = WithSql(found, "undo_sql");
  Ids elsewhere = kNoWayBack;
  elsewhere.insert(kOnTheTarget.begin(), kOnTheTarget.end());
  if (cluster.Value("postgres", "SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'") == "0")
    elsewhere.insert("cfg.plugin_list");
  ExpectCovered(Fixable(major), fixable, elsewhere);

  RunSql(cluster, name, fixable, "fix_sql");
  EXPECT_NE(Dump(cluster, name) + StoredSettings(cluster), before);
  cluster.Stop();
  cluster.Start();
  ExpectGone(fixable, FindingsForEachTarget(cluster, name));

  std::reverse(fixable.begin(), fixable.end());
  RunSql(cluster, name, fixable, "undo_sql");
  EXPECT_EQ(Dump(cluster, name) + StoredSettings(cluster), before);
}

TEST_F(Fix, WhatCannotBeUndoneIsMendedAndSaysSo) {
  source().PsqlFile(database(), TestFile("data/fixable_for_good.sql"));
  const json found = Run(SourceConnInfo()).at("findings");
  json fixable = json::array();
  for (const json& finding : WithSql(found, "fix_sql"))
    if (kNoWayBack.count(finding.at("check")) > 0) fixable.push_back(finding);
  ExpectCovered(kNoWayBack, fixable, {});
  for (const json& finding : fixable) {
    EXPECT_TRUE(finding.at("undo_sql").is_null()) << finding;
    EXPECT_THAT(finding.at("detail").get<std::string>(),
                ::testing::ContainsRegex("no undo|nothing to undo|cannot be brought back"));
  }
  RunSql(source(), database(), fixable, "fix_sql");
  ExpectGone(fixable, Run(SourceConnInfo()).at("findings"));
}

TEST_F(Fix, OfTheTargetMendsAndIsPutBack) {
  const std::string owner = "\"fix \"\"ow'ner\"";
  source().Execute("postgres", "CREATE ROLE " + owner);
  source().Execute(database(), "CREATE TABLE t (); ALTER TABLE t OWNER TO " + owner);
  const ConnInfo master = target().Login(database(), "master", kMasterPassword);
  target().Connect(master)->Execute("CREATE ROLE " + owner);
  const std::string before = Dump(target(), database());
  json fixable = WithSql(RunBoth().at("findings"), "undo_sql");
  fixable.erase(std::remove_if(fixable.begin(), fixable.end(),
                               [](const json& finding) { return finding.at("side") == "source"; }),
                fixable.end());
  ExpectCovered(kOnTheTarget, fixable, {});
  for (const json& finding : fixable) target().Connect(master)->Execute(finding.at("fix_sql").get<std::string>());
  EXPECT_NE(Dump(target(), database()), before);
  ExpectGone(fixable, RunBoth().at("findings"));
  for (const json& finding : fixable) target().Connect(master)->Execute(finding.at("undo_sql").get<std::string>());
  EXPECT_EQ(Dump(target(), database()), before);
  source().Execute(database(), "DROP OWNED BY " + owner);
  for (Cluster* cluster : {&source(), &target()}) cluster->Execute("postgres", "DROP ROLE " + owner);
}

}  // namespace
}  // namespace airlift::test
