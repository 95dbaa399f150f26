// What airlift.replication_status() says of slots in use, slots that nobody uses, and slots of other databases.
#include <gmock/gmock.h>

#include "support/extension_test.h"

namespace airlift::test {
namespace {

class ReplicationStatus : public ExtensionTest {};

TEST_F(ReplicationStatus, ListsTheSlotsOfItsDatabase) {
  Execute("CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t");
  Execute("SELECT pg_create_logical_replication_slot('used', 'pgoutput')");
  Execute("SELECT pg_create_logical_replication_slot('unused', 'test_decoding')");
  Execute("SELECT pg_create_physical_replication_slot('physical')");
  const std::string copy = database() + "_copy";
  source().CreateDatabase(copy);
  source().Execute(copy, "CREATE EXTENSION pg_airlift");
  EXPECT_EQ(source().Value(copy, "SELECT count(*) FROM airlift.replication_status()"), "0");
  const Session subscriber = source().Connect(copy);
  subscriber->Execute("CREATE TABLE t (id int PRIMARY KEY)");
  subscriber->Execute("CREATE SUBSCRIPTION reader CONNECTION " +
                      subscriber->QuoteLiteral(source().Superuser(database()).ToString()) +
                      " PUBLICATION p WITH (create_slot = false, slot_name = 'used', copy_data = false)");
  Execute("INSERT INTO t SELECT generate_series(1, 5000)");
  EXPECT_EQ(ValueOnce("SELECT concat_ws(' ', plugin, active, active_pid > 0, application_name, state, lag_bytes = 0, "
                      "retained_wal >= 0, wal_status, invalidation_reason, spill_bytes) "
                      "FROM airlift.replication_status() WHERE slot_name = 'used'",
                      "pgoutput t t reader streaming t t reserved 0"),
            "pgoutput t t reader streaming t t reserved 0");
  EXPECT_EQ(
      Value(
          "SELECT concat_ws(' ', plugin, active, active_pid, application_name, state, lag_bytes > 100000, "
          "retained_wal >= lag_bytes, write_lag_seconds) FROM airlift.replication_status() WHERE slot_name = 'unused'"),
      "test_decoding f t t");
  EXPECT_EQ(Value("SELECT count(*) FROM airlift.replication_status()"), "2");
  Execute("CREATE ROLE watcher LOGIN");
  EXPECT_EQ(ConnectAs("watcher")
                ->Query("SELECT application_name FROM airlift.replication_status() WHERE slot_name = 'used'")
                .Text(0, 0),
            "reader");
  Execute("DROP ROLE watcher");
  subscriber->Execute("DROP SUBSCRIPTION reader");
  source().DropDatabase(copy);
}

}  // namespace
}  // namespace airlift::test
