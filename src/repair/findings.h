/*
 * findings: judges what was noticed while the lines were read, once all records
 * are known: texts, images, contents, metadata, pointers, and errors of the API.
 */
#pragma once

#include "repair/repair_steps.h"

void findings_judge(struct repair_steps *m);
/* Thinking that the API has refused. Returns: 0 or negative errno of the source. */
int findings_judge_thinking(struct repair_steps *m);
/* Call it once it is known what is mended. */
void findings_judge_errors(struct repair_steps *m);
/* Call it once it is known what is dropped. */
void findings_judge_pointers(struct repair_steps *m);
/* Removes a pointer that leads to no conversation: *after becomes the walk without it. */
void findings_judge_leaf(struct repair_steps *m, struct graph_walk *after);
