#include "archive/sealed_json.h"

#include <nlohmann/json.hpp>

#include "archive/manifest.h"
#include "base/json_document.h"
#include "report/result.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr const char* kOwnDigest = "manifest_digest";

// Of everything but itself, in the one order that json has.
std::string OwnDigest(json value) {
  value.erase(kOwnDigest);
  const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  return DigestText(HashBytes(text.data(), text.size()));
}

}  // namespace

void WriteSealed(json value, const std::string& path, const std::string& what) {
  value[kOwnDigest] = OwnDigest(value);
  const std::string text = value.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  WriteFileAtomically(path, what, 0666, [&](std::FILE* file) { std::fputs(text.c_str(), file); });
}

json ParseSealed(const std::string& text) {
  json value = ParseDocument(text);
  if (value.at(kOwnDigest) != OwnDigest(value)) throw Error("it was changed after it was written");
  return value;
}

}  // namespace airlift
