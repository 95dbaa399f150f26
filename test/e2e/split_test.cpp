// Big tables are copied and read back in parts, whatever their keys look like.
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

struct Shape {
  const char* name;
  const char* sql;  // makes table t of a few MB
};
void PrintTo(const Shape& shape, std::ostream* stream) { *stream << shape.name; }

// 20,000 rows of about 120 bytes: some 300 blocks, many parts of 256 kB.
constexpr Shape kShapes[] = {
    {"NegativeKeys",
     "CREATE TABLE t AS SELECT -g AS id, repeat('x', 80) || g AS v FROM generate_series(1, 20000) g;"
     "ALTER TABLE t ADD PRIMARY KEY (id)"},
    {"SparseKeys",
     "CREATE TABLE t AS SELECT (g::bigint * g * 7919) % 9000000000000000 AS id, repeat('x', 80) || g AS v "
     "FROM generate_series(1, 20000) g; ALTER TABLE t ADD PRIMARY KEY (id)"},
    {"HugeKeys",
     "CREATE TABLE t AS SELECT 9223372036854775807 - g AS id, repeat('x', 80) || g AS v FROM generate_series(0, "
     "19999) g; INSERT INTO t VALUES (-9223372036854775808, 'least'); ALTER TABLE t ADD PRIMARY KEY (id)"},
    {"NullKeys",
     "CREATE TABLE t AS SELECT nullif(g % 3, 0) AS id, repeat('x', 80) || g AS v FROM generate_series(1, 20000) g;"
     "CREATE UNIQUE INDEX ON t (id, v)"},
    {"TextKeys",
     "CREATE TABLE t AS SELECT md5(g::text) AS id, repeat('x', 80) || g AS v FROM generate_series(1, 20000) g;"
     "ALTER TABLE t ADD PRIMARY KEY (id)"},
    {"CompositeKeys",
     "CREATE TABLE t AS SELECT g % 5 AS a, g / 5 AS b, repeat('x', 80) || g AS v FROM generate_series(1, "
     "20000) g; ALTER TABLE t ADD PRIMARY KEY (a, b)"},
    {"NoKeys", "CREATE TABLE t AS SELECT g / 2 AS id, repeat('x', 80) || g / 2 AS v FROM generate_series(1, 20000) g"},
    {"HolesInTheFile",
     "CREATE TABLE t AS SELECT g AS id, repeat('x', 80) || g AS v FROM generate_series(1, 60000) g;"
     "DELETE FROM t WHERE id BETWEEN 10000 AND 50000 OR id % 7 = 0"},
    {"MostInToast",
     "CREATE TABLE t (id int PRIMARY KEY, v text); ALTER TABLE t ALTER v SET STORAGE EXTERNAL; INSERT INTO t SELECT g, "
     "repeat(md5(g::text), "
     "200) FROM generate_series(1, 2000) g"},
    {"UpdatedRows",
     "CREATE TABLE t AS SELECT g AS id, repeat('x', 80) || g AS v FROM generate_series(1, 20000) g;"
     "ALTER TABLE t ADD PRIMARY KEY (id); UPDATE t SET v = v || 'y' WHERE id % 2 = 0"},
    {"GeneratedAndIdentity",
     "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, l int GENERATED ALWAYS AS (length(v)) "
     "STORED);"
     "INSERT INTO t (v) SELECT repeat('x', 80) || g FROM generate_series(1, 20000) g"},
    {"NotPortableInBinary",
     "CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t AS SELECT g AS id, ARRAY['a', 'b']::e[] AS es, "
     "repeat('x', 80) || g AS v FROM generate_series(1, 20000) g"},
    {"Partitions",
     "CREATE TABLE t (id int, v text) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) "
     "TO (15000); CREATE TABLE t2 PARTITION OF t DEFAULT; INSERT INTO t SELECT g, repeat('x', 80) || g FROM "
     "generate_series(1, 20000) g"},
};

class Split : public MoveTest, public ::testing::WithParamInterface<Shape> {};

TEST_P(Split, EveryRowArrivesOnce) {
  source().Psql(database(), GetParam().sql);
  ExpectVerifiedMove({"--split-size", "256kB", "--jobs", "4"});
}

std::string NameOf(const ::testing::TestParamInfo<Shape>& shape) { return shape.param.name; }
INSTANTIATE_TEST_SUITE_P(Shapes, Split, ::testing::ValuesIn(kShapes), NameOf);

// The last part has no end, so rows that arrive in the file after the plan was made belong to it. The snapshot hides
// them.
TEST_F(Split, RowsWrittenMeanwhileAreNotPartOfTheMove) {
  source().Psql(database(),
                "CREATE TABLE t AS SELECT g AS id, repeat('x', 80) || g AS v FROM generate_series(1, 60000) g;"
                "CREATE TABLE other AS SELECT g AS id FROM generate_series(1, 100000) g");
  auto run = StartHelper(Arguments("migrate", {"--split-size", "256kB", "--jobs", "2"}));
  int64_t writes = 0;
  const auto writer = source().Connect(database());
  while (run->IsRunning()) {
    writer->Execute(
        "INSERT INTO t SELECT g, 'late' FROM generate_series(1000000, 1000100) g;"
        "UPDATE t SET v = v || '!' WHERE id % 1000 = 0; DELETE FROM other WHERE id % 100 = 1");
    ++writes;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const ProcessResult result = run->Wait();
  EXPECT_GT(writes, 1);
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  // And the comparison of now sees that the source has gone on.
  EXPECT_EQ(Airlift("compare").status, kDiffers);
}

}  // namespace
}  // namespace airlift::test
