// Evidence files and other documents as `report` reads them, and what workers read from the state tables.
#include "base/json_document.h"
#include "catalog/relation.h"
#include "fuzz/fuzz.h"
#include "html/render.h"
#include "report/result.h"
#include "report/table_json.h"
#include "row_compare/compared_table.h"

using namespace airlift;
using nlohmann::json;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  json document;
  fuzz::RefusingJson([&] { document = ParseDocument(fuzz::View(data, size)); });
  fuzz::Refusing([&] { RenderHtml(document); });
  fuzz::RefusingJson([&] { TableResultFromJson(document); });
  fuzz::RefusingJson([&] { RelationFromJson(document); });
  fuzz::RefusingJson([&] { ComparedTableFromJson(document); });
  return 0;
}
