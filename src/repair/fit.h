/*
 * fit: shortens a conversation that is too long to be sent.
 *
 * Tool results, images and thinking are replaced, oldest first, each by a line of text that says
 * what was cut and where it is kept; calls and results stay pairs. Nothing else is cut.
 *
 * Each answer says how many tokens its request had: in its usage, or in a refusal ("prompt is too
 * long: 214501 tokens > 200000 maximum"). What follows the last such record is estimated from its
 * bytes, at the rate that the records themselves show.
 *
 * All thinking of one API message is cut together: a message that begins with something else may
 * have none. The last turn's thinking stays, because the API wants it back after a call.
 */
#pragma once

#include "repair/repair_steps.h"

/* Adds a problem if, after the last good answer, the API said that the conversation is too long. */
void fit_judge_refusals(struct repair_steps *m);

/* With options->fits: the steps that make it fit, and plan->fit. w: what will be loaded.
 * Returns: 0 or negative errno of the source. */
int fit_judge(struct repair_steps *m, const struct graph_walk *w);
