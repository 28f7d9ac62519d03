/*
 * html: pages that need nothing beside them and run nothing.
 *
 * A page has no script, asks for nothing (a policy in it forbids both), and follows the reader's
 * light or dark screen. All text is escaped: it may come from anywhere.
 */
#pragma once

#include "base/str.h"

/* Appends text: what HTML would act on is escaped, control characters become visible; line ends
 * and tabs stay. */
void html_add(struct buf *out, struct sv text);
void html_adds(struct buf *out, const char *text); /* NULL: nothing */

/* Everything before and after the contents of <main>. */
void html_begin(struct buf *out, const char *title);
void html_end(struct buf *out);
