#include "jsonl/json_number.h"

enum json_number json_number_next(enum json_number so_far, char c)
{
    bool is_digit = c >= '0' && c <= '9';
    switch (so_far) {
    case JSON_NUMBER_NONE:
    case JSON_NUMBER_MINUS:
        if (c == '-' && so_far == JSON_NUMBER_NONE)
            return JSON_NUMBER_MINUS;
        if (is_digit)
            return c == '0' ? JSON_NUMBER_ZERO : JSON_NUMBER_INTEGER;
        break;
    case JSON_NUMBER_ZERO:
    case JSON_NUMBER_INTEGER:
        if (c == '.')
            return JSON_NUMBER_POINT;
        if (is_digit && so_far == JSON_NUMBER_INTEGER)
            return JSON_NUMBER_INTEGER;
        return c == 'e' || c == 'E' ? JSON_NUMBER_EXPONENT : JSON_NUMBER_NONE;
    case JSON_NUMBER_POINT:
    case JSON_NUMBER_FRACTION:
        if (is_digit)
            return JSON_NUMBER_FRACTION;
        if (so_far == JSON_NUMBER_FRACTION && (c == 'e' || c == 'E'))
            return JSON_NUMBER_EXPONENT;
        break;
    case JSON_NUMBER_EXPONENT:
    case JSON_NUMBER_SIGN:
    case JSON_NUMBER_POWER:
        if (is_digit)
            return JSON_NUMBER_POWER;
        if (so_far == JSON_NUMBER_EXPONENT && (c == '+' || c == '-'))
            return JSON_NUMBER_SIGN;
        break;
    }
    return JSON_NUMBER_NONE;
}

bool json_number_is_whole(enum json_number so_far)
{
    return so_far == JSON_NUMBER_ZERO || so_far == JSON_NUMBER_INTEGER ||
           so_far == JSON_NUMBER_FRACTION || so_far == JSON_NUMBER_POWER;
}
