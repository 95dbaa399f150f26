#include "fence.h"
#include "server.h"
#include "value_codec.h"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);
void _PG_init(void) {
  airlift::RegisterCatalogCallbacks();
  airlift::InstallFence();
}
}
