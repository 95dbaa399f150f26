// Making output and send functions independent of the session's settings.
#pragma once

#include "server.h"

namespace airlift {

// True when the session's settings already are those of common/text_settings.h.
bool TextSettingsArePinned();

// Pins them until UnpinTextSettings(what it returned). An error in between restores them, because the server undoes
// settings of an aborted (sub)transaction. Works in parallel workers.
int PinTextSettings();
void UnpinTextSettings(int level);

// Calls `function(argument)` while text goes out in UTF8, whatever the client's encoding; restores it on errors too.
// Not done through the setting client_encoding, which a parallel worker may not change.
void CallWithUtf8Client(void (*function)(void*), void* argument);

}  // namespace airlift
