#!/usr/bin/env bats
# Sessions of Kimi Code: a store that each test makes, and node under the name that the client takes.

load helper

A=session_aaaaaaaa-0000-4000-8000-000000000001
B=session_bbbbbbbb-0000-4000-8000-000000000002

setup()
{
    scratch_project
    STORE=$HOME/.kimi-code
    ONLY=(--agent kimi --config-dir "$STORE")
    DIRS=(--pending-dir "$BATS_TEST_TMPDIR/pending" --log-dir "$BATS_TEST_TMPDIR/log")
    mkdir -p "$STORE"
    printf 'api_key = "KEY-OF-THE-USER"\n' >"$STORE/config.toml"
}

teardown() { end_started; }

# folder_of DIRECTORY: where its sessions are kept
folder_of()
{
    printf '%s/sessions/wd_%s_%s' "$STORE" "$(basename "$1")" "$(printf %s "$1" | sha256sum | cut -c1-12)"
}

# add_session ID DIRECTORY SECONDS_AGO [LINE...]: with its prompt, and then these lines; NOW is that time
add_session()
{
    local id=$1 cwd=$2 at
    at=$(($(date +%s%N) / 1000000 - $3 * 1000))
    shift 3
    session=$(folder_of "$cwd")/$id
    wire=$session/agents/main/wire.jsonl
    mkdir -p "$session/agents/main" "$session/logs" "$session/notify"
    printf '%s\n' '{"type":"metadata","protocol_version":"1.5","created_at":'$at'}' \
        '{"type":"profile.bind","agentId":"main","environmentDisclosure":{"cwd":"'"$cwd"'"},"time":'$at'}' \
        '{"type":"turn.prompt","agentId":"main","input":[{"type":"text","text":"buy milk"}],"origin":{"kind":"user"},"time":'$at'}' \
        "${@//NOW/$at}" >"$wire"
    printf '{"id":"%s","cwd":"%s","archived":false}' "$id" "$cwd" >"$session/state.json"
    echo "llm request" >"$session/logs/kimi-code.log"
    echo '{"enabled":false}' >"$session/notify/state.json"
}

TEXT='{"type":"context.append_loop_event","agentId":"main","event":{"type":"content.part","stepUuid":"s","part":{"type":"text","text":"bought"}},"time":NOW}'
ENDED='{"type":"turn.ended","agentId":"main","turnId":0,"reason":"completed","time":NOW}'
ASK='{"type":"interaction.request","agentId":"main","id":"approval_1","kind":"approval","toolCallId":"c","time":NOW}'
CALL='{"type":"context.append_loop_event","agentId":"main","event":{"type":"tool.call","stepUuid":"s","toolCallId":"c","name":"Bash"},"time":NOW}'

# client [DIRECTORY [TITLE]]: node, under that title: $pid
client()
{
    local dir=${1-$project} title=${2-kimi-code}
    (cd "$dir" && exec env -i HOME="$HOME" PATH="$PATH" KIMI_CODE_HOME="${KIMI_CODE_HOME-}" node -e "process.title = '$title'; setInterval(() => {}, 1000)" \
        "some words of its command line") </dev/null >/dev/null 2>&1 3>&- &
    pid=$!
    started_pids+=("$pid")
    disown "$pid"
    wait_until 60 grep -qx "$title" "/proc/$pid/comm"
}

of_kimi()
{
    jq -es ".[0].sessions[] | select(.agent == \"kimi\") | $1" <<<"$output"
}

@test "a store without sessions has none, and nothing is made in it" {
    rescue --resume --all --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [ "$(jq '.sessions | length' <<<"$output")" -eq 0 ]
    [ "$(ls "$STORE")" = config.toml ]
}

@test "stored sessions are listed with what their records say, and the command that goes on" {
    add_session "$A" "$project" 7200 "$TEXT" "$ENDED"
    rescue --resume --all --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    of_kimi ".session_id == \"$A\" and .pid == null and .cwd == \"$project\" and .first_prompt == \"buy milk\""
    of_kimi ".resume_command | test(\"^cd $project && kimi --session $A\$\")"
    of_kimi ".transcript == \"$wire\""
}

@test "where the directory is gone, the command makes it anew: the client resumes in no other" {
    mkdir "$project/gone"
    add_session "$A" "$project/gone" 7200 "$ENDED"
    rmdir "$project/gone"
    rescue --resume --all --json "${ONLY[@]}"
    of_kimi ".resume_command == \"mkdir -p -- $project/gone && cd $project/gone && kimi --session $A\""
}

@test "a place that the variable names is in the command" {
    mv "$STORE" "$HOME/elsewhere"
    STORE=$HOME/elsewhere
    add_session "$A" "$project" 7200 "$ENDED"
    rescue --resume --all --json --agent kimi --config-dir "$STORE"
    of_kimi ".resume_command == \"cd $project && KIMI_CODE_HOME=$STORE kimi --session $A\""
}

@test "a process is found by what it is, and other programs of that name are left out and said" {
    client
    rescue --status --json "${ONLY[@]}"
    of_kimi ".pid == $pid and .session_id == null and .mapping.confidence == \"none\""
    end_started
    started_pids=()
    ln -s "$(command -v node)" "$BATS_TEST_TMPDIR/kimi-code"
    start env HOME="$HOME" "$BATS_TEST_TMPDIR/kimi-code" -e 'setInterval(() => {}, 1000)'
    wait_until 60 grep -q kimi-code "/proc/$started/comm"
    rescue --status --json "${ONLY[@]}"
    [ "$(jq '.sessions | length' <<<"$output")" -eq 0 ]
    [[ $output == *"is called as kimi is, and is no program of it"* ]]
    end_started
    # shellcheck disable=SC2034 # teardown ends them
    started_pids=()
    client "$project" my-own-title
    rescue --status --json "${ONLY[@]}"
    [ "$(jq '.sessions | length' <<<"$output")" -eq 0 ]
}

@test "a server is told by what it has published, and what another process left is not its word" {
    client
    mkdir -p "$STORE/server/instances"
    echo '{"pid":'"$pid"',"started_at":1000}' >"$STORE/server/instances/OLD.json"
    echo 'no JSON' >"$STORE/server/instances/BAD.json"
    mkfifo "$STORE/server/instances/FIFO.json"
    add_session "$A" "$project" 0 "$ENDED"
    rescue --status --json "${ONLY[@]}"
    of_kimi ".pid == $pid and .session_id == \"$A\""
    echo '{"pid":'"$pid"',"started_at":'"$(($(date +%s) * 1000))"'}' >"$STORE/server/instances/NEW.json"
    rescue --status --json "${ONLY[@]}"
    of_kimi ".pid == $pid and .session_id == null"
    [[ $output == *"it serves sessions to others"* ]]
    rescue --kill "$pid" --force --config-dir "$STORE" --pending-dir "$HOME/pending" --log-dir "$HOME/log"
    [ "$status" -eq 4 ]
    [[ $stderr == *"refused: it is not known which session pid $pid has: it serves sessions to others; end it"* ]]
    kill -0 "$pid"
}

@test "one of which it cannot be told whether it is a server is taken for one, and not ended" {
    client
    mkdir -p "$STORE/server/instances"
    add_session "$A" "$project" 0 "$ENDED"
    head -c 70000 /dev/zero | tr '\0' ' ' >"$STORE/server/instances/HUGE.json"
    rescue --status --json "${ONLY[@]}"
    of_kimi ".pid == $pid and .session_id == null"
    rescue --kill "$pid" --force "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 4 ]
    kill -0 "$pid"
    rm -r "$STORE/server/instances"
    echo "no folder" >"$STORE/server/instances"
    rescue --status --json "${ONLY[@]}"
    of_kimi ".session_id == null"
    rm "$STORE/server/instances"
    rescue --status --json "${ONLY[@]}"
    of_kimi ".session_id == \"$A\""
}

@test "one whose home cannot be opened may be a server, and is taken for one" {
    ln -s loop "$HOME/loop"
    KIMI_CODE_HOME=$HOME/loop client
    rescue --status --json --agent kimi "$pid"
    of_kimi "select(.pid == $pid) | .notes | any(contains(\"it serves sessions to others\"))"
}

@test "a server whose home is named from its directory is told by what it has published there" {
    mkdir -p "$project/home/server/instances"
    KIMI_CODE_HOME=home client
    echo '{"pid":'"$pid"',"started_at":'"$(($(date +%s) * 1000))"'}' >"$project/home/server/instances/NEW.json"
    rescue --status --json --agent kimi "$pid"
    of_kimi "select(.pid == $pid) | .notes | any(contains(\"it serves sessions to others\"))"
}

@test "a process is mapped to the only session of its directory that was written to since" {
    mkdir "$project/other"
    add_session "$B" "$project" 100000 "$ENDED"
    touch -d "2 days ago" "$wire"
    add_session session_cccccccc-0000-4000-8000-000000000003 "$project/other" 0 "$ENDED"
    client
    rescue --status --json "${ONLY[@]}"
    of_kimi ".pid == $pid and .session_id == null"
    add_session "$A" "$project" 0 "$TEXT" "$ENDED"
    rescue --status --json "${ONLY[@]}"
    of_kimi ".session_id == \"$A\" and .mapping.by == \"transcript\" and .mapping.confidence == \"likely\""
    of_kimi ".verdict == \"idle\" and .cause == \"turn-over\""
}

@test "two in one directory stay unmapped, and both are listed" {
    client
    first=$pid
    client
    add_session "$A" "$project" 0 "$TEXT" "$ENDED"
    add_session "$B" "$project" 0 "$TEXT" "$ENDED"
    rescue --status --json "${ONLY[@]}"
    [ "$(jq -c '[.sessions[].pid] | sort' <<<"$output")" = "$(jq -nc "[$first, $pid] | sort")" ]
    [ "$(jq '[.sessions[] | select(.session_id == null and .mapping.confidence == "ambiguous")] | length' <<<"$output")" -eq 2 ]
}

@test "who waits for an answer to a question is told so, until it is answered" {
    client
    add_session "$A" "$project" 0 "$TEXT" "$ASK"
    rescue --status --json --timeout 0 "${ONLY[@]}"
    of_kimi '.verdict == "waiting" and .cause == "permission-prompt"'
    add_session "$A" "$project" 0 "$TEXT" "$ASK" "${ASK/request/resolved}" "$CALL"
    rescue --status --json "${ONLY[@]}"
    of_kimi '.verdict != "waiting" and .verdict != "hung"'
    [[ $output == *Bash* ]]
}

@test "what its records leave open is not called hung without a sight of its connection" {
    client
    for last in "$TEXT" "$CALL"; do
        add_session "$A" "$project" 0 "$last"
        rescue --status --json --timeout 0 "${ONLY[@]}"
        of_kimi ".session_id == \"$A\""
        [ "$(jq .counts.hung <<<"$output")" -eq 0 ]
    done
}

@test "a session is backed up whole, verified, and put back; no other's byte and no key is in it" {
    add_session "$B" "$project" 7200 "$TEXT" "$ENDED"
    add_session "$A" "$project" 7200 "$TEXT" "$ENDED"
    mkdir -p "$session/agents/agent-0"
    echo '{"type":"metadata","created_at":1}' >"$session/agents/agent-0/wire.jsonl"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    stem=$(basename "$BATS_TEST_TMPDIR"/pending/*.sha256 .sha256)
    [[ $stem == *-LOSSLESS-*-"$A" ]]
    cmp "$wire" "$BATS_TEST_TMPDIR/pending/$stem.jsonl"
    run grep -rq -e "$B" -e KEY-OF-THE-USER "$BATS_TEST_TMPDIR/pending"
    [ "$status" -eq 1 ]
    rescue --verify "${DIRS[@]}"
    [ "$status" -eq 0 ]
    cp -r "$session" "$BATS_TEST_TMPDIR/was"
    rm -r "$session"
    rescue --restore "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    diff -r "$BATS_TEST_TMPDIR/was" "$session"
}

@test "put back under a new id, it is found under that: the client knows no other form of ids" {
    add_session "$A" "$project" 7200 "$ENDED"
    "$SESSION_RESCUE" --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    stem=$(cd "$BATS_TEST_TMPDIR/pending" && ls ./*.jsonl)
    rescue --restore "$BATS_TEST_TMPDIR/pending/$stem" --new-id --force --config-dir "$STORE" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    rescue --resume --all --json "${ONLY[@]}"
    [ "$(json '.sessions.length')" -eq 2 ]
    [ "$(json '.sessions.filter(s => /^session_[0-9a-f]{8}-/.test(s.session_id) && s.session_id !== "'"$A"'" && s.first_prompt === "buy milk").length')" -eq 1 ]
    new=$(json '.sessions.find(s => s.session_id !== "'"$A"'").session_id')
    [ "$(cat "$(folder_of "$project")/$new/state.json")" = '{"id":"'"$new"'","cwd":"'"$project"'","archived":false}' ]
}

@test "its conversation is shown and searched, and its lines are checked" {
    add_session "$A" "$project" 7200 "$CALL" "$TEXT" "$ENDED"
    rescue --context "$A" "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"buy milk"*Bash*"bought"* ]]
    rescue --context "$wire"
    [ "$status" -eq 0 ]
    [[ $output == *"buy milk"*Bash*"bought"* ]]
    rescue --search bought "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *bought* ]]
    rescue --check "$A" "${ONLY[@]}"
    [ "$status" -eq 0 ]
    before=$(sha256sum "$wire")
    printf '{"type":"turn.ended","agentId":' >>"$wire"
    rescue --check "$A" "${ONLY[@]}"
    [ "$status" -ne 0 ]
    [[ $output == *"the client cuts it off when it resumes"* ]]
    printf '\n%s%s\n' '{"type":"turn.ended"}' '{"type":"turn.ended"}' >>"$wire"
    rescue --check "$A" "${ONLY[@]}"
    [[ $output == *"the client cuts off the line and all that follows it when it resumes"* ]]
    sed -i '$d' "$wire"
    sed -i '$d' "$wire"
    [ "$(sha256sum "$wire")" = "$before" ]
}

@test "what cannot be read is named, and the rest of the listing stands" {
    add_session "$A" "$project" 7200 "$ENDED"
    add_session "$B" "$project" 7200 "$ENDED"
    rm "$wire"
    mkfifo "$wire"
    rescue --resume --all --json "${ONLY[@]}"
    of_kimi ".session_id == \"$A\""
    [ "$(jq '.sessions | length' <<<"$output")" -eq 1 ]
    [[ $(jq -r '.problems[].path // .problems[].text' <<<"$output") == *"$B"* ]]
    rm "$wire"
    rescue --resume --all --json "${ONLY[@]}"
    [ "$(jq '.problems | length' <<<"$output")" -eq 0 ]
    : >"$wire"
    rescue --resume --all --json "${ONLY[@]}"
    [ "$status" -eq 0 ]
    head -c 3000000 /dev/zero >"$wire"
    rescue --resume --all --json "${ONLY[@]}"
    of_kimi ".session_id == \"$A\""
}

@test "a manifest that names other files than a client's does not end a search" {
    add_session "$A" "$project" 7200 "$TEXT" "$ENDED"
    rescue --export "$A" "${ONLY[@]}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
    sed -i 's|"name": *"sessions/[^"]*wire.jsonl"|"name": "x"|' "$BATS_TEST_TMPDIR"/pending/*.json
    grep -q '"name": "x"' "$BATS_TEST_TMPDIR"/pending/*.json
    rescue --search milk "${ONLY[@]}" "${DIRS[@]}" --index-dir "$BATS_TEST_TMPDIR/index"
    [ "$status" -eq 0 ]
    [[ $output == *"1 message in 1 session"* ]]
}

@test "an id is shown and typed by what tells it from others" {
    add_session "$A" "$project" 7200 "$ENDED"
    add_session "$B" "$project" 3600 "$ENDED"
    rescue --resume "${ONLY[@]}"
    [[ $output == *"bbbbbbbb  "*"aaaaaaaa  "* ]]
    [[ $output != *"session_  "* ]]
    rescue --context "${A:8:8}" "${ONLY[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"$A"* && $output != *"$B"* ]]
    rescue --context session_ "${ONLY[@]}"
    [ "$status" -eq 2 ]
    rescue --export "${A:8:8}" "${ONLY[@]}" "${DIRS[@]}"
    [[ $output == "exported aaaaaaaa ("* ]]
    rescue --verify "${A:8:8}" "${DIRS[@]}"
    [ "$status" -eq 0 ]
}

@test "what all ids begin with gives no session up" {
    client
    add_session "$A" "$project" 0 "$ENDED"
    printf 'torn' >"$wire"
    for given in session_ bbbbbbbb; do
        rescue --kill "$pid" --force --without-backup=$given "${ONLY[@]}" "${DIRS[@]}"
        [ "$status" -eq 4 ]
        kill -0 "$pid"
    done
    [[ $stderr == *"'bbbbbbbb' is not the beginning of session aaaaaaaa"* ]]
}

@test "where Kimi alone was asked for, no other agent is named" {
    rescue --status "${ONLY[@]}"
    [ "$output" = "No Kimi processes found." ]
    rescue --export "${ONLY[@]}" "${DIRS[@]}"
    [ "$output" = "No Kimi processes found." ]
}

@test "a session whose records name no directory has the one that the index names, where its folder says the same" {
    add_session "$A" "$project" 7200 "$ENDED"
    sed -i '/profile.bind/d' "$wire"
    rescue --resume --all --json "${ONLY[@]}"
    of_kimi '.cwd == null'
    printf '{"sessionId":"%s","workDir":"/somewhere/else"}\n' "$A" >"$STORE/session_index.jsonl"
    rescue --resume --all --json "${ONLY[@]}"
    of_kimi '.cwd == null'
    printf 'torn\n{"sessionId":"%s","workDir":"%s"}\n' "$B" /b "$A" "$project" >"$STORE/session_index.jsonl"
    rescue --resume --all --json "${ONLY[@]}"
    of_kimi ".resume_command == \"cd $project && kimi --session $A\""
}

@test "an open turn of a session that no process has is named, and not while one may have it" {
    add_session "$A" "$project" 60 "$CALL"
    add_session "$B" "$project/.." 60 "$TEXT"
    rescue --resume --json "${ONLY[@]}"
    of_kimi "select(.session_id == \"$A\").unfinished == \"Bash has no result\""
    of_kimi "select(.session_id == \"$B\").unfinished == \"its reply does not say that it is complete\""
    rescue --check --json "${ONLY[@]}"
    [ "$(json ".transcripts.find(t => t.session_id == '$A').unfinished")" = "Bash has no result" ]
    rescue --check "$A" "${ONLY[@]}"
    [[ $output == *"its last turn was not finished: Bash has no result"* ]]
    client
    client
    add_session "$A" "$project" 0 "$CALL" # either may have it
    rescue --resume --json "${ONLY[@]}"
    of_kimi "select(.session_id == \"$A\" and .pid == null) | .unfinished == null and (.notes | length) == 0"
    rescue --check "$A" "${ONLY[@]}"
    [[ $output != *"was not finished"* ]]
}
