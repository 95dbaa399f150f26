// prepare and undo between a source of ours and a managed target: what is made, what is listed, and that the way back
// leads to where it began.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "pg/identifier.h"
#include "support/hostile_case.h"
#include "support/prepare_case.h"

namespace airlift::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class Prepare : public PrepareCase {};

TEST_F(Prepare, RolesArriveWithAllThatAManagedTargetTakes) {
  LoadRoles();
  const ProcessResult result = Run("prepare", {"--roles"});
  EXPECT_EQ(result.status, kDiffers) << result.Describe();  // what is refused is listed
  EXPECT_EQ(RolesOf(target()), RolesOf(source()));
  EXPECT_EQ(MembershipsOf(target()), MembershipsOf(source()));
  EXPECT_EQ(SettingsOf(target(), database()), SettingsOf(source(), database()));
  EXPECT_EQ(target().Value("postgres", "SELECT shobj_description('plain_app'::regrole, 'pg_authid')"),
            source().Value("postgres", "SELECT shobj_description('plain_app'::regrole, 'pg_authid')"));
}

TEST_F(Prepare, TheCopiedHashLetsTheApplicationIn) {
  LoadRoles();
  Run("prepare", {"--roles"});
  for (const auto& [role, password] :
       std::map<std::string, std::string>{{"plain_app", "plain-s3cret"},
                                          {"Evil \"quoted\" 'role'; DROP ROLE plain_app; --", "evil-s3cret"},
                                          {"two\nlines", "lines-s3cret"},
                                          {"'********'", "mark-s3cret"}})
    EXPECT_EQ(target().Connect(target().Login(database(), role, password))->Query("SELECT session_user").Text(0, 0),
              role);
}

TEST_F(Prepare, ListsWhatItCouldNotPrepare) {
  LoadRoles();
  source().Execute("postgres", "CREATE ROLE rds_fan; CREATE ROLE boss SUPERUSER; CREATE ROLE hidden BYPASSRLS");
  const nlohmann::json result = RunJson("prepare", {"--roles"});
  EXPECT_THAT(Findings(result),
              ::testing::UnorderedElementsAre("role.reserved_name rds_fan", "role.superuser boss",
                                              "role.bypassrls hidden", "role.server_files maker",
                                              "role.guc_superuser role old_md5: zero_damaged_pages = 'on'",
                                              "role.unknown_setting role plain_app: my.thing = E'it''s \\\\ here'"));
  for (const auto& finding : result["findings"])
    EXPECT_TRUE(finding["note"].get<bool>() || finding["remedy"] != "") << finding;
}

TEST_F(Prepare, AcceptedFindingsNoLongerCount) {
  source().Execute("postgres", "CREATE ROLE boss SUPERUSER");
  EXPECT_EQ(Run("prepare", {"--roles"}).status, kDiffers);
  EXPECT_EQ(Run("prepare", {"--roles", "--accept", "role.superuser=nobody needs it"}).status, kVerified);
  EXPECT_EQ(Run("prepare", {"--roles"}).status, kVerified) << "accepted once and recorded";
  EXPECT_EQ(target().Value(database(), "SELECT reason FROM airlift_state.prepare_accepted"), "nobody needs it");
}

TEST_F(Prepare, ADryRunTriesEverythingAndChangesNothing) {
  LoadRoles();
  const std::string before = State(source()) + State(target());
  const nlohmann::json dry = RunJson("prepare", {"--roles", "--dry-run"});
  EXPECT_EQ(State(source()) + State(target()), before);
  const nlohmann::json real = RunJson("prepare", {"--roles"});
  EXPECT_EQ(Findings(dry), Findings(real));
  EXPECT_EQ(dry["steps"].size(), real["steps"].size());
}

TEST_F(Prepare, SecretsAreNeitherShownNorStored) {
  LoadRoles();
  const ProcessResult dry = Run("prepare", {"--roles", "--dry-run"});
  const ProcessResult real = Run("prepare", {"--roles", "--json"});
  const std::string stored =
      target().Value(database(), "SELECT string_agg(s::text, '') FROM airlift_state.prepare_step s");
  for (const std::string& text : {dry.out + dry.err, real.out + real.err, stored}) {
    EXPECT_THAT(text, Not(HasSubstr("SCRAM-SHA-256$")));
    EXPECT_THAT(text, Not(HasSubstr(Value(source(), "SELECT rolpassword FROM pg_authid WHERE rolname = 'old_md5'"))));
    EXPECT_THAT(text, HasSubstr("PASSWORD '********'"));
  }
  EXPECT_THAT(target().LogTail(100000), Not(HasSubstr("SCRAM-SHA-256$")));
}

TEST_F(Prepare, ASecondRunFindsNothingToDo) {
  LoadRoles();
  RunJson("prepare", {"--roles"});
  const std::string before = State(target());
  const nlohmann::json again = RunJson("prepare", {"--roles"});
  for (const auto& step : again["steps"]) EXPECT_EQ(step["state"], "failed") << step;
  EXPECT_EQ(State(target()), before);
}

TEST_F(Prepare, UndoLeadsBackToTheSameState) {
  LoadRoles();
  const std::string before = State(source()) + State(target());
  Run("prepare", {"--roles"});
  EXPECT_NE(State(source()) + State(target()), before);
  const ProcessResult undo = Run("undo");
  EXPECT_EQ(undo.status, kVerified) << undo.Describe();
  EXPECT_EQ(State(source()) + State(target()), before);
  EXPECT_EQ(Value(target(), "SELECT to_regnamespace('airlift_state') IS NULL"), "t");
}

TEST_F(Prepare, ExistingRolesAreCompletedAndPutBack) {
  LoadRoles();
  target().Execute("postgres",
                   "CREATE ROLE plain_app PASSWORD 'target-s3cret'; CREATE ROLE reader CREATEDB; "
                   "GRANT plain_app, reader TO master WITH ADMIN OPTION; ALTER ROLE plain_app SET work_mem = '1MB'");
  const std::string password = Value(target(), "SELECT rolpassword FROM pg_authid WHERE rolname = 'plain_app'");
  const std::string before = State(target());
  Run("prepare", {"--roles"});
  EXPECT_EQ(Value(target(), "SELECT rolcanlogin FROM pg_authid WHERE rolname = 'plain_app'"), "t");
  EXPECT_EQ(Value(target(), "SELECT rolpassword FROM pg_authid WHERE rolname = 'plain_app'"), password);
  EXPECT_EQ(Value(target(), "SELECT rolcreatedb FROM pg_authid WHERE rolname = 'reader'"), "t");
  EXPECT_THAT(SettingsOf(target(), database()), HasSubstr("work_mem=1MB"));
  EXPECT_EQ(Run("undo").status, kVerified);
  // There is no SQL that takes VALID UNTIL away again; infinity means the same.
  EXPECT_EQ(Value(target(), "SELECT rolvaliduntil FROM pg_authid WHERE rolname = 'plain_app'"), "infinity");
  target().Execute("postgres", "UPDATE pg_authid SET rolvaliduntil = NULL WHERE rolname = 'plain_app'");
  EXPECT_EQ(State(target()), before);
}

TEST_F(Prepare, WhatIsInUseIsNotUndoneAndSaysWhy) {
  source().Execute("postgres", "CREATE ROLE plain_app");
  Run("prepare", {"--roles"});
  target().Execute(database(), "CREATE TABLE owned (a int); ALTER TABLE owned OWNER TO plain_app");
  const ProcessResult undo = Run("undo");
  EXPECT_EQ(undo.status, kDiffers);
  EXPECT_THAT(undo.out, HasSubstr("cannot be dropped because some objects depend on it"));
  target().Execute(database(), "DROP TABLE owned");
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(Value(target(), "SELECT count(*) FROM pg_roles WHERE rolname = 'plain_app'"), "0");
}

TEST_F(Prepare, SeveralDatabasesOfOneCluster) {
  LoadRoles();
  const std::string other = database() + "_other";
  CreateOnSource(other);
  CreateOnTarget(other, "OWNER master");
  for (const std::string& name : {database(), other})
    source().Execute("postgres", "ALTER DATABASE " + name + " SET work_mem = '" + (name == other ? "5MB'" : "6MB'") +
                                     "; ALTER ROLE plain_app IN DATABASE " + name + " SET jit = off");
  const std::string before = State(source()) + State(target());
  const nlohmann::json first = RunJson("prepare", {"--roles"});
  const nlohmann::json second = RunJsonIn(other, "prepare", {"--roles"});
  EXPECT_GT(first["steps"].size(), second["steps"].size()) << "roles are made once";
  for (const std::string& name : {database(), other}) EXPECT_EQ(SettingsOf(target(), name), SettingsOf(source(), name));
  // The roles go with the first; what the second set for them goes along.
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(RunIn(other, "undo").status, kVerified);
  EXPECT_EQ(State(source()) + State(target()), before);
}

TEST_F(Prepare, SeveralDatabasesInOneGo) {
  LoadRoles();
  const std::string other = database() + " \"oth'er";
  CreateOnSource(other);
  CreateOnTarget(other, "OWNER master");
  for (const std::string& name : {database(), other}) {
    const std::string quoted = QuoteIdentifier(name);
    source().Execute("postgres", "ALTER DATABASE " + quoted + " SET work_mem = '" + (name == other ? "5MB'" : "6MB'") +
                                     "; ALTER ROLE plain_app IN DATABASE " + quoted + " SET jit = off");
    source().Execute(name, "CREATE TABLE t (a int)");
  }
  const std::string before = State(source()) + State(target());
  const std::vector<std::string> both = {"--database", database(), "--database", other};
  std::vector<std::string> options = {"--roles",
                                      "--replication-role",
                                      "mover",
                                      "--password-file",
                                      Scratch("mover"),
                                      "--accept",
                                      "role.server_files=known",
                                      "--accept",
                                      "role.guc_superuser=known",
                                      "--accept",
                                      "role.unknown_setting=known",
                                      "--accept",
                                      "connect.from_target=known"};
  options.insert(options.end(), both.begin(), both.end());
  const nlohmann::json result = RunJsonIn("postgres", "prepare", options);
  ASSERT_EQ(result["databases"].size(), 2u);
  EXPECT_EQ(result["exit_status"], kVerified) << result.dump(1);
  EXPECT_EQ(result["databases"][1]["target"]["database"], other);
  for (const std::string& name : {database(), other}) {
    EXPECT_EQ(SettingsOf(target(), name), SettingsOf(source(), name));
    EXPECT_EQ(source().Value(name, "SELECT has_table_privilege('mover', 't', 'SELECT')"), "t");
  }
  const ProcessResult undo = RunIn("postgres", "undo", both);
  EXPECT_EQ(undo.status, kVerified) << undo.Describe();
  EXPECT_EQ(State(source()) + State(target()), before);
  EXPECT_EQ(target().Value(other, "SELECT to_regnamespace('airlift_state') IS NULL"), "t");
}

TEST_F(Prepare, WhatIsMissingInAnyDatabaseIsToldBeforeAnythingIsChanged) {
  LoadRoles();
  const std::string other = database() + "_other";
  CreateOnSource(other);
  CreateOnTarget(other);  // not master's: it may not create schemas there
  CreateOnSource(database() + "_missing");
  const std::string before = State(source()) + State(target());
  const ProcessResult poor = RunIn("postgres", "prepare", {"--roles", "--database", database(), "--database", other});
  EXPECT_EQ(poor.status, kFailed);
  EXPECT_THAT(poor.err, HasSubstr("database " + other + ": the migrating role may not create schemas"));
  const ProcessResult missing = RunIn("postgres", "prepare", {"--roles", "--all-databases"});
  EXPECT_EQ(missing.status, kFailed);
  EXPECT_THAT(missing.err, HasSubstr("the target has no database " + database() + "_missing"));
  EXPECT_EQ(State(source()) + State(target()), before);
}

TEST_F(Prepare, HiddenHashesAreReplacedByNewPasswords) {
  source().Execute("postgres",
                   "CREATE ROLE plain_app LOGIN PASSWORD 'plain-s3cret'; "
                   "CREATE ROLE looker LOGIN PASSWORD 'looker-s3cret'");
  const std::string looker = source().Login(database(), "looker", "looker-s3cret").ToString();
  const ProcessResult without = RunHelper({"prepare", "--source", looker, "--target", TargetConnInfo(), "--roles"});
  EXPECT_EQ(without.status, kDiffers);
  EXPECT_THAT(without.out, HasSubstr("role.password_hidden"));
  const std::string file = Scratch("passwords");
  const ProcessResult with =
      RunHelper({"prepare", "--source", looker, "--target", TargetConnInfo(), "--roles", "--new-passwords", file});
  EXPECT_EQ(with.status, kVerified) << with.Describe();
  struct stat status = {};
  ASSERT_EQ(stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  std::istringstream lines(ReadFile(file));
  for (std::string line; std::getline(lines, line);) {
    const auto entry = nlohmann::json::parse(line);
    EXPECT_THAT(with.out, Not(HasSubstr(entry["password"].get<std::string>())));
    target().Connect(target().Login(database(), entry["role"], entry["password"]));
  }
}

TEST_F(Prepare, AllThatIsMissingIsToldAtOnce) {
  target().Execute("postgres", "CREATE ROLE weak LOGIN PASSWORD 'weak-s3cret'");
  source().Execute("postgres", "CREATE ROLE weak LOGIN PASSWORD 'weak-s3cret'");
  const std::string before = State(source()) + State(target());
  const ProcessResult result =
      RunHelper({"prepare", "--source", source().Login(database(), "weak", "weak-s3cret").ToString(), "--target",
                 target().Login(database(), "weak", "weak-s3cret").ToString(), "--roles", "--replication-role", "r",
                 "--password-file", Scratch("p")});
  EXPECT_EQ(result.status, kFailed);
  EXPECT_THAT(result.err, HasSubstr("may not create roles on the target"));
  EXPECT_THAT(result.err, HasSubstr("may not create schemas in the target database"));
  EXPECT_THAT(result.err, HasSubstr("may not create a role with REPLICATION"));
  EXPECT_EQ(State(source()) + State(target()), before);
}

// The helper is killed later and later, until it is done before it is killed.
TEST_F(Prepare, KilledAnywhereItGoesOn) {
  LoadRoles();
  source().Execute(database(), "CREATE SCHEMA app; CREATE TABLE app.t (a int); CREATE TABLE public.u (a int)");
  const std::string before = State(source()) + State(target());
  const std::vector<std::string> options = {"--roles", "--replication-role", "mover", "--password-file",
                                            Scratch("mover")};
  EXPECT_GT(KillUntilDone("prepare", options), 1);
  EXPECT_EQ(RolesOf(target()), RolesOf(source(), "AND rolname <> 'mover'"));
  EXPECT_EQ(MembershipsOf(target()), MembershipsOf(source()));
  EXPECT_EQ(Value(source(), "SELECT has_table_privilege('mover', 'app.t', 'SELECT')"), "t");
  EXPECT_GT(KillUntilDone("undo", {}), 1);
  EXPECT_EQ(State(source()) + State(target()), before);
}

// Killed in the middle of preparing, undo takes back what was done.
TEST_F(Prepare, KilledAnywhereItCanBeUndone) {
  LoadRoles();
  source().Execute(database(), "CREATE SCHEMA app; CREATE TABLE app.t (a int)");
  const std::string before = State(source()) + State(target());
  const std::vector<std::string> options = {"--roles", "--replication-role", "mover", "--password-file",
                                            Scratch("mover")};
  for (int milliseconds = 20; milliseconds < 400; milliseconds += 60) {
    RunAndKill("prepare", options, milliseconds);
    const ProcessResult undo = Run("undo");
    EXPECT_EQ(undo.status, kVerified) << undo.Describe();
    EXPECT_EQ(State(source()) + State(target()), before) << "killed after " << milliseconds << " ms";
  }
}

// The moments around the source's commit, too short to be hit by chance.
TEST_F(Prepare, TheSourceIsAskedWhatBecameOfAStepThatWasUnderWay) {
  source().Execute(database(), "CREATE SCHEMA app; CREATE TABLE app.t (a int)");
  const std::string before = State(source()) + State(target());
  const std::vector<std::string> options = {"--replication-role", "mover", "--password-file", Scratch("mover")};
  const auto set_state = [&](const std::string& assignments) {
    target().Execute(database(), "UPDATE airlift_state.prepare_step SET " + assignments);
  };
  const auto aborted = source().Connect(database());
  aborted->Execute("BEGIN");
  const std::string aborted_xid = aborted->Query("SELECT pg_current_xact_id()").Text(0, 0);
  aborted->Execute("ROLLBACK");

  Run("prepare", options);
  set_state("state = 'started'");  // committed, and killed before the word about it
  EXPECT_EQ(RunJson("prepare", options)["steps"].size(), 0u);
  set_state("state = 'undoing', source_xid = '" + aborted_xid + "'");  // killed before the commit of the undo
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(State(source()) + State(target()), before);

  Run("prepare", options);
  set_state("state = 'started', source_xid = '" + aborted_xid + "'");
  source().Execute(database(), "REVOKE ALL ON SCHEMA app FROM mover; REVOKE ALL ON app.t FROM mover; DROP ROLE mover");
  EXPECT_EQ(RunJson("prepare", options)["steps"].size(), 3u) << "what was not done is done";
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(State(source()) + State(target()), before);
}

TEST_F(Prepare, ReplicationRoleIsMadeTriedAndTakenBack) {
  source().Execute(database(),
                   "CREATE SCHEMA \"we\"\"ird\"; CREATE TABLE \"we\"\"ird\".\"t\nable\" (a int); "
                   "CREATE TABLE public.u (a int)");
  const std::string before = State(source()) + State(target());
  const std::string file = Scratch("mover");
  const std::string address = "host=127.0.0.1 port=" + std::to_string(source().port());
  const ProcessResult result =
      Run("prepare", {"--replication-role", "mo\"ver", "--password-file", file, "--source-from-target", address});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("It connects from the target (dblink), with its password."));
  EXPECT_THAT(result.out, HasSubstr("It connects for replication from here"));
  EXPECT_THAT(result.out, HasSubstr("of the source's pg_hba.conf decides"));
  const std::string password = ReadPassword(file);
  EXPECT_THAT(result.out, Not(HasSubstr(password)));
  const auto mover = source().Connect(source().Login(database(), "mo\"ver", password));
  EXPECT_EQ(mover->Query("SELECT count(*) FROM \"we\"\"ird\".\"t\nable\"").Text(0, 0), "0");
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(State(source()) + State(target()), before);
}

// GRANT writes the table's row of the catalog, as TRUNCATE does: without a lock one of the two would fail.
TEST_F(Prepare, ATruncateAtTheSameMomentIsWaitedFor) {
  source().Execute(database(), "CREATE TABLE a (x int); CREATE TABLE b (x int)");
  const std::vector<std::string> options = {"--replication-role", "mover", "--password-file", Scratch("mover")};
  const auto application = source().Connect(database());
  const auto during_truncate = [&](const std::string& command, const std::vector<std::string>& more,
                                   const char* begun) {
    application->Execute("BEGIN; TRUNCATE b");
    auto run = std::async(std::launch::async, [&] { return Run(command, more); });
    for (int i = 0; i < 200 && Value(source(), begun) != "t"; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    application->Execute("COMMIT");
    const ProcessResult result = run.get();
    EXPECT_EQ(result.status, kVerified) << result.Describe();
  };
  during_truncate("prepare", options, "SELECT count(*) = 1 FROM pg_roles WHERE rolname = 'mover'");
  EXPECT_EQ(Value(source(), "SELECT has_table_privilege('mover', 'b', 'SELECT')"), "t");
  during_truncate("undo", {}, "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name LIKE 'pg_airlift%'");
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_roles WHERE rolname = 'mover'"), "0");
}

TEST_F(Prepare, TheReplicationRoleIsNoRoleOfTheApplication) {
  Run("prepare", {"--replication-role", "mover", "--password-file", Scratch("mover")});
  EXPECT_EQ(RunJson("prepare", {"--roles"})["steps"].size(), 0u);
}

TEST_F(Prepare, SaysWhichLineOfPgHbaIsMissing) {
  const std::string hba = source().directory() + "/data/pg_hba.conf";
  const std::string former = ReadFile(hba);
  source().Execute("postgres", "COPY (SELECT 'local all all trust') TO PROGRAM 'cat > " + hba + "'");
  const ProcessResult result = Run("prepare", {"--replication-role", "mover", "--password-file", Scratch("mover")});
  source().Execute("postgres",
                   "COPY (SELECT unnest(ARRAY['local all all trust', 'host all all 127.0.0.1/32 "
                   "scram-sha-256', 'local replication all trust', 'host replication all 127.0.0.1/32 "
                   "scram-sha-256'])) TO PROGRAM 'cat > " +
                       hba + "'");
  EXPECT_EQ(ReadFile(hba), former);
  EXPECT_EQ(result.status, kDiffers);
  EXPECT_THAT(result.out, HasSubstr("host \"" + database() + "\" \"mover\" 127.0.0.1/32 scram-sha-256"));
}

TEST_F(Prepare, AMoveAndPrepareShareTheirSchemaInEitherOrder) {
  source().Execute("postgres", "CREATE ROLE plain_app");
  source().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t OWNER TO plain_app");
  EXPECT_EQ(Run("prepare", {"--roles"}).status, kVerified);
  ExpectVerifiedMove();
  EXPECT_EQ(Value(target(), "SELECT tableowner FROM pg_tables WHERE tablename = 't'"), "plain_app");
  ExpectVerifiedMove({"--restart"});
  EXPECT_EQ(Value(target(), "SELECT count(*) > 0 FROM airlift_state.prepare_step"), "t") << "the way back is kept";
  source().Execute("postgres", "CREATE ROLE later");
  EXPECT_EQ(Run("prepare", {"--roles"}).status, kVerified);
  target().Execute(database(), "DROP TABLE t");
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(Value(target(), "SELECT to_regclass('airlift_state.run') IS NOT NULL"), "t") << "the move's state stays";
}

// Since 16 CREATEROLE alone does not let a role hand objects over.
TEST_F(Prepare, ObjectsCanBeGivenToTheRoles) {
  LoadRoles();
  Run("prepare", {"--roles"});
  target().Execute(database(), "GRANT CREATE ON SCHEMA public TO PUBLIC");
  const auto master = target().Connect(target().Login(database(), "master", kMasterPassword));
  if (master->server_major() < 16) master->Execute("GRANT plain_app TO master");
  master->Execute("CREATE TABLE given (a int); ALTER TABLE given OWNER TO plain_app; INSERT INTO given VALUES (1)");
}

class PrepareSource : public PrepareCase {
 protected:
  void SetUp() override {
    PrepareCase::SetUp();
    if (!WithExtension()) GTEST_SKIP() << "the source cannot have the extension";
  }
};

// Tables of each kind that the extension tells apart; "app" can be published when it is done.
constexpr const char* kIdentityTables = R"(
CREATE SCHEMA app;
CREATE TABLE app.keyed (id int PRIMARY KEY);
CREATE TABLE app."unique
ly" (a int NOT NULL UNIQUE);
CREATE TABLE app.likely (a int NOT NULL, b text);
INSERT INTO app.likely SELECT i, 'x' FROM generate_series(1, 1000) i;
CREATE TABLE app.keyless (a text, b text);
CREATE TABLE app.parted (a int NOT NULL, b int NOT NULL, UNIQUE (a, b)) PARTITION BY LIST (a);
CREATE TABLE app.part PARTITION OF app.parted FOR VALUES IN (1);
ANALYZE;
)";

TEST_F(PrepareSource, IdentitiesAndPublicationAreMadeAndTakenBack) {
  source().Psql(database(), kIdentityTables);
  source().Execute(database(), "CREATE TABLE public.hopeless (a json)");
  const std::string before = State(source()) + State(target());
  const std::vector<std::string> parts = {"--replica-identity", "--publication", "mo\"ve", "--table", "app.*"};
  const nlohmann::json dry =
      RunJson("prepare", {"--replica-identity", "--publication", "mo\"ve", "--table", "app.*", "--dry-run"});
  EXPECT_EQ(State(source()) + State(target()), before);
  const ProcessResult result = Run("prepare", parts);
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(Value(source(),
                  "SELECT string_agg(relname || ' ' || relreplident::text, ', ' ORDER BY relname COLLATE \"C\") "
                  "FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p')"),
            "keyed d, keyless f, likely i, part i, parted i, unique\nly i");
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'mo\"ve'"), "5");
  EXPECT_EQ(RunJson("prepare", parts)["steps"].size(), 0u) << "nothing is left to do";
  EXPECT_GT(dry["steps"].size(), 5u);
  const ProcessResult undo = Run("undo");
  EXPECT_EQ(undo.status, kVerified) << undo.Describe();
  EXPECT_EQ(State(source()) + State(target()), before);
}

// Relations on which any one session holds an ACCESS EXCLUSIVE lock, the most seen until the process ends.
int MostLockedAtOnce(Cluster& cluster, const std::string& name, Process& process, ProcessResult* result) {
  const auto watcher = cluster.Connect(name);
  std::atomic<bool> has_ended = false;
  std::thread waiting([&] {
    *result = process.Wait();
    has_ended = true;
  });
  int most = 0;
  while (!has_ended) {
    most =
        std::max(most, std::stoi(watcher
                                     ->Query("SELECT coalesce(max(n), 0) FROM (SELECT count(DISTINCT l.relation) AS n "
                                             "FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.granted "
                                             "AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p') AND "
                                             "c.oid >= 16384 GROUP BY l.pid) AS held")
                                     .Text(0, 0)));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  waiting.join();
  return most;
}

// A long query holds a table: that one is listed, untouched and not kept waiting for; the others are done, each in a
// transaction of its own.
TEST_F(PrepareSource, ALockedTableIsListedAndTheOthersAreDone) {
  source().Psql(database(), kIdentityTables);
  const auto identities = [&] {
    return Value(source(),
                 "SELECT string_agg(relname || ' ' || relreplident::text, ', ' ORDER BY relname COLLATE \"C\") "
                 "FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p')");
  };
  const std::string before = State(source()) + State(target());
  const auto reader = source().Connect(database());
  reader->Execute("BEGIN");
  reader->Query("SELECT count(*) FROM app.part, app.keyless");
  const auto process = StartHelper({"prepare", "--source", SourceConnInfo(), "--target", TargetConnInfo(),
                                    "--replica-identity", "--table", "app.*", "--lock-timeout", "0.05s", "--json"});
  ProcessResult result;
  EXPECT_LE(MostLockedAtOnce(source(), database(), *process, &result), 1);
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  const nlohmann::json listed = nlohmann::json::parse(result.out);
  EXPECT_THAT(Findings(listed), ::testing::IsSupersetOf({"ri.none app.keyless", "ri.none app.part"}));
  for (const auto& finding : listed["findings"]) {
    if (finding["object"] == "app.keyless") {
      EXPECT_THAT(finding["detail"].get<std::string>(), HasSubstr("lock timeout"));
    }
  }
  EXPECT_THAT(identities(), HasSubstr("keyed d, keyless d, "));
  EXPECT_THAT(identities(), HasSubstr("part d"));
  EXPECT_THAT(identities(), HasSubstr("unique\nly i"));
  // Building an index waits for every older transaction that could see the table.
  reader->Execute("COMMIT");
  EXPECT_EQ(Run("prepare", {"--replica-identity", "--table", "app.*"}).status, kVerified);
  EXPECT_EQ(identities(), "keyed d, keyless f, likely i, part i, parted i, unique\nly i");
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(State(source()) + State(target()), before);
}

// The index cannot be built, and what is left of it cannot be removed at once: the next run does.
TEST_F(PrepareSource, AnIndexThatCannotBeBuiltLeavesNothingInTheEnd) {
  source().Psql(database(), kIdentityTables);
  const std::string before = State(source()) + State(target());
  const auto writer = source().Connect(database());
  writer->Execute("BEGIN");
  writer->Execute("UPDATE app.likely SET b = 'y' WHERE a = 1");
  const std::vector<std::string> options = {"--replica-identity", "--table", "app.*", "--lock-timeout", "0.01s"};
  const nlohmann::json first = RunJson("prepare", options);
  EXPECT_THAT(Findings(first), Contains("ri.none app.likely"));
  EXPECT_EQ(Value(source(), "SELECT relreplident FROM pg_class WHERE oid = 'app.keyless'::regclass"), "f")
      << "the others are done";
  const nlohmann::json second = RunJson("prepare", options);
  EXPECT_EQ(second["exit_status"], kDiffers);
  EXPECT_EQ(Run("undo", {"--lock-timeout", "0.01s"}).status, kDiffers) << "the rest of the index cannot be removed yet";
  writer->Execute("COMMIT");
  EXPECT_EQ(Run("prepare", options).status, kVerified);
  EXPECT_EQ(Value(source(), "SELECT relreplident FROM pg_class WHERE oid = 'app.likely'::regclass"), "i");
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(State(source()) + State(target()), before);
}

TEST_F(PrepareSource, WhatHasNoIdentityIsListedAndNotPublished) {
  source().Psql(database(), "CREATE TABLE hopeless (a json)");
  const nlohmann::json result = RunJson("prepare", {"--replica-identity", "--publication", "move"});
  EXPECT_THAT(Findings(result),
              ::testing::UnorderedElementsAre("ri.full_no_equality public.hopeless", "publication.refused move"));
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_publication"), "0");
}

TEST_F(PrepareSource, AnIdentityThatCannotBeTakenBackKeepsItsIndex) {
  source().Psql(database(), kIdentityTables);
  Run("prepare", {"--replica-identity", "--table", "app.likely"});
  // Published by somebody else: without its identity the application could no longer update it.
  source().Execute(database(), "CREATE PUBLICATION others FOR TABLE app.likely");
  const ProcessResult undo = Run("undo");
  EXPECT_EQ(undo.status, kDiffers) << undo.Describe();
  source().Execute(database(), "UPDATE app.likely SET b = 'y' WHERE a = 1");
  source().Execute(database(), "DROP PUBLICATION others");
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_index WHERE indrelid = 'app.likely'::regclass"), "0");
}

TEST_F(PrepareSource, KilledAmongTheSourcesStepsItGoesOn) {
  source().Psql(database(), kIdentityTables);
  const std::string before = State(source()) + State(target());
  EXPECT_GT(KillUntilDone("prepare", {"--replica-identity", "--publication", "move", "--table", "app.*"}), 1);
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'move'"), "5");
  EXPECT_EQ(Value(source(), "SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
  EXPECT_GT(KillUntilDone("undo", {}), 1);
  EXPECT_EQ(State(source()) + State(target()), before);
}

class PrepareWithoutExtension : public PrepareCase {
  bool WithExtension() const override { return false; }
};

TEST_F(PrepareWithoutExtension, SaysWhatNeedsIt) {
  const nlohmann::json result = RunJson("prepare", {"--replica-identity", "--publication", "move", "--roles"});
  EXPECT_THAT(Findings(result),
              ::testing::UnorderedElementsAre("ext.pg_airlift replica identity", "ext.pg_airlift publication move"));
}

TEST_F(Prepare, WithoutAPartItShowsWhatCouldBeDone) {
  source().Execute("postgres", "CREATE ROLE plain_app");
  const std::string before = State(source()) + State(target());
  EXPECT_THAT(Run("prepare").out, HasSubstr("CREATE ROLE \"plain_app\";"));
  EXPECT_EQ(State(source()) + State(target()), before);
}

TEST_F(Prepare, TheRolesOfTheHostileSource) {
  LoadHostileRoles(source());
  const std::string before = State(source()) + State(target());
  const nlohmann::json result = RunJson("prepare", {"--roles"});
  EXPECT_THAT(Findings(result), Contains("role.superuser etl"));
  EXPECT_THAT(Findings(result), Contains("role.bypassrls repl"));
  EXPECT_EQ(Value(target(), "SELECT pg_has_role('repl', 'rds_replication', 'MEMBER')"), "t");
  EXPECT_EQ(Run("undo").status, kVerified);
  EXPECT_EQ(State(source()) + State(target()), before);
  source().DropDatabase("nasty");
}

}  // namespace
}  // namespace airlift::test
