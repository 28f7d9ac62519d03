/*
 * json_stream_fields: the inside of json_stream: what the values of a record are to it.
 *
 * json_stream.c reads the grammar, and says where a value or a string begins and ends;
 * json_stream_fields.c knows which members, blocks and ids are looked at, and keeps them.
 */
#pragma once

#include "conversation/json_stream.h"

/* What is done with a string. */
enum json_stream_fields_use {
    JSON_STREAM_FIELDS_PASS, /* nothing is kept of it */
    JSON_STREAM_FIELDS_KEY,
    JSON_STREAM_FIELDS_MEMBER,
    JSON_STREAM_FIELDS_TYPE, /* of a block */
    JSON_STREAM_FIELDS_ID,   /* of a call */
    JSON_STREAM_FIELDS_TEXT,
    JSON_STREAM_FIELDS_PICTURE,
    JSON_STREAM_FIELDS_PRESERVED_ID,
};

/* An object or array; is_object is its kind. */
void json_stream_fields_open(struct json_stream *s, bool is_object, int64_t at);
/* at: behind its bracket. */
void json_stream_fields_close(struct json_stream *s, int64_t at);

/* A key is about to be read. Returns: JSON_STREAM_FIELDS_KEY or JSON_STREAM_FIELDS_PASS. */
enum json_stream_fields_use json_stream_fields_begin_key(struct json_stream *s, int64_t at);
void json_stream_fields_end_key(struct json_stream *s, struct sv name);

void json_stream_fields_begin_value(struct json_stream *s, enum json_stream_kind kind, int64_t at);
/* at: behind it. */
void json_stream_fields_end_value(struct json_stream *s, int64_t at);

/* A value that is a string: what is to be done with it, while it is read and when it is over. */
enum json_stream_fields_use json_stream_fields_begin_string(struct json_stream *s, int64_t at);
/* A text has a character that is no white space. */
void json_stream_fields_fill_text(struct json_stream *s);
/* small: the first bytes of what is kept whole; at: of the closing quote. */
void json_stream_fields_end_string(struct json_stream *s, struct sv small, int64_t at);

/* Whether text stands here that is sent to the API: nothing else of a record is. */
bool json_stream_fields_is_sent(const struct json_stream *s);
