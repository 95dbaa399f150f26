#include "base/error.h"

namespace airlift {

std::string Error::Report() const {
  std::string report = what();
  if (!detail_.empty()) report += "\nDETAIL:  " + detail_;
  if (!hint_.empty()) report += "\nHINT:  " + hint_;
  return report;
}

}  // namespace airlift
