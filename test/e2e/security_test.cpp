// Secrets, transport, and peers that are not what they should be (docs/security.md).
#include <arpa/inet.h>
#include <dirent.h>
#include <gmock/gmock.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// "" where it is gone already, or goes while it is read.
std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  try {
    return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure&) {
    return {};
  }
}

// Looks at the command line and the environment of every process, and at the files of a directory, as often as it can.
class Watch {
 public:
  Watch(std::string secret, std::string directory)
      : secret_(std::move(secret)), directory_(std::move(directory)), thread_([this] {
          while (!stop_) Look();
        }) {}
  ~Watch() { Stop(); }
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  // "cmdline of pg_dump", "file /tmp/...": where the secret was seen.
  const std::set<std::string>& found() const { return found_; }
  const std::set<std::string>& programs() const { return programs_; }

 private:
  void Look() {
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      const std::string path = process.path().string();
      if (path.find_first_of("0123456789") != 6) continue;
      const std::string program = Slurp(path + "/comm");
      if (program.rfind("pg_", 0) == 0) programs_.insert(program.substr(0, program.size() - 1));
      for (const char* part : {"cmdline", "environ"})
        if (Slurp(path + "/" + part).find(secret_) != std::string::npos)
          found_.insert(part + std::string(" of ") + program);
    }
    std::error_code gone;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory_, gone))
      if (file.is_regular_file(gone) && Slurp(file.path().string()).find(secret_) != std::string::npos)
        found_.insert("file " + file.path().string());
  }

  const std::string secret_;
  const std::string directory_;
  std::set<std::string> found_, programs_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class Security : public MoveTest {
 protected:
  void LoadSource() {
    source().Psql(database(),
                  "CREATE TABLE t (id int PRIMARY KEY, v text);"
                  "INSERT INTO t SELECT g, repeat(md5(g::text), 4) FROM generate_series(1, 20000) g;"
                  "CREATE TABLE u (id int REFERENCES t)");
  }

  // A directory of this test's own.
  std::string Directory(const std::string& name) {
    const std::string directory = target().directory() + "/" + database() + "_" + name;
    std::filesystem::create_directories(directory);
    return directory;
  }
};

TEST_F(Security, ThePasswordIsNowhereButWhereTheUserPutIt) {
  LoadSource();
  const std::string secret = "planted:\\pass\"word'7";
  source().Execute("postgres",
                   "SET log_statement = none; CREATE ROLE mover SUPERUSER LOGIN PASSWORD 'planted:\\pass\"word''7'");
  const std::string temporary = Directory("tmp");
  const std::string kept = Directory("kept");
  // To the source with a password in the connection string, from a variable; that is where it may be.
  const Environment environment = {{"TMPDIR", temporary},
                                   {"PG_AIRLIFT_SOURCE", source().Login(database(), "mover", secret).ToString()}};
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--target", TargetConnInfo()});
    const ProcessResult result = RunHelper(arguments, environment);
    EXPECT_EQ(result.status, 0) << result.Describe();
    EXPECT_EQ((result.out + result.err).find("planted"), std::string::npos) << result.Describe();
  };
  {
    Watch watch("planted", temporary);
    run({"migrate", "--evidence", evidence_path_, "--jobs", "2"});
    run({"compare", "--evidence", kept + "/compare.json", "--html", kept + "/compare.html", "--repair",
         kept + "/repair.sql"});
    const ProcessResult dumped = RunHelper({"dump", "--file", kept + "/dump", "--jobs", "1"}, environment);
    EXPECT_EQ(dumped.status, 0) << dumped.Describe();
    watch.Stop();
    // The watch saw what it was there for.
    EXPECT_THAT(watch.programs(), ::testing::IsSupersetOf({"pg_airlift", "pg_dump"}));
    EXPECT_THAT(watch.found(), ::testing::IsSubsetOf({std::string("environ of pg_airlift\n")}));
  }
  // A failure says no more than a success.
  const ProcessResult failed =
      RunHelper({"compare", "--source", source().Login(database(), "mover", "planted wrong").ToString(), "--target",
                 TargetConnInfo()});
  EXPECT_EQ(failed.status, kFailed);
  EXPECT_EQ((failed.out + failed.err).find("planted"), std::string::npos) << failed.Describe();

  for (const auto& file : std::filesystem::recursive_directory_iterator(kept))
    if (file.is_regular_file()) {
      EXPECT_EQ(ReadFile(file.path()).find("planted"), std::string::npos) << file.path();
    }
  EXPECT_EQ(ReadFile(evidence_path_).find("planted"), std::string::npos);
  for (Cluster* cluster : {&source(), &target()})
    EXPECT_EQ(ReadFile(cluster->directory() + "/log").find("planted"), std::string::npos) << cluster->directory();
  EXPECT_EQ(RunOrThrow({target().bindir() + "/psql", "-X", "-At", "-d", target().Superuser(database()).ToString(), "-c",
                        "SELECT table_to_xml(c.oid, true, true, '') FROM pg_class c WHERE relnamespace = "
                        "'airlift_state'::regnamespace AND relkind = 'r'"})
                .find("planted"),
            std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(temporary));
  source().Execute("postgres", "DROP ROLE mover");
}

TEST_F(Security, APasswordOnTheCommandLineIsHidden) {
  LoadSource();
  // Held up by a lock, so that there is time to look.
  const auto blocker = source().Connect(database());
  blocker->Execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
  const auto run = StartHelper({"migrate", "--source", SourceConnInfo(), "--target=" + TargetConnInfo()});
  const std::string command_line = "/proc/" + std::to_string(run->pid()) + "/cmdline";
  bool is_hidden = false;
  std::string text;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!is_hidden && std::chrono::steady_clock::now() < deadline) {
    text = Slurp(command_line);
    is_hidden = text.find("migrate") != std::string::npos && text.find(kMasterPassword) == std::string::npos;
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(is_hidden) << text;
  EXPECT_THAT(text, HasSubstr("user='master'"));
  run->Signal(SIGTERM);
  blocker->Execute("ROLLBACK");
  EXPECT_EQ(run->Wait().status, 2);
}

// --- transport

class Transport : public Security {
 protected:
  // A certificate authority of our own, and a server's certificate for "localhost"; the key is the server's alone.
  static std::string MakeCertificates(const std::string& directory) {
    const std::string d = directory + "/";
    const auto openssl = [](std::vector<std::string> arguments) {
      arguments.insert(arguments.begin(), "openssl");
      RunOrThrow(arguments);
    };
    for (const char* authority : {"ca", "other"})
      openssl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
               std::string("/CN=pg_airlift test ") + authority, "-keyout", d + authority + ".key", "-out",
               d + authority + ".crt"});
    openssl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", d + "server.key", "-out",
             d + "server.csr"});
    openssl({"x509", "-req", "-in", d + "server.csr", "-CA", d + "ca.crt", "-CAkey", d + "ca.key", "-CAcreateserial",
             "-days", "2", "-out", d + "server.crt"});
    return d;
  }

  // Address of this host by which others reach it.
  static std::string OwnAddress() {
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) return {};
    std::string address;
    for (const ifaddrs* entry = list; entry != nullptr && address.empty(); entry = entry->ifa_next) {
      if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET || (entry->ifa_flags & IFF_LOOPBACK) != 0)
        continue;
      char text[INET_ADDRSTRLEN];
      inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(entry->ifa_addr)->sin_addr, text, sizeof text);
      address = text;
    }
    freeifaddrs(list);
    return address;
  }
};

TEST_F(Transport, ServersAreVerifiedWhereThatIsAskedFor) {
  Cluster tls(Side::kSource, {"listen_addresses=localhost"});
  const std::string files = MakeCertificates(tls.directory());
  RunOrThrow({"chown", "--reference=" + tls.directory() + "/data", files + "server.key", files + "server.crt"});
  RunOrThrow({"chmod", "0600", files + "server.key"});
  for (const std::string& setting : std::vector<std::string>{"ssl = on", "ssl_cert_file = '" + files + "server.crt'",
                                                             "ssl_key_file = '" + files + "server.key'"})
    tls.Execute("postgres", "ALTER SYSTEM SET " + setting);
  tls.Execute("postgres", "SELECT pg_reload_conf()");
  tls.Execute("postgres", "CREATE ROLE mover SUPERUSER LOGIN PASSWORD 's3cret'");
  tls.CreateDatabase(database());
  tls.Psql(database(), "CREATE TABLE t AS SELECT 1 AS a");

  const auto migrate = [&](const ConnInfo& info) {
    return RunHelper(
        {"migrate", "--source", info.ToString(), "--target", TargetConnInfo(), "--evidence", evidence_path_});
  };
  const ConnInfo verified =
      tls.Login(database(), "mover", "s3cret").With("sslmode", "verify-full").With("hostaddr", "127.0.0.1");
  // Another authority; another name than the certificate's; then the one that fits, for every connection: pg_dump's,
  // too.
  ProcessResult result = migrate(verified.With("host", "localhost").With("sslrootcert", files + "other.crt"));
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("certificate verify failed"));
  result = migrate(verified.With("host", "127.0.0.1").With("sslrootcert", files + "ca.crt"));
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("does not match host name"));
  // Whoever comes without TLS is turned away from here on.
  RunOrThrow({"sed", "-i", "s/^host all all/hostssl all all/", tls.directory() + "/data/pg_hba.conf"});
  tls.Execute("postgres", "SELECT pg_reload_conf()");
  result = migrate(verified.With("host", "localhost").With("sslrootcert", files + "ca.crt"));
  EXPECT_EQ(result.status, kVerified) << result.Describe();
}

// pg_dump connects by itself, so it needs the passphrase, too.
TEST_F(Transport, AClientsKeyMayHaveAPassphrase) {
  Cluster tls(Side::kSource, {"listen_addresses=localhost"});
  const std::string files = MakeCertificates(tls.directory());
  RunOrThrow({"chown", "--reference=" + tls.directory() + "/data", files + "server.key", files + "server.crt"});
  RunOrThrow({"chmod", "0600", files + "server.key"});
  const std::string temporary = files + "client";
  RunOrThrow({"openssl", "genrsa", "-aes256", "-passout", "pass:pl4nted-phrase", "-out", temporary + ".key", "2048"});
  RunOrThrow({"openssl", "req", "-new", "-subj", "/CN=mover", "-key", temporary + ".key", "-passin",
              "pass:pl4nted-phrase", "-out", temporary + ".csr"});
  RunOrThrow({"openssl", "x509", "-req", "-in", temporary + ".csr", "-CA", files + "ca.crt", "-CAkey", files + "ca.key",
              "-CAcreateserial", "-days", "2", "-out", temporary + ".crt"});
  RunOrThrow({"chmod", "0600", temporary + ".key"});
  for (const std::string& setting :
       std::vector<std::string>{"ssl = on", "ssl_cert_file = '" + files + "server.crt'",
                                "ssl_key_file = '" + files + "server.key'", "ssl_ca_file = '" + files + "ca.crt'"})
    tls.Execute("postgres", "ALTER SYSTEM SET " + setting);
  RunOrThrow(
      {"sed", "-i", "s/^host all all.*/hostssl all all 127.0.0.1\\/32 cert/", tls.directory() + "/data/pg_hba.conf"});
  tls.Execute("postgres", "SELECT pg_reload_conf()");
  tls.Execute("postgres", "CREATE ROLE mover SUPERUSER LOGIN");
  tls.CreateDatabase(database());
  tls.Psql(database(), "CREATE TABLE t AS SELECT 1 AS a");
  const ConnInfo info = tls.Login(database(), "mover", "")
                            .With("host", "localhost")
                            .With("sslmode", "verify-full")
                            .With("sslrootcert", files + "ca.crt")
                            .With("sslcert", temporary + ".crt")
                            .With("sslkey", temporary + ".key");
  const auto migrate = [&](const std::string& phrase) {
    return RunHelper({"migrate", "--source", info.With("sslpassword", phrase).ToString(), "--target", TargetConnInfo(),
                      "--evidence", evidence_path_});
  };
  ProcessResult result = migrate("wrong");
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  Watch watch("pl4nted", Directory("tmp"));
  result = migrate("pl4nted-phrase");
  watch.Stop();
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(watch.programs(), ::testing::Contains("pg_dump"));
  EXPECT_THAT(watch.found(), Not(::testing::Contains(HasSubstr("pg_dump"))));
  EXPECT_EQ((result.out + result.err).find("pl4nted"), std::string::npos) << result.Describe();
}

TEST_F(Transport, APlainConnectionBeyondThisHostIsTold) {
  const std::string address = OwnAddress();
  ASSERT_NE(address, "") << "this host has no address but its own";
  Cluster open(Side::kSource, {"listen_addresses=*"});
  RunOrThrow(
      {"sh", "-c", "echo 'host all all " + address + "/32 scram-sha-256' >>" + open.directory() + "/data/pg_hba.conf"});
  open.Execute("postgres", "SELECT pg_reload_conf()");
  open.Execute("postgres", "CREATE ROLE mover SUPERUSER LOGIN PASSWORD 's3cret'");
  const auto assess = [&](const ConnInfo& info) {
    return RunHelper({"assess", "--source", info.ToString(), "--quiet"}).err;
  };
  const ConnInfo info = open.Login("postgres", "mover", "s3cret");
  EXPECT_THAT(assess(info), Not(HasSubstr("not encrypted")));
  EXPECT_THAT(assess(info.With("host", address)),
              HasSubstr("warning: the connection to the source at " + address + " is not encrypted"));
  EXPECT_THAT(assess(info.With("host", address).With("sslmode", "disable")), Not(HasSubstr("not encrypted")));
}

// --- peers

TEST_F(Security, ATargetThatTakesNoWritesIsRefused) {
  LoadSource();
  Cluster standby(Side::kTarget);
  standby.CreateDatabase(database(), "OWNER master");
  standby.Stop();
  std::ofstream(standby.directory() + "/data/standby.signal").close();
  standby.Start();
  const std::string conninfo = standby.Login(database(), "master", kMasterPassword).ToString();
  const std::vector<std::vector<std::string>> commands = {
      {"migrate"}, {"migrate", "--type", "full-load-and-cdc"}, {"restore"}, {"replicate"}, {"prepare", "--roles"}};
  for (std::vector<std::string> command : commands) {
    command.insert(command.end(), {"--source", SourceConnInfo(), "--target", conninfo});
    const ProcessResult result = RunHelper(command);
    EXPECT_EQ(result.status, kFailed) << command[0] << result.Describe();
    EXPECT_THAT(result.err, ::testing::AnyOf(HasSubstr("the target is a standby"), HasSubstr("recovery")))
        << command[0] << result.Describe();
  }
}

TEST_F(Security, AnotherSourceIsRefused) {
  LoadSource();
  EXPECT_EQ(Airlift("migrate").status, kVerified);
  Cluster other(Side::kSource);
  other.CreateDatabase(database());
  const ProcessResult result = RunHelper(
      {"migrate", "--source", other.Superuser(database()).ToString(), "--target", TargetConnInfo(), "--restart"});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("from another source"));
}

TEST_F(Security, APromotedSourceIsNoticed) {
  Cluster promoted(Side::kSource);
  promoted.CreateDatabase(database());
  promoted.Psql(database(), "CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 1000) g");
  const std::vector<std::string> move = {"migrate",     "--source",       promoted.Superuser(database()).ToString(),
                                         "--target",    TargetConnInfo(), "--evidence",
                                         evidence_path_};
  EXPECT_EQ(RunHelper(move).status, kVerified);
  promoted.Stop();
  std::ofstream(promoted.directory() + "/data/standby.signal").close();
  promoted.Start();
  promoted.Execute("postgres", "SELECT pg_promote()");
  promoted.Execute(database(), "DELETE FROM t WHERE a > 990");  // what the former primary had not sent
  std::vector<std::string> again = move;
  again.push_back("--restart");
  const ProcessResult result = RunHelper(again);
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("warning: the source is on timeline 2 and was on 1"));
  EXPECT_THAT(ReadFile(evidence_path_), HasSubstr("a standby was promoted"));
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM t"), "990");
}

// All copies were made and proved before the promotion, and the load had not ended: they are judged again.
TEST_F(Security, CopiesOfAnotherTimelineAreJudgedAgain) {
  Cluster promoted(Side::kSource);
  promoted.CreateDatabase(database());
  promoted.Psql(database(),
                "CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 1000) g; CREATE TABLE kept AS TABLE t");
  const std::vector<std::string> move = {"migrate",     "--source",       promoted.Superuser(database()).ToString(),
                                         "--target",    TargetConnInfo(), "--evidence",
                                         evidence_path_};
  EXPECT_EQ(RunHelper(move).status, kVerified);
  target().Execute(database(), "UPDATE airlift_state.run SET stage = 'load', verdict = NULL, finished_at = NULL");
  promoted.Stop();
  std::ofstream(promoted.directory() + "/data/standby.signal").close();
  promoted.Start();
  promoted.Execute("postgres", "SELECT pg_promote()");
  promoted.Execute(database(), "DELETE FROM t WHERE a > 990");
  const ProcessResult result = RunHelper(move);
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("warning: the source is on timeline 2 and was on 1"));
  EXPECT_THAT(result.err, HasSubstr("t: starts over"));
  EXPECT_EQ(target().Value(database(), "SELECT (SELECT count(*) FROM t) || ' ' || (SELECT count(*) FROM kept)"),
            "990 1000");
}

// Who comes later must be told, too.
TEST_F(Security, AnotherTimelineIsRememberedByWhoHasJudgedTheCopies) {
  LoadSource();
  EXPECT_EQ(Airlift("migrate").status, kVerified);
  target().Execute(database(), "UPDATE airlift_state.seen_source SET timeline = timeline + 1");
  const auto seen_after = [&](const std::string& stage) {
    target().Execute(database(),
                     "UPDATE airlift_state.run SET stage = '" + stage + "', verdict = NULL, finished_at = NULL");
    const ProcessResult result = Airlift("migrate");
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    EXPECT_THAT(result.err, HasSubstr("warning: the source is on timeline 1 and was on 2"));
    return target().Value(database(), "SELECT count(*) FROM airlift_state.seen_source");
  };
  EXPECT_EQ(seen_after("post-data"), "1");
  EXPECT_EQ(seen_after("load"), "2");
}

}  // namespace
}  // namespace airlift::test
