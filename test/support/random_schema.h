// Random schemas with random rows, as one SQL script. The same seed gives the same script.
#pragma once

#include <cstdint>
#include <string>

namespace airlift::test {

struct RandomSchemaOptions {
  int tables = 8;
  int max_columns = 12;
  int max_rows = 60;
};

// A psql script for an empty database: schemas with hostile names, enums, domains, composites, ranges; tables with and
// without keys, partitioned, inherited, with generated and identity columns, dropped columns; rows with extreme values.
std::string RandomSchema(uint64_t seed, const RandomSchemaOptions& options = {});

// From PG_AIRLIFT_SEED, otherwise from the clock.
uint64_t SeedOfThisRun();

}  // namespace airlift::test
