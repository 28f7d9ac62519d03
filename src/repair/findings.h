/*
 * findings: what was noticed while the lines were read, judged once all records
 * are known: texts, images, contents, metadata, pointers, and the errors that
 * the API answered with.
 */
#pragma once

#include "repair/repair_steps.h"

void findings_judge(struct repair_steps *m);
/* Thinking, where the API said so. Returns: 0 or negative errno of the source. */
int findings_judge_thinking(struct repair_steps *m);
/* Once it is known what is mended. */
void findings_judge_errors(struct repair_steps *m);
/* Once it is known what is dropped. */
void findings_judge_pointers(struct repair_steps *m);
/* A pointer that no conversation is found by, taken away: *after becomes the way without it. */
void findings_judge_leaf(struct repair_steps *m, struct graph_walk *after);
