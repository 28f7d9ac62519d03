/*
 * client_version: a client's version as one number, for comparison.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

#define CLIENT_VERSION(major, minor, patch) ((major)*1000000ll + (minor)*10000ll + (patch))

/* For texts like "2.1.197" and "2.1.30-beta"; 0 for anything else. */
int64_t client_version(struct sv text);
