// Which way to move, and why: two tables, one of ways and one of rules about them (strategy.cpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/estimate.h"
#include "plan/facts.h"

namespace airlift::planning {

struct StrategyInputs {
  const SourceFacts& source;
  const TargetFacts* target = nullptr;
  const Estimate& estimate;
  ServerKind target_kind = ServerKind::kRds;
  int target_major = 0;  // 0: not known
  std::optional<double> max_downtime = std::nullopt;
  bool only_some_tables = false;  // patterns were given
  double copy_rate = 0;           // of all workers together, stored bytes per second
};

enum class Way {
  kAuroraReadReplica,
  kSnapshotToAurora,
  kStreamedLoad,
  kLoadAndReplication,
  kNativeReplication,
  kReplicationFromStart,
  kDumpRestore,
  kFilteredCopy,
  kDms,
};

// kRejects: this way does not lead there. kPrepare: it does once something is done first. kLoses: it does, at a price.
// kSpeaksFor: a reason to take it.
enum class Effect { kRejects, kPrepare, kLoses, kSpeaksFor };

struct Remark {
  Effect effect;
  std::string text;
};

struct StrategyVerdict {
  Way way;
  std::string name;   // "streamed-load"
  std::string title;  // for people
  std::string road;   // how it goes, in one sentence
  std::vector<Remark> remarks;
  std::optional<double> downtime_seconds;
  std::optional<double> total_seconds;
  bool is_rejected = false;
  bool is_chosen = false;

  std::vector<std::string> Texts(Effect effect) const;
};

// All ways, the chosen one first, then the possible ones in order of preference, then the rejected ones. None is chosen
// when all are rejected.
std::vector<StrategyVerdict> DecideStrategy(const StrategyInputs& inputs);

const StrategyVerdict* Chosen(const std::vector<StrategyVerdict>& verdicts);

}  // namespace airlift::planning
