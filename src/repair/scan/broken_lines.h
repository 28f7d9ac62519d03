/*
 * broken_lines: what is wrong with each line that is not one record, and which of
 * its bytes are removed.
 */
#pragma once

#include "repair/repair_steps.h"

/* Returns: 0 or negative errno of the source. */
int broken_lines_mend(struct repair_steps *m);
