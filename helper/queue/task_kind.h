// The kinds of tasks in the queue, as data: what they are called, in which order they are claimed, what they need.
#pragma once

#include <string>

namespace airlift {

inline constexpr const char* kCopyTask = "copy";
inline constexpr const char* kLargeObjectTask = "large objects";
inline constexpr const char* kSourceDigestTask = "source digest";
inline constexpr const char* kReadBackTask = "read back";
inline constexpr const char* kLargeObjectReadBackTask = "large objects read back";
inline constexpr const char* kIndexTask = "index";
inline constexpr const char* kAnalyzeTask = "analyze";
// Of a comparison: a whole table; parts of a large one, and what is made of them.
inline constexpr const char* kCompareTableTask = "compare table";
inline constexpr const char* kCompareSourceTask = "digest part of source";
inline constexpr const char* kCompareTargetTask = "digest part of target";
inline constexpr const char* kJudgeTableTask = "judge table";

struct TaskKind {
  const char* name;
  int priority;       // higher is claimed first
  bool needs_source;  // reads the source under the snapshot
  const char* label;  // for the progress display
};

// What needs the source comes first, so that its snapshot can go as soon as possible: until then the source cannot
// vacuum. Reading back follows while the rows are still cached.
inline constexpr TaskKind kTaskKinds[] = {
    {kCopyTask, 60, true, "copy"},
    {kLargeObjectTask, 55, true, "large objects"},
    {kSourceDigestTask, 50, true, "digest source"},
    {kReadBackTask, 40, false, "read back"},
    {kLargeObjectReadBackTask, 40, false, "read back large objects"},
    {kIndexTask, 30, false, "index"},
    {kAnalyzeTask, 10, false, "analyze"},
    {kJudgeTableTask, 70, true, "tables in parts"},
    {kCompareSourceTask, 60, true, "parts of source"},
    {kCompareTargetTask, 60, true, "parts of target"},
    {kCompareTableTask, 50, true, "tables"},
};

// Both throw Error for an unknown kind.
const TaskKind& FindTaskKind(const std::string& name);
int TaskPriority(const std::string& kind);

}  // namespace airlift
