#!/usr/bin/env bats
# --check: transcripts read for damage.

load helper
load sessions
load transcript

setup()
{
    scratch_home
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 10
}

teardown()
{
    end_started
}

check()
{
    rescue --check "$@" --config-dir "$CONFIG_DIR"
}

@test "a healthy session is sound, and nothing is written" {
    before=$(stat -c '%Y %i %s' "$FILE")
    check "$ID"
    [ "$status" -eq 0 ]
    [[ $output == *"$FILE: sound (12kB, 40 lines, 40 of 40 messages within reach)"* ]]
    [ "$(stat -c '%Y %i %s' "$FILE")" = "$before" ]
}

@test "a lost record: what it costs is said in words and numbers, and the exit status is 1" {
    lose_line "$FILE" 8
    check "$ID"
    [ "$status" -eq 1 ]
    [[ $output == *"resume would lose 7 of 39 messages"* ]]
    [[ $output == *"line 8, byte "*": missing-parent (D8): "*"line 7 takes its place (a guess)"* ]]
}

@test "the document says the same" {
    lose_line "$FILE" 8
    check "$ID" --json
    [ "$status" -eq 1 ]
    [ "$(json .schema)" = session-rescue/1 ]
    [ "$(json '.transcripts[0].verdict')" = damaged ]
    [ "$(json '.transcripts[0].session_id')" = "$ID" ]
    [ "$(json '.transcripts[0].messages')" = '{"in_file":39,"expected":39,"reached":32,"lost":7}' ]
    [ "$(json '.transcripts[0].problems[0].kind')" = missing-parent ]
    [ "$(json '.transcripts[0].problems[0].severity')" = hurts ]
    [ "$(json '.transcripts[0].problems[0].cure')" = relink ]
    [ "$(json '.transcripts[0].problems[0].is_guess')" = true ]
    [ "$(json .counts)" = '{"transcripts":1,"damaged":1,"empty":0,"no_transcript":0,"gone":0,"in_another_form":0,"unreadable":0}' ]
}

@test "without a word every session of the store is read; only the damaged are named" {
    conversation "$CONFIG_DIR/projects/-tmp-q/$OTHER.jsonl" 3
    lose_line "$CONFIG_DIR/projects/-tmp-q/$OTHER.jsonl" 5
    check
    [ "$status" -eq 1 ]
    [[ $output == *"$OTHER.jsonl: damaged"* ]]
    [[ $output != *"$ID.jsonl"* ]]
    [[ $output == *"2 transcripts: 1 sound, 1 damaged"* ]]
}

@test "an empty store is fine" {
    rm -r "$CONFIG_DIR/projects/-tmp-p"
    check
    [ "$status" -eq 0 ]
    [[ $output == "0 transcripts: 0 sound" ]]
}

@test "a file is read wherever it is, and whatever its name" {
    cp "$FILE" "$HOME/copy"
    printf '{"type":"user","uuid":"torn' >>"$HOME/copy"
    check "$HOME/copy"
    [ "$status" -eq 1 ]
    [[ $output == *"line 41, byte "*": torn-tail (D1): "*", 27 bytes;"* ]]
}

@test "a file is read without any config directory" {
    rescue --check "$FILE" --config-dir "$HOME/none"
    [ "$status" -eq 0 ]
}

@test "a torn last line of a live session is a write under way" {
    printf '{"type":"user","uuid":"torn' >>"$FILE"
    install_client
    fake --session "$ID" --turn none --status busy -- "$client"
    check "$ID" -v
    [ "$status" -eq 0 ]
    [[ $output == *"held by pid $pid"* ]]
    [[ $output == *"torn-tail"*"it may be writing just now; harmless"* ]]
}

@test "harmless oddities are listed with -v alone" {
    sed -i 4p "$FILE"
    printf '\n\n' >>"$FILE"
    check "$ID"
    [ "$status" -eq 0 ]
    [[ $output != *duplicate-record* ]]
    check "$ID" -v
    [[ $output == *"line 4, byte "*"duplicate-record (D14)"*harmless* ]]
    [[ $output == *odd-bytes* ]]
}

@test "what is not there, or no file, is said" {
    check "$HOME/none.jsonl"
    [ "$status" -eq 3 ]
    [[ $output == *"unreadable: open $HOME/none.jsonl: no such file or directory"* ]]
    [[ $output != *"none.jsonl"*"none.jsonl"* ]]
    mkfifo "$HOME/fifo.jsonl"
    check "$HOME/fifo.jsonl"
    [ "$status" -eq 3 ]
    check 12345678-aaaa
    [ "$status" -eq 2 ]
    check nonsense
    [ "$status" -eq 2 ]
}

@test "names and texts cannot drive the terminal" {
    cp "$FILE" "$HOME/$(printf 'a\033[2Jb').jsonl"
    check "$HOME/$(printf 'a\033[2Jb').jsonl"
    [ "$status" -eq 0 ]
    [[ $output == *'a\x1b[2Jb'* ]]
    [[ $output != *$'\033'* ]]
}

@test "a line of 13 MB is read, and told of" {
    node -e '
        const fs = require("fs"), lines = fs.readFileSync(process.argv[1], "utf8").split("\n");
        lines[2] = lines[2].replace("\"stdout\":\"file\"", () => `"stdout":"${"x".repeat(13e6)}"`);
        fs.writeFileSync(process.argv[1], lines.join("\n"));
    ' "$FILE"
    check "$ID" -v
    [ "$status" -eq 0 ]
    [[ $output == *"huge-record (D19): "*"13MB; harmless"* ]]
}

@test "a file in which no line is a record is no transcript, in one line" {
    local file=$BATS_TEST_TMPDIR/notes.txt
    for i in 1 2 3; do echo "a line of text, $i"; done >"$file"
    head -c 2000 "$SESSION_RESCUE" >"$BATS_TEST_TMPDIR/program.jsonl"
    for each in "$file" "$BATS_TEST_TMPDIR/program.jsonl"; do
        rescue --check "$BATS_TEST_TMPDIR/../$(basename "$BATS_TEST_TMPDIR")/$(basename "$each")"
        [ "$status" -eq 1 ]
        [[ ${lines[0]} == "$each: no transcript ("* ]]
        [[ ${lines[1]} == "  not a transcript: no record of a session is in it; Claude Code finds no conversation in it" ]]
        [ "${lines[2]}" = "1 transcript: 0 sound, 1 no transcript" ]
    done
}

@test "what is there in a transcript's place is called by its name, and --repair leaves it" {
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    local at=2026-01-02T03:04:05.000Z end="Claude Code finds no conversation in it, and no backup of it is known that holds more"
    is_called() # WORDS: what stands in the file
    {
        mkdir -p "${FILE%/*}"
        cat >"$FILE"
        cp "$FILE" "$BATS_TEST_TMPDIR/before"
        rescue --check --config-dir "$CONFIG_DIR"
        [ "$status" -eq 1 ]
        [ "${lines[1]}" = "  $1; $end" ]
        [ ! -s "$FILE" ] || {
            rescue --repair "$ID" --force --config-dir "$CONFIG_DIR" --pending-dir "$HOME/pending"
            [ "$status" -eq 4 ]
        }
        cmp "$FILE" "$BATS_TEST_TMPDIR/before"
    }
    local own="which belongs in that agent's own folder"
    is_called "a transcript of Codex CLI, $own" <<<'{"timestamp":"'$at'","type":"session_meta","payload":{"id":"'$ID'"}}'
    is_called "a transcript of Copilot CLI, $own" <<<'{"type":"session.start","data":{"sessionId":"'$ID'"},"id":"1","timestamp":"'$at'","parentId":null}'
    is_called "a transcript of Qwen Code, $own" <<<'{"uuid":"1","parentUuid":null,"sessionId":"'$ID'","timestamp":"'$at'","type":"user","message":{"role":"user","parts":[{"text":"hello"}]}}'
    is_called "a transcript of Kimi Code, $own" <<<'{"type":"metadata","protocol_version":"1.5","created_at":1}'
    is_called "nothing is in it" </dev/null
    is_called "bytes of value 0 stand in the place of its content, as a full disk or a crash of the machine leaves them" \
        < <(head -c 3000 /dev/zero)
    conversation "$BATS_TEST_TMPDIR/whole" 3
    is_called "parts of a session's records are in it, and none is whole: its lines were wrapped or cut. A copy through tr -d '\\n' joins them, and --repair parts the records" \
        < <(fold -w 80 "$BATS_TEST_TMPDIR/whole")
    tr -d '\n' <"$FILE" >"$BATS_TEST_TMPDIR/joined"
    rescue --repair "$BATS_TEST_TMPDIR/joined" --force --config-dir "$CONFIG_DIR" --pending-dir "$HOME/pending"
    [ "$status" -eq 0 ]
    echo >>"$BATS_TEST_TMPDIR/joined"
    cmp "$BATS_TEST_TMPDIR/joined" "$BATS_TEST_TMPDIR/whole"
    # a conversation about another agent's records is Claude's own
    conversation "$FILE" 3
    sed -i '1s/prompt 1/{\\"type\\":\\"session_meta\\",\\"payload\\":{/' "$FILE"
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "of each kind once: what the client does with it, what is lost, what leaves it behind, what to run" {
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 10
    lose_line "$FILE" 30
    lose_line "$FILE" 20
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [ "$(grep -c '^  missing-parent: the client takes the newest record' <<<"$output")" -eq 1 ]
    [[ $output == *"Lost: what is older, unless it was bridged. Cause: a record that was deleted by hand, or never written."* ]]
    [[ $output == *"To run: session-rescue --repair $FILE"* ]]
}

@test "what an editor left, a file that was renamed, and two that were joined are told apart" {
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 3
    sed -i 's/$/\r/' "$FILE"
    rescue --check "$ID" -v --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"12 lines end in CR LF, as an editor or a transfer leaves them"*"To run: nothing"* ]]
    conversation "$FILE" 3
    mv "$FILE" "${FILE%/*}/$OTHER.jsonl"
    rescue --check "$OTHER" -v --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"all are of $ID: the file was renamed or copied"* ]]
    conversation "$FILE" 3
    sed "s/$OTHER/$ID/" "$FILE" >>"${FILE%/*}/$OTHER.jsonl"
    sed -i "1,4s/$ID/$OTHER/" "${FILE%/*}/$OTHER.jsonl"
    rescue --check "$OTHER" -v --config-dir "$CONFIG_DIR"
    [[ $output == *"as where two files were joined"* ]]
}

@test "of bytes that are no record, few are shown: they may be a note, and nobody's" {
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 3
    sed -i -e '3s/$/,/' -e '5i // cut here'$'\e''[2J' -e '7i =======' "$FILE"
    rescue --check --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $output == *"12 of 12 messages within reach"* ]]
    [[ $output == *'line 3, byte '*'bytes that are no record, 1 byte; ","; a record that they were a part of is lost'* ]]
    [[ $output == *'"// cut here'*'"=======";'* && $output != *$'\e'* ]]
    [[ $output == *"a note or the marks of a merge"* ]]
    rescue --check --json --config-dir "$CONFIG_DIR"
    [ "$(json '.transcripts[0].problems[2].detail')" = '"======="' ]
}

@test "two sessions in one file: the one that is not loaded is told of, and how both are had again" {
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    local first=$BATS_TEST_TMPDIR/first second=$BATS_TEST_TMPDIR/second
    conversation "$FILE" 3
    mv "$FILE" "$first"
    conversation "${FILE%/*}/$OTHER.jsonl" 2
    sed 's/"\([utra][0-9]\)"/"other-\1"/g; s/msg_/msg_o/; s/toolu_/toolu_o/; s/2026-01-02/2026-01-03/' \
        "${FILE%/*}/$OTHER.jsonl" >"$second"
    rm "${FILE%/*}/$OTHER.jsonl"
    cat "$first" "$second" >"$FILE"
    rescue --check --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $output == *"line 13, byte $(stat -c %s "$first"): two-sessions (D20)"*"$ID, then $OTHER; 12 messages of one of them are not loaded"* ]]
    [[ $output == *"To run: session-rescue --context $FILE"* ]]
    rescue --context "$FILE" --config-dir "$CONFIG_DIR"
    [ "$(grep -cE '^prompt [123]$' <<<"$output")" -eq 5 ]
    head -n 12 "$FILE" | cmp - "$first"
    tail -n +13 "$FILE" | cmp - "$second"
    # one that goes on from the other is one conversation
    sed '1s/"parentUuid":null/"parentUuid":"a3"/' "$second" | cat "$first" - >"$FILE"
    rescue --check --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "a copy in the folder of another directory is named, with what finds it" {
    local garden=$BATS_TEST_TMPDIR/garden
    mkdir -p "$garden"
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 3
    sed -i "s|/tmp/p|$garden|" "$FILE"
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"wrong-folder (D20): "*"$garden"*"To run: session-rescue --resume $ID"* ]]
    mkdir -p "$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$garden")"
    mv "$FILE" "$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$garden")/"
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [[ $output != *wrong-folder* ]]
}

@test "where its directory cannot be looked at, it is not known to lie in the wrong folder" {
    ln -s loop "$BATS_TEST_TMPDIR/loop"
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 3
    sed -i "s|/tmp/p|$BATS_TEST_TMPDIR/loop/p|" "$FILE"
    mkdir -p "$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$BATS_TEST_TMPDIR/loop/p")"
    mv "$FILE" "$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$BATS_TEST_TMPDIR/loop/p")/"
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"sound"* && $output != *wrong-folder* ]]
}
