#!/usr/bin/env bats
# --search: what is found, where, and what becomes of its index.

load helper
load sessions

setup()
{
    scratch_home
    INDEX=$HOME/.cache/session-rescue
    export PENDING=$HOME/pending
    export LOG=$HOME/log
}

teardown()
{
    end_started
}

search()
{
    rescue --search "$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
}

# A record of a prompt, appended to a transcript: say FILE UUID TEXT
say()
{
    node -e '
        const [file, uuid, content] = process.argv.slice(1);
        require("fs").appendFileSync(file, JSON.stringify({ parentUuid: null, type: "user", message: { role: "user", content },
            uuid, timestamp: "2026-01-02T03:05:00.000Z", cwd: "/tmp/p" }) + "\n");
    ' "$1" "$2" "$3"
}

@test "--search finds the words, and says how the session is resumed" {
    stored "$ID" /tmp/p "add orange marmalade to the importer"
    stored "$OTHER" /tmp/q "something else"
    search marmalade importer
    [ "$status" -eq 0 ]
    [[ $output == "$ID  /tmp/p
  2026-01-02T03:04:05Z  user      add orange marmalade to the importer
"*"claude --resume "*"$ID"*"
1 message in 1 session" ]]
}

@test "nothing found is no failure" {
    stored "$ID" /tmp/p hello
    search nosuchword
    [ "$status" -eq 0 ]
    [ "$output" = "Nothing found for: nosuchword" ]
    search hello nosuchword
    [[ $output == "Nothing found"* ]]
}

@test "an empty store can be searched" {
    search anything
    [ "$status" -eq 0 ]
    rm -r "$CONFIG_DIR/projects"
    search anything
    [ "$status" -eq 0 ]
}

@test "phrases and beginnings of words" {
    stored "$ID" /tmp/p "orange marmalade"
    search '"orange marmalade"'
    [[ $output == *"1 message in 1 session" ]]
    search '"marmalade orange"'
    [[ $output == "Nothing found"* ]]
    search 'marm*'
    [[ $output == *"1 message in 1 session" ]]
}

@test "no words, or only signs: a usage error" {
    for words in "" "->" '""' "*"; do
        search "$words"
        [ "$status" -eq 2 ]
        [ -z "$output" ]
    done
    rescue --search --config-dir "$CONFIG_DIR"
    [ "$status" -eq 2 ]
    [[ $stderr == *"--search takes"* ]]
    [ ! -e "$INDEX" ]
}

@test "nothing that is typed is syntax of the database" {
    stored "$ID" /tmp/p "hello world"
    for words in 'hello OR' 'NEAR(hello' 'text:hello' 'hello"' '^hello' "it's" 'a AND (' '"' "'; DROP TABLE message; --"; do
        [ "$words" = '"' ] || { search "$words"; [ "$status" -eq 0 ]; [ -z "$stderr" ]; }
    done
    search hello
    [[ $output == *"1 message in 1 session" ]]
}

@test "subagents are searched, under their session's id" {
    stored "$ID" /tmp/p hello
    mkdir -p "${transcript%.jsonl}/subagents"
    say "${transcript%.jsonl}/subagents/agent-1.jsonl" b "a quince in the subagent"
    search quince
    [[ $output == "$ID  /tmp/p"*"subagent  a quince in the subagent"* ]]
}

@test "what a session has said since is found, in its own words alone" {
    stored "$ID" /tmp/p hello
    search hello
    say "$transcript" b "a quince"
    search quince
    [[ $output == *"1 message in 1 session" ]]
    search hello
    [[ $output == *"1 message in 1 session" ]]
}

@test "a transcript that was replaced is read again" {
    stored "$ID" /tmp/p hello
    search hello
    say "$transcript.new" b "a quince"
    mv "$transcript.new" "$transcript"
    search hello
    [[ $output == "Nothing found"* ]]
    search quince
    [[ $output == *"1 message in 1 session" ]]
}

@test "a message in a session and its backups is found once" {
    stored "$ID" /tmp/p "a quince"
    export_session "$ID"
    say "$transcript" b "and a pear"
    sleep 1.1 # a backup a second
    export_session "$ID"
    [ "$(ls "$PENDING"/*.sha256 | wc -l)" -eq 2 ]
    search quince
    [[ $output == *"  user      a quince"*"1 message in 1 session" ]]
}

@test "what only a backup has left is found there, with the way to restore it" {
    stored "$ID" /tmp/p "a quince"
    export_session "$ID"
    search quince
    [[ $output == *"claude --resume"* ]]
    rm "$transcript"
    search quince
    [ "$status" -eq 0 ]
    [[ $output == *"only in a backup: session-rescue --restore $ID"* ]]
    rm -r "$PENDING"
    search quince
    [[ $output == "Nothing found"* ]]
}

@test "another config directory is not looked into" {
    stored "$ID" /tmp/p "a quince"
    search quince
    mkdir -p "$HOME/other/projects"
    rescue --search quince --config-dir "$HOME/other" --pending-dir "$PENDING"
    [[ $output == "Nothing found"* ]]
    search quince
    [[ $output == *"1 message in 1 session" ]]
}

@test "--json says the same" {
    stored "$ID" /tmp/p "a quince"
    search quince --json
    [ "$status" -eq 0 ]
    [ "$(json .schema)" = session-rescue/1 ]
    [ "$(json .found)" = 1 ]
    [ "$(json .messages.length)" = 1 ]
    [ "$(json .messages[0].session_id)" = "$ID" ]
    [ "$(json .messages[0].who)" = user ]
    [ "$(json .messages[0].snippet)" = "a quince" ]
    [ "$(json .messages[0].file)" = "$(realpath "$transcript")" ]
    [ "$(json .messages[0].offset)" = 0 ]
    [[ $(json .sessions[0].resume_command) == *"claude --resume "* ]]
    [ "$(json .up_to_date)" = true ]
    search nosuchword --json
    [ "$(json .messages.length)" = 0 ]
}

@test "every key of the JSON stands in doc/json-output.md" {
    stored "$ID" /tmp/p "a quince"
    search quince --json
    for key in $(node -e '
        const d = JSON.parse(require("fs").readFileSync(0, "utf8"));
        console.log([...new Set([...Object.keys(d), ...Object.keys(d.messages[0]), ...Object.keys(d.sessions[0])])].join("\n"));
    ' <<<"$output"); do
        sed -n '/^## `--search --json`/,/^## /p' doc/json-output.md | grep -q "\b$key\b" || { echo "not there: $key"; return 1; }
    done
}

@test "twenty are shown, --all shows the rest" {
    stored "$ID" /tmp/p hello
    for i in {1..25}; do say "$transcript" "b$i" "quince number $i"; done
    search quince
    [[ $output == *"20 of 25 messages shown, the newest; --all shows the rest." ]]
    search quince --all
    [[ $output == *"25 messages in 1 session" ]]
}

@test "text from a transcript reaches the terminal escaped" {
    stored "$ID" /tmp/p $'a quince \e]0;evil\a\e[2J\u202e'
    search quince
    [[ $output == *'a quince \x1b]0;evil\x07\x1b[2J\u202e'* ]]
    [[ $output != *$'\e'* ]]
}

@test "the index is its owner's alone" {
    stored "$ID" /tmp/p hello
    umask 0
    search hello
    [ "$(stat -c %a "$INDEX")" = 700 ]
    [ -z "$(find "$INDEX" -type f ! -perm 0600)" ]
}

@test "--index-dir and XDG_CACHE_HOME say where the index is" {
    stored "$ID" /tmp/p hello
    search hello --index-dir "$HOME/here"
    [ -s "$HOME/here/search.db" ]
    [ ! -e "$INDEX" ]
    rescue_under env XDG_CACHE_HOME="$HOME/cache" -- --search hello --config-dir "$CONFIG_DIR"
    [ -s "$HOME/cache/session-rescue/search.db" ]
    rescue --status --index-dir "$HOME/here"
    [ "$status" -eq 2 ]
}

@test "an index that cannot be made: says so, exit status 3" {
    stored "$ID" /tmp/p hello
    touch "$HOME/file"
    search hello --index-dir "$HOME/file/index"
    [ "$status" -eq 3 ]
    [ -z "$output" ]
    [[ $stderr == *"$HOME/file/index"* ]]
}

@test "a broken index is made anew, and nothing is lost" {
    stored "$ID" /tmp/p "a quince"
    for i in {1..300}; do echo "{\"type\":\"user\",\"uuid\":\"$i\",\"message\":{\"content\":\"word$i other$i\"}}"; done >>"$transcript"
    search quince
    size=$(stat -c %s "$INDEX/search.db")
    [ "$size" -gt 16384 ]
    for damage in \
        'head -c 5000 /dev/zero >"$INDEX/search.db"' \
        'echo "this is no database at all" >"$INDEX/search.db"' \
        'truncate -s 6000 "$INDEX/search.db"' \
        'head -c "$size" /dev/urandom | dd of="$INDEX/search.db" bs=4096 seek=1 conv=notrunc status=none' \
        'printf "\0\0\0\7" | dd of="$INDEX/search.db" bs=1 seek=60 conv=notrunc status=none' \
        'printf "\1\2\3\4" | dd of="$INDEX/search.db" bs=1 seek=68 conv=notrunc status=none'; do
        eval "$damage"
        search quince
        [ "$status" -eq 0 ]
        [[ $output == *"1 message in 1 session" ]]
        [[ $stderr == *"index was rebuilt"* ]]
        search quince
        [ -z "$stderr" ]
    done
}

@test "an index that somebody deleted is made again without a word" {
    stored "$ID" /tmp/p "a quince"
    search quince
    rm -r "$INDEX"
    search quince
    [[ $output == *"1 message in 1 session" ]]
    [ -z "$stderr" ]
    : >"$INDEX/search.db"
    search quince
    [[ $output == *"1 message in 1 session" ]]
    [ -z "$stderr" ]
}

@test "several at once find the same" {
    stored "$ID" /tmp/p "a quince"
    for i in {1..200}; do say_line="{\"type\":\"user\",\"uuid\":\"$i\",\"message\":{\"content\":\"word$i\"}}"; echo "$say_line"; done >>"$transcript"
    pids=()
    for i in 1 2 3 4; do
        env -i HOME="$HOME" PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" "$SESSION_RESCUE" --search quince \
            --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" >"$BATS_TEST_TMPDIR/out.$i" 2>"$BATS_TEST_TMPDIR/err.$i" 3>&- &
        pids+=("$!")
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
    for i in 1 2 3 4; do
        cat "$BATS_TEST_TMPDIR/err.$i"
        [ "$(tail -n 1 "$BATS_TEST_TMPDIR/out.$i")" = "1 message in 1 session" ]
    done
}

@test "a search leaves the session's files as they are" {
    stored "$ID" /tmp/p "a quince"
    before=$(find "$CONFIG_DIR" -type f -printf '%p %i %s %T@ %A@\n' | sort)
    search quince
    [ "$(find "$CONFIG_DIR" -type f -printf '%p %i %s %T@ %A@\n' | sort)" = "$before" ]
}

@test "what cannot be read is named, and the rest is searched" {
    stored "$ID" /tmp/p "a quince"
    mkfifo "${transcript%/*}/$OTHER.jsonl"
    search quince
    [ "$status" -eq 1 ]
    [[ $output == *"1 message in 1 session" ]]
    [[ $stderr == *"$OTHER.jsonl"* ]]
}

# The index is made anew where most of what it once held is gone. Copies are not gone.
@test "the same session in two backups: the second search makes no new index" {
    stored "$ID" /tmp/p "orange marmalade"
    node -e '
        const fs = require("fs"), file = process.argv[1];
        for (let i = 0; i < 6000; i++)
            fs.appendFileSync(file, JSON.stringify({ parentUuid: null, type: "user", message: { role: "user", content: "word" + i },
                uuid: "00000000-0000-4000-8000-" + String(i).padStart(12, "0"), timestamp: "2026-01-02T03:05:00.000Z", cwd: "/tmp/p" }) + "\n");
    ' "$CONFIG_DIR"/projects/*/"$ID".jsonl
    for text in first second; do
        say "$CONFIG_DIR"/projects/*/"$ID".jsonl "00000000-0000-4000-9000-0000000000${#text}0" "$text"
        rescue --export "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
        [ "$status" -eq 0 ]
    done
    search marmalade
    [ "$status" -eq 0 ]
    before=$(stat -c %i "$INDEX"/search.db)
    for _ in 1 2; do
        search marmalade
        [ "$status" -eq 0 ]
        [[ $stderr != *"transcripts that are gone"* ]]
        [ "$(stat -c %i "$INDEX"/search.db)" = "$before" ]
    done
}
