// What to try first, and what to do when it does not work out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/facts.h"
#include "plan/strategy.h"

namespace airlift::planning {

struct Trial {
  std::vector<size_t> tables;  // positions in SourceFacts::tables, referenced tables first
  int64_t bytes = 0;
  std::string reason;
  std::vector<std::string> commands;
};

// The smallest set of tables with rows that is closed over foreign keys and holds at least one of them where there is
// one: it loads and checks by itself.
Trial PlanTrial(const std::vector<TableFacts>& tables, const std::string& source, const std::string& target);

struct FallbackStep {
  std::string when;
  std::string who;
  std::string what;
  std::string how;
};
std::vector<FallbackStep> PlanFallback(const StrategyVerdict* chosen);

}  // namespace airlift::planning
