// Table mappings of AWS DMS, their wildcards and expressions.
#include "fuzz/fuzz.h"
#include "mapping/expression.h"
#include "mapping/table_mapping.h"
#include "mapping/wildcard.h"

using namespace airlift;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::View(data, size));
  fuzz::Refusing([&] {
    const TableMapping mapping = ParseTableMapping(text, "mapping.json");
    for (const SelectionMapping& rule : mapping.selections) {
      MatchesWildcard(rule.table, "sales_2026");
      if (!HasWildcard(rule.schema)) WithoutBrackets(rule.schema);
    }
    for (const Transformation& rule : mapping.transformations) RenamedBy(rule, "sales_2026");
  });
  fuzz::Refusing([&] { TranslateExpression(text, {"s", "t", [](const std::string&) { return true; }}); });
  MatchesWildcard(text.substr(0, size / 2), text.substr(size / 2));
  WithoutBrackets(text);
  return 0;
}
