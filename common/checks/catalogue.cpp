#include <cstring>
#include <iterator>
#include <type_traits>

#include "areas.h"
#include "check.h"

namespace airlift {

namespace {

static_assert(std::is_trivially_destructible_v<Check>);

const CheckArea* const kAreas[] = {
    &kVersionArea, &kSizeArea,        &kRoleArea,      &kPrivilegeArea,    &kExtensionArea,
    &kObjectArea,  &kServerArea,      &kCollationArea, &kIdentityArea,     &kTableArea,
    &kColumnArea,  &kReplicationArea, &kActivityArea,  &kTargetServerArea, &kPairedArea,
};

}  // namespace

size_t CheckCount() noexcept {
  size_t count = 0;
  for (const CheckArea* area : kAreas) count += area->count;
  return count;
}

const Check& CheckAt(size_t index) noexcept {
  for (const CheckArea* area : kAreas) {
    if (index < area->count) return area->checks[index];
    index -= area->count;
  }
  return kAreas[0]->checks[0];
}

const Check* FindCheck(const char* id) noexcept {
  for (const CheckArea* area : kAreas)
    for (size_t i = 0; i < area->count; ++i)
      if (strcmp(area->checks[i].id, id) == 0) return &area->checks[i];
  return nullptr;
}

bool Concerns(const Check& check, const Assessment& assessment, int source_version) noexcept {
  return (check.targets & assessment.target) != 0 && (assessment.deep || !check.deep) &&
         source_version >= check.from_version && source_version <= check.to_version &&
         assessment.target_version >= check.from_target && assessment.target_version <= check.to_target;
}

const char* SeverityName(Severity severity) noexcept {
  constexpr const char* kNames[] = {"error", "blocker", "warning", "info"};
  return kNames[static_cast<size_t>(severity)];
}

const char* SideName(CheckSide side) noexcept {
  constexpr const char* kNames[] = {"source", "target", "paired"};
  return kNames[static_cast<size_t>(side)];
}

}  // namespace airlift
