/*
 * edits: the steps of a plan as edits of bytes.
 */
#pragma once

#include "repair/repair_steps.h"

/* All steps into edits, and the edits into order. Returns: 0 or negative errno of the source. */
int edits_make(struct repair_steps *m);
/* A pointer to a node at the end of the file. */
int edits_point(struct repair_steps *m, uint32_t node);
