#include "model/verdict.h"

namespace airlift {

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kVerified:
      return "verified";
    case Verdict::kDiffers:
      return "differs";
    case Verdict::kNotVerified:
      break;
  }
  return "not verified";
}

Verdict Combine(Verdict a, Verdict b) {
  for (const Verdict worst : {Verdict::kDiffers, Verdict::kNotVerified})
    if (a == worst || b == worst) return worst;
  return Verdict::kVerified;
}

}  // namespace airlift
