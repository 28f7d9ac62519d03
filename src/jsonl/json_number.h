/*
 * json_number: the grammar of a number of JSON, a character at a time. "099" ends behind its 0, and
 * what follows there is the caller's to refuse.
 */
#pragma once

#include <stdbool.h>

enum json_number {
    JSON_NUMBER_NONE, /* nothing yet */
    JSON_NUMBER_MINUS,
    JSON_NUMBER_ZERO, /* no digit may follow */
    JSON_NUMBER_INTEGER,
    JSON_NUMBER_POINT,
    JSON_NUMBER_FRACTION,
    JSON_NUMBER_EXPONENT,
    JSON_NUMBER_SIGN, /* of the exponent */
    JSON_NUMBER_POWER,
};

/* Returns: what it is with c; JSON_NUMBER_NONE: c does not belong to it. */
enum json_number json_number_next(enum json_number so_far, char c);
/* Whether it may end here. */
bool json_number_is_whole(enum json_number so_far);
