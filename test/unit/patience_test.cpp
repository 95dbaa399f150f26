#include "base/patience.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace airlift {
namespace {

using namespace std::chrono_literals;

TEST(Patience, EndsAndTellsOnceWhatItWaitsFor) {
  std::vector<std::string> lines;
  const Announcer announcer([&](const std::string& line) { lines.push_back(line); });
  Patience patience(2500ms, "the session that uses slot x");
  while (!patience.IsOver()) patience.Pause(50ms);
  EXPECT_THAT(lines, ::testing::ElementsAre("waiting for the session that uses slot x, for 2.5 s at most"));
}

TEST(Patience, IsSilentWhereItIsShort) {
  std::vector<std::string> lines;
  const Announcer announcer([&](const std::string& line) { lines.push_back(line); });
  Patience patience(100ms, "nothing");
  while (!patience.IsOver()) patience.Pause(10ms);
  EXPECT_TRUE(lines.empty());
}

TEST(Patience, WithNoneThereIsNoWait) { EXPECT_TRUE(Patience(0ms, "nothing").IsOver()); }

TEST(Patience, TheLatestAnnouncerIsAsked) {
  std::vector<std::string> first, second;
  const Announcer outer([&](const std::string& line) { first.push_back(line); });
  {
    const Announcer inner([&](const std::string& line) { second.push_back(line); });
    Announce("a");
  }
  Announce("b");
  EXPECT_THAT(first, ::testing::ElementsAre("b"));
  EXPECT_THAT(second, ::testing::ElementsAre("a"));
}

}  // namespace
}  // namespace airlift
