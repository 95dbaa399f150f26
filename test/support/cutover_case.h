// The fixture of tests of cutover, fallback and cleanup: a migration with changes that runs, and what ends it.
#pragma once

#include <string>
#include <vector>

#include "support/move_test.h"

namespace airlift::test {

class CutoverCase : public MoveTest {
 protected:
  void SetUp() override;
  // Also what a failed test left: fence, subscriptions, slots, roles.
  void TearDown() override;

  // migrate --type full-load-and-cdc. `source_port` is where the target finds the source; 0: where it listens.
  void Replicate(int source_port = 0, const std::vector<std::string>& more = {});
  std::vector<std::string> CrossingArguments(const std::vector<std::string>& more = {});
  ProcessResult CutOver(const std::vector<std::string>& more = {});
  ProcessResult FallBack(std::vector<std::string> more = {});
  ProcessResult CleanUp(const std::vector<std::string>& more = {});

  // Of the forward stream, and of the migration.
  std::string Stream();
  std::string Phase();

  std::string back_password_file_;
};

}  // namespace airlift::test
