#include "plan/aws_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "pg/identifier.h"

namespace airlift::planning {

namespace {

constexpr size_t kLongest = 63;
constexpr size_t kLongestPrefix = 40;  // leaves room for "-parameters-cluster" and the like

// Not those of <cctype>: a locale must not make letters of other bytes.
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool IsAlphanumeric(char c) { return IsLetter(c) || IsDigit(c); }

bool ConsistsOf(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return IsAlphanumeric(c) || others.find(c) != std::string_view::npos; });
}

struct Rule {
  bool (*broken)(std::string_view);
  const char* text;
};

constexpr Rule kRules[] = {
    {[](std::string_view name) { return name.empty(); }, "it is empty"},
    {[](std::string_view name) { return name.size() > kLongest; }, "it is longer than 63 characters"},
    {[](std::string_view name) { return !ConsistsOf(name, "-"); },
     "it holds something else than letters A-Z, digits and hyphens"},
    {[](std::string_view name) { return !name.empty() && !IsLetter(name.front()); }, "it does not begin with a letter"},
    {[](std::string_view name) { return !name.empty() && name.back() == '-'; }, "it ends with a hyphen"},
    {[](std::string_view name) { return name.find("--") != std::string_view::npos; }, "it has two hyphens in a row"},
};

constexpr const char* kIdentifierHint =
    "AWS identifiers are 1 to 63 letters, digits and hyphens, begin with a letter, do not end with a hyphen and have "
    "no "
    "two in a row.";

[[noreturn]] void Refuse(const std::string& what, const std::string& value, const char* hint) {
  throw Error(fmt::format("{} {} is not valid", what, DisplayName(value)), {}, hint);
}

}  // namespace

void CheckAwsIdentifier(const std::string& name, const std::string& what) {
  std::string broken;
  for (const Rule& rule : kRules)
    if (rule.broken(name)) broken += fmt::format("{}{}", broken.empty() ? "" : ", ", rule.text);
  if (broken.empty()) return;
  broken[0] = 'I';
  throw Error(fmt::format("{} {} is not a valid AWS identifier", what, DisplayName(name)), broken + ".",
              kIdentifierHint);
}

std::string IdentifierFrom(std::string_view database) {
  std::string name = "airlift";
  bool gap = true;
  for (const char c : database) {
    if (name.size() >= kLongestPrefix) break;
    if (!IsAlphanumeric(c)) {
      gap = true;
      continue;
    }
    if (gap) name += '-';
    gap = false;
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  while (name.back() == '-') name.pop_back();
  return name;
}

void CheckRegion(const std::string& region) {
  const auto hyphens = std::count(region.begin(), region.end(), '-');
  const bool valid = ConsistsOf(region, "-") && hyphens >= 2 && region.size() <= 32 && IsLetter(region.front()) &&
                     IsDigit(region.back()) && region.find("--") == std::string::npos;
  if (!valid) Refuse("Region", region, "Write it as eu-west-1.");
}

void CheckInstanceClass(const std::string& name) {
  const bool valid = name.rfind("db.", 0) == 0 && ConsistsOf(name, ".-") && name.size() <= kLongest && name.size() > 3;
  if (!valid) Refuse("instance class", name, "Write it as db.r7g.xlarge.");
}

void CheckKmsKey(const std::string& key) {
  if (key.empty() || key.size() > 2048 || key.front() == '-' || !ConsistsOf(key, "-_:/"))
    Refuse("KMS key", key, "Give a key ID, an ARN or alias/NAME.");
}

std::string ShellQuote(std::string_view word) {
  if (!word.empty() && ConsistsOf(word, "-_./:=,@%+")) return std::string(word);
  const bool has_controls = std::any_of(word.begin(), word.end(), IsControl);
  std::string quoted = has_controls ? "$'" : "'";
  for (const char c : word) {
    if (has_controls && IsControl(c)) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else if (has_controls && (c == '\'' || c == '\\')) {
      quoted += '\\';
      quoted += c;
    } else {
      quoted += c == '\'' ? "'\\''" : std::string(1, c);
    }
  }
  return quoted + "'";
}

RdsEndpoint ParseRdsEndpoint(const std::string& host) {
  std::vector<std::string> parts(1);
  for (const char c : host) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (parts.size() < 6 || parts[3] != "rds" || parts[4] != "amazonaws") return {};
  try {
    CheckAwsIdentifier(parts[0], "endpoint");
    CheckRegion(parts[2]);
  } catch (const Error&) {
    return {};
  }
  return {parts[0], parts[2]};
}

}  // namespace airlift::planning
