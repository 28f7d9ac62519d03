#!/usr/bin/env bats
# Sessions of Gemini CLI: files that each test makes, and a stand-in for its client, which node runs.

load helper

A=aaaaaaaa-0000-4000-8000-00000000000a
B=bbbbbbbb-0000-4000-8000-00000000000b

setup()
{
    scratch_project
    DATA=$HOME/.gemini
    PENDING=$BATS_TEST_TMPDIR/pending
    slug=$(basename "$project" | tr 'A-Z' 'a-z')
    P=$DATA/tmp/$slug
    CHATS=$P/chats
    vendor=$BATS_TEST_TMPDIR/lib/@google/gemini-cli/bundle
    mkdir -p "$CHATS" "$vendor"
    printf '{"projects":{"%s":"%s"}}' "$project" "$slug" >"$DATA/projects.json"
    printf '%s' "$project" >"$P/.project_root"
    echo 'setInterval(() => {}, 1e6)' >"$vendor/gemini.js"
    ONLY=(--config-dir "$DATA" --agent gemini)
    DIRS=(--pending-dir "$PENDING" --log-dir "$BATS_TEST_TMPDIR/log")
}

teardown() { end_started; }

at() { date -u -d "${1-0} seconds ago" +%FT%T.%3NZ; }
of() { echo "$CHATS/session-2026-11-22T10-02-${1:0:8}.jsonl"; }

# begin ID [SECONDS AGO [FILE]]: what the client writes when it starts
begin()
{
    printf '{"sessionId":"%s","projectHash":"h","startTime":"%s","lastUpdated":"%s","kind":"main"}\n' "$1" "$(at "${2-0}")" "$(at "${2-0}")" >"${3-$(of "$1")}"
    printf '{"$set":{"messages":[{"id":"c","timestamp":"%s","type":"user","content":[{"text":"<session_context>\\n- **Workspace Directories:**\\n  - %s\\n</session_context>"}]}]}}\n' \
        "$(at "${2-0}")" "$project" >>"${3-$(of "$1")}"
}

# record ID TYPE MEMBERS [SECONDS AGO]
record() { printf '{"id":"%s","timestamp":"%s","type":"%s",%s}\n' "$RANDOM$RANDOM" "$(at "${4-0}")" "$2" "$3" >>"$(of "$1")"; }
ask() { record "$1" user "\"content\":[{\"text\":\"${2-buy milk}\"}]" "${3-0}"; }
answer()
{
    record "$1" gemini '"content":"bought","thoughts":[],"model":"m"' "${2-0}"
    touch -d "${2-0} seconds ago" "$(of "$1")"
}

# talk ID [PROMPT [SECONDS AGO]]: a session with one turn
talk()
{
    begin "$1" "${3-7200}"
    ask "$1" "${2-buy milk}" "${3-7200}"
    answer "$1" "${3-7200}"
}

# stub ID: what a resume leaves
stub() { begin "$1" 60 "$CHATS/session-2026-11-22T11-30-${1:0:8}.jsonl"; }

# client [ARGUMENT...]: the stand-in, in $project: $pid
client()
{
    (cd "$project" && exec env -i HOME="$HOME" PATH="$PATH" GEMINI_CLI_NO_RELAUNCH=true node "$vendor/gemini.js" "$@") </dev/null >/dev/null 2>&1 3>&- &
    pid=$!
    started_pids+=("$pid")
    disown "$pid"
    wait_until 60 grep -q 'gemini.js' "/proc/$pid/cmdline"
}

of_gemini() { jq -es ".[0].sessions[] | select(.agent == \"gemini\") | $1" <<<"$output"; }

@test "stored sessions are listed, each with its directory, its first prompt and its command" {
    talk "$A" "buy milk"
    record "$A" user '"content":[{"text":"sell it"}]' 7100
    echo '{"$set":{"summary":"About milk"}}' >>"$(of "$A")"
    talk "$B" "other thing"
    rescue --resume --all --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    of_gemini "select(.session_id == \"$A\") | .first_prompt == \"buy milk\" and .cwd == \"$project\" and
        .resume_command == \"cd $project && gemini --resume $A\" and
        .notes[0] == \"its last turn was not finished: its prompt has no reply\""
    of_gemini "select(.session_id == \"$B\")"
    mv "$DATA" "$HOME/elsewhere"
    mkdir "$HOME/other"
    mv "$HOME/elsewhere" "$HOME/other/.gemini"
    rescue --resume --json --config-dir "$HOME/other/.gemini" --agent gemini
    of_gemini "select(.session_id == \"$A\") | .resume_command == \"cd $project && GEMINI_CLI_HOME=$HOME/other gemini --resume $A\""
}

@test "a process is mapped by its command line, else by the only session of its directory written since; of two, to none" {
    client --resume "$A"
    talk "$A" "buy milk" 7200
    rescue --status --json "${ONLY[@]}"
    of_gemini ".pid == $pid and .session_id == \"$A\" and .mapping.by == \"argv\" and .mapping.confidence == \"likely\""
    end_started
    client
    talk "$B" "sell it" 0
    rescue --status --json "${ONLY[@]}"
    of_gemini ".pid == $pid and .session_id == \"$B\" and .mapping.by == \"transcript\" and .verdict == \"idle\""
    talk "$A" "and this" 0
    rescue --status --json "${ONLY[@]}"
    of_gemini ".pid == $pid and .session_id == null and (.mapping.candidates | length) == 2"
}

@test "nothing that its records leave open is called hung" {
    client --resume "$A"
    begin "$A"
    ask "$A"
    rescue --status --json --timeout 0.01 "${ONLY[@]}"
    of_gemini '.verdict != "hung" and .verdict != "idle"'
    record "$A" gemini '"content":"","thoughts":[]' # it has called a tool
    rescue --status --json --timeout 0.01 "${ONLY[@]}"
    of_gemini '.verdict != "hung" and .verdict != "idle"'
    record "$A" info '"content":"Request cancelled."'
    rescue --status --json --timeout 0.01 "${ONLY[@]}"
    of_gemini '.verdict == "idle"'
}

@test "the launcher, another program called gemini, and its other commands are no sessions" {
    client mcp list
    client --list-sessions
    (cd "$project" && exec env -i HOME="$HOME" PATH="$PATH" node "$vendor/gemini.js") </dev/null >/dev/null 2>&1 3>&- &
    started_pids+=("$!")
    disown
    mkdir "$BATS_TEST_TMPDIR/bin"
    cp "$vendor/gemini.js" "$BATS_TEST_TMPDIR/bin/gemini"
    (cd "$project" && exec env -i HOME="$HOME" PATH="$PATH" GEMINI_CLI_NO_RELAUNCH=true node "$BATS_TEST_TMPDIR/bin/gemini") </dev/null >/dev/null 2>&1 3>&- &
    started_pids+=("$!")
    disown
    wait_until 60 grep -q 'bin/gemini' "/proc/$!/cmdline"
    rescue --status --json "${ONLY[@]}"
    [ "$(json .sessions.length)" -eq 0 ]
}

@test "two sessions side by side: each backup holds its own alone, no credentials, and goes back where its directory is" {
    for id in "$A" "$B"; do
        talk "$id" "marker-$id"
        mkdir -p "$CHATS/$id" "$P/tool-outputs/session-$id" "$P/logs" "$P/$id/plans" "$P/checkpoints"
        echo "{\"sessionId\":\"x\",\"marker\":\"marker-$id\"}" >"$CHATS/$id/11111111-0000-4000-8000-000000000001.jsonl"
        echo "marker-$id" >"$P/tool-outputs/session-$id/out.txt"
        echo "{\"marker\":\"marker-$id\"}" >"$P/logs/session-$id.jsonl"
        echo "marker-$id" >"$P/$id/plans/p.md"
        printf '{\n  "history": "marker-%s",\n  "messageId": "%s########2"\n}' "$id" "$id" >"$P/checkpoints/$id.json"
        echo "[{\"sessionId\":\"$id\",\"message\":\"marker-$id\"}]" >>"$P/logs.json"
    done
    for name in oauth_creds.json google_accounts.json .env settings.json mcp-oauth-tokens.json gemini-credentials.json; do
        echo '{"key":"TOKEN"}' >"$DATA/$name"
    done
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [ "$(grep -rl "marker-$A" "$PENDING" | wc -l)" -ge 6 ]
    run grep -rq -e "marker-$B" -e TOKEN "$PENDING"
    [ "$status" -eq 1 ]
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]

    mv "$DATA" "$HOME/was"
    mkdir "$DATA"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    cmp "$(of "$A")" "$HOME/was/tmp/$slug/chats/$(basename "$(of "$A")")"
    cmp "$P/checkpoints/$A.json" "$HOME/was/tmp/$slug/checkpoints/$A.json"
    [ ! -e "$P/.project_root" ]

    # a store that has another directory under that name gives this one the next
    rm -r "${DATA:?}"
    mkdir -p "$P"
    echo /elsewhere >"$P/.project_root"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [ -f "$P-1/chats/$(basename "$(of "$A")")" ]
    [ -f "$P-1/tool-outputs/session-$A/out.txt" ]
    [ ! -e "$CHATS" ]
}

@test "with a new id, the name of the transcript and what is in it change" {
    talk "$A"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    rescue --restore "$A" --new-id --json "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    new=$(jq -r '.. | .session_id? // empty' <<<"$output" | grep -v "$A" | head -1)
    [ -f "$(of "$new")" ]
    head -1 "$(of "$new")" | jq -es ".[0].sessionId == \"$new\""
    [ -f "$(of "$A")" ]
}

@test "what a resume has left is no session, and makes the next start delete the real one: that is said" {
    talk "$A"
    stub "$A"
    before=$(ls "$CHATS")
    rescue --resume --all --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(jq '[.sessions[] | select(.agent == "gemini")] | length' <<<"$output")" -eq 1 ]
    of_gemini ".session_id == \"$A\" and (.transcript | endswith(\"$(basename "$(of "$A")")\")) and
        (.notes | join(\"\") | contains(\"session-2026-11-22T11-30-aaaaaaaa.jsonl\") and contains(\"delete the session\"))"
    rescue --resume --all "${ONLY[@]}"
    [[ $output == *"delete the session"* ]]
    client --resume "$A"
    rescue --status "${ONLY[@]}"
    [[ $output == *"delete the session"* ]]
    rescue --check "$A" "${ONLY[@]}"
    [[ $output == *"delete the session"* ]]
    rescue --check "$A" --json "${ONLY[@]}"
    [[ $(json '.transcripts[0].danger') == *"delete the session"* ]]
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    grep -q 'buy milk' "$PENDING"/*-LOSSLESS-gemini-"$A".jsonl
    [ "$(ls "$CHATS")" = "$before" ]

    # nothing is deleted where the user has said so, for all or for this directory
    echo '{"general":{"sessionRetention":{"enabled":false}}}' >"$DATA/settings.json"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini '.notes | join("") | contains("delete the session") | not'
    rm "$DATA/settings.json"
    mkdir "$project/.gemini"
    echo '{"general":{"sessionRetention":{"enabled":false}}}' >"$project/.gemini/settings.json"
    rescue --status --json "${ONLY[@]}"
    of_gemini '.notes | join("") | contains("delete the session")' # it is not trusted
    printf '{"%s":"TRUST_FOLDER"}' "$project" >"$DATA/trustedFolders.json"
    rescue --status --json "${ONLY[@]}"
    of_gemini '.notes | join("") | contains("delete the session") | not'
}

@test "a stub is kept in the backup, and not put back: the client would delete what is put back beside it" {
    talk "$A"
    stub "$A"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    grep -rq session-2026-11-22T11-30 "$PENDING"
    rm -r "$DATA"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [ "$(ls "$CHATS")" = "$(basename "$(of "$A")")" ]
}

@test "a backup that lacks what cannot be read says so" {
    talk "$A"
    mkdir "$P/checkpoints"
    ln -s loop "$P/checkpoints/loop"
    rescue --export "$A" --json "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *checkpoints/loop* ]]
}

@test "what is put back is as old to its client as it was: that is said" {
    talk "$A" "buy milk" $((40 * 86400))
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini '.notes | join("") | contains("deletes the session") | not'
    printf '{"$set":{"lastUpdated":"%s"}}\n' "$(at $((40 * 86400)))" >>"$(of "$A")" # its mtime is new
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini '.notes | join("") | contains("more than 30 days old") and contains("deletes the session")'
    echo '{"general":{"sessionRetention":{"maxAge":"50d"}}}' >"$DATA/settings.json"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini '.notes | join("") | contains("deletes the session") | not'
    rm "$DATA/settings.json"
    printf '{"$set":{"lastUpdated":"%s"}}\n' "$(at 60)" >>"$(of "$A")"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini '.notes | join("") | contains("deletes the session") | not'
}

@test "beside each command that resumes it, it is said how the client would delete it; not where it does not" {
    talk "$A"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini "(.caution | contains(\"$project/.gemini/settings.json\") and contains(\"each resume\")) and (.caution as \$c | .notes | index(\$c) != null)"
    rescue --resume --all "${ONLY[@]}"
    [[ $output == *"gemini --resume $A"*"note: each resume leaves"* ]]
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"gemini --resume $A"*"note: each resume leaves"* ]]
    rm "$(of "$A")"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"gemini --resume $A"*"note: each resume leaves"* ]]
    touch "$(of "$A")"
    client --resume "$A"
    rescue --status --json "${ONLY[@]}"
    of_gemini '(.caution | length > 0) and (.notes | length == 0)' # it has been resumed
    rescue --kill "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == *"gemini --resume $A"*"note: each resume leaves"* ]]

    # turned off, in a directory that is trusted
    mkdir "$project/.gemini"
    echo '{"general":{"sessionRetention":{"enabled":false}}}' >"$project/.gemini/settings.json"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini '.caution | length > 0'
    printf '{"%s":"TRUST_FOLDER"}' "$project" >"$DATA/trustedFolders.json"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini '.caution == null and (.notes | length == 0)'
    rm "$(of "$A")"
    rescue --restore "$A" --json "${ONLY[@]}" "${DIRS[@]}"
    [ "$(json .caution)" = null ]
}

# told: whether it is said of a session that its next start deletes it
told()
{
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini "select(.session_id == \"$1\") | .notes | join(\"\") | contains(\"deletes the session\")"
}

# updated ID SECONDS AGO: its last record says so, and its file's time
updated()
{
    printf '{"$set":{"lastUpdated":"%s"}}\n' "$(at "$2")" >>"$(of "$1")"
    touch -d "$2 seconds ago" "$(of "$1")"
}

@test "a directory's own days count, where it is trusted; where it is not, if they are fewer" {
    talk "$A" "buy milk" $((9 * 86400))
    updated "$A" $((9 * 86400))
    run told "$A"
    [ "$status" -ne 0 ]
    mkdir "$project/.gemini"
    echo '{"general":{"sessionRetention":{"maxAge":"10d"}}}' >"$project/.gemini/settings.json"
    told "$A"
    [[ $output == *"soon 10 days old"* ]]
    echo '{"general":{"sessionRetention":{"maxAge":"1w"}}}' >"$project/.gemini/settings.json"
    told "$A"
    [[ $output == *"more than 7 days old"* ]]
    # more days than the user's own, which are over: only in a trusted directory
    echo '{"general":{"sessionRetention":{"maxAge":"2d"}}}' >"$DATA/settings.json"
    echo '{"general":{"sessionRetention":{"maxAge":"50d"}}}' >"$project/.gemini/settings.json"
    touch "$(of "$A")"
    told "$A"
    printf '{"%s":"TRUST_FOLDER"}' "$project" >"$DATA/trustedFolders.json"
    run told "$A"
    [ "$status" -ne 0 ]
}

@test "only so many of a directory are kept where the settings say so: those that go are told, also one by one" {
    local n
    for n in 1 2 3; do
        talk "$n$n${A:2}" "number $n" $((n * 7200))
        updated "$n$n${A:2}" $((n * 7200))
    done
    run told "33${A:2}"
    [ "$status" -ne 0 ]
    echo '{"general":{"sessionRetention":{"maxCount":2}}}' >"$DATA/settings.json"
    told "33${A:2}"
    [[ $output == *maxCount* ]]
    run told "22${A:2}"
    [ "$status" -ne 0 ]
    rescue --check "33${A:2}" "${ONLY[@]}"
    [[ $output == *maxCount* ]]
    mkdir "$project/.gemini"
    echo '{"general":{"sessionRetention":{"maxCount":1}}}' >"$project/.gemini/settings.json"
    told "22${A:2}"
    echo '{"general":{"sessionRetention":{"maxCount":9}}}' >"$project/.gemini/settings.json"
    run told "22${A:2}"
    [ "$status" -ne 0 ]
    told "33${A:2}" # it may not be trusted
    printf '{"%s":"TRUST_FOLDER"}' "$project" >"$DATA/trustedFolders.json"
    run told "33${A:2}"
    [ "$status" -ne 0 ]
}

@test "one whose end does not say when it was written to is as old as its file, where only so many are kept" {
    local n
    for n in 1 2 3; do
        talk "$n$n${A:2}" "number $n" $((n * 7200))
    done
    echo '{"general":{"sessionRetention":{"maxCount":2}}}' >"$DATA/settings.json"
    told "33${A:2}"
    [[ $output == *maxCount* ]]
    run told "22${A:2}"
    [ "$status" -ne 0 ]
}

saw() { grep -F "\"event\":\"$1\"" "$BATS_TEST_TMPDIR/events" | grep -qF -- "$2"; }
holds() { grep -q "$1" "$PENDING"/*-LOSSLESS-gemini-"$A".jsonl; }

@test "a session that a resume endangers while --watch runs is told once and backed up, and again when its client has ended" {
    talk "$A"
    client --resume "$A"
    "$SESSION_RESCUE" --watch --json --interval 0.2 "${ONLY[@]}" "${DIRS[@]}" </dev/null >"$BATS_TEST_TMPDIR/events" 2>&1 3>&- &
    watcher=$!
    started_pids+=("$watcher")
    wait_until 60 saw watching ''
    stub "$A"
    wait_until 60 saw backed-up '"why":"expiring"'
    holds 'buy milk'
    ask "$A" "sell it"
    kill -TERM "$pid"
    wait_until 60 saw session-ended "$A"
    wait_until 60 holds 'sell it'
    [ "$(grep -cF '"event":"expiring"' "$BATS_TEST_TMPDIR/events")" -eq 1 ]
    kill -TERM "$watcher"
    wait "$watcher"
}

@test "what cannot be read is named, and the rest of the listing stands" {
    talk "$A"
    mkfifo "$CHATS/session-2026-11-22T10-02-bbbbbbbb.jsonl"
    mkdir "$CHATS/session-2026-11-22T10-02-cccccccc.jsonl"
    head -c 300000 /dev/zero >"$CHATS/session-2026-11-22T10-02-dddddddd.jsonl"
    printf '{"sessionId":"eeeeeeee' >"$CHATS/session-2026-11-22T10-02-eeeeeeee.jsonl"
    printf '{' >"$DATA/projects.json"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini "select(.session_id == \"$A\") | .cwd == \"$project\""
    [[ $(json '.problems.map(p => p.text).join()') == *bbbbbbbb* ]]
    printf '{"id":"torn","timesta' >>"$(of "$A")"
    rescue --resume --all --json "${ONLY[@]}"
    of_gemini "select(.session_id == \"$A\") | .notes | join(\"\") | contains(\"breaks off\")"
}

@test "a client is ended once its session is backed up" {
    talk "$A" "buy milk" 0
    client --resume "$A"
    rescue --kill "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    [ ! -d "/proc/$pid" ]
    cmp "$(of "$A")" "$PENDING"/*-LOSSLESS-gemini-"$A".jsonl
    [[ $output == *"gemini --resume $A"* ]]
}

@test "what was said is read and found: prompts, replies, tools, thoughts" {
    begin "$A" 7200
    ask "$A" "buy milk" 7200
    record "$A" gemini '"content":"","thoughts":[{"subject":"Shopping","description":"where to go"}],"toolCalls":[{"id":"t1","name":"run_shell_command","args":{"command":"cat list"},"status":"success","result":[{"functionResponse":{"id":"t1","name":"run_shell_command","response":{"output":"two eggs"}}}]}]' 7100
    answer "$A" 7000
    rescue --context "$A" "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"buy milk"*"cat list"*"bought"* ]]
    [[ $output != *session_context* ]]
    rescue --search "eggs" --json "${ONLY[@]}" --index-dir "$BATS_TEST_TMPDIR/index"
    [ "$(jq -r '.sessions[].session_id' <<<"$output")" = "$A" ]
}
