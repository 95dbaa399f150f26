// From a snapshot and its slot to a subscription that has caught up, while the application writes; and what goes wrong
// on the way. The target is a managed one, never superuser. Other versions: PG_AIRLIFT_TARGET_BINDIR (support/servers).
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr int kNativeSince = 16;

class Replicate : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    password_file_ = target().directory() + "/" + database() + ".password";
    is_native_ = target().Connect("postgres")->server_major() >= kNativeSince;
    if (!is_native_) target().PsqlFile(database(), TestFile("managed_profile/exec_as_admin.sql"));
    source().Execute("postgres", "DROP ROLE IF EXISTS airlift_replication");
  }

  void TearDown() override {
    // Subscriptions keep a database from being dropped, slots and roles belong to the cluster.
    const auto target_connection = target().Connect(database());
    const Result names = target_connection->Query(
        "SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid "
        "WHERE d.datname = current_database()");
    for (int row = 0; row < names.rows(); ++row) {
      const std::string name = "\"" + names.Text(row, 0) + "\"";
      target_connection->Execute("ALTER SUBSCRIPTION " + name + " DISABLE");
      target_connection->Execute("ALTER SUBSCRIPTION " + name + " SET (slot_name = NONE)");
      target_connection->Execute("DROP SUBSCRIPTION " + name);
    }
    DropSlots();
    MoveTest::TearDown();
    source().Execute("postgres", "DROP ROLE IF EXISTS airlift_replication");
    std::filesystem::remove(password_file_);
  }

  void DropSlots() {
    const std::string mine = "FROM pg_replication_slots WHERE database = '" + database() + "'";
    for (int i = 0; i < 100 && source().Value("postgres", "SELECT count(*) " + mine) != "0"; ++i) {
      source().Execute("postgres", "SELECT pg_terminate_backend(active_pid) " + mine + " AND active");
      source().Execute("postgres", "SELECT pg_drop_replication_slot(slot_name) " + mine + " AND NOT active");
      std::this_thread::sleep_for(50ms);
    }
  }

  std::vector<std::string> Options(const std::vector<std::string>& more = {}) {
    std::vector<std::string> options = {"--type",          "full-load-and-cdc",
                                        "--from-target",   "host=127.0.0.1 port=" + std::to_string(source().port()),
                                        "--password-file", password_file_};
    if (!is_native_) options.insert(options.end(), {"--admin-function", "managed.exec_as_admin"});
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }

  ProcessResult Migrate(const std::vector<std::string>& more = {}) { return Airlift("migrate", Options(more)); }

  void ExpectReplicates(const ProcessResult& result) {
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    EXPECT_THAT(result.out, HasSubstr("replicating: "));
    EXPECT_THAT(result.out, HasSubstr("verdict: verified"));
  }

  // Until the target has everything that the source has now.
  void CatchUp() {
    const std::string lsn = source().Value(database(), "SELECT pg_current_wal_lsn()");
    for (int i = 0; i < 600; ++i) {
      if (source().Value(database(), "SELECT bool_and(active AND confirmed_flush_lsn >= '" + lsn +
                                         "') FROM pg_replication_slots WHERE database = current_database()") == "t")
        return;
      std::this_thread::sleep_for(50ms);
    }
    ADD_FAILURE() << "the subscriptions do not catch up";
  }

  std::string OnTarget(const std::string& sql) { return target().Value(database(), sql); }
  std::string OnSource(const std::string& sql) { return source().Value(database(), sql); }

  std::string password_file_;
  bool is_native_ = false;
};

TEST_F(Replicate, ChangesArriveAfterTheLoad) {
  source().Execute(database(),
                   "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, md5(g::text) FROM "
                   "generate_series(1, 1000) g");
  const ProcessResult result = Migrate();
  ExpectReplicates(result);
  source().Execute(database(),
                   "UPDATE t SET v = 'changed' WHERE id % 3 = 0; DELETE FROM t WHERE id % 7 = 0; "
                   "INSERT INTO t SELECT g, 'new' FROM generate_series(2001, 2100) g");
  CatchUp();
  ExpectSameContents();
  // Nobody else writes to the target.
  const auto master = target().Connect(target().Login(database(), "master", kMasterPassword));
  EXPECT_THROW(master->Execute("INSERT INTO t VALUES (5000, 'stray')"), SqlError);
  EXPECT_EQ(OnTarget("SELECT phase FROM airlift_state.replication"), "replicating");
}

}  // namespace
}  // namespace airlift::test
