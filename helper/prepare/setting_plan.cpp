#include "prepare/setting_plan.h"

#include <fmt/format.h>

#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

const SettingFacts* Find(const std::vector<SettingFacts>& settings, const SettingFacts& wanted) {
  for (const SettingFacts& setting : settings)
    if (setting.role == wanted.role && setting.in_database == wanted.in_database && setting.name == wanted.name)
      return &setting;
  return nullptr;
}

// "ALTER ROLE r IN DATABASE d", "ALTER ROLE ALL", "ALTER DATABASE d"
std::string AlterWhat(const SettingFacts& setting, const std::string& database) {
  if (!setting.role && setting.in_database) return "ALTER DATABASE " + SqlName(database);
  std::string alter = "ALTER ROLE " + (setting.role ? SqlName(*setting.role) : std::string("ALL"));
  if (setting.in_database) alter += " IN DATABASE " + SqlName(database);
  return alter;
}

std::string Holder(const SettingFacts& setting, const std::string& database) {
  std::string holder = setting.role ? "role " + DisplayName(*setting.role) : "";
  if (setting.in_database) holder += (holder.empty() ? "" : " in ") + ("database " + DisplayName(database));
  return holder.empty() ? "all roles" : holder;
}

std::string KeyOf(const SettingFacts& setting) {
  return fmt::format("setting/{}/{}/{}", setting.role ? "role " + *setting.role : "all",
                     setting.in_database ? "database" : "", setting.name);
}

std::string SetTo(const SettingFacts& setting) {
  return fmt::format(" SET {} TO {}", SqlName(setting.name), SqlSettingValue(setting.name, setting.value));
}

void PlanSetting(const SettingFacts& setting, const TargetRoles& target, bool set_by_prepare, PreparePart& plan) {
  const std::string holder = Holder(setting, target.database);
  const SettingFacts* existing = Find(target.settings, setting);
  if (existing != nullptr && existing->value == setting.value) return;
  if (existing != nullptr && !set_by_prepare) {
    plan.findings.push_back({"role.differs",
                             holder,
                             fmt::format("The target's setting {} = {} stays; the source has {}.", setting.name,
                                         SqlText(existing->value), SqlText(setting.value)),
                             {},
                             true,
                             false});
    return;
  }
  const std::string alter = AlterWhat(setting, target.database);
  Step step;
  step.key = KeyOf(setting);
  step.what = fmt::format("setting {} of {}", DisplayName(setting.name), holder);
  step.sql = alter + SetTo(setting);
  step.undo_sql = alter + (existing == nullptr ? " RESET " + SqlName(setting.name) : SetTo(*existing));
  if (setting.role) step.needs = {"role/" + *setting.role};
  // One that no loaded library defines: since 15 only superusers may store such a setting, for it could turn out to be
  // one of theirs.
  const bool is_custom = setting.name.find('.') != std::string::npos;
  step.finding = is_custom ? "role.unknown_setting" : "role.guc_superuser";
  step.object = fmt::format("{}: {} = {}", holder, setting.name, SqlText(setting.value));
  step.remedy = is_custom ? "Have the application set it, with SET or in the options of its connection string."
                          : "Set it in the parameter group, or leave it out.";
  plan.steps.push_back(std::move(step));
}

}  // namespace

void PlanSettings(const SourceRoles& source, const TargetRoles& target, const std::set<std::string>& done,
                  const std::set<std::string>& roles, PreparePart& plan) {
  for (const SettingFacts& setting : source.settings) {
    if (setting.role && roles.count(*setting.role) == 0) continue;
    PlanSetting(setting, target, done.count(KeyOf(setting)) > 0, plan);
  }
}

}  // namespace airlift
