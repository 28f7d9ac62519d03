/*
 * check_parents: the parent of each record: missing parents, cycles, forks at
 * progress records, and children of dropped records.
 */
#pragma once

#include "repair/repair_steps.h"

/* Judges and mends all of them. */
void check_parents_mend(struct repair_steps *m);
/* Makes the children of a dropped record name its parent. */
void check_parents_follow_drops(struct repair_steps *m);
/* A result that is loaded from the file as it is, but not on the walk after the repair, gets its
 * call as parent, if the call is loaded: clients before 2.1.330 would leave the call out. Returns:
 * whether there was one, so that the walk changes. */
bool check_parents_keep_results(struct repair_steps *m, const struct graph_walk *after);
