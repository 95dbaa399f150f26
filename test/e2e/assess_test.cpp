// pg_airlift assess: what cannot be seen in a transaction of the regression tests - settings, slots, other databases,
// the target - and the way the command ends.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "pg/identifier.h"
#include "support/assess_case.h"
#include "support/assess_coverage.h"
#include "support/hostile_case.h"

namespace airlift::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Ids = std::set<std::string>;
using nlohmann::json;

// Checks that a test of this program saw firing.
Ids& SeenFiring() {
  static Ids ids;
  return ids;
}

class Assess : public AssessCase {
 protected:
  // `id` fires, for `object` where one is given.
  static void ExpectFires(const json& report, const std::string& id, const std::string& object = {}) {
    SeenFiring().insert(id);
    for (const json& finding : FindingsOf(report, id)) {
      EXPECT_NE(finding.at("severity"), "error") << finding;
      if (object.empty() || finding.at("object") == object) return;
    }
    ADD_FAILURE() << id << " did not fire for " << object << "\n" << FindingsOf(report, id).dump(1);
  }
  static void ExpectSilent(const json& report, const std::string& id) {
    EXPECT_EQ(FindingsOf(report, id).dump(), "[]") << id;
  }
};

// --- settings --------------------------------------------------------------------------------------------------------

// Checks of settings whose fix needs no other change, and whether this server has the setting.
Ids FixableSettings(const Cluster& cluster) {
  Ids ids = {"cfg.wal_level",       "cfg.slots",    "cfg.senders", "cfg.slot_keep_size", "cfg.sender_timeout",
             "cfg.decoding_memory", "cfg.timeouts", "cfg.listen",  "tz.default"};
  const auto has = [&](const std::string& name) {
    return cluster.Value("postgres", "SELECT count(*) FROM pg_settings WHERE name = '" + name + "'") == "1";
  };
  if (has("output_plugin_libraries")) ids.insert("cfg.plugin_list");
  if (has("idle_replication_slot_timeout")) ids.insert("cfg.idle_slot_timeout");
  return ids;
}

TEST_F(Assess, SettingsAreFoundMendedAndPutBack) {
  Cluster bad(Side::kSource, BadSettings(source()));
  const std::string info = bad.Superuser().ToString();
  const Ids fixable = FixableSettings(bad);
  const std::string stored = StoredSettings(bad);
  const json before = Run(info, {"--target-version", "17"});
  for (const std::string& id : fixable) ExpectFires(before, id);
  for (const char* id :
       {"act.two_phase", "tz.abbreviations", "cfg.ssl", "cfg.hba", "cfg.not_default", "cfg.replication_role"})
    ExpectFires(before, id);
  ExpectFires(before, "spl.not_offered", "auth_delay");
  EXPECT_EQ(FindingsOf(before, "spl.not_offered").size(), 1u);

  for (const std::string& id : fixable) RunSql(bad, "postgres", FindingsOf(before, id), "fix_sql");
  bad.Stop();
  bad.Start();
  const json mended = Run(info, {"--target-version", "17"});
  for (const std::string& id : fixable) ExpectSilent(mended, id);
  ExpectFires(mended, "cfg.altered", "wal_level");

  for (const std::string& id : fixable) RunSql(bad, "postgres", FindingsOf(before, id), "undo_sql");
  EXPECT_EQ(StoredSettings(bad), stored);
  bad.Stop();
  bad.Start();
  EXPECT_EQ(IdsIn(Run(info, {"--target-version", "17"})), IdsIn(before));
}

TEST_F(Assess, UndoOfASettingOfAlterSystemBringsItsValueBack) {
  Cluster altered(Side::kSource);
  altered.Psql("postgres", "ALTER SYSTEM SET wal_sender_timeout = '7s'; SELECT pg_reload_conf(); SELECT pg_sleep(0.5)");
  const std::string stored = StoredSettings(altered);
  const json before = FindingsOf(Run(altered.Superuser().ToString()), "cfg.sender_timeout");
  RunSql(altered, "postgres", before, "fix_sql");
  EXPECT_NE(StoredSettings(altered), stored);
  RunSql(altered, "postgres", before, "undo_sql");
  EXPECT_THAT(StoredSettings(altered), HasSubstr("wal_sender_timeout=7"));
}

// A certificate of its own in the cluster's data directory; listens where others reach it, with TLS and passwords.
std::vector<std::string> WellKeptSettings(const std::string& directory) {
  RunOrThrow({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
              "-out", directory + "/server.crt", "-keyout", directory + "/server.key"});
  if (geteuid() == 0) RunOrThrow({"chown", "--reference=" + directory + "/data", directory + "/server.key"});
  RunOrThrow({"chmod", "600", directory + "/server.key"});
  std::ofstream(directory + "/clean_hba.conf") << "local all all trust\nhostssl all all 0.0.0.0/0 scram-sha-256\n";
  return {"listen_addresses=127.0.0.1,127.0.0.2", "hba_file=" + directory + "/clean_hba.conf", "ssl=on",
          "ssl_cert_file=" + directory + "/server.crt", "ssl_key_file=" + directory + "/server.key"};
}

// A well-kept server gives nothing but facts of its version; an ordinary schema nothing but information.
TEST_F(Assess, ACleanDatabaseHasNoFindings) {
  Cluster clean(Side::kSource, WellKeptSettings(source().directory()));
  const int major = clean.Connect("postgres")->server_major();
  const auto ids = [&](const std::string& database) {
    return IdsIn(
        Run(clean.Superuser(database).ToString(), {"--target-version", std::to_string(std::max(major, 17)), "--deep"}));
  };
  clean.CreateDatabase("shop");
  Ids of_the_server = ids("shop");
  Ids expected = {"cfg.not_default", "cfg.replication_role"};
  if (major < 15) expected.insert({"feat.row_filters", "schema.public_acl"});
  if (major < 16) expected.insert("feat.origin_none");
  for (const char* of_the_release : {"ver.source_minor", "ver.source_eol"}) of_the_server.erase(of_the_release);
  EXPECT_EQ(of_the_server, expected);

  clean.Execute(
      "shop",
      "CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, since timestamptz DEFAULT now());"
      "CREATE TABLE bill (id bigint PRIMARY KEY, customer int NOT NULL, sum numeric(12, 2), data jsonb);"
      "CREATE INDEX ON bill (customer); INSERT INTO customer VALUES (1, 'a'); UPDATE customer SET name = 'b'");
  Ids with_tables = ids("shop");
  for (const char* of_the_release : {"ver.source_minor", "ver.source_eol", "client.pg_dump_wave"})
    with_tables.erase(of_the_release);
  EXPECT_EQ(with_tables, expected) << "plain tables give no finding of any severity";

  clean.Execute("shop",
                "ALTER TABLE bill ADD FOREIGN KEY (customer) REFERENCES customer; CREATE SEQUENCE numbers;"
                "ALTER TABLE customer ALTER id ADD GENERATED ALWAYS AS IDENTITY;"
                "CREATE VIEW totals AS SELECT customer, sum(sum) FROM bill GROUP BY 1");
  const json report =
      Run(clean.Superuser("shop").ToString(), {"--target-version", std::to_string(std::max(major, 17))});
  for (const char* id : {"con.foreign_keys", "seq.all", "tbl.identity", "tbl.not_replicated_kinds"}) {
    ASSERT_EQ(FindingsOf(report, id).size(), 1u) << id;
    EXPECT_EQ(FindingsOf(report, id)[0].at("severity"), "info");
    expected.insert(id);
  }
  Ids with_all = IdsIn(report);
  for (const char* of_the_release : {"ver.source_minor", "ver.source_eol", "client.pg_dump_wave"})
    with_all.erase(of_the_release);
  EXPECT_EQ(with_all, expected);
}

TEST_F(Assess, LinesOfPgHbaAreJudged) {
  const std::string hba = source().directory() + "/odd_hba.conf";
  std::ofstream(hba) << "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\nhost all all 10.0.0.0/8 ident\n";
  Cluster odd(Side::kSource, {"hba_file=" + hba});
  std::ofstream(hba, std::ios::app) << "host nonsense\n";
  const json report = Run(odd.Superuser().ToString());
  ExpectFires(report, "cfg.hba_methods", "pg_hba.conf line 3");
  ExpectFires(report, "cfg.hba_errors", "pg_hba.conf line 4");
  ExpectFires(report, "cfg.hba");
  ExpectSilent(Run(SourceConnInfo()), "cfg.hba_methods");
  ExpectSilent(Run(SourceConnInfo()), "cfg.hba_errors");
}

// --- what runs, what lies outside a transaction
// ------------------------------------------------------------------------

TEST_F(Assess, ActivityIsFound) {
  Cluster busy(Side::kSource, {"max_prepared_transactions=5", "shared_preload_libraries=pg_stat_statements",
                               "logical_decoding_work_mem=64kB"});
  const std::string info = busy.Superuser().ToString();
  const json before = Run(info, {"--target-version", "17"});
  for (const char* id : {"act.prepared", "act.without_tls", "act.ddl", "act.spilled", "feat.failover_slot", "rate.wal",
                         "tablespace.custom", "spl.not_offered"})
    ExpectSilent(before, id);

  busy.Execute("postgres",
               "CREATE ROLE client LOGIN PASSWORD 'a-s3cret-of-the-source'; CREATE EXTENSION pg_stat_statements");
  busy.Psql("postgres",
            "CREATE TABLE t (a int, b text); SELECT pg_create_physical_replication_slot('standby');"
            "SELECT pg_create_logical_replication_slot('decoder', 'test_decoding');"
            "INSERT INTO t SELECT g, repeat('x', 100) FROM generate_series(1, 20000) g;"
            "SELECT count(*) FROM pg_logical_slot_get_changes('decoder', NULL, NULL);"
            "BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'it''s open'");
  const auto client = busy.Connect(busy.Login("postgres", "client", "a-s3cret-of-the-source"));
  const std::string directory = busy.directory() + "/space";
  RunOrThrow({"mkdir", "-m", "777", directory});
  if (geteuid() == 0) RunOrThrow({"chown", "--reference=" + busy.directory() + "/data", directory});
  busy.Execute("postgres", "CREATE TABLESPACE \"fa\"\"st\" LOCATION '" + directory + "'");
  if (busy.Connect("postgres")->server_major() >= 14)
    busy.Psql(
        "postgres",
        "SELECT pg_stat_reset_shared('wal'); SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)) FROM "
        "generate_series(1, 80); SELECT pg_sleep(1.2)");

  const json report = Run(info, {"--target-version", "17"});
  ExpectFires(report, "act.prepared", "'it''s open'");
  ExpectFires(report, "act.without_tls", "client in database postgres");
  ExpectFires(report, "act.ddl");
  ExpectFires(report, "tablespace.custom", "\"fa\"\"st\"");
  if (busy.Connect("postgres")->server_major() >= 14) {
    ExpectFires(report, "act.spilled", "decoder");
    ExpectFires(report, "rate.wal", "WAL");
  }
  if (busy.Connect("postgres")->server_major() <= 16) ExpectFires(report, "feat.failover_slot", "slot standby");

  if (busy.Value("postgres", "SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'") == "1") {
    ExpectSilent(report, "slot.plugin_refused");
    busy.Psql("postgres",
              "ALTER SYSTEM SET output_plugin_libraries = pgoutput; SELECT pg_reload_conf(); SELECT pg_sleep(0.5)");
    ExpectFires(Run(info), "slot.plugin_refused", "decoder");
  }
  RunSql(busy, "postgres", FindingsOf(report, "slot.inactive"), "fix_sql");
  ExpectSilent(Run(info), "slot.inactive");
  busy.Execute("postgres", "ROLLBACK PREPARED 'it''s open'");
  ExpectSilent(Run(info), "act.prepared");
}

TEST_F(Assess, EncodingsAreJudgedByTheDatabase) {
  const std::string c = "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING ";
  CreateOnSource("assess_latin", c + "'LATIN1'");
  CreateOnSource("assess_ascii", c + "'SQL_ASCII'");
  const json utf8 = Run(SourceConnInfo(), {"--deep"});
  for (const char* id : {"enc.not_utf8", "enc.sql_ascii", "enc.invalid_bytes"}) ExpectSilent(utf8, id);
  ExpectFires(Run(SourceConnInfo("assess_latin")), "enc.not_utf8", "assess_latin");
  source().Psql(
      "assess_ascii",
      "CREATE TABLE good (a text); INSERT INTO good VALUES ('ascii'), (E'gr\\xc3\\xb6\\xc3\\x9fe "
      "\\xf0\\x9f\\x90\\x98');"
      "CREATE TABLE \"b'a\"\"d\" (\"c'o\"\"l\" text); INSERT INTO \"b'a\"\"d\" VALUES ('fine'), (E'gr\\xf6\\xdfe')");
  const json ascii = Run(SourceConnInfo("assess_ascii"), {"--deep"});
  ExpectFires(ascii, "enc.sql_ascii");
  ExpectFires(ascii, "enc.invalid_bytes", "public.\"b'a\"\"d\".\"c'o\"\"l\"");
  EXPECT_EQ(FindingsOf(ascii, "enc.invalid_bytes").size(), 1u);
}

TEST_F(Assess, AnInvalidIndexIsBuiltAnew) {
  const std::string name = "in\"d'ex\n" + std::string(54, 'i');
  source().Psql(database(), "CREATE TABLE t (a int); CREATE INDEX " + QuoteIdentifier(name) + " ON t (a)");
  ExpectSilent(Run(SourceConnInfo()), "idx.invalid");
  source().Execute(database(), "UPDATE pg_index SET indisvalid = false WHERE indrelid = 't'::regclass");
  const json report = Run(SourceConnInfo());
  ExpectFires(report, "idx.invalid");
  RunSql(source(), database(), FindingsOf(report, "idx.invalid"), "fix_sql");
  ExpectSilent(Run(SourceConnInfo()), "idx.invalid");
}

// Every fix of a database full of hostile names, applied and taken back, leaves what pg_dump writes as it was.
TEST_F(Assess, UnloggedTablesSayInWhichOrderTheyAreMadeLogged) {
  source().Execute(database(),
                   "CREATE UNLOGGED TABLE b (a int PRIMARY KEY); CREATE UNLOGGED TABLE a (a int REFERENCES b)");
  for (const json& finding : FindingsOf(Run(SourceConnInfo()), "tbl.unlogged"))
    EXPECT_EQ(finding.at("detail").get<std::string>().find("made logged before it: public.b.") != std::string::npos,
              finding.at("object") == "public.a")
        << finding;
}

TEST_F(Assess, FixesAndUndosOfHostileNamesLeaveTheSchemaAsItWas) {
  source().PsqlFile(database(), TestFile("data/hostile_names.sql"));
  source().Psql(database(), R"(
DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT c.oid::regclass AS t, row_number() OVER (ORDER BY c.oid) AS n FROM pg_class c
           WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER TABLE %s %s', r.t, CASE r.n % 4 WHEN 0 THEN 'SET UNLOGGED' WHEN 1 THEN 'REPLICA IDENTITY NOTHING'
      WHEN 2 THEN 'ADD CONSTRAINT "not ''valid"" yet ' || r.n || '" CHECK (other <> '''') NOT VALID' ELSE 'REPLICA IDENTITY FULL' END);
  END LOOP;
END $$;)");
  const auto dump = [&] {
    return RunOrThrow(
        {source().bindir() + "/pg_dump", "-s", "-d", source().Superuser(database()).ToString(), "--restrict-key=x"});
  };
  const auto plain_dump = [&] {
    try {
      return dump();
    } catch (const std::runtime_error&) {  // a pg_dump before August 2025
      return RunOrThrow({source().bindir() + "/pg_dump", "-s", "-d", source().Superuser(database()).ToString()});
    }
  };
  const std::string before = plain_dump();
  const json report = Run(SourceConnInfo(), {"--target-version", "15"});
  json fixable = json::array();
  for (const json& finding : report.at("findings"))
    if (!finding.at("undo_sql").is_null() && finding.at("check").get<std::string>().rfind("cfg.", 0) != 0)
      fixable.push_back(finding);
  EXPECT_GT(fixable.size(), 60u);
  RunSql(source(), database(), fixable, "fix_sql");
  EXPECT_NE(plain_dump(), before);
  const json mended = Run(SourceConnInfo(), {"--target-version", "15"});
  for (const char* id : {"tbl.unlogged", "con.not_valid", "ri.insert_only"}) ExpectSilent(mended, id);
  std::reverse(fixable.begin(), fixable.end());
  RunSql(source(), database(), fixable, "undo_sql");
  EXPECT_EQ(plain_dump(), before);
}

// --- the target ------------------------------------------------------------------------------------------------------

TEST_F(Assess, ExtensionsAreLookedForOnTheTarget) {
  source().Execute(database(), "CREATE EXTENSION hstore; CREATE EXTENSION dblink");
  const json good = RunBoth();
  for (const char* id : {"ext.not_on_target", "ext.not_allowed", "ext.version_on_target"}) ExpectSilent(good, id);
  source().Execute(database(),
                   "CREATE EXTENSION file_fdw; UPDATE pg_extension SET extversion = '9.9' WHERE extname = 'hstore'");
  target().Execute("postgres", "ALTER DATABASE " + database() + " SET rds.allowed_extensions = 'hstore, postgis'");
  const json bad = RunBoth();
  ExpectFires(bad, "ext.not_on_target", "file_fdw");
  ExpectFires(bad, "ext.not_allowed", "dblink");
  EXPECT_EQ(FindingsOf(bad, "ext.not_allowed").size(), 2u) << "dblink and file_fdw";
  ExpectFires(bad, "ext.version_on_target", "hstore");
}

TEST_F(Assess, OwnersAreComparedWithTheTargetsRoles) {
  const std::string owner = "assess \"ow'ner";
  const std::string quoted = QuoteIdentifier(owner);
  for (const char* role : {"assess_super"}) source().Execute("postgres", std::string("CREATE ROLE ") + role);
  source().Execute("postgres", "CREATE ROLE " + quoted);
  source().Execute(database(), "CREATE TABLE a (); ALTER TABLE a OWNER TO " + quoted +
                                   "; CREATE TABLE b (); ALTER TABLE b OWNER TO assess_super");
  const json missing = RunBoth();
  ExpectFires(missing, "role.not_on_target", quoted);
  ExpectSilent(missing, "owner.needs_grant");

  target().Connect(target().Login(database(), "master", kMasterPassword))->Execute("CREATE ROLE " + quoted);
  target().Execute("postgres", "CREATE ROLE assess_super SUPERUSER");
  const json there = RunBoth();
  ExpectSilent(there, "role.not_on_target");
  ExpectFires(there, "owner.needs_grant", quoted);
  ExpectFires(there, "owner.not_settable", "assess_super");
  EXPECT_EQ(FindingsOf(there, "owner.not_settable").size(), 1u);

  const json grant = FindingsOf(there, "owner.needs_grant");
  const auto master = target().Connect(target().Login(database(), "master", kMasterPassword));
  for (const json& finding : grant) master->Execute(finding.at("fix_sql").get<std::string>());
  ExpectSilent(RunBoth(), "owner.needs_grant");
  for (const json& finding : grant) master->Execute(finding.at("undo_sql").get<std::string>());
  ExpectFires(RunBoth(), "owner.needs_grant", quoted);

  source().Execute(database(), "DROP OWNED BY " + quoted + ", assess_super");
  source().Execute("postgres", "DROP ROLE assess_super; DROP ROLE " + quoted);
  target().Execute("postgres", "DROP ROLE assess_super; DROP ROLE " + quoted);
}

// Since 16 a grant has options: the fix switches some on, and its undo must not take the grant away.
TEST_F(Assess, UndoOfAGrantBringsItsOptionsBack) {
  if (target().Connect("postgres")->server_major() < 16) return;  // membership has no options there
  const auto master = target().Connect(target().Login(database(), "master", kMasterPassword));
  master->Execute("CREATE ROLE assess_owner; GRANT assess_owner TO master WITH SET FALSE, INHERIT TRUE");
  source().Execute(database(), "CREATE ROLE assess_owner; CREATE TABLE a (); ALTER TABLE a OWNER TO assess_owner");
  const std::string grants =
      "SELECT string_agg(to_jsonb(m)::text, '|' ORDER BY m.grantor) FROM pg_auth_members m "
      "WHERE m.roleid = 'assess_owner'::regrole";
  const std::string before = target().Value("postgres", grants);
  const json found = FindingsOf(RunBoth(), "owner.needs_grant");
  EXPECT_EQ(found.size(), 1u);
  for (const json& finding : found) master->Execute(finding.at("fix_sql").get<std::string>());
  ExpectSilent(RunBoth(), "owner.needs_grant");
  for (const json& finding : found) master->Execute(finding.at("undo_sql").get<std::string>());
  EXPECT_EQ(target().Value("postgres", grants), before);
  source().Execute(database(), "DROP OWNED BY assess_owner; DROP ROLE assess_owner");
  target().Execute("postgres", "DROP ROLE assess_owner");
}

TEST_F(Assess, PasswordsThatTheTargetRefusesAreFound) {
  source().Execute(
      "postgres",
      "SET password_encryption = 'md5'; CREATE ROLE assess_md5 LOGIN PASSWORD 'a-s3cret-of-the-source';"
      "SET password_encryption = 'scram-sha-256'; CREATE ROLE assess_scram LOGIN PASSWORD 'a-s3cret-of-the-source'");
  const json good = RunBoth();
  for (const char* id : {"role.md5_refused", "target.password_commands"}) ExpectSilent(good, id);
  target().Execute("postgres", "CREATE ROLE assess_poor LOGIN PASSWORD 'a-s3cret-of-the-source'");
  target().Execute("postgres", "ALTER DATABASE " + database() + " SET rds.accepted_password_auth_method = 'scram'");
  target().Execute("postgres", "ALTER DATABASE " + database() + " SET rds.restrict_password_commands = '1'");
  const std::string poor = target().Login(database(), "assess_poor", "a-s3cret-of-the-source").ToString();
  const json bad = Run(SourceConnInfo(), {"--target", poor});
  ExpectFires(bad, "role.md5_refused", "assess_md5");
  EXPECT_EQ(FindingsOf(bad, "role.md5_refused").size(), 1u);
  ExpectFires(bad, "target.password_commands", "assess_poor");
  target().Execute("postgres", "DROP ROLE assess_poor");
  source().Execute("postgres", "DROP ROLE assess_md5; DROP ROLE assess_scram");
}

TEST_F(Assess, SettingsOfRolesAreAskedOfTheTarget) {
  const json before = RunBoth();
  for (const char* id : {"role.unknown_setting", "role.unsettable", "role.is_master", "tz.not_on_target"})
    ExpectSilent(before, id);
  source().Execute(
      "postgres",
      "CREATE ROLE master; ALTER ROLE master SET no.such = '1'; ALTER ROLE master SET log_executor_stats = on;"
      "ALTER ROLE master SET work_mem = '8MB'");
  const json report = RunBoth();
  ExpectFires(report, "role.is_master", "master");
  ExpectFires(report, "role.unknown_setting", "no.such");
  EXPECT_EQ(FindingsOf(report, "role.unknown_setting").size(), 1u);
  if (target().Connect("postgres")->server_major() >= 15) {
    ExpectFires(report, "role.unsettable", "log_executor_stats");
    EXPECT_EQ(FindingsOf(report, "role.unsettable").size(), 1u);
  }
  source().Execute(
      "postgres",
      "UPDATE pg_db_role_setting SET setconfig = '{TimeZone=Mars/Olympus}' WHERE setrole = 'master'::regrole");
  ExpectFires(RunBoth(), "tz.not_on_target", "'Mars/Olympus'");
  source().Execute("postgres", "DROP ROLE master");
}

TEST_F(Assess, EncodingsAndCollationsAreCompared) {
  CreateOnTarget("assess_latin", "OWNER master TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'LATIN1'");
  const json good = RunBoth();
  for (const char* id : {"enc.differs", "coll.differs", "coll.not_on_target"}) ExpectSilent(good, id);
  source().Execute(database(), "CREATE TABLE t (a text COLLATE \"fr-x-icu\", b text COLLATE \"C\")");
  ExpectSilent(RunBoth(), "coll.not_on_target");
  source().Execute(database(), "UPDATE pg_collation SET collname = 'only-here' WHERE collname = 'fr-x-icu'");
  const json bad = Run(SourceConnInfo(), {"--target", TargetConnInfo("assess_latin")});
  ExpectFires(bad, "enc.differs", "LATIN1");
  ExpectFires(bad, "coll.differs", "LC_COLLATE");
  ExpectFires(bad, "coll.not_on_target", "\"only-here\"");
}

TEST_F(Assess, TheMigratingRolesRightsAreAsked) {
  const json good = RunBoth();
  for (const char* id : {"target.create", "target.create_role", "target.rds_superuser", "target.subscribe",
                         "target.read_only", "target.not_empty", "target.load_settings",
                         "target.session_replication_role", "target.way_back", "target.workers"})
    ExpectSilent(good, id);
  target().Execute("postgres", "CREATE ROLE assess_poor LOGIN PASSWORD 'a-s3cret-of-the-source'");
  target().Execute(database(), "CREATE TABLE there () WITH (autovacuum_enabled = no)");
  target().Execute("postgres", "ALTER DATABASE " + database() + " SET default_transaction_read_only = on");
  const std::string poor = target().Login(database(), "assess_poor", "a-s3cret-of-the-source").ToString();
  const json bad = Run(SourceConnInfo(), {"--target", poor});
  for (const char* id : {"target.create", "target.create_role", "target.rds_superuser", "target.subscribe",
                         "target.read_only", "target.not_empty", "target.load_settings"})
    ExpectFires(bad, id);
  if (target().Connect("postgres")->server_major() >= 15) ExpectFires(bad, "target.session_replication_role");
  target().Execute("postgres", "DROP ROLE assess_poor");
}

TEST_F(Assess, ATargetWithoutWorkersIsFound) {
  Cluster small(Side::kTarget, {"wal_level=replica", "max_logical_replication_workers=1", "max_worker_processes=1",
                                "max_replication_slots=1"});
  const json report =
      Run(SourceConnInfo(), {"--target", small.Login("postgres", "master", kMasterPassword).ToString()});
  ExpectFires(report, "target.way_back", "wal_level");
  ExpectFires(report, "target.workers", "max_worker_processes");
  ExpectFires(report, "target.workers", "max_logical_replication_workers");
}

// --- servers that a test has to make
// -----------------------------------------------------------------------------------

// A database grows by files without a single block in its directory: a server adds up their lengths.
TEST_F(Assess, SizesAreHeldAgainstTheTargetsLimits) {
  Cluster large(Side::kSource);
  const std::string directory = large.directory() + "/data/base/" +
                                large.Value("postgres", "SELECT oid FROM pg_database WHERE datname = 'postgres'");
  const auto grow = [&](int files, const char* size) {
    for (int file = 0; file < files; ++file)
      RunOrThrow({"truncate", "--size", size, fmt::format("{}/hole.{}.{}", directory, size, file)});
  };
  const auto assess = [&](const char* kind, const char* version) {
    return Run(large.Superuser("postgres").ToString(), {"--target-kind", kind, "--target-version", version});
  };
  for (const char* id : {"size.dump_fit", "size.rds_64tib"}) ExpectSilent(assess("rds", "18"), id);
  grow(1, "120G");
  ExpectFires(assess("rds", "18"), "size.dump_fit", "postgres");
  ExpectSilent(assess("rds", "18"), "size.rds_64tib");
  grow(8, "8T");
  ExpectFires(assess("rds", "18"), "size.rds_64tib", "all databases");
  ExpectSilent(assess("aurora", "17"), "size.aurora");
  grow(10, "7T");
  ExpectFires(assess("aurora", "17"), "size.aurora", "all databases");
  ExpectSilent(assess("aurora", "18"), "size.aurora");
  grow(20, "7500G");
  ExpectFires(assess("aurora", "18"), "size.aurora", "all databases");
}

TEST_F(Assess, AStandbyIsTold) {
  Cluster standby(Side::kSource);
  const bool decodes = standby.Connect("postgres")->server_major() >= 16;
  const char* id = decodes ? "src.standby_decoding" : "src.is_standby";
  ExpectSilent(Run(standby.Superuser("postgres").ToString()), id);
  standby.Stop();  // in recovery without a primary: it answers, and waits for WAL that does not come
  std::ofstream(standby.directory() + "/data/standby.signal").close();
  standby.Start();
  ExpectFires(Run(standby.Superuser("postgres").ToString()), id, "the source server");
}

TEST_F(Assess, ASlotThatHoldsTheCatalogBackIsFound) {
  Cluster busy(Side::kSource, {"wal_level=logical"});
  busy.Execute("postgres", "SELECT pg_create_logical_replication_slot('assess_slow', 'pgoutput')");
  ExpectSilent(Run(busy.Superuser("postgres").ToString()), "act.slot_xmin");
  busy.Psql("postgres",  // each block with an exception handler takes a transaction ID of its own
            "CREATE UNLOGGED TABLE burn (a int); CREATE PROCEDURE burn_ids() LANGUAGE plpgsql AS $$ BEGIN FOR i IN "
            "1..21 LOOP "
            "FOR j IN 1..50000 LOOP BEGIN INSERT INTO burn VALUES (1); EXCEPTION WHEN division_by_zero THEN NULL; END; "
            "END LOOP; COMMIT; END LOOP; END $$; CALL burn_ids()");
  ExpectFires(Run(busy.Superuser("postgres").ToString()), "act.slot_xmin", "assess_slow");
}

// --- the command -----------------------------------------------------------------------------------------------------

TEST_F(Assess, TheSameIsFoundWithAndWithoutTheExtension) {
  source().Psql(database(), "CREATE UNLOGGED TABLE \"a\nb\" (j json); CREATE TABLE c (a int UNIQUE)");
  const auto findings = [&](const json& report) {
    json list = json::array();
    for (const json& finding : report.at("findings"))
      if (finding.at("check") != "ext.needs_admin") list.push_back(finding);
    return list;
  };
  source().Execute(database(), "DROP EXTENSION IF EXISTS pg_airlift");
  const json over_the_wire = Run(SourceConnInfo(), {"--target-version", "17"});
  source().Execute(database(), "CREATE EXTENSION pg_airlift");
  const json by_extension = Run(SourceConnInfo(), {"--target-version", "17"});
  EXPECT_EQ(by_extension.at("notes"), json::array()) << "the extension was not used";
  EXPECT_EQ(findings(by_extension), findings(over_the_wire));
}

TEST_F(Assess, TheExitStatusFollowsSeverityAndAcceptance) {
  source().Execute(database(), "SELECT lo_create(0)");
  const std::vector<std::string> base = {"assess", "--source", SourceConnInfo(), "--strategy", "replication"};
  const auto status = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return RunHelper(more).status;
  };
  EXPECT_EQ(status({}), 1);
  EXPECT_EQ(status({"--accept", "lo.present=copied at cutover", "--accept", "cfg.hba", "--accept", "cfg.listen"}), 0);
  EXPECT_EQ(status({"--accept", "lo.present", "--accept", "cfg.hba", "--accept", "cfg.listen", "--severity", "info"}),
            1);
  EXPECT_EQ(status({"--accept", "no.such"}), 2);
  EXPECT_EQ(status({"--severity", "fatal"}), 2);
  EXPECT_EQ(status({"--target-version", "12"}), 2);
  EXPECT_EQ(RunHelper({"assess"}).status, 2) << "no source";
  EXPECT_EQ(RunHelper({"assess", "--source", "host=/nonexistent"}).status, 2);
  EXPECT_EQ(RunHelper({"assess", "--list-checks"}).status, 0);
}

TEST_F(Assess, WhatCannotBeToldIsNotNothing) {
  source().Execute("postgres", "CREATE ROLE assess_poor LOGIN PASSWORD 'a-s3cret-of-the-source'");
  const std::string poor = source().Login(database(), "assess_poor", "a-s3cret-of-the-source").ToString();
  const ProcessResult failed = RunHelper({"assess", "--json", "--source", poor});
  EXPECT_EQ(failed.status, 2) << failed.Describe();
  const json report = json::parse(failed.out);
  EXPECT_GT(report.at("failed_checks").get<int>(), 0);
  std::vector<std::string> accepting = {"assess", "--source", poor, "--quiet"};
  for (const json& finding : report.at("findings")) {
    if (finding.at("severity") == "error") {
      EXPECT_THAT(finding.at("object").get<std::string>(), HasSubstr("SQLSTATE"));
    }
    if (finding.at("severity") == "error" || finding.at("severity") == "blocker")
      accepting.insert(accepting.end(), {"--accept", finding.at("check").get<std::string>() + "=known"});
  }
  const ProcessResult accepted = RunHelper(accepting);
  EXPECT_EQ(accepted.status, 0) << accepted.Describe();
  EXPECT_EQ(accepted.out, "");
  source().Execute("postgres", "DROP ROLE assess_poor");
}

TEST_F(Assess, ANameCannotForgeALineOfTheReport) {
  source().Psql(database(), "CREATE UNLOGGED TABLE \"x\nfindings of severity blocker: 0\" ()");
  const ProcessResult result = RunHelper({"assess", "--source", SourceConnInfo()});
  EXPECT_THAT(result.out, Not(HasSubstr("\nfindings of severity blocker: 0\"")));
  EXPECT_THAT(result.out, HasSubstr("x\\nfindings of severity"));
}

TEST_F(Assess, NothingIsChanged) {
  source().PsqlFile(database(), TestFile("data/hostile_names.sql"));
  const std::string counters =
      "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_all_tables WHERE schemaname <> 'pg_catalog'";
  source().Psql("postgres", "ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf(); SELECT pg_sleep(0.5)");
  const std::string xid = source().Value("postgres", "SELECT txid_snapshot_xmax(txid_current_snapshot())");
  RunBoth({"--deep"});
  EXPECT_EQ(source().Value("postgres", "SELECT txid_snapshot_xmax(txid_current_snapshot())"), xid)
      << "an assessment took a transaction ID";
  source().Psql("postgres", "ALTER SYSTEM RESET autovacuum; SELECT pg_reload_conf()");
}

// An application is never kept waiting, not even by the samples of a deep assessment.
TEST_F(Assess, TakesNoLockBeyondAccessShare) {
  source().Psql(
      database(),
      "SELECT format('CREATE TABLE t%s (a int PRIMARY KEY, b text)', g) FROM generate_series(1, 300) g \\gexec\n"
      "INSERT INTO t1 SELECT g, repeat('x', 1000) FROM generate_series(1, 20000) g");
  const auto watcher = source().Connect("postgres");
  const auto process = StartHelper({"assess", "--source", SourceConnInfo(), "--deep"});
  std::atomic<bool> has_ended = false;
  ProcessResult result;
  std::thread waiting([&] {
    result = process->Wait();
    has_ended = true;
  });
  Ids modes;
  while (!has_ended) {
    const Result locks = watcher->Query(
        "SELECT DISTINCT mode FROM pg_locks WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database "
        "WHERE datname = '" +
        database() + "')");
    for (int row = 0; row < locks.rows(); ++row) modes.insert(locks.Text(row, 0));
  }
  waiting.join();
  EXPECT_LE(result.status, 1) << result.Describe();
  EXPECT_EQ(modes, Ids({"AccessShareLock"}));
}

// Neither more nor less, by severity, check and object. What is there before the case is loaded belongs to the server.
TEST_F(Assess, TheHostileSourceGivesExactlyItsFindings) {
  Cluster hostile(Side::kSource);
  const int major = hostile.Connect("postgres")->server_major();
  const std::vector<std::string> options = {"--target-kind", "rds", "--target-version",
                                            std::to_string(std::max(major, 17))};
  const auto lines = [&](const std::string& database) {
    const json report = Run(hostile.Superuser(database).ToString(), options);
    std::vector<std::string> lines;
    for (const json& finding : report.at("findings"))
      if (finding.at("check") != "client.pg_dump_wave")  // a matter of the server's minor release
        lines.push_back(finding.at("severity").get<std::string>() + " " + finding.at("check").get<std::string>() + " " +
                        finding.at("object").get<std::string>());
    return lines;
  };
  const std::vector<std::string> of_the_server = lines("postgres");
  LoadHostileRoles(hostile);
  LoadHostileSchema(hostile);
  std::vector<std::string> found;
  for (const std::string& line : lines("nasty"))
    if (std::find(of_the_server.begin(), of_the_server.end(), line) == of_the_server.end()) found.push_back(line);
  std::vector<std::string> expected = HostileFindings(major);
  std::sort(expected.begin(), expected.end());
  std::sort(found.begin(), found.end());
  EXPECT_EQ(fmt::format("{}", fmt::join(found, "\n")), fmt::format("{}", fmt::join(expected, "\n")));
}

// Last, by its name: the list of what this file covers is true. What the server's version lacks is not asked for.
TEST_F(Assess, ZzzTheListOfChecksCoveredHereIsTrue) {
  if (SeenFiring().size() < 20) GTEST_SKIP() << "the tests were run by a filter";
  const int major = source().Connect("postgres")->server_major();
  const bool has_plugin_list =
      source().Value("postgres", "SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'") == "1";
  Ids absent;
  if (major < 14) absent.insert({"act.spilled", "rate.wal"});
  if (major > 16) absent.insert("feat.failover_slot");
  absent.insert(major >= 16 ? "src.is_standby" : "src.standby_decoding");
  if (major < 18) absent.insert("cfg.idle_slot_timeout");
  if (!has_plugin_list) absent.insert({"cfg.plugin_list", "slot.plugin_refused"});
  if (target().Connect("postgres")->server_major() < 15)
    absent.insert({"role.unsettable", "target.session_replication_role"});
  for (const char* id : kCheckedEndToEnd)
    if (absent.count(id) == 0) {
      EXPECT_EQ(SeenFiring().count(id), 1u) << id << " did not fire in any test";
    }
}

}  // namespace
}  // namespace airlift::test
