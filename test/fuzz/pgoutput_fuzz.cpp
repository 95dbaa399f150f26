// Messages of the output plugin, as a source sends them.
#include "fuzz/fuzz.h"
#include "pgoutput/message.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  airlift::fuzz::Refusing([&] { airlift::pgoutput::Parse(airlift::fuzz::View(data, size)); });
  return 0;
}
