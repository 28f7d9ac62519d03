#!/usr/bin/env bats
# --report: what a session did and why it hangs, with nothing private in it.

load helper
load sessions
load transcript

setup()
{
    scratch_home
    export PENDING=$HOME/pending LOG=$HOME/log
    mkdir -p "$CONFIG_DIR/projects/-tmp-p"
    TRANSCRIPT=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
}

teardown() { end_started; }

report()
{
    rescue --report "$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
}

# Every text in it begins with "secret", in every place where a record has text.
secret_transcript()
{
    node -e '
        const fs = require("fs"), [file] = process.argv.slice(1);
        let second = 0, last = null, n = 0;
        const secret = () => "secretword" + n++;
        const add = (type, more) => {
            const uuid = secret();
            fs.appendFileSync(file, JSON.stringify({ parentUuid: last, type, uuid, cwd: "/tmp/" + secret(), version: secret(),
                gitBranch: secret(), entrypoint: secret(), timestamp: new Date(Date.UTC(2026, 0, 2, 3, 4, second++)).toISOString(),
                ...more }) + "\n");
            last = uuid;
        };
        const agent = (block) => add("assistant", { message: { role: "assistant", id: secret(), model: secret(), content: [block],
            stop_reason: secret(), usage: { input_tokens: 1234, output_tokens: 5 } } });
        add("user", { message: { role: "user", content: secret() } });
        agent({ type: "text", text: secret() });
        agent({ type: "thinking", thinking: secret(), signature: secret() });
        agent({ type: "tool_use", id: "call1", name: secret(), input: { command: secret(), [secret()]: secret() } });
        add("user", { message: { role: "user", content: [{ type: "tool_result", tool_use_id: "call1", is_error: true, content: secret() }] } });
        agent({ type: "tool_use", id: "call2", name: secret(), input: { command: secret() } });
        add("user", { message: { role: "user", content: secret() }, parentUuid: secret() });
        fs.appendFileSync(file, "{\"torn\":\"" + secret());
    ' "$TRANSCRIPT"
}

# No word of the input, no path, no name.
is_private()
{
    [ -n "$output" ]
    local word
    for word in secretword "$ID" "${ID:0:8}" "$HOME" "$CONFIG_DIR" tmp-p "$(hostname)" call1 call2 "$(id -un)@"; do
        [[ $output != *"$word"* ]] || { echo "has $word"; return 1; }
    done
}

@test "of a stored session: counts, kinds, times and damage, and no word of it, as a page and as JSON" {
    secret_transcript
    report "$ID"
    [ "$status" -eq 0 ]
    is_private
    [[ $output == *"<svg"* && $output == *"tool-1"* && $output == *"tool-2"* && $output == *"left out"* ]]
    report "$ID" --json
    [ "$status" -eq 0 ]
    is_private
    jq -es '.[0].tools | length == 2 and .[0].failed == 1 and .[1].unanswered == 1' <<<"$output"
    jq -es '.[0].facts | any(.section == "transcript" and .name == "damage")' <<<"$output"
    jq -es '.[0].events | map(select(.kind == "call")) | length == 2' <<<"$output"
    jq -es '.[0].events[1].context_tokens == 1239' <<<"$output"
}

@test "of a live one: its verdict, with the evidence in this program's own words" {
    install_client
    fake --session "$ID" --cwd "$HOME" --turn none -- "$client"
    report "$ID" --json
    [ "$status" -eq 0 ]
    jq -es '.[0].facts | any(.section == "process" and .name == "runs" and .value == "yes")' <<<"$output"
    jq -es '.[0].facts | any(.section == "verdict" and .name == "verdict")' <<<"$output"
    [[ $output != *"$HOME"* && $output != *"$ID"* ]]
}

@test "what could not be read of the conversation is said, and not left out" {
    secret_transcript
    report "$ID" --json
    jq -es '.[0].facts | any(.name == "places that could not be read" and .value == 1)' <<<"$output"
    mv "$TRANSCRIPT" "$BATS_TEST_TMPDIR/elsewhere"
    ln -s "$BATS_TEST_TMPDIR/elsewhere" "$TRANSCRIPT"
    report "$ID" --json
    [ "$status" -eq 1 ]
    jq -es '.[0].facts | any(.section == "conversation" and .name == "not read")' <<<"$output"
    is_private
}

@test "it takes one session, and says what it does not find" {
    rescue --report
    [ "$status" -eq 2 ]
    report deadbeef-0000-4000-8000-000000000000
    [ "$status" -eq 2 ]
}
