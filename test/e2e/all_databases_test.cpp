// Whole clusters: roles once, then every database by a run of its own.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "pg/identifier.h"
#include "support/prepare_case.h"

namespace airlift::test {
namespace {

using nlohmann::json;

constexpr const char* kHostileName = "we\"ird 'name'; DROP DATABASE plain; --";

// What CREATE DATABASE and ALTER DATABASE say of a database, in one line.
constexpr const char* kProperties =
    "SELECT pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, d.datconnlimit, "
    "shobj_description(d.oid, 'pg_database'), "
    "(SELECT string_agg(a::text, ', ' ORDER BY a::text) FROM unnest(d.datacl) a), "
    "to_jsonb(d) ->> 'datlocprovider', coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale'), "
    "(SELECT string_agg(coalesce(r.rolname, '') || s.setconfig::text, '; ' ORDER BY r.rolname) FROM pg_db_role_setting "
    "s "
    "LEFT JOIN pg_roles r ON r.oid = s.setrole WHERE s.setdatabase = d.oid) "
    "FROM pg_database d WHERE d.datname = current_database()";

class AllDatabases : public PrepareCase {
 protected:
  void SetUp() override {
    PrepareCase::SetUp();
    directory_ = target().directory() + "/evidence" + database();
    std::filesystem::create_directory(directory_);
    evidence_path_ = directory_ + "/all.json";
    // The fixture's own database is of no interest here.
    source().DropDatabase(database());
    target().DropDatabase(database());
  }
  void TearDown() override {
    if (HasFailure())
      printf("--- source log\n%s--- target log\n%s", source().LogTail().c_str(), target().LogTail().c_str());
    for (Cluster* cluster : {&source(), &target()}) {
      const Result result = cluster->Query(
          "postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'");
      for (int row = 0; row < result.rows(); ++row) cluster->DropDatabase(result.Text(row, 0));
      cluster->Execute("postgres", "DROP SCHEMA IF EXISTS airlift_state CASCADE");
    }
    PrepareCase::TearDown();
  }

  // A database of the source with a table of so many rows.
  void Make(const std::string& name, const std::string& options = {}, int rows = 10) {
    source().CreateDatabase(name, options);
    source().Execute(name,
                     "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, md5(g::text) "
                     "FROM generate_series(1, " +
                         std::to_string(rows) + ") g");
    names_.push_back(name);
  }

  std::vector<std::string> ClusterArguments(const std::string& command, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {
        command,    "--all-databases",          "--source",   SourceConnInfo("postgres"),
        "--target", TargetConnInfo("postgres"), "--evidence", evidence_path_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProcessResult RunAll(const std::string& command, const std::vector<std::string>& more = {}) {
    unlink(evidence_path_.c_str());
    const ProcessResult result = RunHelper(ClusterArguments(command, more));
    EXPECT_FALSE(result.timed_out);
    ExpectNoPassword(result.out + result.err);
    return result;
  }

  // The outcome of a database in the common report; an empty object where there is none.
  json Outcome(const std::string& name) {
    const json evidence = Evidence();
    for (const auto& outcome : evidence.at("databases"))
      if (outcome.at("database") == name) return outcome;
    return json::object();
  }
  std::string Fate(const std::string& name) { return Outcome(name).value("outcome", "not listed"); }
  size_t Count(const std::string& fate) {
    size_t count = 0;
    const json evidence = Evidence();
    for (const auto& outcome : evidence.at("databases")) count += outcome.at("outcome") == fate ? 1 : 0;
    return count;
  }
  bool IsOnTarget(const std::string& name) {
    return target().Value("postgres", "SELECT count(*) FROM pg_database WHERE datname = " + Literal(name)) == "1";
  }
  static std::string Literal(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
    return quoted + "'";
  }
  std::string PropertiesOf(Cluster& cluster, const std::string& name) {
    const Result result = cluster.Query(name, kProperties);
    std::string text;
    for (int column = 0; column < result.columns(); ++column) text += result.Text(0, column) + " | ";
    return text;
  }
  void ExpectSame(const std::string& name) { EXPECT_EQ(FirstDifference(source(), name, target(), name), "") << name; }

  std::string RolesWithoutPasswords() {
    return target().Value(
        "postgres",
        "SELECT string_agg(concat_ws(' ', rolname, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolconnlimit, "
        "rolvaliduntil, shobj_description(oid, 'pg_authid')), E'\n' ORDER BY rolname) FROM pg_roles WHERE oid >= "
        "16384");
  }

  std::string directory_;
  std::vector<std::string> names_;
};

// Encodings, locales, names, owners, settings, grants.
class ClusterOfTwenty : public AllDatabases {
 protected:
  void SetUp() override {
    AllDatabases::SetUp();
    source().Psql("postgres", R"(
      CREATE ROLE app_owner LOGIN PASSWORD 'owner-s3cret';
      CREATE ROLE "Evil ""owner""; --" CREATEDB;
      CREATE ROLE reader;
      GRANT reader TO app_owner;
      ALTER ROLE app_owner SET work_mem = '12MB';)");
    Make("plain", "OWNER app_owner", 3000);
    Make(kHostileName, "OWNER \"Evil \"\"owner\"\"; --\"");
    Make("has space");
    Make("UPPER", "OWNER app_owner");
    Make("na.me");
    Make("-dash");
    Make("percent%s{}");
    Make("back\\slash");
    Make("ünïcode");
    Make(std::string(63, 'x'));
    Make("host=elsewhere dbname=x");
    Make("postgresql://u@h/d");
    Make("latin1", "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0 OWNER app_owner");
    Make("japanese", "ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0");
    Make("ascii", "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
    Make("c_utf8", "ENCODING 'UTF8' LC_COLLATE 'C.utf8' LC_CTYPE 'C.utf8' TEMPLATE template0");
    Make("mixed", "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.utf8' TEMPLATE template0");
    if (HasIcu()) {
      Make("icu", "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C' ENCODING 'UTF8' TEMPLATE template0");
    } else {
      Make("icu");
    }
    Make("settings", "OWNER app_owner CONNECTION LIMIT 30");
    Make("large", "", 60000);
    source().Execute("latin1", "INSERT INTO t VALUES (0, 'größe')");
    source().Execute("japanese", "INSERT INTO t VALUES (0, '日本')");
    source().Psql("settings", R"(
      ALTER DATABASE settings SET search_path = "$user", "odd, ""name""", public;
      ALTER DATABASE settings SET statement_timeout = '1h';
      ALTER ROLE app_owner IN DATABASE settings SET work_mem = '13MB';
      COMMENT ON DATABASE settings IS 'it''s a comment';
      REVOKE CONNECT ON DATABASE settings FROM PUBLIC;
      GRANT CONNECT ON DATABASE settings TO reader;)");
  }

  bool HasIcu() {
    return source().Value("postgres",
                          "SELECT current_setting('server_version_num')::int >= 150000 AND EXISTS "
                          "(SELECT FROM pg_collation WHERE collprovider = 'i')") == "t";
  }
};

TEST_F(ClusterOfTwenty, IsMovedThroughAKillAndProved) {
  // What would be done, and nothing done.
  const ProcessResult plan = RunAll("migrate", {"--dry-run"});
  EXPECT_EQ(plan.status, 0) << plan.Describe();
  EXPECT_NE(plan.out.find("CREATE ROLE \"app_owner\" LOGIN"), std::string::npos) << plan.out;
  EXPECT_NE(plan.out.find("CREATE DATABASE \"latin1\" TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C'"),
            std::string::npos)
      << plan.out;
  EXPECT_NE(plan.out.find("-- template1: left out: a template"), std::string::npos) << plan.out;
  EXPECT_FALSE(IsOnTarget("plain"));
  EXPECT_EQ(target().Value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'app_owner'"), "0");

  // Killed once some databases are there.
  {
    const auto process = StartHelper(ClusterArguments("migrate", {}));
    for (int i = 0; i < 1200 && process->IsRunning() && !IsOnTarget("large"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    process->Signal(SIGKILL);
    EXPECT_EQ(process->Wait().status, 128 + SIGKILL) << "it was over too early";
  }
  const ProcessResult result = RunAll("migrate");
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "verified") << result.Describe();
  EXPECT_GE(Count("kept"), 1U);
  EXPECT_GE(Count("moved"), 1U);
  EXPECT_EQ(Count("kept") + Count("moved"), 20U);
  EXPECT_EQ(Fate("template1"), "left out");
  EXPECT_EQ(Fate("postgres"), "left out");

  std::set<std::string> files;
  for (const std::string& name : names_) {
    ExpectSame(name);
    const json outcome = Outcome(name);
    EXPECT_EQ(outcome.at("verdict"), "verified") << name;
    const std::string file = outcome.at("evidence");
    EXPECT_TRUE(files.insert(file).second) << file;
    EXPECT_EQ(json::parse(ReadFile(file)).at("source").at("database"), name);
    const std::string owner = source().Value(name,
                                             "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = "
                                             "current_database()");
    std::string expected = PropertiesOf(source(), name);
    if (owner == "postgres") expected.replace(0, owner.size(), "master");
    EXPECT_EQ(PropertiesOf(target(), name), expected) << name;
  }
  EXPECT_EQ(target().Value("postgres", "SELECT rolconfig FROM pg_roles WHERE rolname = 'app_owner'"),
            "{work_mem=12MB}");
  EXPECT_EQ(source().Value("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'app_owner'"),
            target().Value("postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = 'app_owner'"));

  // What is verified is kept; a comparison sees what happened since.
  const ProcessResult again = RunAll("migrate", {"--json"});
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  EXPECT_EQ(json::parse(again.out), Evidence());
  EXPECT_EQ(Count("kept"), 20U);
  target().Execute("UPPER", "UPDATE t SET v = 'x' WHERE id = 3");
  target().DropDatabase("-dash");
  const ProcessResult compared = RunAll("compare", {"--exclude-database", "[xX]*"});
  EXPECT_EQ(compared.status, kDiffers) << compared.Describe();
  EXPECT_EQ(FinalVerdict(compared), "differs");
  EXPECT_EQ(Outcome("UPPER").at("verdict"), "differs");
  EXPECT_EQ(Fate("-dash"), "missing");
  EXPECT_EQ(Outcome("plain").at("verdict"), "verified");
}

TEST_F(AllDatabases, OneThatCannotBeMovedDoesNotStopTheOthers) {
  Make("a_first");
  Make("b_taken");
  Make("c_parked");
  Make("d_last");
  target().CreateDatabase("b_taken", "OWNER master");
  target().Execute("b_taken", "CREATE TABLE theirs (x int)");
  source().Execute("postgres", "ALTER DATABASE c_parked ALLOW_CONNECTIONS false");
  const ProcessResult result = RunAll("migrate");
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "not verified");
  EXPECT_EQ(Fate("a_first"), "moved");
  EXPECT_EQ(Fate("b_taken"), "failed");
  EXPECT_NE(Outcome("b_taken").at("reason").get<std::string>().find("not empty"), std::string::npos);
  EXPECT_EQ(Fate("c_parked"), "left out");
  EXPECT_EQ(Outcome("c_parked").at("exit_status"), 1);
  EXPECT_EQ(Fate("d_last"), "moved");
  ExpectSame("d_last");
  EXPECT_NE(result.out.find("b_taken: failed: the target database is not empty"), std::string::npos) << result.out;

  // Mended on the target, and by the user's wish.
  target().Execute("b_taken", "DROP TABLE theirs");
  const ProcessResult mended = RunAll("migrate", {"--exclude-database", "c_*"});
  EXPECT_EQ(mended.status, kVerified) << mended.Describe();
  EXPECT_EQ(Fate("a_first"), "kept");
  EXPECT_EQ(Fate("b_taken"), "moved");
}

TEST_F(AllDatabases, ByPattern) {
  Make("app_one");
  Make("app_two");
  Make("crm");
  const ProcessResult wrong = RunAll("migrate", {"--database", "app_*", "--database", "nothing"});
  EXPECT_EQ(wrong.status, kFailed);
  EXPECT_NE(wrong.err.find("nothing matches no database"), std::string::npos) << wrong.err;
  EXPECT_FALSE(IsOnTarget("app_one"));

  const ProcessResult result = RunAll("migrate", {"--database", "app_*", "--exclude-database", "*two"});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_TRUE(IsOnTarget("app_one"));
  EXPECT_FALSE(IsOnTarget("app_two"));
  EXPECT_EQ(Fate("app_two"), "left out");
  EXPECT_EQ(Fate("crm"), "not listed");
}

TEST_F(AllDatabases, TheServersOwnDatabaseWhereItHoldsTables) {
  source().Execute("postgres", "CREATE TABLE precious AS SELECT 1 AS x");
  const ProcessResult result = RunAll("migrate");
  source().Execute("postgres", "DROP TABLE precious");
  const std::string moved = target().Value("postgres", "SELECT to_regclass('precious')");
  target().Execute("postgres", "DROP TABLE IF EXISTS precious");
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(Fate("postgres"), "moved");
  EXPECT_EQ(moved, "precious");
}

TEST_F(AllDatabases, ALocaleThatTheTargetDoesNotKnow) {
  Make("a_first");
  Make("foreign_tongue", "LC_COLLATE 'C.utf8' LC_CTYPE 'C.utf8' ENCODING 'UTF8' TEMPLATE template0");
  // Both servers are on one host and know the same locales: the source's catalog tells of another.
  source().Execute("postgres",
                   "UPDATE pg_database SET datcollate = 'xx_XX.UTF-8', datctype = 'xx_XX.UTF-8' "
                   "WHERE datname = 'foreign_tongue'");
  const ProcessResult result = RunAll("migrate");
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_NE(result.err.find("the target does not know the locale 'xx_XX.UTF-8'"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("foreign_tongue"), std::string::npos) << result.err;
  EXPECT_FALSE(IsOnTarget("a_first")) << "nothing is begun";
  const ProcessResult plan = RunAll("migrate", {"--dry-run", "--map-locale", "xx_XX.UTF-8=C.utf8"});
  EXPECT_EQ(plan.status, 0) << plan.Describe();
  EXPECT_NE(plan.out.find("CREATE DATABASE \"foreign_tongue\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.utf8'"),
            std::string::npos)
      << plan.out;
  source().Execute(
      "postgres", "UPDATE pg_database SET datcollate = 'C.utf8', datctype = 'C.utf8' WHERE datname = 'foreign_tongue'");
  const ProcessResult mapped = RunAll("migrate", {"--map-locale", "C.utf8=C"});
  EXPECT_EQ(mapped.status, kVerified) << mapped.Describe();
  EXPECT_EQ(target().Value("foreign_tongue", "SELECT datcollate FROM pg_database WHERE datname = current_database()"),
            "C");
  EXPECT_NE(Outcome("foreign_tongue").at("notes").dump().find("collation is 'C.utf8' at the source"),
            std::string::npos);
}

TEST_F(AllDatabases, WhatRolesLoseIsListedAndCountsUnlessAllowed) {
  Make("app");
  source().Execute("postgres", "CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'boss-s3cret'");
  const ProcessResult result = RunAll("migrate");
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "verified");
  EXPECT_NE(result.out.find("role.superuser  boss"), std::string::npos) << result.out;
  EXPECT_EQ(RunAll("migrate", {"--allow-refused"}).status, kVerified);
  EXPECT_EQ(RunAll("migrate", {"--no-roles"}).status, kVerified);
  EXPECT_EQ(Evidence().at("roles"), json());
  source().Execute("postgres", "ALTER ROLE boss NOSUPERUSER");
}

TEST_F(AllDatabases, RolesFromAFileOfPgDumpall) {
  LoadRoles();
  source().Execute("postgres", "CREATE ROLE app_owner LOGIN PASSWORD 'owner-s3cret'");
  Make("app", "OWNER app_owner");
  const std::string program = source().bindir() + "/pg_dumpall";
  const std::string installed = std::filesystem::exists(program) ? program : "/usr/lib/postgresql/15/bin/pg_dumpall";
  ASSERT_TRUE(std::filesystem::exists(installed));
  const std::string file = Scratch("globals.sql");
  std::ofstream(file) << RunOrThrow(
      {installed, "--globals-only", "--no-role-passwords", "-d", source().Superuser("postgres").ToString()});
  // As the source has them, but for what the file does not hold.
  ASSERT_LE(RunAll("migrate", {"--no-verify"}).status, kDiffers);
  const std::string roles = RolesWithoutPasswords();
  const std::string memberships = MembershipsOf(target());
  const std::string settings = SettingsOf(target(), "postgres");
  EXPECT_NE(roles.find("plain_app"), std::string::npos) << roles;
  target().DropDatabase("app");
  ASSERT_EQ(RunHelper({"undo", "--source", SourceConnInfo("postgres"), "--target", TargetConnInfo("postgres")}).status,
            kVerified);
  // The source loses what the file remembers.
  const ProcessResult result = RunAll("migrate", {"--globals", file});
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(RolesWithoutPasswords(), roles);
  EXPECT_EQ(MembershipsOf(target()), memberships);
  EXPECT_EQ(SettingsOf(target(), "postgres"), settings);
  EXPECT_NE(result.out.find("The file was made without passwords"), std::string::npos) << result.out;
  ExpectSame("app");

  // Nothing of a file with a command of psql is done.
  std::ofstream(file, std::ios::app) << "\\! touch " << directory_ << "/touched\n";
  const ProcessResult hostile = RunAll("migrate", {"--globals", file});
  EXPECT_EQ(hostile.status, kFailed);
  EXPECT_NE(hostile.err.find("psql command \\!"), std::string::npos) << hostile.err;
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/touched"));
}

class WithoutTheExtension : public AllDatabases {
 protected:
  bool WithExtension() const override { return false; }

  static size_t Times(const std::string& text, const std::string& part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  }
};

TEST_F(WithoutTheExtension, WhatIsLostIsSaidOnce) {
  const std::string said = "the source has no pg_airlift extension";
  Make("one");
  Make("two");
  const ProcessResult all = RunAll("migrate");
  EXPECT_EQ(all.status, kVerified) << all.Describe();
  EXPECT_EQ(Times(all.out + all.err, said), 1U) << all.Describe();
  EXPECT_NE(all.out.find("in 2 databases " + said), std::string::npos) << all.out;
  const std::vector<std::string> sides = {"--source", SourceConnInfo("one"), "--target", TargetConnInfo("one")};
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), sides.begin(), sides.end());
    arguments.insert(arguments.end(), {"--evidence", evidence_path_});
    const ProcessResult result = RunHelper(arguments);
    return result.out + result.err;
  };
  EXPECT_EQ(Times(run({"compare"}), said), 1U);
  EXPECT_EQ(Times(run({"migrate", "--restart"}), said), 1U);
  EXPECT_EQ(Times(run({"restore", "--restart"}), said), 0U) << "a load without proof loses nothing";
  EXPECT_EQ(Times(run({"migrate", "--restart", "--quiet"}), said), 0U) << "nothing is said at all; the evidence has it";
  EXPECT_EQ(Times(Evidence().at("notes").dump(), said), 1U);
  const auto of_source = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--source", SourceConnInfo("one")});
    const ProcessResult result = RunHelper(arguments);
    EXPECT_EQ(result.status, 0) << result.Describe();
    return result.out + result.err;
  };
  EXPECT_EQ(Times(of_source({"dump", "--file", Scratch("dump")}), said), 1U);
  EXPECT_EQ(Times(of_source({"copy-out", "--directory", Scratch("files")}), said), 1U);
}

}  // namespace
}  // namespace airlift::test
