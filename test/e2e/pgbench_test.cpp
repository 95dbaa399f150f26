// A migration there and back with pgbench at work, TPC-B and a mix of our own, and a network that is cut meanwhile.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <memory>
#include <thread>

#include "support/cutover_case.h"
#include "support/tcp_proxy.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Next to TPC-B: sequences, keys that change, deletes, truncates, large transactions and large values.
constexpr const char* kMixTables = R"(
CREATE SEQUENCE mix_number;
CREATE TABLE mix (id int PRIMARY KEY DEFAULT nextval('mix_number'), client int NOT NULL, body text);
CREATE TABLE mix_log (mix int NOT NULL, what text NOT NULL);
ALTER TABLE mix_log REPLICA IDENTITY FULL;
CREATE TABLE mix_scratch (id int PRIMARY KEY);
)";
constexpr const char* kMix = R"(\set r random(1, 100)
BEGIN;
INSERT INTO mix (client, body) VALUES (:client_id, repeat(md5(:r::text), 1 + :r * :r / 10));
\if :r <= 3
INSERT INTO mix_scratch SELECT g FROM generate_series(:client_id * 10000, :client_id * 10000 + 3000) g ON CONFLICT DO NOTHING;
\elif :r <= 6
TRUNCATE mix_scratch;
\elif :r <= 30
UPDATE mix SET id = nextval('mix_number') WHERE id = (SELECT max(id) FROM mix WHERE client = :client_id);
\elif :r <= 50
DELETE FROM mix WHERE id = (SELECT min(id) FROM mix WHERE client = :client_id);
\else
INSERT INTO mix_log SELECT id, 'seen' FROM mix WHERE client = :client_id ORDER BY id DESC LIMIT 1;
\endif
COMMIT;
)";

class PgbenchMigration : public CutoverCase {
 protected:
  void SetUp() override {
    CutoverCase::SetUp();
    script_ = source().directory() + "/" + database() + ".mix";
    std::ofstream(script_) << kMix;
    chmod(script_.c_str(), 0644);
    RunOrThrow(Pgbench(source(), {"-i", "-s", "2", "-q"}));
    // A history without a key: rows are only added.
    source().Psql(database(), std::string("ALTER TABLE pgbench_history REPLICA IDENTITY FULL;") + kMixTables);
  }
  void TearDown() override {
    unlink(script_.c_str());
    CutoverCase::TearDown();
  }

  std::vector<std::string> Pgbench(Cluster& cluster, const std::vector<std::string>& more) {
    const bool is_target = cluster.side() == Side::kTarget;
    std::vector<std::string> command = {"env",
                                        is_target ? std::string("PGPASSWORD=") + kMasterPassword : "PGPASSWORD=",
                                        "pgbench",
                                        "-h",
                                        is_target ? "127.0.0.1" : cluster.directory() + "/socket",
                                        "-p",
                                        std::to_string(cluster.port()),
                                        "-U",
                                        is_target ? "master" : "postgres"};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(database());
    return command;
  }
  std::unique_ptr<Process> StartWriting(Cluster& cluster) {
    return std::make_unique<Process>(
        Pgbench(cluster, {"-n", "-c", "3", "-T", "600", "-R", "300", "-b", "tpcb-like@3", "-f", script_ + "@1"}));
  }

  // TPC-B's own invariant holds at every commit, so it holds wherever exactly the committed transactions are.
  void ExpectBooksBalance(Cluster& cluster) {
    EXPECT_EQ(cluster.Value(database(),
                            "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM "
                            "pgbench_history) AND (SELECT sum(tbalance) FROM pgbench_tellers) = (SELECT sum(bbalance) "
                            "FROM pgbench_branches) AND (SELECT sum(tbalance) FROM pgbench_tellers) = (SELECT "
                            "sum(delta) FROM pgbench_history)"),
              "t")
        << SideName(cluster.side());
  }
  int64_t History(Cluster& cluster) {
    return std::stoll(cluster.Value(database(), "SELECT count(*) FROM pgbench_history"));
  }
  void WaitForHistory(Cluster& cluster, int64_t more) {
    const int64_t before = History(cluster);
    for (int i = 0; i < 300 && History(cluster) < before + more; ++i) std::this_thread::sleep_for(50ms);
    ASSERT_GE(History(cluster), before + more);
  }
  void ExpectNoDuplicateKey(Process& writer) {
    writer.Signal(SIGKILL);
    EXPECT_EQ(writer.Wait().err.find("duplicate key"), std::string::npos);
  }

  std::string script_;
};

TEST_F(PgbenchMigration, NothingIsLostOrDoubledThereAndBack) {
  auto on_source = StartWriting(source());
  WaitForHistory(source(), 100);
  Replicate();
  const ProcessResult over = CutOver();
  ASSERT_EQ(over.status, 0) << over.Describe();
  EXPECT_THAT(over.out, HasSubstr("rows under the fence: verified"));
  ExpectNoDuplicateKey(*on_source);
  ExpectBooksBalance(target());
  EXPECT_EQ(History(target()), History(source()));
  auto on_target = StartWriting(target());
  WaitForHistory(target(), 100);
  const ProcessResult back = FallBack();
  ASSERT_EQ(back.status, 0) << back.Describe();
  EXPECT_THAT(back.out, HasSubstr("rows under the fence: verified"));
  ExpectNoDuplicateKey(*on_target);
  ExpectBooksBalance(source());
  EXPECT_EQ(History(source()), History(target()));
  auto again = StartWriting(source());
  WaitForHistory(source(), 50);
  ExpectNoDuplicateKey(*again);
  ExpectBooksBalance(source());
}

// The target loses the source without a word. Replication comes back by itself, and nothing is missing.
TEST_F(PgbenchMigration, OutlivesANetworkThatIsCut) {
  // Else it would take a minute to be noticed.
  for (const char* setting : {"wal_receiver_timeout = '2s'", "wal_retrieve_retry_interval = '500ms'"})
    target().Execute("postgres", std::string("ALTER SYSTEM SET ") + setting);
  target().Execute("postgres", "SELECT pg_reload_conf()");
  TcpProxy network(source().port());
  Replicate(network.port());
  auto writer = StartWriting(source());
  WaitForHistory(source(), 50);
  network.Cut();
  WaitForHistory(source(), 300);
  std::this_thread::sleep_for(SlowTests() ? 60s : 4s);
  const ProcessResult cut = RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo()});
  EXPECT_THAT(cut.out, HasSubstr("errors: ")) << cut.Describe();
  if (SlowTests()) {
    EXPECT_EQ(cut.status, kDiffers) << cut.Describe();
  }
  network.Mend();
  const ProcessResult over = CutOver({"--max-lag", "10GB", "--timeout", "2min"});
  EXPECT_EQ(over.status, 0) << over.Describe();
  ExpectNoDuplicateKey(*writer);
  ExpectBooksBalance(target());
  EXPECT_EQ(History(target()), History(source()));
  target().Execute("postgres", "ALTER SYSTEM RESET ALL");
  target().Execute("postgres", "SELECT pg_reload_conf()");
}

}  // namespace
}  // namespace airlift::test
