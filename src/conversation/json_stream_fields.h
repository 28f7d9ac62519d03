/*
 * skimming: the inside of skim: what the values of a record are to it.
 *
 * skim.c reads the grammar, and says where a value or a string begins and ends;
 * skimming.c knows which members, blocks and ids are looked at, and keeps them.
 */
#pragma once

#include "conversation/json_stream.h"

/* What is done with a string. */
enum skimming_use {
    SKIMMING_PASS, /* nothing is kept of it */
    SKIMMING_KEY,
    SKIMMING_MEMBER,
    SKIMMING_TYPE, /* of a block */
    SKIMMING_ID,   /* of a call */
    SKIMMING_TEXT,
    SKIMMING_PICTURE,
    SKIMMING_PRESERVED_ID,
};

/* An object or array; is_object is its kind. */
void skimming_open(struct skim *s, bool is_object, int64_t at);
/* at: behind its bracket. */
void skimming_close(struct skim *s, int64_t at);

/* A key is about to be read. Returns: SKIMMING_KEY or SKIMMING_PASS. */
enum skimming_use skimming_begin_key(struct skim *s, int64_t at);
void skimming_end_key(struct skim *s, struct sv name);

void skimming_begin_value(struct skim *s, enum skim_kind kind, int64_t at);
/* at: behind it. */
void skimming_end_value(struct skim *s, int64_t at);

/* A value that is a string: what is to be done with it, while it is read and when it is over. */
enum skimming_use skimming_begin_string(struct skim *s, int64_t at);
/* A text has a character that is no white space. */
void skimming_fill_text(struct skim *s);
/* small: the first bytes of what is kept whole; at: of the closing quote. */
void skimming_end_string(struct skim *s, struct sv small, int64_t at);

/* Whether text stands here that is sent to the API: nothing else of a record is. */
bool skimming_is_sent(const struct skim *s);
