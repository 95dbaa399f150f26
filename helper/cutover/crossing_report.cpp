#include <fmt/format.h>

#include "base/format.h"
#include "cutover/crossing.h"

namespace airlift {

nlohmann::json ToJson(const CrossingResult& result) {
  nlohmann::json json = {{"command", result.command}, {"dry_run", result.dry_run}, {"phase", result.phase},
                         {"blocked", result.blocked}, {"notes", result.notes},     {"refused", result.refused}};
  if (result.downtime_seconds) json["downtime_seconds"] = *result.downtime_seconds;
  for (const RoadStepOutcome& step : result.steps)
    json["steps"].push_back({{"step", step.name},
                             {"what", step.what},
                             {"state", step.state},
                             {"seconds", step.seconds},
                             {"error", step.error}});
  if (result.comparison) json["comparison"] = ToJson(*result.comparison);
  return json;
}

std::string CrossingText(const CrossingResult& result) {
  std::string text;
  if (result.dry_run) return text;
  for (const RoadStepOutcome& step : result.steps)
    text += fmt::format("{:<14} {:<20} {}{}\n", step.state, step.name,
                        step.state == "done" ? FormatSeconds(step.seconds) : "",
                        step.error.empty() ? "" : "  " + step.error);
  for (const std::string& note : result.notes) text += "note: " + note + "\n";
  for (const std::string& refused : result.refused) text += "refused: " + refused + "\n";
  if (result.comparison)
    text += fmt::format("rows under the fence: {}\n", VerdictName(result.comparison->DataVerdict()));
  if (result.downtime_seconds) text += fmt::format("writes stood still for {:.1f} s\n", *result.downtime_seconds);
  if (!result.blocked.empty()) text += "error: " + result.blocked + "\n";
  if (!result.phase.empty()) text += fmt::format("phase: {}\n", result.phase);
  return text;
}

}  // namespace airlift
