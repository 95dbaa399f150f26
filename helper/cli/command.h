// A subcommand: one file here, one row in the table of main.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace airlift {

// Declares a subcommand's options on `app` and gives back what runs it: the exit status (model/verdict.h).
using CommandSetup = std::function<int()> (*)(CLI::App& app);

struct Command {
  const char* name;
  const char* description;
  CommandSetup setup;
};

std::function<int()> SetupAssess(CLI::App& app);
std::function<int()> SetupMigrate(CLI::App& app);
std::function<int()> SetupRestore(CLI::App& app);
std::function<int()> SetupReplicate(CLI::App& app);
std::function<int()> SetupStatus(CLI::App& app);
std::function<int()> SetupCompare(CLI::App& app);
std::function<int()> SetupPrepare(CLI::App& app);
std::function<int()> SetupUndo(CLI::App& app);
std::function<int()> SetupTune(CLI::App& app);
std::function<int()> SetupPlan(CLI::App& app);
std::function<int()> SetupCutover(CLI::App& app);
std::function<int()> SetupFallback(CLI::App& app);
std::function<int()> SetupCleanup(CLI::App& app);
std::function<int()> SetupCheck(CLI::App& app);
std::function<int()> SetupReport(CLI::App& app);
std::function<int()> SetupWorker(CLI::App& app);
std::function<int()> SetupVerifyEvidence(CLI::App& app);
std::function<int()> SetupDump(CLI::App& app);
std::function<int()> SetupCopyOut(CLI::App& app);
std::function<int()> SetupCopyIn(CLI::App& app);

}  // namespace airlift
