#include "view/html.h"

#include "base/utf8.h"

#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark;--text:#1f2328;--back:#fff;--soft:#f3f4f6;--line:#d4d8de;"
    "--faint:#5d6570;--user:#0b57d0;--agent:#6b3fa0;--tool:#1a7f37;--warn:#9a6700;--bad:#c4262e}\n"
    "@media(prefers-color-scheme:dark){:root{--text:#e6e8eb;--back:#15181c;--soft:#1f242a;"
    "--line:#3a424c;--faint:#9aa4af;--user:#8ab4f8;--agent:#c9a6f5;--tool:#6ccf84;--warn:#e0b341;"
    "--bad:#ff8a80}}\n"
    "body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}\n"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem}\n"
    "h2.user{color:var(--user)}h2.agent{color:var(--agent)}h2 small,.faint{color:var(--faint);"
    "font-weight:normal}\n"
    ".text{white-space:pre-wrap;margin:.5rem 0}\n"
    "pre,code{font:13px/1.45 ui-monospace,monospace}pre{background:var(--soft);padding:.6rem;"
    "border:1px solid var(--line);border-radius:.3rem;white-space:pre-wrap;overflow-wrap:anywhere;"
    "margin:.4rem 0}\n"
    "details{border-left:3px solid var(--line);padding:0 0 0 .7rem;margin:.3rem 0}\n"
    "summary{cursor:pointer}summary b{color:var(--tool)}.bad,summary.bad b{color:var(--bad)}\n"
    "img{max-width:100%;border:1px solid var(--line)}\n"
    "table{border-collapse:collapse}td,th{border:1px solid var(--line);padding:.2rem .6rem;"
    "text-align:left;vertical-align:top}\n"
    "nav ol{columns:2 24rem;padding-left:2.2rem}nav a{color:var(--user)}\n"
    "hr{border:0;border-top:1px solid var(--line)}\n"
    ".timeline{width:100%;height:auto}.timeline text{font:11px system-ui,sans-serif;"
    "fill:var(--faint)}\n"
    ".turn{fill:var(--user)}.tool{fill:var(--tool)}.failed,.error{fill:var(--bad)}"
    ".open{fill:none;stroke:var(--bad)}.silent{fill:var(--warn)}.long{fill:var(--bad)}"
    ".fill{fill:none;stroke:var(--agent);stroke-width:1.5}.compacted{stroke:var(--text);"
    "stroke-dasharray:3 3}.axis{stroke:var(--line)}\n";

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void add_escaped(struct buf *out, struct sv s)
{
    for (size_t i = 0, from = 0; i <= s.n; i++) {
        const char *entity = i < s.n ? entity_of(s.p[i]) : "";
        if (!entity)
            continue;
        struct sv plain = sv_slice(s, from, i); /* s.p may be NULL */
        buf_add(out, plain.p, plain.n);
        buf_adds(out, entity);
        from = i + 1;
    }
}

void html_add(struct buf *out, struct sv text)
{
    BUF_RELEASE struct buf harmless = {0};
    for (size_t i = 0, end; i < text.n; i = end + 1) {
        for (end = i; end < text.n && text.p[end] != '\n' && text.p[end] != '\t'; end++)
            ;
        bool is_dos = end < text.n && text.p[end] == '\n' && end > i && text.p[end - 1] == '\r';
        utf8_add_printable(&harmless, sv_slice(text, i, end - is_dos), 0);
        if (end < text.n)
            buf_add(&harmless, &text.p[end], 1);
    }
    add_escaped(out, (struct sv){harmless.p, harmless.n});
}

void html_adds(struct buf *out, const char *text)
{
    html_add(out, sv_of(text));
}

void html_begin(struct buf *out, const char *title)
{
    buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                  "img-src data:; style-src 'unsafe-inline'\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    html_adds(out, title);
    buf_adds(out, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n");
    buf_adds(out, style);
    buf_adds(out, "</style>\n</head>\n<body>\n<main>\n");
}

void html_end(struct buf *out)
{
    buf_adds(out, "</main>\n</body>\n</html>\n");
}
