// Files of pg_dump --filter.
#include "fuzz/fuzz.h"
#include "selection/filter_file.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  airlift::SelectionRules rules;
  airlift::fuzz::Refusing([&] { airlift::ParseFilterFile(airlift::fuzz::View(data, size), "filter", rules); });
  return 0;
}
