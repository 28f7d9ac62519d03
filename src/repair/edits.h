/*
 * edits: turns the steps of a plan into edits of bytes.
 */
#pragma once

#include "repair/repair_steps.h"

/* Turns all steps into edits, and sorts them. Returns: 0 or negative errno of the source. */
int edits_make(struct repair_steps *m);
/* Adds a pointer to a node at the end of the file. */
int edits_point(struct repair_steps *m, uint32_t node);
