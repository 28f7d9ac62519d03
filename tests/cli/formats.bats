#!/usr/bin/env bats
# --context --format: one conversation as Markdown, as a page, as JSON and as CUSF.

load helper
load sessions
load transcript

setup()
{
    scratch_home
    export PENDING=$HOME/pending
    mkdir -p "$CONFIG_DIR/projects/-tmp-p"
    TRANSCRIPT=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
}

context()
{
    rescue --context "$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
}

# Words that HTML, a terminal or a URL would act on, wherever a transcript may have words.
hostile_transcript()
{
    node -e '
        const fs = require("fs"), [file] = process.argv.slice(1);
        const evil = "</pre></div></title><script>document.title=\"owned\"</script><img src=x onerror=\"document.title=1\">" +
            "<a href=\"javascript:alert(1)\">\u0027\u001b[2J\u009b&amp;\u202e";
        const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        let second = 0, last = null;
        const add = (type, more) => {
            const uuid = "u" + second;
            fs.appendFileSync(file, JSON.stringify({ parentUuid: last, type, uuid, cwd: "/tmp/" + evil, version: evil,
                timestamp: new Date(Date.UTC(2026, 0, 2, 3, 4, second++)).toISOString(), ...more }) + "\n");
            last = uuid;
        };
        const user = (content) => add("user", { message: { role: "user", content } });
        const agent = (block) => add("assistant", { message: { role: "assistant", id: "msg_" + second, model: evil, content: [block],
            usage: { input_tokens: 1000 * second, output_tokens: 5 } } });
        user(evil);
        agent({ type: "text", text: "```" + evil + "\n" + evil + "\n```\n`" + evil + "`" });
        agent({ type: "thinking", thinking: evil });
        agent({ type: "tool_use", id: "t1", name: evil, input: { command: evil, [evil]: evil } });
        user([{ type: "tool_result", tool_use_id: "t1", is_error: true, content: [{ type: "text", text: evil },
            { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
            { type: "image", source: { type: "base64", media_type: "image/svg+xml", data: Buffer.from("<svg onload=x()>").toString("base64") } },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "\" onerror=\"x()" } }] }]);
        agent({ type: "tool_use", id: "t2", name: "Bash", input: {} });
        agent({ type: evil });
        user("the end");
    ' "$TRANSCRIPT"
}

@test "CUSF holds what was said: read again, it is the same text, of every transcript that the tests have" {
    local file count=0
    while IFS= read -r file; do
        for more in '' -v; do
            context "$file" $more
            [ -n "$output" ] || continue
            grep -v '^- from\|^- not readable\|^# Session\|^\*A resume\|^---$' <<<"$output" | cat -s >"$HOME/own"
            context "$file" --format cusf
            jq -es '.[0]._meta.format == "cusf" and .[1].type == "session_start" and .[-1].type == "session_end"' <<<"$output" >/dev/null
            echo "$output" >"$HOME/talk.cusf"
            context "$HOME/talk.cusf" $more
            [ "$status" -eq 0 ]
            grep -v '^- from\|^# Session\|^---$' <<<"$output" | cat -s >"$HOME/again"
            diff "$HOME/own" "$HOME/again"
            count=$((count + 1))
        done
    done < <(find "$BATS_TEST_DIRNAME/../fixtures/transcripts" -name '*.jsonl')
    [ "$count" -ge 20 ]
}

@test "CUSF says what it leaves out, and how much it holds" {
    store_session "$ID"
    printf '{"type":"custom-title","customTitle":"x","sessionId":"%s"}\n' "$ID" >>"$TRANSCRIPT"
    context "$ID" --format cusf
    [ "$status" -eq 0 ]
    jq -es '.[-1] | .left_out["beside the conversation"] == 1 and .lost == 0 and .messages > 0' <<<"$output"
    jq -es '(map(select(.type == "message")) | length) == .[-1].messages' <<<"$output"
}

@test "two copies and five backups: each message is once in each format" {
    store_session "$ID"
    for _ in 1 2 3 4 5; do
        printf '%s\n' "$(jq -c --arg id "more$RANDOM" '.uuid = $id' <<<"$(tail -n 1 "$TRANSCRIPT")")" >>"$TRANSCRIPT"
        rescue --export "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$HOME/log"
        sleep 1.1 # a backup's name is of whole seconds
    done
    mkdir -p "$CONFIG_DIR/projects/-tmp-q"
    cp "$TRANSCRIPT" "$CONFIG_DIR/projects/-tmp-q/$ID.jsonl"
    [ "$(ls "$PENDING"/*-LOSSLESS-"$ID".jsonl | wc -l)" -eq 5 ]
    for format in md html json cusf; do
        context "$ID" --format "$format"
        [ "$(grep -o 'hello' <<<"$output" | sort | uniq -c | awk '{print $1}')" -ge 1 ]
        echo "$output" >"$HOME/$format.all"
        context "$TRANSCRIPT" --format "$format"
        [ "$(grep -c 'hello' <<<"$output")" -eq "$(grep -c hello "$HOME/$format.all")" ]
    done
}

@test "--last and --since: the end of a conversation alone, in each format" {
    hostile_transcript
    for format in md html json cusf; do
        context "$ID" --format "$format" --last 1
        [[ $output == *"the end"* && $output != *"t1"* ]]
        [ "$(grep -c 'owned' <<<"$output")" -le 4 ] # the directory and the version of the client
        context "$ID" --format "$format" --since 2026-01-02T03:04:07
        [[ $output == *"the end"* ]]
        context "$ID" --format "$format" --since 2026-01-03
        [[ $output != *"the end"* ]]
    done
    context "$ID" --since yesterday
    [ "$status" -eq 2 ]
    context "$ID" --format html --json
    [ "$status" -eq 2 ]
    context "$ID" --format pdf
    [ "$status" -eq 2 ]
    [[ $stderr == *"--format takes md, html, json or cusf, not 'pdf'"* ]]
}

@test "a page holds no tag, attribute or address but its own, whatever was said" {
    hostile_transcript
    context "$ID" --format html
    [ "$status" -eq 0 ]
    LC_ALL=C grep -qvP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"
    run ! LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$output"
    context "$ID" --format html
    node -e '
        const page = require("fs").readFileSync(0, "utf8");
        const tags = new Set("a body circle code details div h1 h2 head hr html img li line link main meta nav ol p polyline pre rect small span style summary svg table td text th title tr b".split(" "));
        const attributes = new Set("alt aria-label charset class content cx cy height href http-equiv id lang name points r rel role src text-anchor viewBox width x x1 x2 y y1 y2".split(" "));
        let images = 0;
        for (const [, name, rest] of page.replace(/<!DOCTYPE html>/, "").matchAll(/<\/?([a-zA-Z0-9]*)([^>]*)>/g)) {
            if (!tags.has(name)) throw new Error("tag " + name);
            for (const [, key, value] of rest.matchAll(/([a-zA-Z0-9:-]+)="([^"]*)"/g)) {
                if (!attributes.has(key)) throw new Error("attribute " + key);
                if (key === "href" && !/^#c\d+p\d+$|^data:,$/.test(value)) throw new Error("href " + value);
                if (key === "src" && !/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+\/=]+$/.test(value)) throw new Error("src " + value);
                images += key === "src";
            }
            if (rest.replace(/[a-zA-Z0-9:-]+="[^"]*"/g, "").replace(/\//, "").trim()) throw new Error("loose: " + rest);
        }
        if (images !== 1) throw new Error(images + " images");
    ' <<<"$output"
}

@test "a real browser runs nothing of a page, asks for nothing and complains of nothing" {
    command -v chromium >/dev/null || skip "no chromium"
    hostile_transcript
    context "$ID" --format html
    echo "$output" >"$HOME/page.html"
    run --separate-stderr timeout 200 chromium --headless --no-sandbox --disable-gpu --disable-background-networking \
        --no-first-run --user-data-dir="$HOME/chromium" --enable-logging=stderr --log-net-log="$HOME/net.json" \
        --dump-dom "file://$HOME/page.html"
    [ "$status" -eq 0 ]
    [[ $stderr != *CONSOLE* ]]
    [[ $output == *"<title>Session $ID</title>"* ]]
    [[ $output != *"<script"* ]]
    [[ $output == *"the end"* && $output == *"<svg"* ]]
    # what the page itself would ask for begins at its own address
    run ! jq -e --arg page "file://$HOME/page.html" \
        '[.events[].params.initiator? // empty | select(startswith("file:"))] | length > 0' "$HOME/net.json"
}
