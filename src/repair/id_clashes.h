/*
 * id_clashes: several different records with one id, of which the client loads the
 * last alone; and copies that stand where it forgets them. A part of repair's
 * judgement.
 */
#pragma once

#include "repair/repair_steps.h"

/* The earlier ones get ids of their own, and those that were said behind them follow. */
void id_clashes_mend(struct repair_steps *m);
/* A compaction that stands behind what was said after it goes to the front of the file. When
 * parents are mended. */
void id_clashes_move_boundary(struct repair_steps *m);
