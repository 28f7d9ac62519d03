#include "app/prompt.h"

#include "app/console.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LINE_SIZE = 64, CTRL_C = 3, ESCAPE = 27, ESCAPE_DELAY_MS = 50, RESIZE_MS = 50 };

/* ---- a line of input ---------------------------------------------------------------------- */

static void note_interrupt(int signal_number)
{
    (void)signal_number; /* that read(2) returns is all that is wanted */
}

/* Reads a line; what does not fit is dropped. Returns: its length without the newline, -ECANCELED
 * at the end of input, -EINTR for Ctrl-C, also where SIGINT is held back. */
static int read_line(char line[static LINE_SIZE])
{
    struct sigaction noticed = {.sa_handler = note_interrupt}, before;
    sigset_t interrupt, mask;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigaction(SIGINT, &noticed, &before);
    sigprocmask(SIG_UNBLOCK, &interrupt, &mask);
    size_t n = 0;
    int r = -ECANCELED;
    char c;
    for (ssize_t got; (got = read(STDIN_FILENO, &c, 1)) != 0;) {
        if (got < 0) {
            r = errno == EINTR ? -EINTR : -ECANCELED;
            break;
        }
        if (c == '\n') {
            r = (int)n;
            break;
        }
        if (n + 1 < LINE_SIZE)
            line[n++] = c;
    }
    line[n] = '\0';
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGINT, &before, NULL);
    return r;
}

bool prompt_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool prompt_yes(const char *question)
{
    char line[LINE_SIZE];
    fflush(stdout);
    console_write(stderr, sv_of(question));
    fputs(" [y/N] ", stderr);
    int r = read_line(line);
    if (r < 0)
        fputs("\n", stderr);
    return r >= 0 && (strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0);
}

bool prompt_for(const char *question, char *typed, size_t size)
{
    char line[LINE_SIZE];
    fflush(stdout);
    console_write(stderr, sv_of(question));
    fputs(" ", stderr);
    int r = read_line(line);
    if (r < 0)
        fputs("\n", stderr);
    if (r <= 0)
        return false;
    snprintf(typed, size, "%s", line);
    return true;
}

/* ---- numbered ----------------------------------------------------------------------------- */

static int select_by_number(const struct prompt_menu *menu)
{
    BUF_RELEASE struct buf text = {0};
    menu->draw(menu->context, 0, 0, 0, &text);
    console_write(stdout, (struct sv){text.p, text.n});
    for (size_t i = 0; i < menu->count; i++)
        printf("%zu. %s\n", i + 1, menu->items[i]);
    for (;;) {
        char line[LINE_SIZE], *end;
        printf("Number from 1 to %zu, or q to leave: ", menu->count);
        fflush(stdout);
        int r = read_line(line);
        if (r < 0) {
            puts("");
            return r;
        }
        if (strcmp(line, "q") == 0)
            return -ECANCELED;
        unsigned long n = strtoul(line, &end, 10);
        if (isdigit((unsigned char)line[0]) && *end == '\0' && n >= 1 && n <= menu->count)
            return (int)n - 1;
    }
}

/* ---- with arrow keys ---------------------------------------------------------------------- */

enum { ABOVE_LEAST = 2, OUT_OF_SIGHT = 1 };

/* The lines above the items. Returns: how many. */
static int show_above(const struct prompt_menu *menu, int room, int page)
{
    BUF_RELEASE struct buf drawn = {0}, text = {0};
    menu->draw(menu->context, (size_t)COLS, (size_t)room, page, &drawn);
    console_convert(stdout, &text, (struct sv){drawn.p, drawn.n});
    struct sv all = {text.p, text.n};
    bool is_limited = console_is_limited(stdout);
    int row = 0;
    for (struct sv line; all.n && row < room;) {
        sv_cut_line(&all, &line);
        int length = (int)line.n;
        /* what the terminal's set has not may have become longer */
        mvaddnstr(row++, 0, line.p, is_limited && length > COLS ? COLS : length);
    }
    return row;
}

/* The items, or those around the selected one: "^" and "v" stand for more. */
static void show_items(const struct prompt_menu *menu, int selected, int row)
{
    int count = (int)menu->count, room = LINES - row;
    int first = selected - room + 1 + OUT_OF_SIGHT;
    if (first > count - room)
        first = count - room;
    if (first < 0)
        first = 0;
    for (int i = first; i < count && i < first + room; i++) {
        bool hides_above = i == first && first > 0;
        bool hides_below = i == first + room - 1 && i < count - 1;
        const char *sign = i == selected ? ">" : hides_above ? "^" : hides_below ? "v" : " ";
        BUF_RELEASE struct buf line = {0};
        buf_addf(&line, "%s %s", sign, menu->items[i]);
        if (i == selected)
            attron(A_BOLD);
        mvaddnstr(row + i - first, 0, line.p, COLS);
        attroff(A_BOLD);
    }
    move(row + selected - first, 0);
}

/* Which session is asked about is always seen: of a small screen, items are out of sight first. */
static void show(const struct prompt_menu *menu, size_t selected, int page)
{
    int room = LINES - (int)menu->count;
    if (room < ABOVE_LEAST)
        room = LINES > ABOVE_LEAST ? ABOVE_LEAST : LINES - 1;
    erase();
    show_items(menu, (int)selected, room > 0 ? show_above(menu, room, page) : 0);
    refresh();
}

/* Of a terminal that is dragged to another size, the last size is drawn, and all of it. */
static void await_size(void)
{
    int key;
    timeout(RESIZE_MS);
    while ((key = getch()) == KEY_RESIZE)
        ;
    timeout(-1);
    if (key != ERR)
        ungetch(key);
    clearok(stdscr, TRUE);
}

static int read_choice(const struct prompt_menu *menu)
{
    size_t selected = 0;
    int page = 0;
    for (;;) {
        show(menu, selected, page);
        int key = getch();
        switch (key) {
        case KEY_UP:
        case 'k':
            selected = (selected + menu->count - 1) % menu->count;
            break;
        case KEY_DOWN:
        case 'j':
        case '\t':
            selected = (selected + 1) % menu->count;
            break;
        case KEY_NPAGE:
        case ' ':
            page++;
            break;
        case KEY_PPAGE:
            page--;
            break;
        case KEY_RESIZE:
            await_size();
            page = 0; /* other pages, of another length */
            break;
        case '\r':
        case '\n':
        case KEY_ENTER:
            return (int)selected;
        case CTRL_C:
            return -EINTR;
        case 'q':
        case ESCAPE:
        case ERR: /* the terminal is gone */
            return -ECANCELED;
        default:
            if (key >= '1' && key < '1' + (int)menu->count)
                return key - '1';
        }
    }
}

/* Signals that curses catches, for good, with the first screen of the program and never again. */
static const int caught[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
enum { CAUGHT = sizeof caught / sizeof *caught };

/* Makes handlers those in effect. Returns by before, unless NULL, those of until then. */
static void change_handlers(const struct sigaction *handlers, struct sigaction *before)
{
    for (size_t i = 0; i < CAUGHT; i++)
        sigaction(caught[i], handlers ? &handlers[i] : NULL, before ? &before[i] : NULL);
}

/* A screen with the handlers of curses, also where it is not the first. */
static SCREEN *begin_screen(struct sigaction before[static CAUGHT])
{
    static struct sigaction of_curses[CAUGHT];
    static bool are_known;
    change_handlers(are_known ? of_curses : NULL, before);
    SCREEN *screen = newterm(NULL, stdout, stdin);
    if (screen && !are_known) {
        change_handlers(NULL, of_curses);
        are_known = true;
    }
    if (!screen)
        change_handlers(before, NULL);
    return screen;
}

static int select_by_keys(const struct prompt_menu *menu)
{
    struct sigaction before[CAUGHT];
    /* For this screen alone: quoting for the shell is to know ASCII and nothing else. */
    setlocale(LC_CTYPE, "");
    SCREEN *screen = begin_screen(before);
    if (!screen) {
        setlocale(LC_CTYPE, "C");
        return select_by_number(menu);
    }
    raw(); /* Ctrl-C is a key: the terminal is put in order first */
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    set_escdelay(ESCAPE_DELAY_MS);
    int r = read_choice(menu);
    endwin();
    delscreen(screen);
    change_handlers(before, NULL);
    setlocale(LC_CTYPE, "C");
    return r;
}

int prompt_select(const struct prompt_menu *menu)
{
    fflush(stdout);
    return menu->is_plain ? select_by_number(menu) : select_by_keys(menu);
}
