/*
 * id_clashes: different records with one id, of which the client loads only the last;
 * and copies at a place where it forgets them.
 */
#pragma once

#include "repair/repair_steps.h"

/* Gives the earlier ones ids of their own; their children name the new ids. */
void id_clashes_mend(struct repair_steps *m);
/* Moves a compaction that comes after what was said later to the front of the file. Call it once
 * parents are mended. */
void id_clashes_move_boundary(struct repair_steps *m);
