/*
 * client_version: the version of a client as one number that can be compared.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

#define CLIENT_VERSION(major, minor, patch) ((major)*1000000ll + (minor)*10000ll + (patch))

/* Of "2.1.197", "2.1.30-beta"; 0 for anything else. */
int64_t client_version(struct sv text);
