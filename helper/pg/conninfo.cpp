#include "pg/conninfo.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <memory>

#include "base/error.h"

namespace airlift {

namespace {

using ParsedOptions = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

bool LooksLikeConnInfo(const std::string& text) {
  return text.find('=') != std::string::npos || text.rfind("postgres://", 0) == 0 ||
         text.rfind("postgresql://", 0) == 0;
}

// libpq's message may quote any part of the string.
bool MayHoldSecret(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find("pass") != std::string::npos || text.find("secret") != std::string::npos ||
         text.find('@') != std::string::npos;
}

std::string TrimEnd(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string QuoteValue(const std::string& value) {
  std::string quoted = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string Join(const std::map<std::string, std::string>& settings, bool with_password) {
  std::string text;
  for (const auto& [key, value] : settings) {
    if (!with_password && (key == "password" || key == "sslpassword")) continue;
    if (!text.empty()) text += ' ';
    text += key + "=" + QuoteValue(value);
  }
  return text;
}

}  // namespace

ConnInfo ConnInfo::Parse(const std::string& text) {
  ConnInfo info;
  if (!text.empty() && !LooksLikeConnInfo(text)) return info.With("dbname", text);
  char* message = nullptr;
  const ParsedOptions options(PQconninfoParse(text.c_str(), &message), &PQconninfoFree);
  if (!options) {
    const std::string reason = message == nullptr || MayHoldSecret(text) ? std::string() : TrimEnd(message);
    PQfreemem(message);
    throw Error("could not parse the connection string" + (reason.empty() ? reason : ": " + reason), {},
                "Write it as \"host=... port=... dbname=... user=...\" or \"postgresql://user@host:port/dbname\".");
  }
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) info.settings_[option->keyword] = option->val;
  return info;
}

std::string ConnInfo::Get(const std::string& key) const {
  const auto found = settings_.find(key);
  return found == settings_.end() ? std::string() : found->second;
}

ConnInfo ConnInfo::With(const std::string& key, const std::string& value) const {
  ConnInfo copy = *this;
  copy.settings_[key] = value;
  return copy;
}

std::string ConnInfo::ToString() const { return Join(settings_, true); }

std::string ConnInfo::ToStringWithoutPassword() const { return Join(settings_, false); }

}  // namespace airlift
