// Configuration files of `pg_airlift check`.
#include "check/check_config.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  airlift::fuzz::Refusing(
      [&] { airlift::ParseCheckConfig(std::string(airlift::fuzz::View(data, size)), "check.conf"); });
  return 0;
}
