#include "prepare/step.h"

#include <cstring>

namespace airlift {

namespace {

constexpr struct {
  StepState state;
  const char* name;
} kStateNames[] = {
    {StepState::kPlanned, "planned"}, {StepState::kStarted, "started"}, {StepState::kDone, "done"},
    {StepState::kFailed, "failed"},   {StepState::kUndoing, "undoing"}, {StepState::kUndone, "undone"},
};

}  // namespace

const char* StepStateName(StepState state) {
  for (const auto& entry : kStateNames)
    if (entry.state == state) return entry.name;
  return "";
}

StepState StepStateFromName(const std::string& name) {
  for (const auto& entry : kStateNames)
    if (name == entry.name) return entry.state;
  throw Error("unknown state \"" + name + "\" in airlift_state.prepare_step");
}

std::string ExecutableSql(const Step& step) {
  if (step.secret.empty()) return step.sql;
  std::string sql = step.sql;
  // The last one: a role's name may contain the mark.
  const size_t at = sql.rfind(kSecretMark);
  if (at == std::string::npos) throw Error("no place for the secret in: " + step.sql);
  return sql.replace(at, std::strlen(kSecretMark), "'" + step.secret + "'");
}

}  // namespace airlift
