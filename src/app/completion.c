#include "app/completion.h"

#include "app/commands/commands.h"

#include <ctype.h>
#include <string.h>

/* The row that a word of the line names, in full: "--export", "--timeout=5", "-q". */
static bool find_row(const char *word, struct option_shape *row)
{
    struct sv name = {word, strcspn(word, "=")};
    for (size_t i = 0; options_shape(i, row); i++) {
        bool is_letter = row->letter && strlen(word) == 2 && word[1] == row->letter;
        if (is_letter || (name.n > 2 && word[1] == '-' &&
                          sv_equals(sv_slice(name, 2, name.n), sv_of(row->name))))
            return true;
    }
    return false;
}

static bool begins_option(const char *word)
{
    return word[0] == '-' && word[1];
}

struct completion completion_of(const char *const *words, size_t count)
{
    struct completion c = {.word = count ? words[count - 1] : ""};
    struct option_shape row, mode = {.command = &command_none};
    size_t free_words = 0;
    bool only_words = false;
    for (size_t i = 0; i + 1 < count; i++) {
        if (only_words || !begins_option(words[i])) {
            free_words++;
        } else if (str_equals(words[i], "--")) {
            only_words = true;
        } else if (find_row(words[i], &row)) {
            if (row.command)
                mode = row;
            else if (row.argument && !strchr(words[i], '=') && ++i + 1 == count)
                return (struct completion){
                    .word = c.word, .command = mode.command, .kinds = row.argument};
        }
    }
    c.command = mode.command;
    if (free_words < mode.words_at_most && (only_words || !begins_option(c.word)))
        c.kinds = mode.argument;
    c.wants_name = !only_words && (*c.word == '-' || (!*c.word && !c.kinds));
    return c;
}

static bool is_there(const struct option_shape *row, const char *const *words, size_t count)
{
    struct option_shape other;
    for (size_t i = 0; i + 1 < count; i++)
        if (begins_option(words[i]) && find_row(words[i], &other) &&
            str_equals(other.name, row->name))
            return true;
    return false;
}

bool completion_offers(const struct completion *c, const char *const *words, size_t count,
                       const struct option_shape *row)
{
    bool has_command = c->command != &command_none;
    if (row->command)
        return !has_command;
    if (has_command && !command_takes(c->command, row->name))
        return false;
    return row->may_come_again || !is_there(row, words, count);
}

bool completion_has_kind(const char *kinds, const char *kind)
{
    for (const char *at = kinds; at && *at;) {
        struct sv name = {at, 0};
        while (isupper((unsigned char)at[name.n]))
            name.n++;
        if (sv_equals(name, sv_of(kind)))
            return true;
        at += name.n ? name.n : 1;
    }
    return false;
}
