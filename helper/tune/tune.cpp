#include "tune/tune.h"

#include <algorithm>
#include <memory>

#include "catalog/pattern.h"
#include "model/verdict.h"
#include "plan/aws_name.h"
#include "prepare/step_runner.h"
#include "prepare/step_store.h"

namespace airlift {

namespace {

using planning::AdviseParameters;
using planning::ParameterAdvice;
using planning::ServerKind;

// Autovacuum or an index build that holds a table must not hold the command for ever.
constexpr const char* kLockTimeout = "SET lock_timeout = '10s'";

constexpr const char* kStands = "stands";
constexpr const char* kAsWanted = "as wanted";
constexpr const char* kToDo = "to do";
constexpr const char* kRefused = "refused";

// As ALTER ROLE takes it.
std::string SqlValue(const ParameterAdvice& advice) {
  return advice.value == "0" ? advice.value : advice.value + advice.unit;
}

class Tuner {
 public:
  explicit Tuner(const TuneOptions& options)
      : options_(options),
        target_(options.target.With("application_name", "pg_airlift tune"), Side::kTarget),
        store_(target_, ""),
        runner_(nullptr, target_, store_, !Changes()) {
    target_.Execute(kLockTimeout);
    result_.mode = options.mode;
    result_.dry_run = options.dry_run;
    result_.jobs = options.jobs;
  }

  TuneResult Run() {
    if (Changes()) store_.Lock();
    ReadTarget();
    std::optional<Transaction> rolled_back;
    if (options_.dry_run) rolled_back.emplace(target_);
    options_.mode == TuneMode::kReset ? Reset() : Apply();
    rolled_back.reset();
    if (Changes()) store_.DropWhenEmpty();
    result_.standing = FindStandingTuning(target_);
    return std::move(result_);
  }

 private:
  bool Changes() const { return options_.mode != TuneMode::kShow && !options_.dry_run; }

  void ReadTarget() {
    facts_ = planning::ReadTargetServer(target_);
    result_.target = facts_.server;
    result_.where = ReadRoleInDatabase(target_);
    result_.kind = options_.kind.value_or(facts_.kind);
    const int64_t shared_buffers = planning::SettingNumber(facts_.settings, "shared_buffers", 0) * 8192;
    if (options_.memory > 0 && options_.memory <= shared_buffers)
      throw Error("--memory is not more than the target's shared_buffers alone", {},
                  "Give the memory of the whole instance.");
    result_.memory = MemoryOf(options_.memory, shared_buffers, result_.kind == ServerKind::kAurora);
    steps_ = store_.Load();
    Advise();
  }

  void Advise() {
    planning::ParameterInputs& inputs = result_.inputs;
    inputs.target_kind = result_.kind;
    inputs.target = &facts_;
    inputs.jobs = options_.jobs;
    inputs.memory = result_.memory;
    inputs.maintenance_memory_is_tuned = Standing(std::string(kTuneSettings) + "maintenance_work_mem") != nullptr;
    inputs.with_replication = options_.with_replication;
    const std::string prefix = planning::IdentifierFrom(result_.where.database);
    inputs.group = options_.parameter_group.empty() ? prefix + "-parameters" : options_.parameter_group;
    inputs.cluster_group = options_.cluster_parameter_group;
    const planning::RdsEndpoint endpoint = planning::ParseRdsEndpoint(facts_.server.host);
    inputs.instance = !options_.instance.empty()    ? options_.instance
                      : endpoint.identifier.empty() ? prefix + "-target"
                                                    : endpoint.identifier;
    result_.advice = AdviseParameters(inputs);
    inputs.target = nullptr;  // not to outlive it
  }

  Step* Standing(const std::string& key) {
    const auto found = std::find_if(steps_.begin(), steps_.end(), [&](const Step& step) {
      return step.key == key && step.state == StepState::kDone;
    });
    return found == steps_.end() ? nullptr : &*found;
  }

  void Apply() {
    if (Changes()) store_.Create();
    stored_ = ReadStoredSettings(target_);
    for (const ParameterAdvice& advice : result_.advice)
      if (advice.level == SettingLevel::kRole) ApplySetting(advice);
    if (options_.with_tables) ApplyTables();
  }

  void ApplySetting(const ParameterAdvice& advice) {
    TuneItem item;
    item.name = advice.name;
    item.now = advice.CurrentWithUnit();
    item.wanted = advice.ValueWithUnit();
    item.purpose = advice.purpose;
    item.source = advice.source;
    const auto stored = stored_.find(advice.name);
    std::optional<std::string> before;
    if (stored != stored_.end()) before = stored->second;
    Step step = SettingStep(result_.where, advice.name, SqlValue(advice), before);
    if (Step* standing = Standing(step.key)) {
      const bool is_ours = before && SettingStep(result_.where, advice.name, *before, {}).sql == standing->sql;
      if (is_ours && standing->sql == step.sql) return Keep(item, *standing);
      // Ours, but another value is wanted now: first what was there comes back. Otherwise what somebody has set
      // meanwhile is what is to come back.
      if (is_ours && Changes()) {
        runner_.Undo(*standing);
        if (standing->state != StepState::kUndone) return Add(item, kRefused, standing->error);
      }
      if (is_ours) step.undo_sql = standing->undo_sql;
      if (Changes()) store_.Remove(*standing);
    } else if (advice.IsAsWanted()) {
      return Add(item, kAsWanted, {});
    }
    Do(item, step);
  }

  void ApplyTables() {
    std::vector<NamePattern> patterns;
    for (const std::string& pattern : options_.tables) patterns.push_back(ParseNamePattern(pattern));
    for (const TunableTable& table : ReadTunableTables(target_)) {
      if (!Matches(patterns, table.schema, table.name)) continue;
      TuneItem item;
      item.level = SettingLevel::kTable;
      Step step = TableStep(kTuneTables, table);
      item.name = step.key.substr(std::string(kTuneTables).size());
      item.now = table.autovacuum.value_or("not set");
      item.wanted = "off";
      if (Step* standing = Standing(step.key)) {
        if (table.IsAtRest()) {
          Keep(item, *standing);
          continue;
        }
        if (Changes()) store_.Remove(*standing);
      } else if (table.IsAtRest()) {
        continue;  // by somebody's wish, which is not ours to record
      }
      if (!table.is_owned) {
        ++result_.tables_of_others;
        continue;
      }
      Do(item, step);
    }
  }

  void Do(TuneItem& item, Step& step) {
    CheckStop();
    item.sql = step.sql;
    item.undo_sql = step.undo_sql;
    if (options_.mode == TuneMode::kShow) return Add(item, kToDo, {});
    runner_.Do(step);
    const bool failed = step.state == StepState::kFailed;
    Add(item, failed ? kRefused : options_.dry_run ? kToDo : "set", step.error);
  }

  void Keep(TuneItem& item, const Step& standing) {
    item.sql = standing.sql;
    item.undo_sql = standing.undo_sql;
    Add(item, kStands, {});
  }

  void Add(TuneItem& item, const char* state, const std::string& note) {
    item.state = state;
    item.note = note;
    result_.items.push_back(std::move(item));
  }

  void Reset() {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      if (!IsTuning(*step)) continue;
      CheckStop();
      if (step->state != StepState::kDone) {
        if (Changes()) store_.Remove(*step);
        continue;
      }
      TuneItem item;
      const bool is_setting = step->key.rfind(kTuneSettings, 0) == 0;
      item.level = is_setting ? SettingLevel::kRole : SettingLevel::kTable;
      item.name = step->key.substr(step->key.find('/', std::string(kTuneSteps).size()) + 1);
      item.sql = step->sql;
      item.undo_sql = step->undo_sql;
      step->error.clear();
      runner_.Undo(*step);
      // Gone with its table or role: there is nothing to put back.
      const bool refused = step->state != StepState::kUndone && !step->error.empty();
      Add(item, refused ? kRefused : options_.dry_run ? "to be put back" : "put back", step->error);
      if (step->state == StepState::kUndone && Changes()) store_.Remove(*step);
    }
  }

  const TuneOptions& options_;
  Connection target_;
  StepStore store_;
  StepRunner runner_;
  planning::TargetFacts facts_;
  std::vector<Step> steps_;
  StoredSettings stored_;
  TuneResult result_;
};

}  // namespace

const char* TuneModeName(TuneMode mode) {
  switch (mode) {
    case TuneMode::kApply:
      return "apply";
    case TuneMode::kReset:
      return "reset";
    case TuneMode::kShow:
      break;
  }
  return "show";
}

int TuneResult::ExitStatus() const {
  const bool refused =
      std::any_of(items.begin(), items.end(), [](const TuneItem& item) { return item.state == kRefused; });
  return refused ? kExitFindings : kExitDone;
}

TuneResult Tune(const TuneOptions& options) { return Tuner(options).Run(); }

}  // namespace airlift
