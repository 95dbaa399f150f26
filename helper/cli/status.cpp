// status: what a migration does now; once, or again and again with a governor for the WAL that it keeps on the source.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/format.h"
#include "base/terminal.h"
#include "cli/command.h"
#include "cli/html_file.h"
#include "cli/options.h"
#include "replicate/status.h"
#include "replicate/status_print.h"

namespace airlift {

namespace {

constexpr const char* kWarn = "warn";
constexpr const char* kDropSlot = "drop-slot";

struct StatusArguments {
  ConnectionOptions connections;
  int watch_seconds = 0;
  bool json = false;
  bool prometheus = false;
  std::string textfile;
  std::string max_retained_wal;
  std::string on_limit = kWarn;
};

// Next to its name first: whoever reads a file of that name finds it whole.
void WriteWhole(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".tmp";
  std::FILE* file = std::fopen(temporary.c_str(), "w");
  if (file == nullptr) throw Error("could not create file \"" + temporary + "\"");
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written || std::rename(temporary.c_str(), path.c_str()) != 0) {
    std::remove(temporary.c_str());
    throw Error("could not write file \"" + path + "\"");
  }
}

void Govern(const StatusArguments& arguments, MigrationStatus& status) {
  if (arguments.max_retained_wal.empty()) return;
  const int64_t most = ParseSize(arguments.max_retained_wal);
  for (const StreamStatus& stream : status.streams)
    if (stream.slot_exists && stream.retained_bytes > most)
      status.attention.push_back(fmt::format("slot {} retains {} of WAL, more than {}", stream.record.slot,
                                             FormatBytes(stream.retained_bytes), arguments.max_retained_wal));
  if (status.audit && status.audit->slot.slot_exists && status.audit->slot.retained_bytes > most)
    status.attention.push_back(fmt::format("audit slot {} retains {} of WAL, more than {}",
                                           status.audit->slot.record.slot,
                                           FormatBytes(status.audit->slot.retained_bytes), arguments.max_retained_wal));
  if (arguments.on_limit != kDropSlot) return;
  for (const std::string& line :
       DropSlotsBeyond(arguments.connections.SourceInfo(), arguments.connections.TargetInfo(), status, most))
    status.attention.push_back(line);
}

void Print(const StatusArguments& arguments, const MigrationStatus& status) {
  if (!arguments.textfile.empty()) WriteWhole(arguments.textfile, StatusPrometheus(status));
  if (arguments.json) {
    fmt::print("{}\n", StatusJson(status).dump(arguments.watch_seconds > 0 ? -1 : 2, ' ', false,
                                               nlohmann::json::error_handler_t::replace));
  } else if (arguments.prometheus) {
    fmt::print("{}", StatusPrometheus(status));
  } else if (arguments.textfile.empty() || arguments.watch_seconds == 0) {
    if (arguments.watch_seconds > 0) fmt::print("{}\n", status.at);
    PrintText(StatusText(status));
  }
  std::fflush(stdout);
}

// The exit status of the last look when it is stopped.
int Run(const StatusArguments& arguments) {
  StatusCollector collector(arguments.connections.SourceInfo(), arguments.connections.TargetInfo());
  for (;;) {
    MigrationStatus status = collector.Collect();
    Govern(arguments, status);
    Print(arguments, status);
    if (arguments.watch_seconds == 0) return status.ExitStatus();
    const auto next = std::chrono::steady_clock::now() + std::chrono::seconds(arguments.watch_seconds);
    while (std::chrono::steady_clock::now() < next) {
      if (StopRequested()) return status.ExitStatus();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  }
}

}  // namespace

std::function<int()> SetupStatus(CLI::App& app) {
  auto arguments = std::make_shared<StatusArguments>();
  AddSideOptions(app, arguments->connections);
  app.add_option("-w,--watch", arguments->watch_seconds, "look again every so many seconds, until stopped")
      ->check(CLI::Range(1, 86400))
      ->type_name("SECONDS");
  auto* json = app.add_flag("--json", arguments->json, "print JSON; one line for each look with --watch");
  app.add_flag("--prometheus", arguments->prometheus, "print the text format of Prometheus")->excludes(json);
  WritesAtTheEnd(app.add_option("--textfile", arguments->textfile,
                                "write that format to this file (for node_exporter), always whole"))
      ->type_name("FILE");
  app.add_option("--max-retained-wal", arguments->max_retained_wal,
                 "what a slot may keep of WAL before --on-limit is done")
      ->type_name("SIZE");
  app.add_option("--on-limit", arguments->on_limit, "warn, or drop-slot: protect the disk and give the migration up")
      ->check(CLI::IsMember({kWarn, kDropSlot}))
      ->capture_default_str();
  return [arguments] { return Run(*arguments); };
}

}  // namespace airlift
