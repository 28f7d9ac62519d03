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
