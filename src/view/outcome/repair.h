/*
 * repair: the plan and the outcome of --repair, as text and as JSON.
 */
#pragma once

#include "view/check.h"

enum view_repair_outcome {
    VIEW_REPAIRED,
    VIEW_NOTHING_TO_REPAIR,
    VIEW_WOULD_REPAIR,
    VIEW_REPAIR_REFUSED,
    VIEW_REPAIR_DECLINED,
    VIEW_REPAIR_FAILED,
};

struct view_repair {
    enum view_repair_outcome outcome;
    struct view_checked checked;              /* the file as it was */
    const char *why;                          /* refused, declined, failed */
    const char *new_id, *new_path;            /* NULL: it was repaired in its place */
    const char *backup, *quarantine;          /* paths; NULL: there is none */
    const struct repair_plan_messages *after; /* NULL: not repaired */
    bool can_resume_after;
    const char *resume_command;
};

/* The problems, then each edit. */
void view_text_repair_plan(struct buf *out, const struct view_repair *v, bool verbose);
/* The outcome. */
void view_text_repaired(struct buf *out, const struct view_repair *v);
void view_json_repair(struct buf *out, const struct view_repair *v, bool verbose);
