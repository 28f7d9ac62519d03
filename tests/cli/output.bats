#!/usr/bin/env bats
# How the listing looks: for people, for programs, and where it goes.

load helper

setup()
{
    scratch_home
    install_client
    id=aaaaaaaa-0000-4000-8000-000000000001
}

teardown()
{
    end_started
}

@test "the listing for people" {
    fake --cwd "$HOME" --session "$id" --status waiting --waiting-for 'permission prompt' --turn tool -- "$client"
    rescue --status --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    mapfile -t lines <<<"$output"
    [[ ${lines[0]} == VERDICT*TTY*PID*SESSION*SIZE*LAST*DIRECTORY ]]
    [[ ${lines[1]} =~ ^waiting\ +pts/[0-9]+\ +$pid\ +aaaaaaaa\ +[0-9]+B\ +.*$HOME$ ]]
    [[ ${lines[2]} == *"permission-prompt (high confidence): tool Bash has been open for "*" s"* ]]
    [[ ${lines[3]} == *"advice: answer" ]]
    [ "${lines[4]}" = "1 session: 1 waiting" ]
    brief=${#output}
    rescue --status -v --config-dir "$CONFIG_DIR"
    [ "${#output}" -gt "$brief" ]
    [[ $output == *"transcript: $CONFIG_DIR"* ]]
}

# On a terminal of its own, with this environment; what it wrote there: $output.
on_terminal()
{
    run script -qec "env -i HOME='$HOME' PATH='$PATH' $1 '$SESSION_RESCUE' --status --config-dir '$CONFIG_DIR' $2" /dev/null
    [ "$status" -eq 0 ]
}

@test "colours on a terminal only, and where nobody said no" {
    fake --cwd "$HOME" --session "$id" --status waiting -- "$client"
    on_terminal TERM=xterm ""
    [[ $output == *$'\e[33mwaiting'* ]]
    on_terminal TERM=xterm --no-color
    [[ $output == *waiting* && $output != *$'\e'* ]]
    on_terminal "TERM=xterm NO_COLOR=1" ""
    [[ $output == *waiting* && $output != *$'\e'* ]]
    on_terminal TERM=dumb ""
    [[ $output == *waiting* && $output != *$'\e'* ]]
    on_terminal "TERM=xterm NO_COLOR=" ""
    [[ $output == *$'\e[33mwaiting'* ]]
    rescue_under env TERM=xterm -- --status --config-dir "$CONFIG_DIR"
    [[ $output != *$'\e'* ]]
}

@test "nothing of a process or its files drives the terminal" {
    local odd=$'\e]0;owned\a\nline'
    mkdir "$HOME/$odd"
    cd "$HOME/$odd" || return
    fake --session "$id" --status waiting --waiting-for $'\e[2J' --turn tool --tool $'a\tb' \
        --prompt $'\e[31m' -- "$client"
    cd / || return
    rescue --status -v --config-dir "$CONFIG_DIR"
    [[ $output == *'\x1b]0;owned\x07\nline'* ]]
    [ "$(tr -d '\n' <<<"$output" | tr -d '[:cntrl:]')" = "$(tr -d '\n' <<<"$output")" ]
    rescue --status --json --config-dir "$CONFIG_DIR"
    [ "$(tr -d '\n' <<<"$output" | tr -d '[:cntrl:]')" = "$(tr -d '\n' <<<"$output")" ]
    [ "$(json '.sessions[0].cwd')" = "$HOME/$odd" ]
}

@test "the JSON has every key that is documented, and no other" {
    stored bbbbbbbb-0000-4000-8000-000000000002 "$HOME"
    fake --cwd "$HOME" --session "$id" --server 'exec sleep 60' -- "$client"
    touch "$CONFIG_DIR/sessions/4194277.json"
    # one whose transcript is gone, and one that lies where the client does not look
    mkdir -p "$CONFIG_DIR/projects/-tmp-p/cccccccc-0000-4000-8000-000000000003/subagents"
    echo '{"type":"user"}' >"$CONFIG_DIR/projects/-tmp-p/cccccccc-0000-4000-8000-000000000003/subagents/agent-a.jsonl"
    printf '{"type":"user","uuid":"a","parentUuid":null,"sessionId":"dddddddd-0000-4000-8000-000000000004","message":{"role":"user","content":"hello"}}\n' \
        >"$CONFIG_DIR/projects/dddddddd-0000-4000-8000-000000000004.jsonl"
    # the first column of the document's tables: `sessions[].mapping.by`; other modes' come behind
    documented=$(sed '/^## `--/,$d' doc/json-output.md | sed -n 's|^. `\([][a-z_.]*\)` .*|\1|p' | sort)
    for mode in --status --resume; do
        rescue $mode --json --config-dir "$CONFIG_DIR"
        [ "$status" -eq 0 ]
        node -e '
            const paths = new Set();
            const walk = (value, path) => {
                if (Array.isArray(value)) value.forEach(item => walk(item, path + "[]"));
                else if (value && typeof value === "object")
                    for (const [key, item] of Object.entries(value)) {
                        const at = path ? `${path}.${key}` : key;
                        paths.add(at);
                        walk(item, at);
                    }
            };
            walk(JSON.parse(require("fs").readFileSync(0, "utf8")), "");
            console.log([...paths].join("\n"));
        ' <<<"$output" >>"$BATS_TEST_TMPDIR/seen"
    done
    # only inside tmux, screen or zellij
    printf 'sessions[].multiplexer.%s\n' kind server pane >>"$BATS_TEST_TMPDIR/seen"
    diff <(echo "$documented") <(LC_ALL=C sort -u "$BATS_TEST_TMPDIR/seen" | sort)
}

@test "each session has every key, also where it is null" {
    stored bbbbbbbb-0000-4000-8000-000000000002 "$HOME"
    fake --cwd "$HOME" --session "$id" -- "$client"
    fake --no-registry --turn none --no-terminal --cwd / -- "$client"
    rescue --resume --json --config-dir "$CONFIG_DIR"
    [ "$(json '.sessions.length')" -eq 3 ]
    [ "$(json '.sessions.map(s => Object.keys(s).join()).every((keys, i, all) => keys === all[0])')" = true ]
    [ "$(json '.schema')" = session-rescue/1 ]
    [[ $(json '.taken_at') =~ ^20[0-9-]+T[0-9:]+Z$ ]]
}

@test "an output that is full or closed is a failure, and said" {
    fake --cwd "$HOME" --session "$id" -- "$client"
    for mode in "--status" "--resume" "--status --json" "--help" "--version"; do
        # shellcheck disable=SC2086 # words
        run sh -c 'out=$1; shift; exec "$@" >"$out"' sh /dev/full \
            env -i HOME="$HOME" "$SESSION_RESCUE" $mode --config-dir "$CONFIG_DIR"
        [ "$status" -eq 3 ]
        [[ $output == *"standard output cannot be written"* ]]
        run sh -c 'exec "$@" >&-' sh env -i HOME="$HOME" "$SESSION_RESCUE" $mode --config-dir "$CONFIG_DIR"
        [ "$status" -eq 3 ]
    done
}

@test "a reader that has seen enough ends it, without a word" {
    fake --cwd "$HOME" --session "$id" -- "$client"
    fake_transcript=("$CONFIG_DIR"/projects/*/"$id.jsonl")
    rescue --export --config-dir "$CONFIG_DIR" --pending-dir "$HOME/pending" --log-dir "$HOME/log"
    local mode
    for mode in "--status" "--status --json" "--resume --all" "--context ${fake_transcript[0]}" "--verify" \
        "--check" "--search hello --index-dir $HOME/index"; do
        # A pipe that nobody holds the other end of: the first byte that is written is one too many.
        # shellcheck disable=SC2086,SC2016 # words; and for the inner shell
        run --separate-stderr bash -c 'mkfifo "$1"; exec 3<>"$1" 4>"$1" 3<&-; shift; exec "$@" >&4 4>&-' bash "$HOME/pipe" \
            env --default-signal=PIPE -i HOME="$HOME" "$SESSION_RESCUE" $mode --config-dir "$CONFIG_DIR" --pending-dir "$HOME/pending"
        rm "$HOME/pipe"
        echo "$mode: $status $stderr"
        [ "$status" -eq 141 ]
        [ -z "$stderr" ]
    done
}

@test "-q keeps what could not be read to itself" {
    rescue --status -q --config-dir "$CONFIG_DIR" --config-dir /dev/null
    [ "$status" -eq 1 ]
    [ -z "$stderr" ]
}

@test "whichever of the three streams is closed: no file takes its number, and what cannot be said is a failure" {
    folder=$CONFIG_DIR/projects/-tmp-p
    mkdir -p "$folder"
    printf '{"type":"user","uuid":"a","parentUuid":null,"sessionId":"%s","cwd":"/tmp/p","message":{"role":"user","content":"hello"}}\n' "$id" >"$folder/$id.jsonl"
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
        rm -rf "$HOME/kept" "$HOME/log"
        run sh -c "exec \"\$@\" $closed" sh env -i HOME="$HOME" PATH="$PATH" "$SESSION_RESCUE" --export "$id" \
            --config-dir "$CONFIG_DIR" --pending-dir "$HOME/kept" --log-dir "$HOME/log"
        echo "$closed: status $status, $output"
        case $closed in
        *' >'* | '>'*) [ "$status" -eq 3 ] ;;
        *) [ "$status" -eq 0 ] ;;
        esac
        (cd "$HOME/kept" && sha256sum --quiet -c ./*.sha256)
        cmp "$folder/$id.jsonl" "$HOME/kept/"*.jsonl
        run ! grep -rq -e 'Sessions exported' -e '^session-rescue: ' "$HOME/kept" "$CONFIG_DIR"
    done
}

@test "a stream that is closed stays so for all that is opened later" {
    start sh -c 'exec "$@" <&-' sh env -i HOME="$HOME" PATH="$PATH" "$SESSION_RESCUE" --watch --config-dir "$CONFIG_DIR"
    # by then it is no shell any more
    is_held() { [ "/proc/$started/exe" -ef "$SESSION_RESCUE" ] && [ "$(readlink "/proc/$started/fd/0")" = /dev/null ]; }
    wait_until 60 is_held
}
