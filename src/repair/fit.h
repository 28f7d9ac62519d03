/*
 * fit: a conversation that is too long to be sent, cut until it can be.
 *
 * Tool results, images and thinking are replaced, the oldest first, each by a line of text that
 * says what was cut and where it is kept; calls and results stay pairs. Nothing else is cut.
 *
 * How many tokens a request takes is known at each answer: its usage says it, and so does a
 * refusal ("prompt is too long: 214501 tokens > 200000 maximum"). What stands behind the last such
 * record is estimated by its bytes, at the rate that the records themselves show.
 *
 * Thinking is cut whole, with all of its API message: one that begins with something else must
 * have none. That of the last turn stays, as the API wants it back behind a call.
 */
#pragma once

#include "repair/repair_steps.h"

/* Behind the last good answer the API said that the conversation is too long: a problem. */
void fit_judge_refusals(struct repair_steps *m);

/* With options->fits: the steps that make it fit, and plan->fit. w: what will be loaded.
 * Returns: 0 or negative errno of the source. */
int fit_judge(struct repair_steps *m, const struct graph_walk *w);
