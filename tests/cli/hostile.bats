#!/usr/bin/env bats
# A store that somebody hostile has filled, and a folder that changes while it is copied. What
# SECURITY.md promises names the tests here and in sudo.bats.

load helper
load sessions

setup()
{
    scratch_home
    store_session "$ID"
    install_client
    printf 'TOP-SECRET\n' >"$BATS_TEST_TMPDIR/outside"
}

teardown()
{
    end_started
}

# Every mode that reads the store, one after the other; each ends by itself, and none by a crash.
every_mode()
{
    local mode
    said=''
    for mode in --status "--status --json" --resume "--resume --json --all" "--check" "--check --json" \
        "--export --all --dry-run" "--export --all" "--verify" "--kill $ID --dry-run" "--revive $ID --dry-run" \
        "--repair $ID --dry-run" "--search hello --index-dir $HOME/index" "--context $ID" "--context $ID -v --json"; do
        # shellcheck disable=SC2086 # words
        rescue_under timeout --signal=KILL 60 -- $mode --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
        [ "$status" -le 4 ] || { echo "$mode ends with $status"; return 1; }
        said+=$output$stderr
    done
    # The watcher stays: a look and a backup of all that is there, and then it is told to end.
    rescue_under timeout --signal=TERM --kill-after=60 2 -- --watch --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ] || [ "$status" -eq 124 ] || [ "$status" -eq 143 ] || { echo "--watch ends with $status"; return 1; }
    said+=$output$stderr
    rescue_under timeout --signal=KILL 60 -- --restore "$ID" --config-dir "$HOME/restored" --force --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -le 4 ]
    said+=$output$stderr
}

# No byte that a terminal acts on: nothing below a blank but the line end, no DEL, no C1.
is_harmless()
{
    ! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"${1//$'\n'/ }"
}

@test "links, FIFOs and devices in the place of everything: no mode waits or follows" {
    local folder=$CONFIG_DIR/projects/-tmp-p name
    ln -s "$BATS_TEST_TMPDIR/outside" "$folder/$OTHER.jsonl"
    mkfifo "$folder/00000000-0000-4000-8000-00000000000f.jsonl"
    ln -s /dev/zero "$folder/00000000-0000-4000-8000-00000000000e.jsonl"
    ln -s /dev/tty "$folder/00000000-0000-4000-8000-00000000000d.jsonl"
    ln -s . "$folder/$ID/loop"
    ln -s "$BATS_TEST_TMPDIR" "$folder/$ID/tool-results"
    mkfifo "$folder/$ID/subagents/agent-2.jsonl"
    ln -s "$BATS_TEST_TMPDIR/outside" "$folder/$ID/subagents/agent-3.jsonl"
    for name in file-history tasks todos; do
        ln -s "$BATS_TEST_TMPDIR" "$CONFIG_DIR/$name"
    done
    rm "$CONFIG_DIR/history.jsonl"
    mkfifo "$CONFIG_DIR/history.jsonl"
    mkfifo "$CONFIG_DIR/sessions/4711.json"
    every_mode
    [[ $said != *TOP-SECRET* ]]
    run ! grep -rqs TOP-SECRET "$PENDING" "$HOME/restored"
    [ -z "$(find "$PENDING" "$HOME/restored" ! -type f ! -type d)" ]
}

@test "names and titles that are commands: nothing of them is run, and nothing reaches the terminal raw" {
    local evil
    evil=$(printf 'x\033]0;owned\007\033[2J\302\2331m$(touch %s/ran)`touch %s/ran`"; touch %s/ran #' "$HOME" "$HOME" "$HOME")
    mkdir -p "$CONFIG_DIR/projects/$(printf -- '-a\nb\033[31m')" "$CONFIG_DIR/projects/-tmp-p/$ID/$(printf 'c\nd $(touch ran)')"
    node -e '
        const [file, id, evil] = process.argv.slice(1);
        require("fs").writeFileSync(file, JSON.stringify({ parentUuid: null, type: "user", uuid: evil, sessionId: id,
            cwd: "/tmp/" + evil, version: evil, gitBranch: evil, timestamp: "2026-01-02T03:04:05.000Z",
            message: { role: "user", content: evil } }) + "\n" +
            JSON.stringify({ type: "summary", summary: evil, leafUuid: evil }) + "\n" +
            JSON.stringify({ type: "custom-title", customTitle: evil, sessionId: id }) + "\n");
    ' "$TRANSCRIPT" "$ID" "$evil"
    cp "$TRANSCRIPT" "$CONFIG_DIR/projects/$(printf -- '-a\nb\033[31m')/$OTHER.jsonl"
    every_mode
    is_harmless "$said"
    [ ! -e "$HOME/ran" ]
    # what is to be pasted into a shell goes to that directory, and does nothing else
    mkdir -p "/tmp/$evil" 2>/dev/null || true
    rescue --resume "$ID" --config-dir "$CONFIG_DIR"
    is_harmless "$output"
    rmdir "/tmp/${evil%%/*}" 2>/dev/null || true
    sed -n 's/^  \(cd .*\|claude .*\)/\1/p' <<<"$output" >"$HOME/commands"
    PATH=$BATS_TEST_TMPDIR:$PATH bash "$HOME/commands" >/dev/null 2>&1 || true
    [ ! -e "$HOME/ran" ]
}

@test "JSON nested 10,000 deep, in records, registry, manifest: no mode ends by a crash" {
    local deep
    deep=$(node -e 'console.log("[".repeat(1e4) + "]".repeat(1e4))')
    {
        printf '{"parentUuid":null,"type":"user","uuid":"b","sessionId":"%s","message":{"role":"user","content":%s}}\n' "$ID" "$deep"
        printf '%s\n' "$deep" "${deep:0:10000}" "$(tr '[]' '{}' <<<"$deep")"
        printf '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t","input":%s}]}}\n' "$deep"
    } >>"$TRANSCRIPT"
    echo "$deep" >"$CONFIG_DIR/sessions/4194271.json"
    printf '{"display":%s,"sessionId":"%s"}\n' "$deep" "$ID" >>"$CONFIG_DIR/history.jsonl"
    every_mode
    cmp "$TRANSCRIPT" "$PENDING"/*-LOSSLESS-"$ID".jsonl
    echo "$deep" >"$(ls "$PENDING"/*-LOSSLESS-"$ID".json)"
    every_mode
}

# A registry entry that says that a process is a session.
register()
{
    printf '{"pid":%d,"sessionId":"%s","cwd":"/tmp/p","startedAt":%s000,"procStart":"%s","version":"2.1.197","kind":"interactive","entrypoint":"cli","status":"busy","updatedAt":1}\n' \
        "$1" "$2" "$(date +%s)" "$(sed 's/.*) //' "/proc/$1/stat" | cut -d' ' -f20)" >"$CONFIG_DIR/sessions/$1.json"
}

@test "a registry that names pid 1, this program and what started it: none is touched" {
    register 1 "$OTHER"
    register $$ "$ID"
    for mode in "--kill 1" "--kill $$" "--kill $ID" "--kill $OTHER" "--revive 1" "--revive $$" "--revive $ID"; do
        # shellcheck disable=SC2086 # words
        rescue $mode --force --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
        [[ $status -eq 2 || $status -eq 3 || $status -eq 4 ]]
        [[ $output != *"has ended"* ]]
    done
    # the pid that the program itself will have: the shell becomes it
    # shellcheck disable=SC2016 # the inner shell's
    run --separate-stderr env -i HOME="$HOME" PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" bash -c '
        start=$(sed "s/.*) //" /proc/$$/stat | cut -d" " -f20)
        printf "{\"pid\":%d,\"sessionId\":\"%s\",\"cwd\":\"/\",\"startedAt\":%s000,\"procStart\":\"%s\",\"version\":\"2.1.197\",\"status\":\"busy\"}" \
            $$ "$2" "$(date +%s)" "$start" >"$3/sessions/$$.json"
        exec "$1" --kill $$ --force --config-dir "$3" --pending-dir "$4" --log-dir "$4"
    ' bash "$SESSION_RESCUE" "$ID" "$CONFIG_DIR" "$PENDING"
    [[ $status -eq 2 || $status -eq 3 || $status -eq 4 ]]
    kill -0 1 2>/dev/null || [ -e /proc/1 ]
}

# Exchanges a folder for a link to the outside and back, all the time, each time in one step. The link waits
# beside the store: in it, it would be a second folder with the same session.
swap()
{
    local link=$BATS_TEST_TMPDIR/link
    ln -s "$2" "$link"
    ${3:+"$3"}
    start python3 -c '
import ctypes, os, sys, time
exchange, here = 2, -100
rename = ctypes.CDLL(None, use_errno=True).renameat2
place, link = (os.fsencode(p) for p in sys.argv[1:3])
end = time.monotonic() + 300
while time.monotonic() < end:
    if rename(here, place, here, link, exchange) < 0:
        sys.exit(1)
' "$1" "$link"
    swapper=$started
}

is_swapping()
{
    [ "$(sed 's/.*) //' "/proc/$swapper/stat" | cut -c1)" != Z ]
}

# Somebody who may write to the store, and is not its owner: a link of their own.
by_another()
{
    [ "$(id -u)" -eq 0 ] || skip "a link of another user's can only be made by root"
    chown -h 65534 "$BATS_TEST_TMPDIR/link"
}

# The outside of the swapping tests: another transcript of the same session.
fill_outside()
{
    local real=$CONFIG_DIR/projects/-tmp-p i
    outside=$BATS_TEST_TMPDIR/elsewhere
    mkdir -p "$outside/$ID/subagents"
    sed 's/hello/TOP-SECRET/' "$TRANSCRIPT" >"$outside/$ID.jsonl"
    for i in {1..30}; do
        echo '{"sessionId":"'"$ID"'"}' >"$real/$ID/subagents/agent-$i.jsonl"
        echo 'TOP-SECRET' >"$outside/$ID/subagents/agent-$i.jsonl"
    done
}

@test "a folder swapped for a link of another's while it is exported: nothing from outside gets in" {
    local i
    fill_outside
    swap "$CONFIG_DIR/projects/-tmp-p" "$outside" by_another
    for i in {1..8}; do
        rescue_under timeout --signal=KILL 60 -- --export "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING.$i" --log-dir "$LOG"
        [[ $status -le 1 || $status -eq 3 ]] # the session is found each time
    done
    is_swapping # all the while
    run ! grep -rqs TOP-SECRET "$PENDING".*
}

# Of the user's own link either the one or the other is copied, and never half of each.
@test "a folder swapped for a link of one's own while it is exported: nothing is mixed" {
    local i secret plain
    fill_outside
    swap "$CONFIG_DIR/projects/-tmp-p" "$outside"
    for i in {1..8}; do
        rescue_under timeout --signal=KILL 60 -- --export "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING.$i" --log-dir "$LOG"
        [[ $status -le 1 || $status -eq 3 ]]
        secret=$(grep -rls TOP-SECRET "$PENDING.$i" --include='*agent-*.jsonl' --include="*-LOSSLESS-$ID.jsonl" | wc -l)
        plain=$(grep -rLs TOP-SECRET "$PENDING.$i" --include='*agent-*.jsonl' --include="*-LOSSLESS-$ID.jsonl" | wc -l)
        [[ $secret -eq 0 || $plain -eq 0 ]]
    done
    is_swapping
}

@test "a folder swapped for a link of another's while a session is restored: nothing is written outside" {
    export_session "$ID"
    local new=$HOME/new outside=$BATS_TEST_TMPDIR/elsewhere i
    mkdir -p "$new/projects" "$outside"
    swap "$new/projects" "$outside" by_another
    for i in {1..8}; do
        rescue_under timeout --signal=KILL 60 -- --restore "$ID" --new-id --force --config-dir "$new" --pending-dir "$PENDING" --log-dir "$LOG"
        [ "$status" -le 4 ]
    done
    is_swapping
    [ -z "$(ls -A "$outside")" ]
}

@test "a pending directory that everybody may write to is refused" {
    export_session "$ID"
    for mode in 777 1777; do
        chmod "$mode" "$PENDING"
        before=$(ls -A "$PENDING")
        rm -rf "$HOME/new"
        for words in "--export $ID --config-dir $CONFIG_DIR" "--verify" "--restore $ID --config-dir $HOME/new --force"; do
            # shellcheck disable=SC2086 # words
            rescue $words --pending-dir "$PENDING" --log-dir "$LOG"
            [ "$status" -eq 3 ]
            [[ $stderr == *"everybody may write there"* ]]
        done
        [ "$(ls -A "$PENDING")" = "$before" ]
        [ ! -e "$HOME/new/projects" ]
    done
    chmod 770 "$PENDING" # a group of one's own is usual
    export_session "$ID"
    [ "$status" -eq 0 ]
}
