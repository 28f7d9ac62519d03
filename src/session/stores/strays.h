/*
 * strays: transcripts that lie where the client does not look.
 */
#pragma once

#include "session/discover.h"

/* Fills snap->shown.strays, from all wanted stores. */
void strays_find(struct snapshot *snap);
