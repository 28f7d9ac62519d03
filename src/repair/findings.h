/*
 * spots: what was noticed while the lines were read, judged once all records
 * are known: texts, images, contents, metadata, pointers, and the errors that
 * the API answered with.
 */
#pragma once

#include "repair/repair_steps.h"

void spots_judge(struct mending *m);
/* Thinking, where the API said so. Returns: 0 or negative errno of the source. */
int spots_judge_thinking(struct mending *m);
/* Once it is known what is mended. */
void spots_judge_errors(struct mending *m);
/* Once it is known what is dropped. */
void spots_judge_pointers(struct mending *m);
