#include "cli/pace_arguments.h"

#include "base/format.h"

namespace airlift {

namespace {

// "20MB" or "20MB/s".
int64_t ParseRate(std::string text) {
  if (text.ends_with("/s")) text.resize(text.size() - 2);
  const int64_t rate = ParseSize(text);
  if (rate <= 0) throw Error("--max-rate must be more than nothing");
  return rate;
}

}  // namespace

PaceOptions PaceArguments::Options() const {
  PaceOptions options;
  if (!max_rate.empty()) options.most_bytes_per_second = ParseRate(max_rate);
  options.pause_above.sessions = pause_above_sessions;
  if (!pause_above_lag.empty()) options.pause_above.lag = ParseSize(pause_above_lag);
  return options;
}

void AddPaceOptions(CLI::App& app, PaceArguments& arguments) {
  const char* gentle = "Gentle";
  app.add_option("--max-rate", arguments.max_rate, "read at most this much per second of each side, over all jobs")
      ->type_name("SIZE")
      ->group(gentle);
  app.add_option("--pause-above-sessions", arguments.pause_above_sessions,
                 "pause while more sessions than this are active on the source")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N")
      ->group(gentle);
  app.add_option("--pause-above-lag", arguments.pause_above_lag,
                 "pause while a receiver of the source's WAL is further behind than this")
      ->type_name("SIZE")
      ->group(gentle);
}

}  // namespace airlift
