/*
 * check_parents: where each record hangs: parents that are not there, cycles, forks
 * over progress records, and children of what is dropped.
 */
#pragma once

#include "repair/repair_steps.h"

/* Judges and mends all of them. */
void check_parents_mend(struct repair_steps *m);
/* Children of what was dropped name its parent. */
void check_parents_follow_drops(struct repair_steps *m);
/* A result that is loaded of the file as it is, and would not be on the way after: it hangs on its
 * call then, if that is loaded. Clients before 2.1.330 leave the call out else. Returns: whether
 * one was hung, so that the way is another. */
bool check_parents_keep_results(struct repair_steps *m, const struct graph_walk *after);
