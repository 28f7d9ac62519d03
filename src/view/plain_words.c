#include "view/plain_words.h"

#include "base/str.h"

#include <ctype.h>

/* The words that the program's own sentences are made of, sorted. */
static const char words[] =
    "a about above acts after again age agent ages ago alike alive all alone although am "
    "an and animate announced another answer answered answers any anything api archived "
    "are arrive arrived arrives as asked asks at attempt awaits away b back background "
    "bash be because been before began behind being between breaks bring brings broke "
    "busy but by byte bytes c call called came cancel cannot cents change client clients "
    "collected columns come comes command commands compaction computed computes computing "
    "config confirm confirmation connection connections continues conversation copy could "
    "cpu crlf ctrl damaged day days deaf debugger depend depends dialog did directory do "
    "does done down draw draws earliest end ended ending ends enter env error errors esc "
    "escape event exists exit facts failed few fg file first fit folder for fork frees "
    "from gb gets gives goes gone grew group h hang hangs has have held here hit hold "
    "holds hook hour hours hung idle if ignored in input inputs inside interrupted into "
    "is it its itself jobs judged kb keep kernel keys kill known last late leads leaves "
    "left less lies lifted limit line lines list listed live long longer longest look "
    "looked looks loop lost m machine made main makes may mb mcp memory mid middle min "
    "minute minutes mkdir mode model more most ms mv names namespace network never new no "
    "nobody none not nothing noticed nuls observed of off old older on once one only open "
    "or other others out outlived output outside over own owner p pane parent part past "
    "patience pause pending percent perhaps permission pid pings pipe pm press process "
    "processes processor program progress progresses prompt published publishes question "
    "queue quiet rare rarely raw reached read reads recent record refused registry remove "
    "removed replaced reply request resets restart rests result resume retransmits "
    "retrying rows run runs s said same say says screen search second seconds seen sees "
    "select sent server servers serves session sessions shells should show shows signal "
    "sigstop sigwinch silent since size sleeps slept slow so socket something spinner ssl "
    "stalled stalls start started starting startup status still stopped stuck subagent "
    "suits sure system take taken tcp tell tells terminal terminals than that the them "
    "then there this though thread time times tmp tmux to token tokens told too tool "
    "tools torn transcript transcripts trickle tried tries try turn turns two type typed "
    "unclear uncollected under understood unharmed unknown until up usage used user users "
    "verdict waited waiting waits wake wakes want wanted wants was watch watchdog watched "
    "way well went were what whatever when where whether which while whose will wish with "
    "within without woke words work works write written wrote yes yet you your yours "
    "youve";

enum { WORD_MAX = 24 };

/* "Read" and "Bash" are tools: no sentence of its own has a capital within, but for keys. */
static bool is_known(struct sv token)
{
    char word[WORD_MAX];
    size_t capitals = 0;
    if (token.n >= sizeof word)
        return false;
    for (size_t i = 0; i < token.n; i++) {
        capitals += isupper((unsigned char)token.p[i]) != 0;
        word[i] = (char)tolower((unsigned char)token.p[i]);
    }
    word[token.n] = '\0';
    bool is_name = capitals && capitals < token.n && !str_in(word, "ctrl enter escape nuls");
    return !is_name && str_in(word, words);
}

/* A count, a share, a time: digits, with one point at most. */
static bool is_number(struct sv token)
{
    size_t points = 0, digits = 0;
    for (size_t i = 0; i < token.n; i++) {
        points += token.p[i] == '.';
        digits += token.p[i] >= '0' && token.p[i] <= '9';
    }
    return digits && digits < 10 && points <= 1 && points + digits == token.n;
}

/* A number behind it is the name of one: of a process, or all digits of a session's id. */
static bool names_one(struct sv token)
{
    return sv_is(token, "pid") || sv_is(token, "process") || sv_is(token, "session");
}

/* What stands behind it is somebody else's to the end. */
static bool quotes(struct sv token, struct sv punctuation)
{
    return sv_is(punctuation, ":") &&
           (sv_is(token, "shows") || sv_is(token, "words") || sv_is(token, "failed"));
}

/* Up to the next blank, without the punctuation around it. */
static struct sv next_token(struct sv *rest, struct sv *punctuation)
{
    size_t from = 0, to;
    while (from < rest->n && rest->p[from] == ' ')
        from++;
    for (to = from; to < rest->n && rest->p[to] != ' '; to++)
        ;
    struct sv token = sv_slice(*rest, from, to);
    *rest = sv_slice(*rest, to, rest->n);
    size_t end = token.n;
    while (end && (token.p[end - 1] == ',' || token.p[end - 1] == ';' || token.p[end - 1] == '.' ||
                   token.p[end - 1] == ':'))
        end--;
    *punctuation = sv_slice(token, end, token.n);
    return sv_slice(token, 0, end);
}

void plain_words_add(struct buf *out, struct sv sentence)
{
    bool was_left_out = false, is_first = true, is_named = false;
    while (sentence.n) {
        struct sv punctuation, token = next_token(&sentence, &punctuation);
        bool is_plain = token.n && (is_known(token) || (is_number(token) && !is_named));
        if (!token.n && !punctuation.n)
            continue;
        is_named = names_one(token);
        if (quotes(token, punctuation) && sentence.n)
            sentence = SV("\"");
        if (!is_plain && was_left_out)
            continue;
        buf_adds(out, is_first ? "" : " ");
        if (is_plain) {
            buf_add(out, token.p, token.n);
            buf_add(out, punctuation.p, punctuation.n);
        } else {
            buf_adds(out, "[...]");
        }
        was_left_out = !is_plain;
        is_first = false;
    }
}
