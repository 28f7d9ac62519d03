/*
 * broken_lines: the lines that are not one record: what they are, and which of their
 * bytes are removed.
 */
#pragma once

#include "repair/repair_steps.h"

/* Returns: 0 or negative errno of the source. */
int broken_lines_mend(struct repair_steps *m);
