/*
 * links: where each record hangs: parents that are not there, cycles, forks
 * over progress records, and children of what is dropped.
 */
#pragma once

#include "repair/repair_steps.h"

/* Judges and mends all of them. */
void links_mend(struct mending *m);
/* Children of what was dropped name its parent. */
void links_follow_drops(struct mending *m);
