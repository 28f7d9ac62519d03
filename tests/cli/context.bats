#!/usr/bin/env bats
# --context: what was said, once each, in the order in which it was said.

load helper
load sessions
load transcript

setup()
{
    scratch_home
    export PENDING=$HOME/pending
    export LOG=$HOME/log
    mkdir -p "$CONFIG_DIR/projects/-tmp-p"
    transcript=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
}

teardown() { end_started; }

context()
{
    rescue --context "$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
}

# Records, appended to the transcript: write 'user("a", null, "hello")' 'agent("b", "a", text("hi"))' ...
# Each is a second after the one before.
write()
{
    node -e '
        const fs = require("fs"), [file, ...records] = process.argv.slice(1);
        const text = (text) => ({ type: "text", text });
        const call = (id, command) => ({ type: "tool_use", id, name: "Bash", input: { command } });
        const result = (tool_use_id, content, is_error = false) => ({ type: "tool_result", tool_use_id, content, is_error });
        const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAAAA==" } };
        const thinking = (thinking) => ({ type: "thinking", thinking });
        let second = fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").length : 0;
        const record = (parentUuid, uuid, more) => ({ parentUuid, ...more, uuid, cwd: "/tmp/p",
            timestamp: new Date(Date.UTC(2026, 0, 2, 3, 4, second++)).toISOString() });
        const user = (uuid, parent, content) => record(parent, uuid, { type: "user", message: { role: "user", content } });
        const agent = (uuid, parent, block, id = "msg_" + uuid) => record(parent, uuid, { type: "assistant",
            message: { role: "assistant", id, model: "m", content: [block] } });
        const boundary = (uuid) => record(null, uuid, { type: "system", subtype: "compact_boundary", content: "compacted" });
        const scope = { record, text, call, result, image, thinking, user, agent, boundary };
        for (const r of records)
            fs.appendFileSync(file, JSON.stringify(new Function(...Object.keys(scope), "return " + r)(...Object.values(scope))) + "\n");
    ' "$transcript" "$@"
}

# Each word comes after the one before it, and once.
in_order()
{
    local rest=$output
    for word in "$@"; do
        [[ $rest == *"$word"* ]] || { echo "not there, or too early: $word"; return 1; }
        rest=${rest#*"$word"}
        [ "$(grep -oF -- "$word" <<<"$output" | wc -l)" -eq 1 ] || { echo "twice: $word"; return 1; }
    done
}

@test "a conversation as Markdown" {
    write 'user("a", null, "say hello")' 'agent("b", "a", text("hello there"))'
    context "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = "# Session $ID

- from $(realpath "$transcript")

## user, 2026-01-02T03:04:00Z

say hello

## agent, 2026-01-02T03:04:01Z, m

hello there" ]
}

@test "the order is the parents', not the lines'" {
    write 'agent("c", "b", text("third"))' 'agent("b", "a", text("second"))' 'user("a", null, "first")' 'user("d", "c", "fourth")'
    context "$ID"
    in_order first second third fourth
}

@test "calls are folded with the size of their results, parallel ones too; -v unfolds them" {
    write 'user("a", null, "two at once")' 'agent("b", "a", call("t1", "echo one"), "msg_1")' \
        'agent("c", "b", call("t2", "echo two"), "msg_1")' 'user("r2", "c", [result("t2", "out-two")])' \
        'user("r1", "b", [result("t1", "out-one!", true)])' 'agent("d", "r1", text("done"))'
    context "$ID"
    in_order "two at once" "- **Bash** echo one (failed, 8B)" "- **Bash** echo two (7B)" "done"
    [[ $output != *out-one* ]]
    context "$ID" -v
    [[ $output == *out-one* ]]
    [[ $output == *out-two* ]]
    [[ $output == *'"command": "echo two"'* ]]
}

@test "thinking is marked, images are named" {
    write 'user("a", null, [text("look"), image])' 'agent("b", "a", thinking("deep"))' 'agent("c", "b", thinking(""))'
    context "$ID"
    in_order "look" "- image: image/png, 4B" "*thinking, 4B*" "*thinking, not kept*"
    [[ $output != *deep* ]]
    [[ $output != *AAAA* ]]
    context "$ID" -v
    [[ $output == *"> deep"* ]]
}

@test "what a compaction summed up comes before it" {
    write 'user("a", null, "early")' 'agent("b", "a", text("answer"))' 'boundary("k")' 'user("s", "k", "in short")' 'agent("e", "s", text("late"))'
    context "$ID"
    in_order early answer "Compacted here" "in short" late
}

@test "a branch that was left is behind the conversation, and said to be one" {
    write 'user("a", null, "root")' 'agent("b", "a", text("answer"))' 'user("x", "b", "first try")' 'agent("y", "x", text("wrong way"))' \
        'user("z", "b", "second try")' 'agent("w", "z", text("right way"))'
    context "$ID"
    in_order root answer "second try" "right way" "A branch that was left" "first try" "wrong way"
}

@test "a session and its backups are one conversation" {
    write 'user("a", null, "first")' 'agent("b", "a", text("second"))'
    export_session "$ID"
    write 'user("c", "b", "third")'
    context "$ID"
    in_order first second third
    [[ $output == *"- from "*"- from $PENDING/"* ]]
    # and what only the backup has is there
    sed -i 1,2d "$transcript"
    context "$ID"
    in_order first second third
    rm "$transcript"
    context "$ID"
    [ "$status" -eq 0 ]
    in_order first second
}

@test "a file and a backup by its name" {
    write 'user("a", null, "first")'
    export_session "$ID"
    cp "$transcript" "$HOME/copy.jsonl"
    context "$HOME/copy.jsonl"
    in_order "# Session copy" first
    stem=$(basename "$PENDING"/*.jsonl .jsonl)
    context "$stem"
    in_order "# Session $ID" first
    context "$stem" "$PENDING/$stem.jsonl"
    in_order "# Session $ID" first
}

@test "several sessions in one run" {
    write 'user("a", null, "first")'
    stored "$OTHER" /tmp/q "the other"
    context "$ID" "$OTHER"
    [ "$status" -eq 0 ]
    in_order "# Session $ID" first "# Session $OTHER" "the other"
}

@test "subagents with --all" {
    write 'user("a", null, "first")'
    main=$transcript
    mkdir -p "${main%.jsonl}/subagents"
    transcript=${main%.jsonl}/subagents/agent-1.jsonl write 'user("s", null, "in the subagent")'
    context "$ID"
    [[ $output != *"in the subagent"* ]]
    context "$ID" --all
    in_order first "subagent agent-1" "in the subagent"
}

@test "a torn and damaged transcript gives what can be read, and says what not" {
    write 'user("a", null, "first")'
    printf '{"parentUuid":"a","type":"assistant","mess' >>"$transcript"
    write 'user("b", "a", "second")'
    printf 'garbage\n{"parentUuid":"b","type":"user","message":{"content":"torn' >>"$transcript"
    context "$ID"
    [ "$status" -eq 1 ]
    in_order first second
    [ "$(grep -c "are not a record" <<<"$stderr")" -eq 3 ]
    [[ $output == *"- not readable: "* ]]
}

@test "--json: a message a line, its records together" {
    write 'user("a", null, [text("hi"), image])' 'agent("b", "a", text("part one"), "msg_1")' 'agent("c", "b", call("t", "ls"), "msg_1")' \
        'user("d", "c", [result("t", "out")])'
    context "$ID" --json
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 3 ]
    output="[${lines[0]},${lines[1]},${lines[2]}]"
    [ "$(json '.map((m) => m.who)')" = '["user","agent","tool"]' ]
    [ "$(json '[1].uuids')" = '["b","c"]' ]
    [ "$(json '[1].blocks.map((b) => b.type)')" = '["text","call"]' ]
    [ "$(json '[1].blocks[1].input.command')" = ls ]
    [ "$(json '[2].blocks[0].text')" = out ]
    [ "$(json '[0].blocks[1]')" = '{"type":"image","name":"image/png","size_bytes":4}' ]
    for key in $(json '.flatMap((m) => [...Object.keys(m), ...m.blocks.flatMap(Object.keys)]).join(" ")'); do
        sed -n '/^## `--context --json`/,$p' doc/json-output.md | grep -q "\b$key\b" || { echo "not in the document: $key"; return 1; }
    done
}

@test "text from a transcript is escaped, in a file too; line ends and tabs stay" {
    write 'user("a", null, "one\n\ttwo \u001b]0;evil\u0007 \u202e")'
    context "$ID"
    [[ $output == *$'one\n\ttwo \\x1b]0;evil\\x07 \\u202e'* ]]
    [[ $output != *$'\e'* ]]
}

@test "nothing of that name: a usage error; a file that is not there: a failure" {
    context nosuch
    [ "$status" -eq 2 ]
    context "$ID"
    [ "$status" -eq 2 ]
    context "$HOME/nothing.jsonl"
    [ "$status" -eq 3 ]
    [[ $stderr == *"nothing.jsonl: no such file"* ]]
    : >"$HOME/empty.jsonl"
    context "$HOME/empty.jsonl"
    [ "$status" -eq 0 ]
}

@test "a session without a transcript is said to have none" {
    install_client
    fake --session "$ID" --turn none --cwd "$HOME" -- "$client"
    context "$pid"
    [ "$status" -eq 0 ]
    [[ $stderr == *"no session with a transcript is active: name one"* ]]
}

@test "of a line that is too long to be held the longest text is cut, and it is said how much" {
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 3
    node -e '
        const fs = require("fs"), lines = fs.readFileSync(process.argv[1], "utf8").split("\n");
        lines[4] = lines[4].replace("prompt 2", () => "long ".repeat(3e6));
        lines[6] = lines[6].replace("\"stdout\":\"file\"", () => `"stdout":"${"x".repeat(1e7)}"`);
        fs.writeFileSync(process.argv[1], lines.join("\n"));
    ' "$FILE"
    "$SESSION_RESCUE" --context "$FILE" --config-dir "$CONFIG_DIR" >"$HOME/out"
    [ "$(stat -c %s "$HOME/out")" -lt 7000000 ]
    grep -q '\[[0-9]* bytes more are in the file\]' "$HOME/out"
    [ "$(grep -c 'answer [123]' "$HOME/out")" -eq 3 ]
    grep -q 'prompt 3' "$HOME/out"
}

@test "a record behind a byte order mark, or with a number that no double holds, is read as any other" {
    write 'user("a", null, "the first words")' 'agent("b", "a", text("an answer"))'
    sed -i -e '1s/^/\xef\xbb\xbf/' -e '2s/"model":"m"/"model":"m","usage":{"input_tokens":1e400,"output_tokens":123456789012345678901234567890}/' "$transcript"
    context "$ID"
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    in_order 'the first words' 'an answer'
    context "$ID" --json
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    in_order 'the first words' 'an answer'
}

@test "what the client tells of a try that failed is not what a resume loads" {
    write 'user("a", null, "first")' \
        '({ ...record("a", "b", { type: "system", subtype: "api_error", content: "overloaded" }) })' 'agent("c", "b", text("an answer"))'
    context "$ID" --json
    output="[$(paste -sd, <<<"$output")]"
    [ "$(json '.map((m) => `${m.kind} ${m.is_loaded}`).join()')" = "prompt true,API retry false,assistant text true" ]
    context "$ID"
    in_order first overloaded 'an answer'
    [[ $output != *"A resume"* ]]
}
