#!/usr/bin/env bats
# A terminal whose locale is not UTF-8 gets what it can show, whatever sessions are called; pipes and JSON stay as they are.

load helper
load sessions

setup()
{
    scratch_home
    store_session "$ID"
    sed -i 's/hello/gr\xc3\xbc\xc3\x9fe \xe2\x80\xa6 \xe6\xbc\xa2\xe5\xad\x97/' "$TRANSCRIPT"
}

teardown()
{
    end_started
}

# What a terminal of that locale is sent: on_terminal LOCALE OPTIONS...
on_terminal()
{
    local locale=$1
    shift
    run script -qec "$(printf '%q ' env -i HOME="$HOME" PATH="$PATH" TERM=dumb LC_ALL="$locale" ${LOCPATH:+LOCPATH="$LOCPATH"} \
        ASAN_OPTIONS="${ASAN_OPTIONS-}" "$SESSION_RESCUE" "$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG")" /dev/null
    printf '%s\n' "$output"
}

high_bytes()
{
    LC_ALL=C grep -c -a $'[\x7f-\xff]' <<<"$output" || true
}

@test "with LC_ALL=C no byte over 0x7e reaches a terminal, in any mode" {
    command -v script >/dev/null || skip "script(1) is not installed"
    for mode in "--resume" "--context $ID" "--export $ID" "--verify" "--restore $ID" "--status" "--check" "--help" "--kill $ID" "--restore gr\xc3\xbcn"; do
        # shellcheck disable=SC2046 # words
        on_terminal C $(printf '%b' "$mode")
        [ "$(high_bytes)" -eq 0 ]
    done
    on_terminal C --resume
    [[ $output == *'gr\u00fc\u00dfe ... \u6f22\u5b57'* ]]
    on_terminal C --context "$ID"
    [[ $output == *'gr\u00fc\u00dfe ... \u6f22\u5b57'* ]]
    on_terminal C --export "$ID"
    [[ $output == *'[ok] COMMAND COMPLETE'* ]]
}

@test "an 8-bit locale gets its own characters, and the rest escaped" {
    command -v script >/dev/null || skip "script(1) is not installed"
    mkdir -p "$BATS_TEST_TMPDIR/locales"
    localedef -i de_DE -f ISO-8859-1 "$BATS_TEST_TMPDIR/locales/de_DE" 2>/dev/null ||
        localedef -c -i POSIX -f ISO-8859-1 "$BATS_TEST_TMPDIR/locales/de_DE" 2>/dev/null || true
    [ -e "$BATS_TEST_TMPDIR/locales/de_DE/LC_CTYPE" ] || skip "no such locale can be made here"
    LOCPATH=$BATS_TEST_TMPDIR/locales on_terminal de_DE --context "$ID"
    LC_ALL=C grep -qa $'gr\xfc\xdfe \.\.\. \\\\u6f22\\\\u5b57' <<<"$output"
}

@test "a command on a terminal without UTF-8 goes to the directory when it is pasted" {
    command -v script >/dev/null || skip "script(1) is not installed"
    local green=$BATS_TEST_TMPDIR/grün command
    mkdir "$green"
    stored bbbbbbbb-0000-4000-8000-000000000002 "$green"
    on_terminal C --resume
    [ "$(high_bytes)" -eq 0 ]
    command=$(tr -d '\r' <<<"$output" | sed -n 's/^  \(cd .*\) && .*--resume bbbbbbbb.*/\1/p')
    [ -n "$command" ]
    [ "$(sh -c "$command && pwd")" = "$green" ]
    rescue_under env LC_ALL=C -- --resume --config-dir "$CONFIG_DIR"
    [[ $output == *"  cd '$green' && "* ]]
    on_terminal C --resume --json
    [[ $output == *"/gr"*"n' && claude --resume bbbbbbbb"* && $output != *printf* ]]
}

@test "a pipe, JSON and a terminal of UTF-8 lose nothing" {
    rescue_under env LC_ALL=C -- --context "$ID" --config-dir "$CONFIG_DIR"
    [[ $output == *"grüße … 漢字"* ]]
    command -v script >/dev/null || skip "script(1) is not installed"
    on_terminal C --context "$ID" --json
    node -e 'process.exit(JSON.parse(process.argv[1].split("\n")[0]).blocks[0].text === "grüße … 漢字" ? 0 : 1)' "${output//$'\r'/}"
    on_terminal C.UTF-8 --context "$ID"
    [[ $output == *"grüße … 漢字"* ]]
}
