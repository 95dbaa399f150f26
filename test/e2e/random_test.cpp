// Random schemas with random rows, moved and compared. A failure names its seed: PG_AIRLIFT_SEED=... repeats it.
#include "support/move_test.h"
#include "support/random_schema.h"

namespace airlift::test {
namespace {

class RandomDatabase : public MoveTest {};

TEST_F(RandomDatabase, MovesAndCompares) {
  const uint64_t first = SeedOfThisRun();
  const uint64_t rounds = SlowTests() ? 100 : 6;
  for (uint64_t seed = first; seed < first + rounds && !HasFailure(); ++seed) {
    SCOPED_TRACE("PG_AIRLIFT_SEED=" + std::to_string(seed));
    printf("seed %llu\n", static_cast<unsigned long long>(seed));
    for (Cluster* cluster : {&source(), &target()}) cluster->DropDatabase(database());
    source().CreateDatabase(database());
    target().CreateDatabase(database(), "OWNER master");
    if (seed % 3 != 0) AddExtension(database());
    source().Psql(database(), RandomSchema(seed));
    ExpectVerifiedMove({"--jobs", std::to_string(seed % 4 + 1), "--split-size", "64kB"});
    EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
  }
}

}  // namespace
}  // namespace airlift::test
