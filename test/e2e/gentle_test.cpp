// A comparison that goes easy on the source: its rate, its pauses, and the same result as without.
#include <gmock/gmock.h>

#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;

class Gentle : public MoveTest {
 protected:
  // One table of some MB with TOAST, one partitioned, one that only a query can read (a generated column is stored).
  void SetUp() override {
    MoveTest::SetUp();
    constexpr const char* kTables = R"(
      CREATE TABLE wide (id int PRIMARY KEY, v text);
      INSERT INTO wide SELECT g, repeat(md5(g::text), 1 + g % 100) FROM generate_series(1, 6000) g;
      UPDATE wide SET v = v || 'x' WHERE id % 3 = 0;
      CREATE TABLE parts (id int, v text, sum int GENERATED ALWAYS AS (id + 1) STORED) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
      CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (100000);
      INSERT INTO parts SELECT g, 'v' || g FROM generate_series(1, 20000) g;
      CREATE TABLE nothing (a int);
    )";
    source().Psql(database(), kTables);
    target().Psql(database(), std::string("SET ROLE master;") + kTables);
  }

  std::vector<std::string> Notes() const { return Evidence()["notes"].get<std::vector<std::string>>(); }
};

TEST_F(Gentle, ALimitedRateFindsTheSame) {
  const ProcessResult plain = Airlift("compare", {"--data-only"});
  ASSERT_EQ(plain.status, kVerified) << plain.Describe();
  const auto digests = [this](const char* table) { return EvidenceOf("public", table)["digest_source"]; };
  const auto wide = digests("wide"), parts = digests("parts");
  const ProcessResult limited = Airlift("compare", {"--data-only", "--max-rate", "8MB/s"});
  EXPECT_EQ(limited.status, kVerified) << limited.Describe();
  EXPECT_EQ(digests("wide"), wide);
  EXPECT_EQ(digests("parts"), parts);
  EXPECT_THAT(Notes(), Contains(HasSubstr("no more than 8.4 MB/s")));
}

TEST_F(Gentle, RowsThatDifferAreFoundInPieces) {
  target().Execute(database(), "DELETE FROM wide WHERE id = 17");
  target().Execute(database(), "UPDATE parts SET v = 'changed' WHERE id IN (50, 15000)");
  const ProcessResult result = Airlift("compare", {"--data-only", "--max-rate", "8MB", "--where", "wide=id < 5900"});
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(EvidenceOf("public", "wide")["differences"]["missing_on_target"], 1);
  const auto parts = EvidenceOf("public", "parts")["differences"];
  EXPECT_EQ(parts["missing_on_target"], 2) << parts;
  EXPECT_EQ(parts["extra_on_target"], 2);
}

TEST_F(Gentle, ABusySourceIsWaitedFor) {
  const auto busy = source().Connect(source().Superuser(database()).With("application_name", "application"));
  ASSERT_EQ(PQsendQuery(busy->get(), "SELECT pg_sleep(600)"), 1);
  auto run = StartHelper(Arguments("compare", {"--data-only", "--pause-above-sessions", "0"}));
  // Not before the program has looked: its own session tells.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < deadline &&
         source().Value(database(),
                        "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                        "'pg_airlift load watch' AND query LIKE '%pg_stat_activity%' AND state = 'idle' "
                        "AND query NOT LIKE '%pg_has_role%'") == "0")
    std::this_thread::sleep_for(20ms);
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(run->IsRunning()) << run->Wait().Describe();
  source().Execute(database(), "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'");
  const ProcessResult result = run->Wait();
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("paused: active sessions on the source: 1, more than 0"));
  EXPECT_THAT(result.err, HasSubstr("going on after a pause"));
  EXPECT_THAT(Notes(), Contains(HasSubstr("pauses because the source was busy: 1,")));
}

TEST_F(Gentle, WhoMayNotSeeOtherSessionsIsTold) {
  source().Execute(database(), "CREATE ROLE blind LOGIN PASSWORD 'bl1nd-s3cret-pw'");
  source().Execute(database(), "GRANT SELECT ON ALL TABLES IN SCHEMA public TO blind");
  const ProcessResult result =
      RunHelper({"compare", "--source", source().Login(database(), "blind", "bl1nd-s3cret-pw").ToString(), "--target",
                 TargetConnInfo(), "--pause-above-lag", "1MB", "--data-only"});
  source().Execute(database(), "DROP OWNED BY blind; DROP ROLE blind");
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("pg_monitor"));
}

}  // namespace
}  // namespace airlift::test
