#!/usr/bin/env bats
# Where a conversation is now: sessions that were moved, sent on, forked, archived; stubs; the order of a listing; and
# transcripts that lie where the client does not look.

load helper

setup()
{
    scratch_home
    a=aaaaaaaa-0000-4000-8000-000000000001
    b=bbbbbbbb-0000-4000-8000-000000000002
    c=cccccccc-0000-4000-8000-000000000003
    d=dddddddd-0000-4000-8000-000000000004
    here=$BATS_TEST_TMPDIR/here
    mkdir "$here"
    folder=$CONFIG_DIR/projects/${here//[^A-Za-z0-9]/-}
    mkdir "$folder"
}

teardown()
{
    end_started
}

# say FILE ID DIRECTORY MINUTE WORDS: a prompt and its answer, of that minute, at the file's end.
say()
{
    mkdir -p "${1%/*}"
    node -e '
        const [file, sessionId, cwd, minute, words, more] = process.argv.slice(1), fs = require("fs");
        const at = (s) => new Date(Date.parse("2026-01-02T03:00:00Z") + minute * 60000 + s * 1000).toISOString();
        const base = { isSidechain: false, cwd, sessionId, version: "2.1.332", ...JSON.parse(more || "{}") };
        const uuid = (n) => `${sessionId.slice(0, 8)}-${minute}-${n}`;
        fs.appendFileSync(file, [
            { parentUuid: null, ...base, type: "user", uuid: uuid(1), timestamp: at(0), message: { role: "user", content: words } },
            { parentUuid: uuid(1), ...base, type: "assistant", uuid: uuid(2), timestamp: at(1), message: { id: uuid(3), role: "assistant",
                content: [{ type: "text", text: `yes to ${words}` }], stop_reason: "end_turn" } },
        ].map((r) => JSON.stringify(r) + "\n").join(""));
    ' "$@"
}

goes_on_as()
{
    echo '{"type":"continued-in","timestamp":"2026-01-02T09:00:00.000Z","sessionId":"x","continuedInSessionId":"'"$2"'"}' >>"$1"
}

list()
{
    rescue --resume --json "$@" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

ids()
{
    json '.sessions.map(s => s.session_id.slice(0, 1)).join("")'
}

of()
{
    json ".sessions.find(s => s.session_id === '$1').$2"
}

@test "a session that was moved resumes in the directory that it was moved to last" {
    mkdir "$BATS_TEST_TMPDIR/start"
    say "$folder/$a.jsonl" "$a" "$BATS_TEST_TMPDIR/start" 1 one
    echo '{"type":"relocated","relocatedCwd":"/nowhere","sessionId":"'"$a"'"}' >>"$folder/$a.jsonl"
    echo '{"type":"relocated","relocatedCwd":"'"$here"'","sessionId":"'"$a"'"}' >>"$folder/$a.jsonl"
    list
    [ "$(of "$a" cwd)" = "$here" ]
    [ "$(of "$a" resume_command)" = "cd $here && claude --resume $a" ]
    # where only its later records name it
    sed -i /relocated/d "$folder/$a.jsonl"
    say "$folder/$a.jsonl" "$a" "$here" 2 two
    list
    [ "$(of "$a" resume_command)" = "cd $here && claude --resume $a" ]
    # and where the file lies elsewhere by now: still there, by the file
    echo '{"type":"relocated","relocatedCwd":"'"$here"'","sessionId":"'"$a"'"}' >>"$folder/$a.jsonl"
    mkdir "$CONFIG_DIR/projects/-elsewhere"
    mv "$folder/$a.jsonl" "$CONFIG_DIR/projects/-elsewhere/"
    list
    [ "$(of "$a" resume_command)" = "cd $here && claude --resume $CONFIG_DIR/projects/-elsewhere/$a.jsonl" ]
}

@test "the session that goes on stands first, and each says of the other" {
    say "$folder/$a.jsonl" "$a" "$here" 1 one
    cp "$folder/$a.jsonl" "$folder/$b.jsonl" # nothing was said since: of the same time
    goes_on_as "$folder/$a.jsonl" "$b"
    goes_on_as "$folder/$b.jsonl" "$c"
    cp "$folder/$a.jsonl" "$folder/$c.jsonl"
    sed -i /continued-in/d "$folder/$c.jsonl"
    touch -d '1 hour ago' "$folder/$c.jsonl"
    list
    [ "$(ids)" = cba ]
    [ "$(of "$a" continued_in)" = "$b" ]
    [ "$(of "$a" continuation)" = there ]
    [ "$(of "$b" continued_in)" = "$c" ]
    [ "$(of "$b" continues)" = "$a" ]
    [ "$(of "$c" continues)" = "$b" ]
    [ "$(of "$c" continuation)" = null ]
    # whichever is named, all of the way is shown that lies ahead
    list "$a"
    [ "$(ids)" = cba ]
    list "$c"
    [ "$(ids)" = c ]
    [ "$(of "$c" continues)" = "$b" ]
    rescue --resume --config-dir "$CONFIG_DIR"
    [[ $output == *"note: it continues as session $b, which has what was said since"* ]]
    [[ $output == *"note: it continues session $a"* ]]
}

@test "one that goes on with an older file's conversation stands before it, whatever was said when" {
    say "$folder/$a.jsonl" "$a" "$here" 9 one
    say "$folder/$b.jsonl" "$b" "$here" 1 two
    say "$folder/$d.jsonl" "$d" "$here" 5 between
    goes_on_as "$folder/$a.jsonl" "$b"
    list
    [ "$(ids)" = bad ]
}

@test "a session that went on itself after it was sent on is not continued elsewhere" {
    say "$folder/$a.jsonl" "$a" "$here" 1 one
    say "$folder/$b.jsonl" "$b" "$here" 2 two
    goes_on_as "$folder/$a.jsonl" "$b"
    say "$folder/$a.jsonl" "$a" "$here" 3 three
    list
    [ "$(ids)" = ab ]
    [ "$(of "$a" continued_in)" = null ]
    [ "$(of "$b" continues)" = null ]
}

@test "a successor that is missing, in another folder, or a stub: said" {
    say "$folder/$a.jsonl" "$a" "$here" 1 one
    goes_on_as "$folder/$a.jsonl" "$b"
    list
    [ "$(of "$a" continuation)" = missing ]
    [[ $(of "$a" notes) == *"continues as session $b, of which no conversation is there"* ]]
    echo '{"type":"ai-title","aiTitle":"t","sessionId":"'"$b"'"}' >"$folder/$b.jsonl"
    list
    [ "$(of "$a" continuation)" = missing ]
    mkdir "$BATS_TEST_TMPDIR/there"
    elsewhere=$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$BATS_TEST_TMPDIR/there")
    say "$elsewhere/$b.jsonl" "$b" "$BATS_TEST_TMPDIR/there" 1 one
    goes_on_as "$elsewhere/$b.jsonl" "$c"
    say "$elsewhere/$c.jsonl" "$c" "$BATS_TEST_TMPDIR/there" 1 one
    rm "$folder/$b.jsonl"
    list
    [ "$(ids)" = cba ]
    [ "$(of "$a" continuation)" = elsewhere ]
    [ "$(of "$b" continuation)" = there ]
    [ "$(of "$b" continues)" = "$a" ]
    [[ $(of "$a" notes) == *"continues as session $b, which lies in another folder"* ]]
    list "$a"
    [ "$(ids)" = cba ]
    rescue --context "$a" --config-dir "$CONFIG_DIR"
    [[ $stderr == *"continues as session $b: --context of that one"* ]]
    # beside it comes first
    cp "$elsewhere/$b.jsonl" "$folder/$b.jsonl"
    list
    [ "$(of "$a" continuation)" = there ]
    rm "$folder/$b.jsonl"
    install_client
    fake --cwd "$here" --session "$a" -- "$client" --resume "$a" # says something itself
    goes_on_as "$folder/$a.jsonl" "$b"
    list
    [ "$(of "$a" pid)" = "$pid" ]
    [ "$(of "$a" continuation)" = elsewhere ]
}

@test "what is no id of a session names none, and is no path" {
    local id
    install_client
    for id in '../../secret' "../${folder##*/}/$b" '/etc/passwd; rm' 'x\u001b[31m'; do
        rm -f "$folder/$a.jsonl"
        say "$folder/$a.jsonl" "$a" "$here" 1 one '{"forkedFrom":{"sessionId":"'"$id"'"}}'
        say "$folder/$b.jsonl" "$b" "$here" 1 one
        goes_on_as "$folder/$a.jsonl" "$id"
        list
        [ "$(of "$a" continued_in)" = null ]
        [ "$(of "$a" forked_from)" = null ]
        rescue --context "$a" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
        fake --cwd "$here" --session "$a" -- "$client" --resume "$a"
        goes_on_as "$folder/$a.jsonl" "$id"
        list
        [ "$(of "$a" pid)" = "$pid" ]
        [ "$(of "$a" continued_in)" = null ]
        end_started
        echo '{"display":"elderberry","pastedContents":{},"timestamp":1767322800000,"project":"/tmp","sessionId":"'"$id"'"}' >"$CONFIG_DIR/history.jsonl"
        rescue --search elderberry --config-dir "$CONFIG_DIR"
        [[ $output == "Nothing found"* ]]
    done
}

@test "sessions that name each other: said, and no end of it" {
    for id in "$a" "$b" "$c"; do
        say "$folder/$id.jsonl" "$id" "$here" 1 one
    done
    goes_on_as "$folder/$a.jsonl" "$b"
    goes_on_as "$folder/$b.jsonl" "$a"
    goes_on_as "$folder/$c.jsonl" "$c"
    list
    [ "$(of "$a" continuation)$(of "$b" continuation)$(of "$c" continuation)" = circlecirclecircle ]
    list "$a"
    [[ $(of "$a" notes) == *"leads back"* ]]
}

@test "a fork names the session that it was copied from" {
    say "$folder/$a.jsonl" "$a" "$here" 1 one
    say "$folder/$b.jsonl" "$b" "$here" 2 one '{"forkedFrom":{"sessionId":"'"$a"'","messageUuid":"x"}}'
    list
    [ "$(of "$b" forked_from)" = "$a" ]
    [ "$(of "$a" forked_from)" = null ]
    [[ $(of "$b" notes) == *"fork"*"$a"* ]]
}

@test "an archived session is hidden, and shown by --all, by its name, and once something was typed later" {
    say "$folder/$a.jsonl" "$a" "$here" 1 one
    say "$folder/$b.jsonl" "$b" "$here" 2 two
    mkdir "$folder/$b"
    echo '{"archived":true,"at":"2026-01-02T04:00:00.000Z","by":"user"}' >"$folder/$b/archived.json"
    list
    [ "$(ids)" = a ]
    [ "$(json '.counts.archived')$(json '.counts.stored')" = 11 ]
    rescue --resume --config-dir "$CONFIG_DIR"
    [[ $output == *"1 archived session is not shown"*"--all shows it"* ]]
    for which in --all "$b"; do
        list "$which"
        [ "$(of "$b" archived)" = true ]
        [[ $(of "$b" notes) == *archived* ]]
        [ "$(of "$b" resume_command)" = "cd $here && claude --resume $b" ]
    done
    # "false", what is no JSON, and what has no time hide nothing
    for text in '{"archived":false,"at":"2026-01-02T04:00:00.000Z"}' '{"archived":tr' '{"archived":true}' ''; do
        echo "$text" >"$folder/$b/archived.json"
        list
        [ "$(ids)" = ba ]
    done
    echo '{"archived":true,"at":"2026-01-02T03:01:00.000Z","by":"user"}' >"$folder/$b/archived.json"
    list
    [ "$(ids)" = ba ]
    [ "$(of "$b" archived)" = false ]
}

@test "a title and nothing else has no command, nor has an empty file, and each says why" {
    echo '{"type":"ai-title","aiTitle":"t","sessionId":"'"$a"'"}' >"$folder/$a.jsonl"
    : >"$folder/$b.jsonl"
    say "$folder/$c.jsonl" "$c" "$here" 1 one
    list
    [ "$(of "$a" resume_command)$(of "$b" resume_command)" = nullnull ]
    [ "$(of "$a" no_command)" = no-conversation ]
    [ "$(of "$b" no_command)" = empty ]
    [ "$(of "$c" no_command)" = null ]
    rescue --resume "$a" --config-dir "$CONFIG_DIR"
    [[ $output == *"no command: its transcript holds no conversation"*"--check ${a%%-*}"* ]]
    # nor does a record that broke off make a conversation
    printf '{"parentUuid":null,"type":"us' >>"$folder/$a.jsonl"
    list "$a"
    [ "$(of "$a" no_command)" = no-conversation ]
}

@test "the order is that of the last messages, not of the files' times" {
    say "$folder/$a.jsonl" "$a" "$here" 1 one
    say "$folder/$b.jsonl" "$b" "$here" 2 two
    say "$folder/$c.jsonl" "$c" "$here" 3 three
    touch -d '5 days ago' "$folder/$c.jsonl"
    touch "$folder/$a.jsonl"
    list
    [ "$(ids)" = cba ]
    # a title that is written later says nothing, nor do records without end behind the last message
    echo '{"type":"ai-title","aiTitle":"t","timestamp":"2026-02-02T03:00:00.000Z","sessionId":"'"$a"'"}' >>"$folder/$a.jsonl"
    for _ in {1..300}; do
        echo '{"type":"mode","mode":"normal","sessionId":"'"$b"'"}'
    done >>"$folder/$b.jsonl"
    list
    [ "$(ids)" = cba ]
    # on the first page stands what was said last, though its file is the oldest of many
    for n in {10..40}; do
        say "$folder/eeeeeeee-0000-4000-8000-0000000000$n.jsonl" "eeeeeeee-0000-4000-8000-0000000000$n" "$here" 0 old
    done
    list
    [[ $(ids) == cba* ]]
}

stray_files()
{
    say "$folder/$folder_name/$a.jsonl" "$a" "$here" 1 "marmalade one"
    mkdir "$folder/$folder_name/$a"
    say "$CONFIG_DIR/projects/$b.jsonl" "$b" "$here" 1 "marmalade two"
    say "$folder/$c (1).jsonl" "$c" "$here" 1 "marmalade three"
    say "$folder/$d.jsonl" "$d" "$here" 1 "marmalade four"
    cp "$folder/$d.jsonl" "$folder/$d.jsonl.bak"
}

@test "transcripts where the client does not look are named, and the command puts them right" {
    folder_name=${folder##*/}
    stray_files
    list
    [ "$(ids)" = d ]
    [ "$(json '.strays.map(s => [s.session_id.slice(0, 1), s.why].join(" ")).sort().join()')" = "a too-deep,b beside-the-folders,c name,d name" ]
    [ "$(json ".strays.find(s => s.session_id === '$d').found_by")" = "$folder/$d.jsonl" ]
    [ "$(json ".strays.find(s => s.session_id === '$d').move_command")" = null ]
    rescue --resume --config-dir "$CONFIG_DIR"
    [[ $output == *"Transcripts where the client does not look"* ]]
    grep -oE '^  (mkdir|mv) .*' <<<"$output" >"$BATS_TEST_TMPDIR/commands"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/commands")" -eq 3 ]
    sh -e "$BATS_TEST_TMPDIR/commands"
    list
    [ "$(json '.sessions.map(s => s.session_id.slice(0, 1)).sort().join("")')" = abcd ]
    [ "$(json '.strays.length')" = 1 ]
    [ -d "$folder/$a" ]
}

@test "--check of the store and --search name them, too" {
    folder_name=${folder##*/}
    stray_files
    rescue --check --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"1 transcript: 1 sound"*"Transcripts where the client does not look"*"$c (1).jsonl"* ]]
    rescue --check --json --config-dir "$CONFIG_DIR"
    [ "$(json '.strays.length')" = 4 ]
    rescue --search marmalade --config-dir "$CONFIG_DIR"
    [[ $output == *"only in $folder/$c (1).jsonl, where the client does not look"*"mv -n "* ]]
    [[ $output == *"cd $here && claude --resume $d"* ]]
    rescue --search marmalade --json --config-dir "$CONFIG_DIR"
    [ "$(json ".sessions.find(s => s.session_id === '$b').stray")" = "$CONFIG_DIR/projects/$b.jsonl" ]
    [ "$(json ".sessions.find(s => s.session_id === '$d').stray")" = null ]
}

@test "a copy by a name that ends in the id, and several files of one session, of which one can have its place" {
    say "$folder/Copy of $a.jsonl" "$a" "$here" 1 "one"
    say "$folder/agent-$d.jsonl" "$d" "$here" 1 "a subagent's, of an old client" '{"isSidechain":true}'
    say "$folder/$b (1).jsonl" "$b" "$here" 1 "two"
    say "$folder/$b.jsonl.bak" "$b" "$here" 2 "three"
    list
    [ "$(json '.strays.map(s => [s.session_id.slice(0, 1), s.why, s.rivals].join(" ")).sort().join()')" = "a name 0,b name 1,b name 1" ]
    rescue --resume --config-dir "$CONFIG_DIR"
    [ "$(grep -c 'one of 2 files for one place' <<<"$output")" -eq 2 ]
    eval "$(grep -oE "mv -n .*Copy of .*" <<<"$output")"
    # the second that is moved does not seem to have got there, and nothing is lost
    grep -oE '^  ln .*' <<<"$output" >"$BATS_TEST_TMPDIR/commands"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/commands")" -eq 2 ]
    sh -c "$(sed -n 1p "$BATS_TEST_TMPDIR/commands")"
    run sh -c "$(sed -n 2p "$BATS_TEST_TMPDIR/commands")"
    [ "$status" -ne 0 ]
    [[ $output == *"exists"* ]]
    list
    [ "$(ids)" = ba ]
    [ "$(json '.strays.map(s => [s.session_id.slice(0, 1), s.rivals, s.move_command].join(" ")).join()')" = "b 0 " ]
}

@test "a subagents' folder that is there already is not moved into without a word" {
    folder_name=${folder##*/}
    stray_files
    echo kept >"$folder/$folder_name/$a/file"
    mkdir "$folder/$a"
    echo other >"$folder/$a/file"
    list
    run sh -c "$(json ".strays.find(s => s.session_id === '$a').move_command")"
    [ "$status" -ne 0 ]
    [ -n "$output" ]
    [ "$(cat "$folder/$folder_name/$a/file")" = kept ]
    [ "$(cat "$folder/$a/file")" = other ]
}

@test "a transcript whose name says nothing of its session is known by its records" {
    say "$folder/notes.jsonl" "$a" "$here" 1 "marmalade one"
    say "$CONFIG_DIR/projects/old notes.jsonl" "$b" "$here" 1 "marmalade two"
    say "$folder/agent-1234567.jsonl" "$c" "$here" 1 "a subagent's, of an old client" '{"isSidechain":true}'
    echo '{"sessionId":"no session","note":"not a transcript"}' >"$folder/list.jsonl"
    echo 'marmalade' >"$folder/words.jsonl"
    list
    [ "$(json '.strays.map(s => [s.session_id.slice(0, 1), s.why].join(" ")).sort().join()')" = "a name,b beside-the-folders" ]
    rescue --search marmalade --config-dir "$CONFIG_DIR"
    [[ $output == *"only in $folder/notes.jsonl, where the client does not look"* ]]
    rescue --resume --config-dir "$CONFIG_DIR"
    grep -oE '^  (mkdir|mv) .*' <<<"$output" >"$BATS_TEST_TMPDIR/commands"
    sh -e "$BATS_TEST_TMPDIR/commands"
    list
    [ "$(ids)" = ab ] || [ "$(ids)" = ba ]
    [ "$(json '.strays.length')" = 0 ]
}

@test "--search names the file that the words are in, and no other of the session" {
    # a copy that went on, beside the session
    say "$folder/$a.jsonl" "$a" "$here" 1 "marmalade"
    cp "$folder/$a.jsonl" "$folder/$a (1).jsonl"
    say "$folder/$a (1).jsonl" "$a" "$here" 2 "blackcurrant"
    # three files of one session, and none that the client finds
    say "$folder/$b.jsonl.bak" "$b" "$here" 1 "quince"
    say "$folder/$b (1).jsonl" "$b" "$here" 2 "medlar"
    say "$folder/$b.jsonl.orig" "$b" "$here" 3 "sloe"
    say "$folder/$b/subagents/agent-1.jsonl" "$b" "$here" 4 "rowan" '{"isSidechain":true}'
    rescue --search marmalade --config-dir "$CONFIG_DIR"
    [[ $output == *"claude --resume $a"*"2 messages in 1 session" ]]
    [[ $output != *"where the client does not look"* ]]
    rescue --search blackcurrant --config-dir "$CONFIG_DIR"
    [[ $output == *"in $folder/$a (1).jsonl, where the client does not look: a copy"* ]]
    [[ $output != *"claude --resume"* && $output != *"mv -n"* && $output != *"only in"* ]]
    rescue --search medlar --config-dir "$CONFIG_DIR"
    [[ $output == *"only in $folder/$b (1).jsonl, where the client does not look"*"  ln "*"$b (1).jsonl"* ]]
    [[ $output != *".bak"* && $output != *".orig"* ]]
    rescue --search quince --config-dir "$CONFIG_DIR"
    [[ $output == *"only in $folder/$b.jsonl.bak, "* && $output != *"(1)"* && $output != *".orig"* ]]
    rescue --search rowan --config-dir "$CONFIG_DIR"
    [[ $output == *"its transcript lies where the client does not look: session-rescue --resume $b"* ]]
    [[ $output != *"only in"* && $output != *"mv -n"* ]]
    # of one session, in several files
    rescue --search yes --config-dir "$CONFIG_DIR"
    [[ $output == *"6 messages in 2 sessions" ]]
    rescue --search yes --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions.length')" = 6 ]
    [ "$(json ".sessions.filter(s => s.stray).every(s => s.no_command === 'stray')")" = true ]
    [ "$(json ".sessions.find(s => s.session_id === '$a' && !s.stray).no_command")" = null ]
}

@test "named by their ids, --resume and --context find them" {
    folder_name=${folder##*/}
    stray_files
    rescue --resume "${c%%-*}" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"Transcripts where the client does not look"*"$c (1).jsonl"* ]]
    [[ $output != *"$b"* ]]
    rescue --context "${b%%-*}" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"marmalade two"* ]]
    [[ $stderr == *"where the client does not look"* ]]
}

@test "named by its id, --check reads it, and says what to do" {
    folder_name=${folder##*/}
    stray_files
    rescue --check "${b%%-*}" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"$CONFIG_DIR/projects/$b.jsonl: sound"*"Transcripts where the client does not look"*"mv -n $CONFIG_DIR/projects/$b.jsonl "* ]]
    [[ $output != *"$c"* ]]
    rescue --check "$c" --json --config-dir "$CONFIG_DIR"
    [ "$(json '.transcripts.map(t => t.path).join()')" = "$folder/$c (1).jsonl" ]
    [ "$(json '.strays.map(s => s.session_id).join()')" = "$c" ]
}

@test "a transcript in the folder of its own session is not gone, and a packed one is not given its name" {
    say "$folder/$a/$a.jsonl" "$a" "$here" 1 "one"
    echo result >"$folder/$a/one.txt"
    say "$folder/$b.jsonl" "$b" "$here" 1 "two"
    gzip "$folder/$b.jsonl"
    rescue --check --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $output == *"mv -n $folder/$a/$a.jsonl $folder/$a.jsonl"* && $output != *gone* ]]
    [[ $output == *"$b.jsonl.gz"*"packed: unpack it first"* && $output != *"mv -n $folder/$b"* ]]
    rescue --resume --json --config-dir "$CONFIG_DIR"
    [ "$(json ".strays.find(s => s.session_id === '$b').move_command")" = null ]
    rescue --check "$a" --config-dir "$CONFIG_DIR"
    eval "$(grep -o 'mv -n .*' <<<"$output")"
    list
    [ "$(ids)" = a ]
}

@test "a transcript that is a link to what is not there is not called absent" {
    ln -s /nonexistent/transcript "$folder/$a.jsonl"
    rescue --check --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $stderr == *"$folder/$a.jsonl: "*"leads nowhere"* ]]
    rescue --resume "$a" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $stderr == *"whether it is there is not known"* ]]
}

@test "--search and --context say where the conversation goes on" {
    say "$folder/$a.jsonl" "$a" "$here" 1 "marmalade"
    say "$folder/$b.jsonl" "$b" "$here" 2 "jam"
    goes_on_as "$folder/$a.jsonl" "$b"
    rescue --search marmalade --config-dir "$CONFIG_DIR"
    [[ $output == *"continues as session $b"* ]]
    rescue --context "$a" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    [[ $stderr == *"continues as session $b"* ]]
    rescue --context "$b" --config-dir "$CONFIG_DIR"
    [[ $stderr == *"continues session $a"* ]]
}

@test "a session that runs in the background is attached to, also in a process that was there before it" {
    say "$folder/$a.jsonl" "$a" "$here" 1 one
    install_client
    fake --cwd "$here" --session "$a" -- "$client" --bg-spare /tmp/socket
    local registration=$CONFIG_DIR/sessions/$pid.json
    sed -i 's/"kind":"interactive"/"kind":"bg","jobId":"aaaaaaaa"/; s/"kind": "interactive"/"kind": "bg", "jobId": "aaaaaaaa"/' "$registration"
    grep -q jobId "$registration"
    list
    [ "$(of "$a" pid)" = "$pid" ]
    [ "$(of "$a" no_command)" = held ]
    [ "$(of "$a" attach_command)" = "claude attach aaaaaaaa" ]
    rescue --resume --config-dir "$CONFIG_DIR"
    [[ $output == *"held by pid $pid"*"claude attach aaaaaaaa"* ]]
    [[ $output != *"claude --resume"* ]]
    rescue --status --config-dir "$CONFIG_DIR" -v
    [[ $output == *"claude attach aaaaaaaa"* ]]
    # one that waits for a session to come has none
    sed -i 's/"jobId"/"spare":true,"jobId"/' "$registration"
    list
    [ "$(of "$a" pid)" = null ]
}

@test "named by its id, --export saves it with what lies beside it, and --restore brings it back" {
    folder_name=${folder##*/}
    stray_files
    echo result >"$folder/$folder_name/$a/one.txt"
    for id in "$a" "$b" "$c"; do
        run --separate-stderr "$SESSION_RESCUE" --export "${id%%-*}" --config-dir "$CONFIG_DIR" --pending-dir "$HOME/saved" --log-dir "$HOME/log"
        [ "$status" -eq 0 ]
        [[ $output == *"exported ${id%%-*}"* ]]
        [[ $stderr == *"lies where the client does not look; --resume $id tells what to do"* ]]
    done
    cmp "$folder/$folder_name/$a.jsonl" "$(echo "$HOME"/saved/*"$a.jsonl")"
    cmp "$folder/$c (1).jsonl" "$(echo "$HOME"/saved/*"$c.jsonl")"
    cp -a "$CONFIG_DIR" "$HOME/before"
    rm -r "${folder:?}/$folder_name" "$folder/$c (1).jsonl"
    for id in "$a" "$c"; do
        rescue --restore "$id" --config-dir "$CONFIG_DIR" --pending-dir "$HOME/saved" --log-dir "$HOME/log" --force
        [ "$status" -eq 0 ]
    done
    diff -r "$HOME/before/projects" "$CONFIG_DIR/projects"
    # one that the client finds, too, is that one
    rescue --export "$d" --config-dir "$CONFIG_DIR" --pending-dir "$HOME/saved" --log-dir "$HOME/log"
    [[ $stderr != *"does not look"* ]]
    cmp "$folder/$d.jsonl" "$(echo "$HOME"/saved/*"$d.jsonl")"
}

@test "named by its id, --repair mends it where it lies, and of several asks for the file" {
    folder_name=${folder##*/}
    stray_files
    e=eeeeeeee-0000-4000-8000-000000000005
    say "$folder/$e (1).jsonl" "$e" "$here" 1 "one"
    say "$folder/$e.jsonl.bak" "$e" "$here" 2 "two"
    for file in "$folder/$c (1).jsonl" "$CONFIG_DIR/projects/$b.jsonl" "$folder/$e (1).jsonl"; do
        cp "$file" "$HOME/${file##*/}"
        printf '{"type":"user","uu' >>"$file"
    done
    for id in "$b" "$c"; do
        rescue --repair "${id%%-*}" --force --config-dir "$CONFIG_DIR" --pending-dir "$HOME/saved" --log-dir "$HOME/log"
        [ "$status" -eq 0 ]
        [[ $stderr == *"lies where the client does not look; --resume $id tells what to do"* ]]
    done
    cmp "$folder/$c (1).jsonl" "$HOME/$c (1).jsonl"
    cmp "$CONFIG_DIR/projects/$b.jsonl" "$HOME/$b.jsonl"
    rescue --repair "$e" --force --config-dir "$CONFIG_DIR" --pending-dir "$HOME/saved" --log-dir "$HOME/log"
    [ "$status" -eq 2 ]
    [[ $stderr == *"several places where the client does not look; nothing was changed"*"--repair '$folder/$e (1).jsonl'"* ]]
    [ "$(wc -c <"$folder/$e (1).jsonl")" -gt "$(wc -c <"$HOME/$e (1).jsonl")" ]
}

@test "a store within another: what lies astray in it is its own" {
    inner=$CONFIG_DIR/projects/inner
    mkdir -p "$inner/projects"
    say "$inner/projects/$b.jsonl" "$b" "$here" 1 "marmalade two"
    rescue --export "$b" --json --config-dir "$CONFIG_DIR" --config-dir "$inner"
    for backup in $(json '.exports.map(e => e.backup).join(" ")'); do
        jq -r '.config_dir + " " + .files[0].name' "${backup%.jsonl}.json"
    done | sort >"$BATS_TEST_TMPDIR/homes"
    # each of the two finds it
    printf '%s\n' "$CONFIG_DIR projects/inner/projects/$b.jsonl" "$inner projects/$b.jsonl" |
        diff - "$BATS_TEST_TMPDIR/homes"
}
