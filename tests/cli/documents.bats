#!/usr/bin/env bats
# The documents are true: each command line in them is run, each link leads somewhere, each option, key,
# file and make target that they name is there, and none that is there goes unmentioned.

load helper
load sessions
load transcript
load documents

mapfile -t documents < <(documents)

# The session that the documents speak of, and its conversation's words.
id=01e5af14-9422-4986-8749-e00802273d54

setup()
{
    scratch_home
    install_client
    PENDING=$HOME/pending
    LOG=$HOME/log
    mkdir -p "$HOME/bin" "$HOME/project"
    statuses=$HOME/statuses
    is_fresh=
    # The program under its own name, and kept to this test's sessions and folders whatever it is asked.
    cat >"$HOME/bin/session-rescue" <<END
#!/bin/bash
"$SESSION_RESCUE" "\$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG" \$MORE
status=\$?
echo "\$status" >>"$statuses"
exit "\$status"
END
    chmod +x "$HOME/bin/session-rescue"
}

teardown()
{
    end_started
}

# Where nothing is live: a damaged session in the store, and a backup of it.
store()
{
    is_fresh=yes
    rm -rf "$CONFIG_DIR" "$PENDING" "$LOG" "$HOME/.cache"
    mkdir -p "$CONFIG_DIR/projects" "$CONFIG_DIR/sessions"
    conversation "$CONFIG_DIR/projects/-tmp-p/$id.jsonl" 4
    sed -i 's/prompt 1/add the marmalade to the importer/' "$CONFIG_DIR/projects/-tmp-p/$id.jsonl"
    lose_line "$CONFIG_DIR/projects/-tmp-p/$id.jsonl" 8
    export_session "$id" >"$HOME/exported"
}

# A client whose reply stalled: its terminal is in $tty.
hung()
{
    fake --cwd "$HOME/project" --session "$OTHER" --status busy --turn awaits-reply --spinner --model 10 --age 900 \
        --raw --ask-again -- "$client"
    wait_until 60 is_hung
    tty=$(ps -o tty= -p "$pid" | tr -d ' ')
}

is_hung()
{
    rescue --status --json --timeout 0.01 --config-dir "$CONFIG_DIR" >/dev/null
    [ "$(json '.counts.hung')" -ge 1 ]
}

# Runs a line of a document; its status, and what it said, in $status, $output and $stderr.
typed()
{
    : >"$statuses"
    run --separate-stderr env -i HOME="$HOME" PATH="$HOME/bin:$PATH" TERM=dumb LANG=C.UTF-8 TZ=UTC MORE="${MORE-}" \
        ASAN_OPTIONS="${ASAN_OPTIONS-}" UBSAN_OPTIONS="${UBSAN_OPTIONS-}" bash -c "$1" </dev/null
    printf '$ %s\nstatus %s, of the program: %s\n%s\n--- stderr\n%s\n' "$1" "$status" "$(<"$statuses")" "$output" "$stderr"
}

# It was understood and did its work, with something found (1) or not (0).
did_its_work()
{
    [[ $output$stderr != *Sanitizer* && $output$stderr != *"runtime error:"* ]] || return 1
    [ "$status" -le 1 ] && [ -s "$statuses" ] && ! grep -qv '^[01]$' "$statuses"
}

# --watch goes on until it is told to end.
watches()
{
    env -i HOME="$HOME" PATH="$HOME/bin:$PATH" TERM=dumb LANG=C.UTF-8 ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        bash -c "exec ${1/#session-rescue/\"$SESSION_RESCUE\" --config-dir \"$CONFIG_DIR\" --pending-dir \"$PENDING\" --log-dir \"$LOG\"}" \
        </dev/null >"$HOME/watched" 2>&1 3>&- &
    local watcher=$!
    started_pids+=("$watcher")
    wait_until 60 grep -q watching "$HOME/watched" || return 1
    kill -TERM "$watcher"
    wait "$watcher"
}

# As the documents have it, but for what they can only give an example of.
run_as_documented()
{
    local command=$1
    [ -n "$is_fresh" ] || store
    MORE=
    case $command in
    *--restore* | *--repair* | *--kill* | *--revive* | *--watch*) is_fresh= ;;
    esac
    case $command in
    *--watch*)
        watches "$command"
        return
        ;;
    *--restore*) rm -r "$CONFIG_DIR"/projects/* ;;
    *pts/13*) hung ;;
    esac
    case $command in
    # nobody is there to say yes, and ten minutes are long
    *--kill* | *--revive*) MORE="--force --timeout 0.01" ;;
    *--repair*) MORE=--force ;;
    esac
    command=${command//pts\/13/${tty-}}
    command=${command//\/usr\/local\/share/$HOME\/share}
    typed "$command" >"$HOME/said"
    did_its_work || { cat "$HOME/said"; return 1; }
    # What was ended is gone, and its pid may be another's when the test ends what it started.
    [[ $command != *--kill* || $command == *--dry-run* ]] || started_pids=()
}

# Where a command that is not the program's, or not of this test's, is run: has_a_test COMMAND
has_a_test()
{
    case $1 in
    "make "*) grep -q "^${1#make }:" Makefile ;;
    "claude plugin marketplace add "*) grep -q "claude('marketplace', 'add'" tests/e2e/plugin.test.mjs ;;
    "claude plugin install session-rescue@session-rescue") grep -q "claude('install', 'session-rescue@session-rescue')" tests/e2e/plugin.test.mjs ;;
    "claude --plugin-dir plugin") grep -q "args: \['--plugin-dir'" tests/e2e/plugin.test.mjs ;;
    "systemctl --user enable --now session-rescue-watch") grep -q 'session-rescue-watch.service' tests/cli/service.bats ;;
    "meson test -C build "* | "bats tests/cli/"*) for word in $1; do last=$word; done; [ -e "$last" ] || [ -e "tests/unit/${last}_test.c" ] ;;
    *) return 1 ;;
    esac
}

# The commands that need a hung client, which takes time to be had.
PUSHES='--(kill|revive) '

# Each command of the pages given that is of a kind, none of them left out: commands_work pushes|others PAGE...
commands_work()
{
    local kind=$1 page command count=0
    shift
    for page in "$@"; do
        while IFS= read -r command; do
            [[ $command =~ $PUSHES ]] && is=pushes || is=others
            [ "$is" = "$kind" ] || continue
            count=$((count + 1))
            echo "$page: $command"
            case $command in
            session-rescue | "session-rescue "*) run_as_documented "$command" || return 1 ;;
            "cd PENDING && sha256sum "*)
                [ -n "$is_fresh" ] || store
                command=${command/PENDING/$PENDING}
                ( eval "${command/-c 2*-LOSSLESS-<uuid>/-c *-LOSSLESS-$id}" ) || return 1
                ;;
            *) has_a_test "$command" || { echo "no test runs this"; return 1; } ;;
            esac
        done < <(commands_of "$page")
    done
    [ "$count" -gt 0 ]
}

@test "every command of README.md works" {
    commands_work others README.md
}

@test "every command of README.md that ends or revives works" {
    commands_work pushes README.md
}

@test "every command of the manual page works" {
    commands_work others "$MANUAL"
}

@test "every command of the manual page that ends or revives works" {
    commands_work pushes "$MANUAL"
}

@test "every command of HACKING.md, SECURITY.md and doc/ works" {
    commands_work others HACKING.md SECURITY.md doc/*.md
}

@test "no command of a document stands where it would not be found" {
    # in a code block, without the prompt that marks what is typed
    for page in "${documents[@]}"; do
        run ! grep -nE '^ *(session-rescue|claude|systemctl|sha256sum) ' <(code_blocks "$page")
    done
}

@test "the manual page has every mode and option of --help, and no other" {
    rescue --help
    help=$(grep -oE '^  (-[a-zA-Z], )?--[a-z-]+' <<<"$output" | grep -oE -- '--[a-z-]+' | sort -u)
    [ "$(wc -l <<<"$help")" -gt 20 ]
    manual=$(sed -nE 's/^\.It (Fl [a-zA-Z] , )?Fl Fl ([a-z-]+).*/--\2/p' "$MANUAL" | sort -u)
    diff <(echo "$help") <(echo "$manual")
}

@test "the manual page's synopsis and README.md name every mode" {
    rescue --help
    modes=$(sed -n '/^Modes/,/^$/p' <<<"$output" | grep -oE '^  --[a-z-]+' | tr -d ' ')
    [ "$(wc -l <<<"$modes")" -gt 10 ]
    for mode in $modes; do
        echo "$mode"
        grep -q -- "$mode\b" README.md
        sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$MANUAL" | grep -q "Fl Fl ${mode#--}\b"
    done
}

@test "every link leads somewhere" {
    count=0
    for page in "${documents[@]}"; do
        while IFS= read -r link; do
            count=$((count + 1))
            [ -e "$(dirname "$page")/${link%%#*}" ] || { echo "$page: $link"; return 1; }
        done < <(grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/)$//' | grep -v '^[a-z]*://')
    done
    [ "$count" -gt 10 ]
    # the manual page, and pages that name another without a link
    for name in $(grep -ohE '\bdoc/[a-z-]+\.md\b' "${documents[@]}" "$MANUAL" | sort -u); do
        [ -e "$name" ] || [ "$name" = doc/benchmarks.md ] || { echo "there is no $name"; return 1; }
    done
}

@test "every page of doc/ can be found from README.md" {
    for page in doc/*; do
        grep -q "($page)" README.md || { echo "not linked: $page"; return 1; }
    done
}

@test "every test and file that HACKING.md and SECURITY.md name is there" {
    for page in HACKING.md SECURITY.md; do
        for name in $(grep -oE '`[A-Za-z0-9_./*-]+`' "$page" | tr -d '`'); do
            case $name in
            doc/benchmarks.md | *...) continue ;; # made by make bench; an example
            *.bats) found=$(find tests -name "${name##*/}" -print -quit) ;;
            *_test.c) found=$(find tests/unit -name "${name##*/}" -print -quit) ;;
            src/* | tests/* | tools/* | doc/* | packaging/* | plugin/* | completions/* | contrib/* | include/*) found=$(compgen -G "$name" || true) ;;
            *) continue ;;
            esac
            [ -n "$found" ] || { echo "$page: there is no $name"; return 1; }
        done
    done
}

@test "make targets: those that documents name exist, and HACKING.md names those of make help" {
    for target in $(grep -ohE '(`|\$ )make [a-z0-9-]+' "${documents[@]}" | sed 's/.*make //' | sort -u); do
        grep -qE "^$target:" Makefile || { echo "there is no target $target"; return 1; }
    done
    targets=$(make help | sed -nE 's/^make ([a-z0-9-]+) .*/\1/p')
    [ "$(wc -l <<<"$targets")" -gt 8 ]
    for target in $targets; do
        [ "$target" = build ] || grep -q "^| \`make $target\`" HACKING.md || { echo "not in HACKING.md: $target"; return 1; }
    done
}

@test "the layers of HACKING.md are those of src/LAYERS" {
    diff <(grep -v '^#' src/LAYERS | awk 'NF && $1 != "layer" { print $1 }') \
        <(sed -n '/^| layer /,/^$/p' HACKING.md | sed -nE 's/^\| `([a-z]+)` .*/\1/p')
}

@test "every function that HACKING.md names is there" {
    for marker in $(grep -oE '`[a-z_]+\(\)`' HACKING.md | tr -d '`()'); do
        grep -rqE "\b$marker\b" src include tests/*.c tests/fuzz || { echo "nothing is called $marker"; return 1; }
    done
}

# section PAGE TITLE...: what stands below these headings.
section()
{
    local page=$1 title
    shift
    for title in "$@"; do
        awk -v title="## $title" '/^## / { inside = $0 == title } inside' "$page"
    done
}

# Every key of the JSON on $output, on a line of its own or of one document, stands below one of the
# headings: documented PAGE TITLE...
documented()
{
    local key keys
    keys=$(node -e '
        const keys = new Set(), walk = value => {
            if (Array.isArray(value)) value.forEach(walk);
            else if (value && typeof value === "object") for (const key in value) { keys.add(key); walk(value[key]); }
        };
        const text = require("fs").readFileSync(0, "utf8").trim();
        let documents;
        try { documents = [JSON.parse(text)]; } catch { documents = text.split("\n").map(JSON.parse); }
        documents.forEach(walk);
        console.log([...keys].join(" "));
    ' <<<"$output")
    [ -n "$keys" ]
    for key in $keys; do
        section "$@" | grep -qE "[\`\".]${key}[][\`\".]" || { echo "not in $1, $2: $key"; return 1; }
    done
}

keys_of()
{
    rescue "$@" --json --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
}

@test "every key of --kill, --revive, --check and --repair stands in doc/json-output.md" {
    store
    keys_of --check -v
    documented doc/json-output.md '`--check --json`'
    keys_of --repair "$id" --dry-run
    documented doc/json-output.md '`--repair --json`' '`--check --json`'
    keys_of --repair "$id" --force
    documented doc/json-output.md '`--repair --json`' '`--check --json`'
    hung
    keys_of --revive "$pid" --dry-run --timeout 0.01
    keys_of --revive "$pid" --force --timeout 0.01
    documented doc/json-output.md '`--revive --json`'
    keys_of --kill "$pid" --force
    documented doc/json-output.md '`--kill --json`'
    started_pids=()
}

@test "every key of --export, --verify and --restore stands in doc/backup-format.md" {
    store
    keys_of --export --all
    documented doc/backup-format.md 'As JSON'
    keys_of --verify
    documented doc/backup-format.md 'As JSON'
    printf x >>"$(find "$PENDING" -name "*-LOSSLESS-$id.jsonl")"
    keys_of --verify
    [ "$status" -eq 1 ]
    documented doc/backup-format.md 'As JSON'
    store
    rm -r "$CONFIG_DIR"/projects/*
    keys_of --restore "$id"
    [ "$status" -eq 0 ]
    documented doc/backup-format.md 'As JSON'
    # and those of the manifest
    output=$(cat "$(find "$PENDING" -name "*-LOSSLESS-$id.json")")
    documented doc/backup-format.md 'The manifest'
}

@test "every key of --watch stands in doc/json-output.md" {
    store
    fake --session "$OTHER" --status busy --turn awaits-reply --context 160000 -- "$client"
    watches 'session-rescue --watch --json --interval 0.2 --timeout 0.03' || return 1
    output=$(cat "$HOME/watched")
    documented doc/json-output.md '`--watch --json`'
}
