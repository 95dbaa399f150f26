// The three words in which every comparison ends (docs: exit statuses), and what a restore could not carry over.
#pragma once

#include <string>
#include <vector>

namespace airlift {

enum class Verdict { kVerified, kDiffers, kNotVerified };

// "verified", "differs", "not verified"
const char* VerdictName(Verdict verdict);

// differs beats not verified beats verified: the word for a whole made of parts.
Verdict Combine(Verdict a, Verdict b);

// Exit statuses of every command.
inline constexpr int kExitDone = 0;      // verified, or done
inline constexpr int kExitFindings = 1;  // differs, or findings at the asked severity
inline constexpr int kExitFailed = 2;    // could not tell, or failed

// An object of the source that the target does not have now, with the reason.
struct LeftOut {
  std::string kind;    // as pg_dump's table of contents names it: "TABLE", "EXTENSION", "COMMENT", "OWNER", "ACL" ...
  std::string object;  // for people, see DisplayName
  std::string reason;  // the target's own words, or "depends on ...", or the rule that left it out
  // Left out by design (publications, our own extension ...), not because the target refused it.
  bool expected = false;
};

}  // namespace airlift
