#include "base/duration.h"

#include <cctype>
#include <cmath>
#include <string_view>

#include "base/error.h"

namespace airlift {

namespace {

constexpr struct {
  std::string_view name;
  double seconds;
} kUnits[] = {{"s", 1},        {"sec", 1},     {"second", 1},   {"seconds", 1}, {"m", 60},
              {"min", 60},     {"minute", 60}, {"minutes", 60}, {"h", 3600},    {"hour", 3600},
              {"hours", 3600}, {"d", 86400},   {"day", 86400},  {"days", 86400}};
constexpr double kLongest = 86400.0 * 3650;

double SecondsOf(const std::string& unit) {
  for (const auto& known : kUnits)
    if (known.name == unit) return known.seconds;
  return 0;
}

[[noreturn]] void Refuse(const std::string& text) {
  throw Error("\"" + text + "\" is not a duration", {}, "Write it as 90s, 5min, 1h30min or 2d.");
}

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) { SkipBlanks(); }

  bool AtEnd() const { return at_ == text_.size(); }
  double Number() {
    std::string digits;
    while (!AtEnd() && (std::isdigit(Here()) != 0 || Here() == '.')) digits += text_[at_++];
    if (digits.empty() || digits.size() > 15 || digits == "." || digits.find('.') != digits.rfind('.')) Refuse(text_);
    SkipBlanks();
    return std::stod(digits);
  }
  std::string Unit() {
    std::string unit;
    while (!AtEnd() && std::isalpha(Here()) != 0) unit += static_cast<char>(std::tolower(text_[at_++]));
    SkipBlanks();
    return unit;
  }

 private:
  unsigned char Here() const { return static_cast<unsigned char>(text_[at_]); }
  void SkipBlanks() {
    while (!AtEnd() && std::isspace(Here()) != 0) ++at_;
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

double ParseDuration(const std::string& text) {
  Reader reader(text);
  if (reader.AtEnd()) Refuse(text);
  double total = 0;
  bool is_first = true;
  while (!reader.AtEnd()) {
    const double number = reader.Number();
    const std::string unit = reader.Unit();
    const bool bare = unit.empty() && is_first && reader.AtEnd();
    const double seconds = bare ? 1 : SecondsOf(unit);
    if (seconds == 0) Refuse(text);
    total += number * seconds;
    is_first = false;
  }
  if (total > kLongest) Refuse(text);
  return total;
}

}  // namespace airlift
