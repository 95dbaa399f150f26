// Evidence files and other documents as `report` reads them, and what workers read from the state tables.
#include "catalog/relation.h"
#include "fuzz/fuzz.h"
#include "html/render.h"
#include "report/result.h"
#include "report/table_json.h"
#include "row_compare/compared_table.h"

using namespace airlift;
using nlohmann::json;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const json document = json::parse(fuzz::View(data, size), nullptr, false);
  if (document.is_discarded()) return 0;
  fuzz::Refusing([&] { RenderHtml(document); });
  fuzz::RefusingJson([&] { TableResultFromJson(document); });
  fuzz::RefusingJson([&] { RelationFromJson(document); });
  fuzz::RefusingJson([&] { ComparedTableFromJson(document); });
  return 0;
}
