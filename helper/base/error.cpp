#include "base/error.h"

#include "base/terminal.h"

namespace airlift {

std::string Error::Report() const {
  std::string report = Inert(what());
  if (!detail_.empty()) report += "\nDETAIL:  " + Inert(detail_);
  if (!hint_.empty()) report += "\nHINT:  " + Inert(hint_);
  return report;
}

}  // namespace airlift
