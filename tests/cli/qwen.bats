#!/usr/bin/env bats
# Sessions of Qwen Code: files that each test makes, and a stand-in for its client, which node runs.

load helper

A=aaaaaaaa-0000-4000-8000-00000000000a
B=bbbbbbbb-0000-4000-8000-00000000000b

setup()
{
    scratch_project
    DATA=$HOME/.qwen
    PENDING=$BATS_TEST_TMPDIR/pending
    CHATS=$DATA/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")/chats
    vendor=$BATS_TEST_TMPDIR/lib/@qwen-code/qwen-code
    mkdir -p "$CHATS" "$DATA/sessions" "$vendor" "$BATS_TEST_TMPDIR/bin"
    echo 'setInterval(() => {}, 1e6)' >"$vendor/cli.js"
    ONLY=(--config-dir "$DATA" --agent qwen)
    DIRS=(--pending-dir "$PENDING" --log-dir "$BATS_TEST_TMPDIR/log")
}

teardown() { end_started; }

# record ID TYPE MEMBERS [SECONDS AGO]: a line of its transcript
record()
{
    printf '{"uuid":"%s","parentUuid":null,"sessionId":"%s","timestamp":"%s","type":"%s","cwd":"%s","version":"0.24.4",%s}\n' \
        "$RANDOM$RANDOM" "$1" "$(date -u -d "${4-0} seconds ago" +%FT%T.%3NZ)" "$2" "$project" "$3" >>"$CHATS/$1.jsonl"
}

# ask ID [PROMPT [SECONDS AGO]]
ask() { record "$1" user "\"provenance\":\"real_user\",\"message\":{\"parts\":[{\"text\":\"${2-buy milk}\"}]}" "${3-0}"; }

# answer ID [SECONDS AGO]
answer()
{
    record "$1" assistant '"model":"m","message":{"parts":[{"text":"bought"}]}' "${2-0}"
    touch -d "${2-0} seconds ago" "$CHATS/$1.jsonl"
}

call() { record "$1" assistant '"message":{"parts":[{"functionCall":{"id":"c1","name":"run_shell_command","args":{"command":"ls"}}}]}'; }

# client [ARGUMENT...]: the stand-in, in $project: $pid
client()
{
    (cd "$project" && exec env -i HOME="$HOME" PATH="$PATH" QWEN_CODE_NO_RELAUNCH=true QWEN_CODE_LAUNCHER_PID=1 \
        node "$vendor/cli.js" "$@") </dev/null >/dev/null 2>&1 3>&- &
    pid=$!
    started_pids+=("$pid")
    disown "$pid"
    wait_until 60 grep -q 'cli.js' "/proc/$pid/cmdline"
}

# register ID [BOOT [TICKS]]: what the client publishes
register()
{
    local ticks
    ticks=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20)
    printf '{"schemaVersion":1,"pid":%d,"procStart":"%s:%s","sessionId":"%s","cwd":"%s","startedAt":%s,"qwenVersion":"0.24.4","kind":"tui","ipcPath":"/tmp/x.sock","ipcToken":"TOKEN-OF-THE-CLIENT"}' \
        "$pid" "${2:-$(</proc/sys/kernel/random/boot_id)}" "${3:-$ticks}" "$1" "$project" "$(date +%s000)" >"$DATA/sessions/$pid.json"
}

of_qwen() { jq -es ".[0].sessions[] | select(.agent == \"qwen\") | $1" <<<"$output"; }

@test "stored sessions are listed, each with its command; an archived one is said to be" {
    ask "$A" "buy milk" 7200
    answer "$A" 7200
    ask "$B" "sell it" 7200
    answer "$B" 7200
    mkdir "$CHATS/archive"
    mv "$CHATS/$B.jsonl" "$CHATS/archive/"
    rescue --resume --all --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    of_qwen "select(.session_id == \"$A\") | .first_prompt == \"buy milk\" and .archived == false and
        .resume_command == \"cd $project && qwen --resume $A\""
    of_qwen "select(.session_id == \"$B\") | .archived == true"
    mv "$DATA" "$HOME/elsewhere"
    rescue --resume --json --config-dir "$HOME/elsewhere" --agent qwen
    of_qwen "select(.session_id == \"$A\") | .resume_command == \"cd $project && QWEN_HOME=$HOME/elsewhere qwen --resume $A\""
}

@test "a process is mapped by what it publishes, and its turn is told by its records" {
    client
    register "$A"
    ask "$A"
    answer "$A"
    rescue --status --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    of_qwen ".pid == $pid and .session_id == \"$A\" and .mapping.by == \"registry\" and .mapping.certainty == \"exact\"" ||
        of_qwen ".pid == $pid and .session_id == \"$A\""
    of_qwen '.verdict == "idle" and .cause == "turn-over" and .kind == "interactive"'
    ask "$A" again
    rescue --status --json "${ONLY[@]}"
    of_qwen '.verdict != "hung" and .verdict != "idle"'
    [[ $output != *TOKEN-OF-THE-CLIENT* ]]
}

@test "what it publishes holds for the session of now, whatever another client has written there since" {
    client
    register "$A"
    touch -d "120 seconds ago" "$DATA/sessions/$pid.json"
    ask "$A" "buy milk" 110
    answer "$A" 100
    ask "$B" "sell it" 20
    answer "$B" 10
    rescue --status --json "${ONLY[@]}"
    of_qwen ".pid == $pid and .session_id == \"$A\" and .mapping.by == \"registry\" and .mapping.confidence == \"exact\""
}

@test "the token that a client publishes is neither printed nor copied" {
    client
    register "$A"
    ask "$A"
    answer "$A"
    printf '{"pid":%d}' "$pid" >"$CHATS/$A.runtime.json"
    rescue --status --json -v "${ONLY[@]}"
    [[ $output$stderr != *TOKEN-OF-THE-CLIENT* ]]
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    run grep -r TOKEN-OF-THE-CLIENT "$PENDING" "$BATS_TEST_TMPDIR/log"
    [ "$status" -eq 1 ]
}

@test "a registration of another boot, or of another process, is none" {
    client
    register "$A" 00000000-0000-4000-8000-000000000000
    ask "$A" "buy milk" 7200
    answer "$A" 7200
    rescue --status --json "${ONLY[@]}"
    of_qwen ".pid == $pid and .session_id == null"
    register "$A" "" 1
    rescue --status --json "${ONLY[@]}"
    of_qwen ".pid == $pid and .session_id == null"
}

@test "a registration that cannot be read is named, and the rest of the listing stands" {
    ask "$A" "buy milk" 7200
    answer "$A" 7200
    client
    mkfifo "$DATA/sessions/$pid.json"
    echo '{' >"$DATA/sessions/4711.json"
    head -c 200000 /dev/zero >"$DATA/sessions/4712.json"
    rescue --resume --json "${ONLY[@]}"
    of_qwen ".session_id == \"$A\""
    [[ $(json '.problems.map(p => p.text).join()') == *"4711.json"* ]]
    rescue --status --json "${ONLY[@]}"
    of_qwen ".pid == $pid and .session_id == null"
}

@test "nothing that its records leave open is called hung" {
    client
    register "$A"
    for turn in "ask $A" "call $A"; do
        $turn
        rescue --status --json --timeout 0.01 "${ONLY[@]}"
        of_qwen '.verdict != "hung"'
    done
}

@test "the launcher, another program called qwen, and its other commands are no sessions" {
    client mcp list
    (cd "$project" && exec env -i HOME="$HOME" PATH="$PATH" node --expose-gc "$vendor/cli.js") </dev/null >/dev/null 2>&1 3>&- &
    started_pids+=("$!")
    disown
    cp "$vendor/cli.js" "$BATS_TEST_TMPDIR/bin/qwen"
    (cd "$project" && exec env -i HOME="$HOME" PATH="$PATH" QWEN_CODE_NO_RELAUNCH=true node "$BATS_TEST_TMPDIR/bin/qwen") \
        </dev/null >/dev/null 2>&1 3>&- &
    started_pids+=("$!")
    disown
    wait_until 60 grep -q 'bin/qwen' "/proc/$!/cmdline"
    rescue --status --json "${ONLY[@]}"
    [ "$(json .sessions.length)" -eq 0 ]
}

@test "two sessions side by side: each backup holds its own alone, and goes back byte for byte" {
    local folder=${CHATS%/chats}
    for id in "$A" "$B"; do
        ask "$id" "marker-$id" 7200
        answer "$id" 7200
        mkdir -p "$folder/subagents/$id" "$DATA/file-history/$id" "$DATA/plans"
        echo "{\"marker\":\"marker-$id\"}" >"$folder/subagents/$id/agent-1.jsonl"
        echo "marker-$id" >"$DATA/file-history/$id/0123@v1"
        echo "marker-$id" >"$DATA/plans/$id.md"
    done
    echo TOKEN >"$DATA/oauth_creds.json"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    grep -rq "marker-$A" "$PENDING"
    run grep -rq -e "marker-$B" -e TOKEN "$PENDING"
    [ "$status" -eq 1 ]
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
    mv "$DATA" "$HOME/was"
    mkdir "$DATA"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    rm "$HOME/was/oauth_creds.json"
    find "$HOME/was" -name "*$B*" -prune -exec rm -r {} +
    rm -r "$HOME/was/sessions"
    diff -r "$HOME/was" "$DATA"
}

@test "broken lines are told of, and nothing is mended" {
    ask "$A" "buy milk" 7200
    answer "$A" 7200
    rescue --check "$A" "${ONLY[@]}"
    [ "$status" -eq 0 ]
    printf '{"uuid":"x","pare\n' >>"$CHATS/$A.jsonl"
    ask "$A" "sell it" 7200
    head -c 30 "$CHATS/$A.jsonl" >"$BATS_TEST_TMPDIR/torn"
    cat "$BATS_TEST_TMPDIR/torn" >>"$CHATS/$A.jsonl"
    before=$(sha256sum "$CHATS/$A.jsonl")
    rescue --check "$A" --json "${ONLY[@]}"
    [ "$status" -eq 1 ]
    [ "$(json '.transcripts[0].problems.map(p => p.kind).join()')" = stub,torn-tail ]
    [ "$(json '.transcripts[0].verdict')" = damaged ]
    [ "$(json '.transcripts[0].can_resume')" = null ]
    [ "$(json '.transcripts[0].messages')" = null ]
    rescue --check "$A" "${ONLY[@]}"
    [[ $output == *"torn-tail"*"nothing is known that helps; a backup may hold it"* ]]
    rescue --repair "$A" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 3 ]
    [[ $stderr == *"what mends it, is not known"* ]]
    [ "$(sha256sum "$CHATS/$A.jsonl")" = "$before" ]
}

@test "a client is ended once its session is backed up" {
    client
    register "$A"
    ask "$A"
    answer "$A"
    rescue --kill "$pid" --dry-run "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    kill -0 "$pid"
    [[ $output == *"send SIGTERM to pid $pid"* ]]
    [[ $output != *"half reply"* ]]
    rescue --kill "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [ ! -d "/proc/$pid" ]
    cmp "$CHATS/$A.jsonl" "$PENDING"/*-LOSSLESS-qwen-"$A".jsonl
    [[ $output$stderr == *"left behind: $DATA/sessions/$pid.json"* ]]
    [[ $output$stderr != *"clients remove it"* ]]
    [[ $output == *"qwen --resume $A"* ]]
}

@test "a transcript that its client has made and written nothing into yet is no loss" {
    client
    register "$A"
    printf '{"uuid":"x","parentUuid":null' >"$CHATS/$A.jsonl"
    touch -d "@$(($(stat -c %Y "/proc/$pid") + 1))" "$CHATS/$A.jsonl"
    wait_until 60 sh -c '[ "$(date +%s)" -gt "$1" ]' - "$(($(stat -c %Y "$CHATS/$A.jsonl") + 12))"
    rescue --status --json "${ONLY[@]}"
    of_qwen '.persistence != "none" and .persistence != "behind"'
}

@test "of a directory that two agents read, each file is one's alone: none is out of place, and each is searched once" {
    ask "$A" "buy milk" 7200
    answer "$A" 7200
    for _ in {1..20}; do echo '{"broken'; done >"$CHATS/$B.jsonl" # whose it is, its beginning does not tell
    ask "$B" "buy milk" 7200
    mv "$DATA" "$HOME/elsewhere"
    for dir in "$HOME/elsewhere" "$HOME/.qwen/"; do
        rescue --search milk --json --config-dir "$dir" --index-dir "$BATS_TEST_TMPDIR/index"
        [ "$status" -eq 0 ]
        [ "$(jq '.sessions | length' <<<"$output")" -eq 2 ]
        rescue --resume --all --json --config-dir "$dir"
        [ "$(jq -r '.strays[].session_id' <<<"$output" | grep -c "$A")" -eq 0 ]
        of_qwen "select(.session_id == \"$A\")"
        [ -d "$DATA" ] || mv "$HOME/elsewhere" "$DATA"
    done
    [ "$(jq '.strays | length' <<<"$output")" -eq 0 ]
}

@test "a directory whose name is a plain word is looked into for every agent" {
    ask "$A" "buy milk" 7200
    answer "$A" 7200
    mv "$DATA" "$HOME/opencode"
    rescue --resume --all --json --config-dir "$HOME/opencode"
    of_qwen "select(.session_id == \"$A\")"
}

@test "what a client that is gone has left is named: an open turn, and what it has published; neither is touched" {
    client
    register "$A"
    ask "$A"
    call "$A"
    rescue --resume --json "${ONLY[@]}"
    of_qwen ".session_id == \"$A\" and .pid == $pid and .unfinished == null"
    kill -9 "$pid"
    wait_until 60 test ! -e "/proc/$pid"
    rescue --resume --json "${ONLY[@]}"
    of_qwen ".session_id == \"$A\" and .pid == null and .unfinished == \"run_shell_command has no result\""
    [[ $(json '.sessions[0].notes.join("|")') == *"sessions/$pid.json is left: process $pid, which it names, is gone"* ]]
    [ -e "$DATA/sessions/$pid.json" ]
    rescue --check "$A" "${ONLY[@]}"
    [[ $output == *"its last turn was not finished: run_shell_command has no result"* ]]
    ask "$B"
    answer "$B"
    rescue --check --json "${ONLY[@]}"
    [ "$(json ".transcripts.find(t => t.session_id == '$B').unfinished")" = null ]
}
