// The contents of pg_dump's archives, and the statements in them taken apart and rewritten.
#include "fuzz/fuzz.h"
#include "schema/archive.h"
#include "schema/rewrite.h"
#include "schema/sql_lexer.h"

using namespace airlift;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Refusing([&] {
    const Archive archive = ParseArchive(fuzz::View(data, size));
    for (const ArchiveEntry& entry : archive.entries) {
      SplitStatements(entry.sql);
      RemoveInternalOptions(entry.sql);
      IndependentStatements(entry.sql);
    }
  });
  return 0;
}
