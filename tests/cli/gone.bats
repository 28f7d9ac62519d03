#!/usr/bin/env bats
# Sessions whose transcript is gone: what is left of them is found, counted, saved and told; and what
# cannot be read is not called gone.

load helper
load sessions
load invoker

GONE=0a0a0a0a-1111-4222-8333-444444444444
PROMPTED=0c0c0c0c-1111-4222-8333-444444444444
HISTORY_MS=1767323045000 # 2026-01-02T03:04:05Z

setup()
{
    scratch_home
    PENDING=$HOME/pending
    LOG=$HOME/log
    folder=$CONFIG_DIR/projects/-tmp-p
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG")
}

teardown()
{
    end_started
    end_user
}

# A line of the history, as the client writes it: prompt SESSION TEXT [SECONDS]
prompt()
{
    printf '{"display":"%s","pastedContents":{},"timestamp":%s,"project":"/tmp/p","sessionId":"%s"}\n' \
        "$2" "$((HISTORY_MS + ${3-0} * 1000))" "$1" >>"$CONFIG_DIR/history.jsonl"
}

# A session as it is when its transcript was deleted: a subagent, a tool's result, two prompts, two earlier
# versions of a file, a list of things to do.
gone()
{
    mkdir -p "$folder/$GONE/subagents" "$folder/$GONE/tool-results" "$CONFIG_DIR/file-history/$GONE" "$CONFIG_DIR/todos"
    node -e '
        const [file, sessionId] = process.argv.slice(1);
        const record = (uuid, parentUuid, seconds, type, content) => JSON.stringify({ parentUuid, isSidechain: true,
            agentId: "ab1", type, message: { role: type, id: "m" + uuid, content }, uuid, sessionId, cwd: "/tmp/p",
            timestamp: new Date(1767323045000 + seconds * 1000).toISOString() }) + "\n";
        require("fs").writeFileSync(file,
            record("a", null, 60, "user", "look for the oranges") +
            record("b", "a", 70, "assistant", [{ type: "tool_use", id: "t1", name: "Write",
                input: { file_path: "/tmp/p/list.txt", content: "x" } }]) +
            record("c", "b", 80, "user", [{ type: "tool_result", tool_use_id: "t1", content: "written" }]) +
            record("d", "c", 90, "assistant", [{ type: "text", text: "The oranges are in the cellar." }]));
    ' "$folder/$GONE/subagents/agent-ab1.jsonl" "$GONE"
    echo '{"agentType":"Explore","description":"find oranges"}' >"$folder/$GONE/subagents/agent-ab1.meta.json"
    printf 'forty crates\nof them\n' >"$folder/$GONE/tool-results/toolu_1.txt"
    touch -d 2026-01-02T03:05:00Z "$folder/$GONE/tool-results/toolu_1.txt"
    for version in 1 2; do
        echo "list $version" >"$CONFIG_DIR/file-history/$GONE/$(printf /tmp/p/list.txt | sha256sum | cut -c1-16)@v$version"
    done
    echo '[{"content":"buy sugar","status":"pending"}]' >"$CONFIG_DIR/todos/$GONE-agent-$GONE.json"
    prompt "$GONE" "make marmalade"
    prompt "$GONE" "and a list of it" 120
}

left="transcript gone; left: 1 subagent, 1 tool result, 2 prompts, 2 earlier versions of files, 1 list of things to do"

@test "what is left is listed, and not as what can be resumed" {
    gone
    stored "$OTHER" /tmp/q "another"
    prompt "$OTHER" "another"
    rescue --resume "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"claude --resume "*"$OTHER"* ]]
    [ "$(grep -F 'claude --resume' <<<"$output" | grep -c "$GONE")" -eq 0 ]
    [[ $output == *"Without a transcript"*"$GONE"*"/tmp/p  make marmalade"*"$left; backup: none"* ]]
    rescue --resume 0a0a0a0a "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"$left; backup: none"* && $output != *"$OTHER"* ]]
    rescue --resume --json "${scratch[@]}"
    [ "$(json '.sessions.map(s => s.session_id)')" = "[\"$OTHER\",\"$GONE\"]" ]
    [ "$(json '.sessions[0].left')" = null ]
    [ "$(json '.sessions[1].resume_command')" = null ]
    [ "$(json '.sessions[1].transcript')" = null ]
    [ "$(json '.sessions[1].cwd')" = /tmp/p ]
    [ "$(json '.sessions[1].cwd_gone')" = null ] # it is not looked at
    [ "$(json '.sessions[1].left.is_sure')" = true ]
    [ "$(json '.sessions[1].left.subagents')" = 1 ]
    [ "$(json '.sessions[1].left.tool_results')" = 1 ]
    [ "$(json '.sessions[1].left.prompts')" = 2 ]
    [ "$(json '.sessions[1].left.file_versions')" = 2 ]
    [ "$(json '.sessions[1].left.todo_lists')" = 1 ]
    [ "$(json '.sessions[1].left.backup')" = null ]
    [ "$(json '.counts.gone')/$(json '.counts.stored')/$(json '.counts.prompts_only')" = 1/1/0 ]
}

@test "folders that are empty, and lists of nobody's, are no session" {
    mkdir -p "$folder/$GONE/tool-results" "$CONFIG_DIR/file-history/$GONE" "$CONFIG_DIR/session-env/$OTHER"
    rescue --resume "${scratch[@]}"
    [ "$output" = "No session without a live process." ]
    rescue --resume "$GONE" "${scratch[@]}"
    [ "$status" -eq 2 ]
    rescue --check "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ "$output" = "0 transcripts: 0 sound" ]
}

@test "a transcript in another folder than the files: it is not gone" {
    gone
    stored "$GONE" /tmp/elsewhere "it moved"
    rescue --resume "${scratch[@]}"
    [[ $output == *"it moved"* && $output != *"Without a transcript"* ]]
}

@test "--check names it, with the backup that holds the transcript, and how to save the rest" {
    gone
    rescue --check "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == "$folder/$GONE.jsonl: $left; backup: none
  to save what is left: session-rescue --export $GONE
1 transcript: 0 sound, 1 gone" ]]
    stored "$GONE" /tmp/p "make marmalade"
    rescue --export "$GONE" "${scratch[@]}"
    stem=$(basename "$PENDING"/*.sha256 .sha256)
    rm "$transcript"
    rescue --check "$GONE" "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"$left; backup: session-rescue --restore $stem ("* ]]
    rescue --check --json "${scratch[@]}"
    [ "$status" -eq 1 ]
    [ "$(json '.transcripts[0].verdict')" = gone ]
    [ "$(json '.transcripts[0].path')" = "$folder/$GONE.jsonl" ]
    [ "$(json '.transcripts[0].left.backup')" = "$stem" ]
    [ "$(json '.counts.gone')" = 1 ]
    rescue --repair "$GONE" --force "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"session $GONE: transcript gone; "*"--restore $stem"* ]]
    rescue --kill "$GONE" --force "${scratch[@]}"
    [ "$status" -eq 2 ]
    [[ $stderr == *"session $GONE has no process"*"transcript gone; "*"--restore $stem"* ]]
    rescue --restore "$stem" "${scratch[@]}"
    [ "$status" -eq 0 ]
    [ -s "$transcript" ]
}

@test "--export saves what is left, the prompts with it, once, and all of it comes back" {
    gone
    prompt "$OTHER" "not its own"
    prompt "$OTHER" "$GONE"
    rescue --export 0a0a0a0a "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"exported 0a0a0a0a: no transcript, 7 files"*"not in it: $folder/$GONE.jsonl: there is no transcript"* ]]
    files=$(echo "$PENDING"/*.files)
    grep -Fqx "  $files" <<<"$output"
    grep "$GONE\"" "$CONFIG_DIR/history.jsonl" | grep -v "$OTHER" | cmp - "$files/history.jsonl"
    diff -r "$folder/$GONE" "$files/projects/-tmp-p/$GONE"
    diff -r "$CONFIG_DIR/file-history/$GONE" "$files/file-history/$GONE"
    cmp "$CONFIG_DIR/todos/$GONE-agent-$GONE.json" "$files/todos/$GONE-agent-$GONE.json"
    (cd "$PENDING" && sha256sum --quiet -c ./*.sha256)
    rescue_document=$(<"$(echo "$PENDING"/*.json)")
    [[ $rescue_document == *'"state": "missing"'*'"why": "there is no transcript"'* ]]
    rescue --export "$GONE" "${scratch[@]}"
    [[ $output == *"already exported 0a0a0a0a"* ]]
    [ "$(find "$PENDING" -name '*.sha256' | wc -l)" -eq 1 ]
    rescue --resume "$GONE" "${scratch[@]}"
    [[ $output == *"; backup: none with the transcript; of what is left: $(basename "$PENDING"/*.sha256 .sha256)"* ]]
    rm -r "${folder:?}/$GONE" "$CONFIG_DIR/file-history"
    rescue --restore "$GONE" "${scratch[@]}"
    [ "$status" -eq 1 ]
    diff -r "$folder/$GONE" "$files/projects/-tmp-p/$GONE"
    diff -r "$CONFIG_DIR/file-history/$GONE" "$files/file-history/$GONE"
    [ ! -e "$folder/$GONE.jsonl" ]
}

@test "--export --all takes it along, and none of which prompts alone are left" {
    gone
    stored "$OTHER" /tmp/q "another"
    prompt "$PROMPTED" "long ago"
    rescue --export --all "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"exported 0b0b0b0b"*"exported 0a0a0a0a: no transcript"* ]]
    [ "$(find "$PENDING" -name '*.sha256' | wc -l)" -eq 2 ]
}

@test "sessions of which prompts alone are left are counted, and found by their id" {
    stored "$OTHER" /tmp/q "another"
    prompt "$OTHER" "another"
    for n in 1 2 3; do prompt "0c0c0c0$n-1111-4222-8333-444444444444" "long ago $n" "$n"; done
    prompt 0c0c0c02-1111-4222-8333-444444444444 "long ago, again" 9
    rescue --resume "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == *"3 older sessions have only their prompts left: --search finds them." ]]
    [[ $output != *"Without a transcript"* ]]
    rescue --resume --json "${scratch[@]}"
    [ "$(json '.counts.prompts_only')/$(json '.counts.prompts_only_is_least')/$(json '.sessions.length')" = 3/false/1 ]
    rescue --resume 0c0c0c02 "${scratch[@]}"
    [[ $output == *"/tmp/p  long ago 2"*"transcript gone; left: 2 prompts; backup: none"* ]]
    rescue --check "${scratch[@]}"
    [ "$status" -eq 0 ]
    rescue --check 0c0c0c02 "${scratch[@]}"
    [ "$status" -eq 1 ]
    rescue --export 0c0c0c02 "${scratch[@]}"
    [[ $output == *"exported 0c0c0c02: no transcript, 1 file"* ]]
    [ "$(wc -l <"$(echo "$PENDING"/*.files/history.jsonl)")" -eq 2 ]
}

@test "of a long history the end alone is read for a listing, and all of it for one session" {
    stored "$OTHER" /tmp/q "another"
    prompt "$PROMPTED" "the very first"
    node -e '
        const line = n => JSON.stringify({ display: "x".repeat(200), timestamp: 1767323045000 + n,
            sessionId: "0d0d0d0d-1111-4222-8333-444444444444" }) + "\n";
        process.stdout.write(Array.from({ length: 8000 }, (_, n) => line(n)).join(""));
    ' >>"$CONFIG_DIR/history.jsonl"
    rescue --resume "${scratch[@]}"
    [[ $output == *"At least 1 older session has only its prompts left: --search finds them." ]]
    rescue --resume "$PROMPTED" "${scratch[@]}"
    [[ $output == *"the very first"*"left: 1 prompt; "* ]]
}

@test "what cannot be read is not gone" {
    scratch_user
    settle
    folder=$CONFIG_DIR/projects/-tmp-p
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$HOME/kept" --log-dir "$HOME/log")
    gone
    mkdir "$CONFIG_DIR/projects/-srv"
    chown -R "$user_id" "$CONFIG_DIR"
    chmod 000 "$CONFIG_DIR/projects/-srv"
    run --separate-stderr as_user "$rescue_program" --resume "$GONE" "${scratch[@]}"
    [[ $output == *"no transcript is seen, and not all could be looked at; left: 1 subagent"* ]]
    [[ $stderr == *"-srv: permission denied"* ]]
    run --separate-stderr as_user "$rescue_program" --check "$GONE" "${scratch[@]}"
    [ "$status" -eq 3 ]
    [[ $output == *"not all could be looked at"* && $output != *"transcript gone"* ]]
    run --separate-stderr as_user "$rescue_program" --resume "$GONE" --json "${scratch[@]}"
    [ "$(json '.sessions[0].left.is_sure')" = false ]
    chmod 755 "$CONFIG_DIR/projects/-srv"
    chmod 000 "$CONFIG_DIR/file-history/$GONE"
    run --separate-stderr as_user "$rescue_program" --export "$GONE" "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"not in it: "*"/file-history/$GONE: permission denied"* ]]
    chmod 755 "$CONFIG_DIR/file-history/$GONE"
}

@test "a history, or a result, that cannot be read is not called empty" {
    scratch_user
    settle
    folder=$CONFIG_DIR/projects/-tmp-p
    scratch=(--config-dir "$CONFIG_DIR" --pending-dir "$HOME/kept" --log-dir "$HOME/log")
    search=(--search crates --index-dir "$HOME/index" "${scratch[@]}")
    gone
    prompt "$PROMPTED" "long ago"
    chown -R "$user_id" "$CONFIG_DIR"
    chmod 000 "$CONFIG_DIR/history.jsonl"
    run --separate-stderr as_user "$rescue_program" --resume "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $stderr == *"history.jsonl: permission denied"* ]]
    [[ $output == *"1 list of things to do, and perhaps more that could not be read; backup: none"* ]]
    run --separate-stderr as_user "$rescue_program" --check "$PROMPTED" "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $stderr == *"whether it is there is not known"* ]]
    run --separate-stderr as_user "$rescue_program" "${search[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"forty crates"* && $stderr == *"history.jsonl: permission denied"* ]]
    chmod 600 "$CONFIG_DIR/history.jsonl"
    chmod 000 "$folder/$GONE/tool-results/toolu_1.txt"
    run --separate-stderr as_user "$rescue_program" "${search[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"Nothing found for: crates; not all could be looked at"* ]]
    [[ $stderr == *"toolu_1.txt: permission denied"* ]]
}

@test "hostile names and texts: made harmless, and no link is followed" {
    gone
    prompt "$PROMPTED" '\u001b]0;x\u0007'
    mkdir -p "$folder/$OTHER"
    ln -s /etc "$folder/$OTHER/subagents"
    mkfifo "$folder/$GONE/tool-results/fifo"
    touch "$folder/$GONE/tool-results/"$'\e[31m'
    for mode in --resume --check --export --context; do
        rescue "$mode" "$GONE" "${scratch[@]}"
        [ "$status" -le 1 ]
        [[ $output$stderr != *$'\e'* ]]
        rescue "$mode" "$PROMPTED" "${scratch[@]}"
        [ "$status" -le 1 ]
        [[ $output$stderr != *$'\e'* ]]
    done
    rescue --export "$OTHER" "${scratch[@]}"
    [ ! -e "$(echo "$PENDING"/*"$OTHER".files)/projects/-tmp-p/$OTHER/subagents/passwd" ]
}

@test "--context tells what can be told, in order of time, and says what is missing" {
    gone
    rescue --context "$GONE" "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == "# Session $GONE, what else is left

- $left; backup: none
- missing: what the agent said and did"*"
## user, 2026-01-02T03:04:05Z

make marmalade

## result of a tool toolu_1.txt, 2026-01-02T03:05:00Z, 21B

\`\`\`
forty crates
of them
"*"## subagent agent-ab1 (Explore: find oranges), 2026-01-02T03:05:35Z

The oranges are in the cellar.

## user, 2026-01-02T03:06:05Z

and a list of it
"*"## things to do $GONE-agent-$GONE.json, "*"buy sugar"*"
## files that were changed

- /tmp/p/list.txt (2 earlier versions)" ]]
    rescue --context "$GONE" --all "${scratch[@]}"
    [[ $output == *"# Session $GONE, subagent agent-ab1.jsonl"*"look for the oranges"*"what else is left"* ]]
    rescue --context "$GONE" --json "${scratch[@]}"
    [ "$status" -eq 1 ]
    document=$output
    output=$(head -n 1 <<<"$document")
    [ "$(json '.kind')/$(json '.left.subagents')" = left/1 ]
    [ "$(json '.changed_files')" = "[{\"path\":\"/tmp/p/list.txt\",\"name\":\"$(printf /tmp/p/list.txt | sha256sum | cut -c1-16)\",\"versions\":2}]" ]
    output=$(sed -n 4p <<<"$document")
    [ "$(json '.kind')/$(json '.who')/$(json '.at')" = "report/agent/2026-01-02T03:05:35Z" ]
    [ "$(json '.text')" = "The oranges are in the cellar." ]
    [ "$(wc -l <<<"$document")" -eq 6 ]
}

@test "--context of what is left, in each format: a page holds no tag of it, and CUSF says that it is not there" {
    gone
    prompt "$GONE" "<script>alert(1)</script><meta http-equiv=refresh content=1>"
    rescue --context "$GONE" --format html "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"<pre># Session $GONE, what else is left"*"&lt;script&gt;alert(1)"*"</html>" ]]
    [[ $output != *"<script"* && $output != *"<meta http-equiv=refresh"* ]]
    rescue --context "$GONE" --format json "${scratch[@]}"
    [ "$status" -eq 1 ]
    jq -es '.[0].kind == "left"' <<<"$output"
    rescue --context "$GONE" --format cusf "${scratch[@]}"
    [ "$status" -eq 1 ]
    jq -es 'length == 1 and .[0]._meta.format == "cusf"' <<<"$output"
    [[ $stderr == *"session $GONE: its transcript is gone, and what else is left is no conversation"* ]]
}

@test "--context of one whose backup holds the transcript: that, and what came after it" {
    gone
    stored "$GONE" /tmp/p "what was said"
    rescue --export "$GONE" "${scratch[@]}"
    stem=$(basename "$PENDING"/*.sha256 .sha256)
    rm "$transcript"
    prompt "$GONE" "said since" "$(($(date +%s) + 60 - HISTORY_MS / 1000))"
    rescue --context "$GONE" "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"- from $PENDING/$stem.jsonl"*"what was said"*"what else is left"*"--restore $stem"*"after the backup was taken"*"said since"* ]]
    [[ $output != *"and a list of it"* ]]
}

@test "--search finds its prompts, its subagents, and those of which nothing else is left, each once" {
    gone
    stored "$OTHER" /tmp/q "a marmalade of another kind"
    prompt "$OTHER" "a marmalade of another kind"
    prompt "$PROMPTED" "marmalade, long ago" -9000
    rescue --search marmalade "${scratch[@]}" --index-dir "$HOME/index"
    [ "$status" -eq 0 ]
    [[ $output == *"a marmalade of another kind"*"claude --resume "*"make marmalade"*"  $left; backup: none"*"marmalade, long ago"*"left: 1 prompt; backup: none
3 messages in 3 sessions" ]]
    rescue --search cellar "${scratch[@]}" --index-dir "$HOME/index"
    [[ $output == *"$GONE"*"subagent  The oranges are in the cellar."*"transcript gone; left: "*"1 message in 1 session" ]]
    rescue --search marmalade --json "${scratch[@]}" --index-dir "$HOME/index"
    [ "$(json '.messages.map(m => m.session_id)')" = "[\"$OTHER\",\"$GONE\",\"$PROMPTED\"]" ]
    [ "$(json '.messages[2].offset')/$(json '.messages[2].file')" = "null/$CONFIG_DIR/history.jsonl" ]
    [ "$(json '.sessions[0].left')/$(json '.sessions[2].left.prompts')/$(json '.found')" = null/1/3 ]
    # where its transcript comes back, it is found there alone
    stored "$PROMPTED" /tmp/p "marmalade, long ago"
    rescue --search marmalade "${scratch[@]}" --index-dir "$HOME/index"
    [[ $output == *"3 messages in 3 sessions" && $output == *"claude --resume "*"$PROMPTED"* ]]
    # and in its backup, where that has it
    rescue --export "$OTHER" "${scratch[@]}"
    prompt "$OTHER" "marmalade since" 100
    rm "$CONFIG_DIR/projects/-tmp-q/$OTHER.jsonl"
    rescue --search marmalade "${scratch[@]}" --index-dir "$HOME/index"
    [[ $output == *"marmalade since"*"4 messages in 3 sessions" ]]
}

@test "--context of one whose backup lacks the beginning: what is older is told from what else is left" {
    gone
    stored "$GONE" /tmp/p "and jars"
    sed -i 's/"parentUuid":null/"parentUuid":"lost"/; s/03:04:05/03:05:30/' "$transcript"
    rescue --export "$GONE" "${scratch[@]}"
    rm "$transcript"
    rescue --context "$GONE" "${scratch[@]}"
    [ "$status" -eq 1 ]
    [[ $output == *"and jars"*"what else is left"*"before the beginning of the backup, at 2026-01-02T03:05:30Z"*"make marmalade"* ]]
    [[ $output != *"and a list of it"* ]]
}

@test "--context of a subagent that broke off tells what there is of it, or what it was asked" {
    gone
    local file=$folder/$GONE/subagents/agent-ab1.jsonl
    truncate -s -100 "$file" # within the last answer's record, behind its text
    [[ $(tail -c 40 "$file") != *$'\n' ]]
    rescue --context "$GONE" "${scratch[@]}"
    [[ $output == *"## subagent agent-ab1 "*"The oranges are in"* ]]
    [[ $output == *"/tmp/p/list.txt (2 earlier versions)"* ]]
    sed -i '4d' "$file"
    rescue --context "$GONE" "${scratch[@]}"
    [[ $output == *"## subagent agent-ab1 "*"look for the oranges"* ]]
}

@test "--search finds what was pasted into the prompts of a session without a transcript" {
    printf '{"display":"sort this [Pasted text #1 +3 lines]","pastedContents":{"1":{"id":1,"type":"text","content":"medlar\\nquince"}},"timestamp":%s,"project":"/tmp/p","sessionId":"%s"}\n' \
        "$HISTORY_MS" "$PROMPTED" >"$CONFIG_DIR/history.jsonl"
    rescue --search quince "${scratch[@]}"
    [[ $output == "$PROMPTED"*"quince"*"1 message in 1 session" ]]
}

@test "--search finds the results of tools of a session without a transcript" {
    gone
    rescue --search crates "${scratch[@]}"
    [ "$status" -eq 0 ]
    [[ $output == "$GONE"*"2026-01-02T03:05:00Z  tool "*"forty crates of them"*"transcript gone; left: "*"1 message in 1 session" ]]
    rescue --search crates -v "${scratch[@]}"
    [[ $output == *"$folder/$GONE/tool-results/toolu_1.txt"* ]]
    # with a transcript they are told there
    stored "$GONE" /tmp/p hello
    rescue --search crates "${scratch[@]}"
    [[ $output == "Nothing found"* ]]
}

@test "--verify of what was left says so, and calls nothing incomplete that is all there was" {
    gone
    rescue --export "$GONE" "${scratch[@]}"
    stem=$(basename "$PENDING"/*.sha256 .sha256)
    rescue --verify --pending-dir "$PENDING"
    [ "$status" -eq 0 ]
    [[ $output == "verified, no transcript  $stem ("*" in 7 files)"*"$GONE.jsonl is not in it: there is no transcript"*"1 of 1 verified"* ]]
    rescue --verify --json --pending-dir "$PENDING"
    [ "$(json '.backups[0].result')/$(json '.backups[0].files')" = "verified, no transcript/7" ]
    # one more file that could not be read is one too few
    ln -s /nowhere "$folder/$GONE/tool-results/toolu_2.txt"
    rescue --export "$GONE" "${scratch[@]}"
    rescue --verify "$GONE" --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
    [[ $output == "incomplete: 2 files  "* ]]
}
