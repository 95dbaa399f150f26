// One scheduled check: its parts run, one after the other, and what they found as a message, as JSON and for
// Prometheus.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "check/check_config.h"

namespace airlift {

struct PartResult {
  std::string part;     // as its section is named
  int status = 0;       // an exit status of model/verdict.h
  std::string summary;  // one line
  std::string details;  // more lines for people; "" where there is nothing to say
  double seconds = 0;
};

struct CheckReport {
  std::string name;
  std::string file_name;
  std::string at;  // of this host's clock, UTC
  std::vector<PartResult> parts;

  // The worst of the parts': failed beats findings beats done.
  int ExitStatus() const;
};

// A part that throws is a failed part; the others run all the same.
CheckReport RunCheck(const CheckConfig& config);

// A message: the first line fits a mail's subject.
std::string CheckText(const CheckReport& report);
nlohmann::json CheckJson(const CheckReport& report);
std::string CheckPrometheus(const CheckReport& report);

}  // namespace airlift
