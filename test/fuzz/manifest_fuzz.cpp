// Manifests of archives, sealed as their writer seals them: without that, hardly an input would get any further.
#include "archive/manifest.h"
#include "base/json_document.h"
#include "fuzz/fuzz.h"

using namespace airlift;
using nlohmann::json;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::View(data, size));
  fuzz::Refusing([&] { ManifestFromJson(text, "manifest"); });
  json value;
  fuzz::RefusingJson([&] { value = ParseDocument(text); });
  if (!value.is_object()) return 0;
  value.erase("manifest_digest");
  const std::string contents = value.dump(-1, ' ', false, json::error_handler_t::replace);
  value["manifest_digest"] = DigestText(HashBytes(contents.data(), contents.size()));
  fuzz::Refusing([&] { ManifestFromJson(value.dump(-1, ' ', false, json::error_handler_t::replace), "manifest"); });
  return 0;
}
