#include "salvage/secrets.h"

#include <ctype.h>
#include <string.h>

enum {
    TOKEN_MIN = 16, /* behind "Bearer " */
    VALUE_MIN = 8,  /* behind "password=" */
};

/* A word that a key begins with, and how long the rest is at least. */
static const struct form {
    const char *begins;
    size_t rest_min;
} forms[] = {
    {"sk-ant-", 8},      {"sk-proj-", 16}, {"sk_live_", 16}, {"rk_live_", 16}, {"sk-", 20},
    {"github_pat_", 20}, {"ghp_", 20},     {"gho_", 20},     {"ghu_", 20},     {"ghs_", 20},
    {"ghr_", 20},        {"glpat-", 16},   {"xoxb-", 10},    {"xoxp-", 10},    {"xoxa-", 10},
    {"xoxr-", 10},       {"xoxs-", 10},    {"AKIA", 16},     {"ASIA", 16},     {"AIza", 30},
    {"npm_", 30},        {"hf_", 30},      {"pypi-", 30},    {"ya29.", 20},    {"eyJ", 40},
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_of_key(char c)
{
    return is_word(c) || (c && strchr("-.+/=~", c));
}

static size_t run_of_key(struct sv s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && is_of_key(s.p[at + n]))
        n++;
    return n;
}

/* Long enough, or as much as there is before the text breaks off. */
static bool is_enough(struct sv s, size_t at, size_t n, size_t least)
{
    return n >= least || (n > 0 && at + n == s.n);
}

static size_t length_of_form(struct sv s, size_t at)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t begins = strlen(forms[i].begins);
        if (!sv_starts_with(sv_slice(s, at, s.n), sv_of(forms[i].begins)))
            continue;
        size_t rest = run_of_key(s, at + begins);
        if (is_enough(s, at + begins, rest, forms[i].rest_min))
            return begins + rest;
    }
    return 0;
}

/* "-----BEGIN RSA PRIVATE KEY-----" to the end of its last line. */
static size_t length_of_pem(struct sv s, size_t at)
{
    struct sv rest = sv_slice(s, at, s.n);
    if (!sv_starts_with(rest, SV("-----BEGIN ")))
        return 0;
    size_t line = sv_find(rest, 0, SV("\n"));
    if (sv_find(sv_slice(rest, 0, line), 0, SV("PRIVATE")) == line && line < rest.n)
        return 0; /* a certificate, a public key */
    size_t end = sv_find(rest, 0, SV("-----END "));
    return end < rest.n ? sv_find(rest, end, SV("\n")) : rest.n;
}

static bool begins_in_any_case(struct sv s, size_t at, const char *word)
{
    size_t n = strlen(word);
    if (at + n > s.n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (tolower((unsigned char)s.p[at + i]) != word[i])
            return false;
    return true;
}

/* A digit and a letter: no word of a language, no name of a variable. */
static bool looks_random(struct sv s)
{
    bool digit = false, letter = false;
    for (size_t i = 0; i < s.n; i++) {
        digit = digit || isdigit((unsigned char)s.p[i]);
        letter = letter || isalpha((unsigned char)s.p[i]);
    }
    return digit && letter;
}

/* Where the value of "password = '...'" begins, for a word that ends at at; 0: it is none. */
static size_t value_after(struct sv s, size_t at)
{
    size_t i = at;
    while (i < s.n && strchr("\"' ", s.p[i]) && s.p[i])
        i++;
    if (i == s.n || (s.p[i] != '=' && s.p[i] != ':'))
        return 0;
    i++;
    while (i < s.n && strchr("\"' ", s.p[i]) && s.p[i])
        i++;
    return i;
}

/* Returns: the length of the words that give it away; the credential follows, *length long. */
static size_t announced(struct sv s, size_t at, size_t *length)
{
    static const char *const names[] = {"api_key", "api-key",  "apikey", "secret",
                                        "token",   "password", "passwd", "access_key"};
    if (begins_in_any_case(s, at, "bearer ")) {
        *length = run_of_key(s, at + 7);
        return is_enough(s, at + 7, *length, TOKEN_MIN) ? 7 : 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t value =
            begins_in_any_case(s, at, names[i]) ? value_after(s, at + strlen(names[i])) : 0;
        if (!value)
            continue;
        *length = run_of_key(s, value);
        if (is_enough(s, value, *length, VALUE_MIN) &&
            looks_random(sv_slice(s, value, value + *length)))
            return value - at;
    }
    return 0;
}

/* What begins at i: the words that are kept, and the credential behind them. */
static bool find_at(struct sv text, size_t i, size_t *kept, size_t *length)
{
    bool begins_word = i == 0 || !is_word(text.p[i - 1]);
    *kept = 0;
    *length = length_of_pem(text, i);
    if (*length == 0 && begins_word)
        *length = length_of_form(text, i);
    if (*length)
        return true;
    /* "MY_API_KEY=" begins before the word */
    if (begins_word || text.p[i - 1] == '_')
        *kept = announced(text, i, length);
    return *kept > 0;
}

size_t secrets_redact(struct sv text, struct buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < text.n;) {
        size_t kept, length;
        if (!find_at(text, i, &kept, &length)) {
            buf_add(out, text.p + i++, 1);
            continue;
        }
        buf_add(out, text.p + i, kept);
        buf_addf(out, "[redacted: looks like a credential, %zu bytes]", length);
        i += kept + length;
        count++;
    }
    return count;
}
