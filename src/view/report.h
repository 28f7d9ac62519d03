/*
 * report: what a session did and why it hangs, for others to read: nothing private is in it.
 *
 * Names of tools, ids and models become numbers, sentences pass plain_words; paths, text, hosts
 * and names are left out, and the report says so. Kinds, times, counts and sizes stay.
 */
#pragma once

#include "session_rescue.h"
#include "view/check.h"
#include "view/conversation/survey.h"

struct view_report {
    const struct sr_session *session;
    const char *program; /* "session-rescue 0.1.0" */
    const char *system;  /* "Linux 6.1.0 x86_64"; NULL: not known */
    int64_t taken_at_ms;
    const struct view_checked *checked; /* NULL: its transcript was not looked at */
    struct view_survey *survey; /* with points; NULL: it was not read. Its points are sorted and
                                   renamed */
    const char *unread;         /* why not: "permission denied" */
};

void view_html_report(struct buf *out, const struct view_report *r);
void view_json_report(struct buf *out, const struct view_report *r);
