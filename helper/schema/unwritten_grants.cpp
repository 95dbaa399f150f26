#include "schema/unwritten_grants.h"

#include <charconv>

namespace airlift {

namespace {

constexpr int kNoCreateInPublic = 15;

// "13.16 (Debian 13.16-0+deb11u1)", "15devel"
int Major(const std::string& version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

}  // namespace

void AddUnwrittenGrants(Archive* archive) {
  if (Major(archive->server_version) >= kNoCreateInPublic || Major(archive->dump_version) >= kNoCreateInPublic) return;
  ArchiveEntry grant;
  grant.kind = "ACL";
  grant.name = "SCHEMA public";
  grant.sql = "GRANT CREATE ON SCHEMA public TO PUBLIC;";
  archive->entries.insert(archive->entries.begin(), std::move(grant));
}

}  // namespace airlift
