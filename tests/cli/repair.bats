#!/usr/bin/env bats
# --repair: a damaged transcript mended, and all that it must not do.

load helper
load sessions
load transcript

setup()
{
    scratch_home
    PENDING=$HOME/pending
    LOG=$HOME/log
    FILE=$CONFIG_DIR/projects/-tmp-p/$ID.jsonl
    conversation "$FILE" 10
    lose_line "$FILE" 8
    cp "$FILE" "$HOME/damaged"
}

teardown()
{
    end_started
}

repair()
{
    rescue --repair "$@" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
}

is_untouched()
{
    cmp "$FILE" "$HOME/damaged"
    [ -z "$(find "${FILE%/*}" -name '.session-rescue-*')" ]
}

@test "--dry-run shows the changes, and makes none" {
    repair "$ID" --dry-run
    [ "$status" -eq 0 ]
    [[ $output == *'relink line 8, bytes '*': "r2" (missing-parent, a guess)'* ]]
    is_untouched
    [ ! -e "$PENDING" ]
}

@test "a lost link is closed, and nothing else changes" {
    chmod 600 "$FILE"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    [[ $output == *"39 of 39 messages within reach, as against 32 before"* ]]
    [ "$(diff "$HOME/damaged" "$FILE" | grep -c '^[<>]')" -eq 2 ]
    sed -n 8p "$FILE" | grep -q '^{"parentUuid":"r2","isSidechain":false,'
    [ "$(stat -c %a "$FILE")" = 600 ]
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "the second run changes nothing" {
    repair "$ID" --force
    before=$(stat -c '%i %Y' "$FILE")
    count=$(find "$PENDING" | wc -l)
    repair "$ID" --force
    [ "$status" -eq 0 ]
    [[ $output == *"Nothing to repair."* ]]
    [ "$(stat -c '%i %Y' "$FILE")" = "$before" ]
    [ "$(find "$PENDING" | wc -l)" -eq "$count" ]
}

@test "the backup is the original, --verify is content, and --restore undoes the repair" {
    printf '{"torn":"' >>"$FILE"
    cp "$FILE" "$HOME/damaged"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    cmp "$PENDING"/*-LOSSLESS-"$ID".jsonl "$HOME/damaged"
    rescue --verify --pending-dir "$PENDING"
    [ "$status" -eq 0 ]
    rescue --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    is_untouched
}

@test "what was written since the repair is not replaced by --restore" {
    repair "$ID" --force
    echo '{"later":true}' >>"$FILE"
    before=$(cat "$FILE")
    rescue --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 4 ]
    [ "$(cat "$FILE")" = "$before" ]
}

@test "repair, undo and repair again: each has its quarantine" {
    repair "$ID" --force
    rescue --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    [ "$(ls "$PENDING"/*.sha256 | wc -l)" -eq 1 ]
    [ "$(ls "$PENDING"/*.quarantine*.jsonl | wc -l)" -eq 2 ]
    rescue --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    is_untouched
}

@test "every byte that goes away is in the quarantine" {
    printf '\0\0\0{"torn":"' >>"$FILE"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    node -e '
        const fs = require("fs"), [quarantine, original, made] = process.argv.slice(1);
        const before = fs.readFileSync(original), lines = fs.readFileSync(quarantine, "utf8").trim().split("\n").map(JSON.parse);
        const { repaired } = lines.pop();
        for (const l of lines) if (!before.subarray(l.offset, l.offset + l.length).equals(Buffer.from(l.base64, "base64"))) process.exit(1);
        if (lines.length !== 2 || lines[1].length !== 12 || lines[1].kind !== "nul-padding") process.exit(2);
        if (repaired.size_bytes !== fs.statSync(made).size) process.exit(3);
    ' "$PENDING"/*.quarantine.jsonl "$PENDING"/*-LOSSLESS-"$ID".jsonl "$FILE"
    [ "$(tail -c 1 "$FILE" | od -An -c | tr -d ' ')" = '\n' ]
}

@test "nobody to ask: refused, and nothing is touched" {
    repair "$ID"
    [ "$status" -eq 4 ]
    [[ $stderr == *"nobody is there to be asked"* ]]
    is_untouched
    [ -z "$(ls "$PENDING" 2>/dev/null)" ]
}

@test "a live owner: refused, --force or not" {
    install_client
    fake --session "$ID" --turn none -- "$client"
    repair "$ID" --force
    [ "$status" -eq 4 ]
    [[ $stderr == *"pid $pid has the session"* ]]
    repair "$FILE" --force
    [ "$status" -eq 4 ]
    is_untouched
}

# Two that were written to since it began, and nothing says which is its own.
@test "a client that may have it: its id names it all the same, and it is refused with the reason" {
    install_client
    local project=$BATS_TEST_TMPDIR/project folder
    mkdir "$project"
    fake --no-registry --turn none --cwd "$project" --session "$OTHER" -- "$client"
    folder=$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")
    mkdir -p "$folder"
    cp "$FILE" "$folder/$OTHER.jsonl"
    mv "$FILE" "$folder/"
    FILE=$folder/$ID.jsonl
    touch "$folder"/*
    repair "$ID" --force
    [ "$status" -eq 4 ]
    [[ $stderr == *"pid $pid may have the session"* ]]
    is_untouched
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $output == *missing-parent* ]]
}

@test "a client in its directory of which nobody knows what it has: refused" {
    install_client
    local project=$BATS_TEST_TMPDIR/project folder
    mkdir "$project"
    folder=$CONFIG_DIR/projects/$(sed 's/[^A-Za-z0-9]/-/g' <<<"$project")
    mkdir -p "$folder"
    mv "$FILE" "$folder/"
    FILE=$folder/$ID.jsonl
    touch -d '2 hours ago' "$FILE"
    fake --no-registry --turn none --cwd "$project" --session "$OTHER" -- "$client"
    repair "$FILE" --force
    [ "$status" -eq 4 ]
    [[ $stderr == *"pid $pid may have the session"* ]]
    is_untouched
}

# Root without its capabilities: what has mode 0 cannot be read.
@test "whether a process has it cannot be told: refused, with what could not be read" {
    command -v setpriv >/dev/null || skip "no util-linux here"
    chmod 0 "$CONFIG_DIR/sessions"
    rescue_under setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all -- --repair "$FILE" --force \
        --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 4 ]
    [[ $stderr == *"whether a process has the session cannot be told: $CONFIG_DIR/sessions"* ]]
    is_untouched
    chmod 700 "$CONFIG_DIR/sessions"
}

@test "a file outside of any store is mended where it lies, and restored there" {
    cp "$FILE" "$HOME/copy.jsonl"
    repair "$HOME/copy.jsonl" --force
    [ "$status" -eq 0 ]
    [ "$(cmp -s "$HOME/copy.jsonl" "$HOME/damaged"; echo $?)" -eq 1 ]
    is_untouched
    rescue --verify --pending-dir "$PENDING"
    [ "$status" -eq 0 ]
    rescue --restore "$PENDING"/*.sha256 --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    cmp "$HOME/copy.jsonl" "$HOME/damaged"
}

@test "--as-copy: a new session beside the original" {
    repair "$ID" --force --as-copy --json
    [ "$status" -eq 0 ]
    new=$(json .new_session_id)
    [ "$(json .new_path)" = "${FILE%/*}/$new.jsonl" ]
    is_untouched
    [ "$(grep -c "\"sessionId\":\"$new\"" "${FILE%/*}/$new.jsonl")" -eq 39 ]
    [ "$(grep -c "$ID" "${FILE%/*}/$new.jsonl")" -eq 0 ]
    rescue --check "$new" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "--shrink trims what the API never sees, and says where it is" {
    node -e '
        const fs = require("fs"), lines = fs.readFileSync(process.argv[1], "utf8").split("\n");
        lines[2] = lines[2].replace("\"stdout\":\"file\"", () => `"stdout":"${"x".repeat(1e6)}"`);
        fs.writeFileSync(process.argv[1], lines.join("\n"));
    ' "$FILE"
    repair "$ID" --force
    [ "$(stat -c %s "$FILE")" -gt 1000000 ]
    repair "$ID" --force --shrink
    [ "$status" -eq 0 ]
    [ "$(stat -c %s "$FILE")" -lt 20000 ]
    sed -n 3p "$FILE" | grep -q '"toolUseResult":"\[1000013 bytes trimmed by session-rescue; the original is in the backup 20.*-LOSSLESS-.*\]"'
    rescue --check "$ID" --config-dir "$CONFIG_DIR" -v
    [[ $output != *huge-record* ]]
}

@test "--shrink trims the output that progress records repeat" {
    node -e '
        const fs = require("fs"), lines = fs.readFileSync(process.argv[1], "utf8").split("\n");
        const r = JSON.parse(lines[1]), data = { type: "bash_progress", output: "y".repeat(5000), fullOutput: "x".repeat(1e6), totalLines: 9 };
        lines.splice(2, 0, JSON.stringify({ parentUuid: r.uuid, isSidechain: false, type: "progress", data, uuid: "p1", timestamp: r.timestamp }));
        fs.writeFileSync(process.argv[1], lines.join("\n"));
    ' "$FILE"
    repair "$ID" --force
    [ "$(stat -c %s "$FILE")" -gt 1000000 ]
    repair "$ID" --force --shrink
    [ "$status" -eq 0 ]
    sed -n 3p "$FILE" | grep -q '"data":{"type":"bash_progress","output":"\[5002 bytes trimmed by session-rescue; the original is in the backup 20[^"]*","fullOutput":"\[1000002 bytes trimmed [^"]*","totalLines":9}'
    before=$(cat "$FILE")
    repair "$ID" --force --shrink
    [[ $output == *"Nothing to repair."* ]]
    [ "$(cat "$FILE")" = "$before" ]
}

# Sixty results of 12 kB, and the last prompt refused: too_long TOKENS LIMIT
too_long()
{
    node -e '
        const fs = require("fs"), [file, tokens, limit] = process.argv.slice(1);
        const lines = fs.readFileSync(file, "utf8").trim().split("\n").map(JSON.parse);
        lines.forEach((r, i) => {
            const block = r.message.content[0];
            if (block.type === "tool_result") block.content = `${r.uuid} `.repeat(4000);
            if (r.type === "assistant") Object.assign(r.message, { model: "claude-sonnet-4-6", usage: { input_tokens: 20000 + i * 1000 } });
        });
        const last = lines.at(-1), at = new Date(Date.parse(last.timestamp) + 1000).toISOString();
        lines.push({ ...last, parentUuid: last.uuid, uuid: "e1", timestamp: at, isApiErrorMessage: true,
            errorDetails: `400 {"message":"prompt is too long: ${tokens} tokens > ${limit} maximum"}`,
            message: { id: "e1", role: "assistant", model: "<synthetic>", content: [{ type: "text", text: "Prompt is too long" }] } });
        fs.writeFileSync(file, lines.map((r) => JSON.stringify(r) + "\n").join(""));
    ' "$FILE" "$1" "$2"
    cp "$FILE" "$HOME/damaged"
}

@test "a conversation that is too long: said without -v, and left alone without --fit" {
    conversation "$FILE" 10
    too_long 70000 60000
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 1 ]
    [[ $output == *"too-long: "*"the last prompt was refused"*"--repair "*" --fit"* ]]
    repair "$ID" --force
    [ "$status" -eq 1 ]
    [[ $output == *"Nothing to repair without --fit"* ]]
    is_untouched
}

@test "--fit --dry-run says how many of what, and the tokens before and after" {
    conversation "$FILE" 10
    too_long 70000 60000
    repair "$ID" --fit --dry-run
    [ "$status" -eq 0 ]
    [[ $output =~ "about 70000 tokens now, the model takes 60000; about "4[0-9]{4}" (48000 are to be left) without the oldest "[0-9]+" tool results, 0 images and 0 of thinking" ]]
    is_untouched
    [ ! -e "$PENDING" ]
}

@test "--fit cuts the oldest results, names the backup in their place, and stops once it fits" {
    conversation "$FILE" 10
    too_long 70000 60000
    repair "$ID" --fit --force --json
    [ "$status" -eq 0 ]
    cut=$(json .fit.tool_results)
    [ "$cut" -gt 0 ]
    [ "$cut" -lt 10 ]
    stem=$(basename "$(json .backup)" .jsonl)
    cmp "$PENDING/$stem.jsonl" "$HOME/damaged"
    [ "$(grep -c "\"content\":\"\[tool result removed by session-rescue: [0-9]* bytes, about [0-9]* tokens; the original is in the backup $stem\]\"" "$FILE")" -eq "$cut" ]
    [ "$(grep -c 'r10 r10 r10' "$FILE")" -eq 1 ]
    [ "$(grep -c 'r1 r1 r1' "$FILE")" -eq 0 ]
    [ "$(grep -c '"type":"tool_result"' "$FILE")" -eq 10 ]
    [ "$(grep -c isApiErrorMessage "$FILE")" -eq 0 ]
    rescue --check "$ID" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
    repair "$ID" --fit --force
    [ "$status" -eq 0 ]
    [[ $output == *"It was cut by an earlier --fit"*"Nothing to repair."* ]]
}

@test "--fit --as-copy cuts the copy, and leaves the session as it is" {
    conversation "$FILE" 10
    too_long 70000 60000
    repair "$ID" --fit --as-copy --force --json
    [ "$status" -eq 0 ]
    is_untouched
    [ "$(grep -c 'tool result removed by session-rescue' "$(json .new_path)")" -gt 0 ]
}

@test "what --fit cannot make short enough stays as it is" {
    conversation "$FILE" 10
    too_long 70000 4000
    repair "$ID" --fit --force
    [ "$status" -eq 3 ]
    [[ $stderr == *"it would still be about "*" tokens, and no more than 3200 are to be left: nothing was changed"* ]]
    is_untouched
    [ -z "$(ls "$PENDING" 2>/dev/null)" ]
    repair "$ID" --fit --dry-run --context-window 1000000
    [[ $output == *"the model takes 1000000: there is room for more"* ]]
    is_untouched
}

@test "a conversation with room to spare is not cut by --fit" {
    conversation "$FILE" 10
    cp "$FILE" "$HOME/damaged"
    repair "$ID" --fit --force
    [ "$status" -eq 0 ]
    [[ $output == *"there is room for more"*"Nothing to repair."* ]]
    is_untouched
}

@test "the document tells what was done" {
    repair "$ID" --force --json
    [ "$status" -eq 0 ]
    [ "$(json .outcome)" = repaired ]
    [ "$(json .messages.lost)" = 7 ]
    [ "$(json .messages_after.lost)" = 0 ]
    [ "$(json '.edits[0].action')" = relink ]
    [ -f "$(json .backup)" ]
    [ -f "$(json .quarantine)" ]
    repair "$ID" --force --json
    [ "$(json .outcome)" = nothing-to-repair ]
    [ "$(json .backup)" = null ]
}

rights() { stat -c '%a %u %g' "$1"; }

# Through a copy, a repair and what gives the file back: rights_stay WHICH "MODE OWNER GROUP"
rights_stay()
{
    repair "$1" --force --as-copy --json
    [ "$status" -eq 0 ]
    [ "$(rights "$(json .new_path)")" = "$2" ]
    rm "$(json .new_path)"
    repair "$1" --force
    [ "$status" -eq 0 ]
    [ "$(rights "$FILE")" = "$2" ]
    rescue --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    [ "$(rights "$FILE")" = "$2" ]
    is_untouched
    rm -rf "$PENDING"
}

# Under a umask that takes more and under one that takes nothing.
@test "the mode stays, whatever the umask, through repair, undo and --as-copy" {
    local mode mask
    for mode in 600 640 664 444; do
        for mask in 000 077; do
            cp "$HOME/damaged" "$FILE"
            chmod "$mode" "$FILE"
            umask "$mask"
            rights_stay "$ID" "$mode $(id -u) $(id -g)"
        done
    done
}

@test "owner and group stay, also a group alone" {
    [ "$(id -u)" -eq 0 ] || skip "only root gives files away"
    local rights
    for rights in 0:4242 4243:4242 4243:0; do
        cp "$HOME/damaged" "$FILE"
        chown "$rights" "$FILE"
        chmod 640 "$FILE"
        rights_stay "$FILE" "640 ${rights/:/ }"
    done
}

# A group that is not the caller's cannot be given to the new file.
@test "a group that cannot stay: refused, and nothing is touched; a copy is its owner's alone" {
    [ "$(id -u)" -eq 0 ] || skip "only root gives files away"
    command -v setpriv >/dev/null || skip "no util-linux here"
    chgrp 4242 "$FILE"
    chmod 664 "$FILE"
    local powerless=(setpriv --bounding-set=-chown --inh-caps=-chown --)
    rescue_under "${powerless[@]}" --repair "$FILE" --force \
        --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 3 ]
    [[ $stderr == *"the owner, group and mode of the original: permission denied; nothing was changed"* ]]
    is_untouched
    [ "$(rights "$FILE")" = "664 0 4242" ]
    rescue_under "${powerless[@]}" --repair "$FILE" --force --as-copy --json \
        --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
    [ "$status" -eq 0 ]
    [ "$(rights "$(json .new_path)")" = "600 0 0" ]
}

# Written as the kernel holds it, as few machines have setfacl: user 4242 may read, the group nothing.
@test "an access list stays" {
    command -v python3 >/dev/null || skip "no Python here"
    local list='import os, struct, sys
print(os.getxattr(sys.argv[1], "system.posix_acl_access").hex()) if len(sys.argv) == 2 else os.setxattr(sys.argv[1],
    "system.posix_acl_access", struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in
    [(1, 6, 0xffffffff), (2, 4, 4242), (4, 0, 0xffffffff), (16, 4, 0xffffffff), (32, 0, 0xffffffff)]))'
    python3 -c "$list" "$FILE" set 2>/dev/null || skip "no access lists on this file system"
    before=$(python3 -c "$list" "$FILE")
    repair "$FILE" --force
    [ "$status" -eq 0 ]
    [ "$(python3 -c "$list" "$FILE")" = "$before" ]
    [ "$(stat -c %a "$FILE")" = 640 ]
}

@test "the session log has an entry" {
    repair "$ID" --force
    grep -q "| ${ID:0:8}... | 12kB | Repaired | ✅ |" "$LOG"/SESSION-LOG-*.md
    [[ $output == *"COMMAND COMPLETE"* ]]
}

@test "what a killed repair left is named and kept, and does not hinder" {
    echo leftover >"${FILE%/*}/.session-rescue-repair-$ID.jsonl"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    # it may be the only copy of an original
    [ "$(cat "${FILE%/*}/.session-rescue-repair-$ID.jsonl")" = leftover ]
    [[ $stderr == *".session-rescue-repair-$ID.jsonl is left of an earlier repair"* ]]
    [ "$(find "${FILE%/*}" -name '.session-rescue-repair-*' | wc -l)" -eq 1 ]
}

@test "a pending directory that cannot be written: nothing is changed" {
    touch "$HOME/occupied"
    rescue --repair "$ID" --force --config-dir "$CONFIG_DIR" --pending-dir "$HOME/occupied/x" --log-dir "$LOG"
    [ "$status" -eq 3 ]
    is_untouched
}

@test "usage" {
    repair
    [ "$status" -eq 2 ]
    repair a b
    [ "$status" -eq 2 ]
    rescue --check --as-copy
    [ "$status" -eq 2 ]
    repair "$HOME/none.jsonl" --force
    [ "$status" -eq 3 ]
}

@test "an empty file has nothing to repair, and stays empty" {
    : >"$FILE"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    [[ $output == *"nothing is in it; Claude Code finds no conversation in it"*"Nothing to repair."* ]]
    [ ! -s "$FILE" ]
    : >"$HOME/empty.jsonl"
    repair "$HOME/empty.jsonl" --dry-run
    [ "$status" -eq 0 ]
    [[ $output == *"Nothing to repair."* ]]
    [ ! -e "$PENDING" ]
}

@test "a file without one whole record is refused, and stays as it is" {
    local dir=$BATS_TEST_TMPDIR/other name
    mkdir "$dir"
    printf '{\n  "permissions": {\n    "allow": [\n      "Bash(ls:*)"\n    ]\n  },\n  "env": {}\n}\n' >"$dir/settings.json"
    printf '{"permissions":{}}\n' >"$dir/settings-in-a-line.json"
    iconv -f UTF-8 -t UTF-16LE "$dir/settings.json" >"$dir/settings-utf-16.json"
    printf '[\n  {},\n  {\n    "a": 1\n  },\n  {}\n]\n' >"$dir/list.json"
    printf 'some words\n' >"$dir/words.txt"
    printf '{\n  "type": "user",\n  "uuid": "1",\n  "message": {\n    "content": [\n      {}\n' >"$dir/torn.jsonl"
    head -c 3000 /dev/zero >"$dir/zeros.jsonl"
    gzip -c "$FILE" >"$dir/packed.jsonl"
    for name in "$dir"/*; do
        cp -p "$name" "$BATS_TEST_TMPDIR/before"
        repair "$name" --force
        [ "$status" -eq 4 ]
        cmp "$name" "$BATS_TEST_TMPDIR/before"
    done
    repair "$dir/packed.jsonl" --force
    [[ $stderr == *"packed (gzip): unpack it first"* ]]
}

# The healthy session in another form: write_form FORM >FILE
write_form()
{
    node -e '
        const [form, file] = process.argv.slice(1), text = require("fs").readFileSync(file, "utf8");
        const records = text.trim().split("\n").map((l) => JSON.parse(l));
        const pretty = (r) => JSON.stringify(r, null, 2) + "\n";
        const utf16 = (s, big, mark) => { const b = Buffer.from((mark ? "\ufeff" : "") + s, "utf16le"); return big ? b.swap16() : b; };
        const forms = {
            pretty: () => records.map(pretty).join(""),
            tabs: () => records.map((r) => JSON.stringify(r, null, "\t") + "\n").join(""),
            "no-indent": () => records.map((r) => JSON.stringify(r, null, 1).replace(/^ +/gm, "") + "\n").join(""),
            array: () => pretty(records),
            "array-in-a-line": () => JSON.stringify(records),
            concatenated: () => records.map((r) => JSON.stringify(r, null, 4)).join(""),
            crlf: () => records.map(pretty).join("").replace(/\n/g, "\r\n"),
            mark: () => "\ufeff" + records.map(pretty).join(""),
            mixed: () => text.split("\n", 1)[0] + "\n" + records.slice(1).map(pretty).join(""),
            "mixed-end": () => records.slice(0, -1).map(pretty).join("") + JSON.stringify(records.at(-1)) + "\n",
            "array-and-lines": () => pretty(records.slice(0, 9)) + records.slice(9).map((r) => JSON.stringify(r) + "\n").join(""),
            "utf-16le": () => utf16(text, false, false),
            "utf-16le-mark": () => utf16(text, false, true),
            "utf-16be": () => utf16(text, true, false),
            "utf-16be-mark": () => utf16(text, true, true),
            "utf-16-pretty": () => utf16(records.map(pretty).join("").replace(/\n/g, "\r\n"), false, true),
        };
        process.stdout.write(form === "all" ? Object.keys(forms).join(" ") : forms[form]());
    ' "$1" "$HOME/whole.jsonl"
}

# No repair mends it, and none tries: refuses_form PART_OF_WHY
refuses_form()
{
    cp "$FILE" "$HOME/damaged"
    for how in --dry-run --force; do
        repair "$ID" "$how"
        [ "$status" -eq 4 ]
        [[ $stderr == *"$1"*"nothing was changed"* && $(wc -l <<<"$stderr") -eq 1 ]]
        [ -z "$output" ]
    done
    is_untouched
    [ ! -e "$PENDING" ]
    rescue --check "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING"
    [ "$status" -eq 1 ]
}

no_command()
{
    rescue --resume "$ID" --config-dir "$CONFIG_DIR"
    [[ $output == *"no command: its transcript holds no conversation"* && $output != *"claude --resume"* ]]
}

# What other tools make of a transcript: made_by JAVASCRIPT, of its records as r, on standard output
made_by()
{
    node -e 'const r = require("fs").readFileSync(process.argv[1], "utf8").trim().split("\n").map(JSON.parse);
        '"$1" "$HOME/whole" >"$FILE"
}

@test "whole records inside of other values, or in two encodings: left as they are, by the dry run too" {
    conversation "$HOME/whole" 10
    made_by 'for (const x of r) console.log(JSON.stringify([x]));'
    refuses_form "its line 2 is an array with whole records inside"
    no_command
    made_by 'console.log(JSON.stringify(r.slice(0, 5)) + "\n" + JSON.stringify(r.slice(5)));'
    refuses_form "is an array with whole records inside"
    no_command
    made_by 'for (const x of r) console.log(JSON.stringify(JSON.stringify(x)));'
    refuses_form "not a transcript"
    no_command
    made_by 'for (const x of r) console.log(JSON.stringify(JSON.stringify(x))); console.log(JSON.stringify(r.at(-1)));'
    refuses_form "its line 1 is a text with whole records inside"
    made_by 'console.log(JSON.stringify({messages: r}));'
    refuses_form "not a transcript"
    no_command
    made_by 'console.log(JSON.stringify({messages: r}) + "\n" + JSON.stringify(r[0]));'
    refuses_form "its line 1 is a document with whole records inside"
    made_by 'console.log(JSON.stringify({messages: r}, null, 2));'
    refuses_form "not a transcript"
    no_command
    for bytes in '\xff\xfe' '\xfe\xff' '\xef\xbb\xbf' 'no json\n'; do
        printf "$bytes" >"$FILE"
        refuses_form "not a transcript"
        no_command
    done
    { printf '\xff\xfe'; head -n 5 "$HOME/whole" | iconv -f utf8 -t utf16le; tail -n +6 "$HOME/whole"; } >"$FILE"
    refuses_form "a part of it is UTF-8, and a part is UTF-16"
    { head -n 5 "$HOME/whole"; tail -n +6 "$HOME/whole" | iconv -f utf8 -t utf16le; } >"$FILE"
    refuses_form "a part of it is UTF-8, and a part is UTF-16"
    iconv -f utf8 -t utf16 "$HOME/whole" >"$FILE"
    no_command
    # what a client loads keeps its command, and what is no record of a session is damage
    made_by 'for (const x of r) console.log(JSON.stringify(x, null, 2));'
    rescue --resume "$ID" --config-dir "$CONFIG_DIR"
    [[ $output == *"claude --resume"* ]]
    { echo '[{"a":1},{"type":"x"}]'; echo '"a text {}"'; cat "$HOME/whole"; } >"$FILE"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    cmp "$FILE" "$HOME/whole"
}

@test "records over several lines, an array of them, UTF-16: each becomes a line, and nothing is lost" {
    conversation "$HOME/whole.jsonl" 10
    sed -i "s/\"sessionId\":\"s\"/\"sessionId\":\"$ID\"/; s/answer 3/answer { \\\\\"3\\\\\" : [ \\\\u00e9é😀 }/" "$HOME/whole.jsonl"
    local form
    for form in $(write_form all); do
        write_form "$form" >"$FILE"
        cp "$FILE" "$HOME/damaged"
        rescue --check "$FILE" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 1 ]
        [[ ${lines[0]} == "$FILE: in another form ("*", 40 messages)" ]]
        [ "${#lines[@]}" -eq 4 ]
        [[ ${lines[3]} == *"session-rescue --repair WHICH|FILE"* ]]
        repair "$FILE" --dry-run
        [ "$status" -eq 0 ]
        is_untouched
        repair "$FILE" --force
        [ "$status" -eq 0 ]
        [[ $output == *"40 of 40 messages within reach"* ]]
        node -e '
            const [a, b] = process.argv.slice(1).map((f) => require("fs").readFileSync(f, "utf8").trim().split("\n").map((l) => JSON.parse(l)));
            require("assert").deepStrictEqual(a, b);
        ' "$FILE" "$HOME/whole.jsonl"
        cmp "$PENDING"/*-LOSSLESS-"$ID".jsonl "$HOME/damaged"
        rescue --check "$FILE" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 0 ]
        repair "$FILE" --force
        [[ $output == *"Nothing to repair."* ]]
        rescue --restore "$ID" --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
        [ "$status" -eq 0 ]
        is_untouched
        rm -rf "$PENDING"
    done
}

@test "UTF-16 and records over several lines are named for what they are, also in the documents" {
    conversation "$HOME/whole.jsonl" 10
    write_form mixed >"$FILE"
    rescue --check "$FILE" --config-dir "$CONFIG_DIR"
    [[ ${lines[1]} == "  39 records over several lines: not what every client reads; --repair makes it UTF-8, one record a line" ]]
    write_form array >"$FILE"
    rescue --check "$FILE" --config-dir "$CONFIG_DIR"
    [[ ${lines[1]} == "  40 records in an array: "* ]]
    write_form utf-16-pretty >"$FILE"
    rescue --check "$FILE" --config-dir "$CONFIG_DIR" --json
    [ "$status" -eq 1 ]
    [ "$(json '.transcripts[0].verdict')" = "in another form" ]
    [ "$(json '.transcripts[0].can_resume')" = null ]
    [ "$(json '.transcripts[0].form')" = '{"encoding":"utf-16le","joined_records":40,"is_array":false,"packed_by":null,"written_by":null,"obstacle":null}' ]
    [ "$(json .counts.in_another_form)" = 1 ]
    repair "$FILE" --force --json
    [ "$status" -eq 0 ]
    [ "$(json .outcome)" = repaired ]
    [ "$(json .form.joined_records)" = 40 ]
    [ "$(json .messages_after.reached)" = 40 ]
}

@test "a record over several lines that broke off is damage: kept in the quarantine, to the byte" {
    conversation "$HOME/whole.jsonl" 10
    write_form pretty >"$FILE"
    # the ends of the 9th record and of the last are lost, and one has a line end within a string
    local size
    size=$(stat -c %s "$FILE")
    truncate -s $((size - 40)) "$FILE"
    node -e '
        const fs = require("fs"), [file, removed] = process.argv.slice(1), text = fs.readFileSync(file, "utf8").split(/^(?=\{)/m);
        text[8] = text[8].slice(0, 200);
        text[12] = text[12].replace("prompt", "pro\nmpt");
        fs.writeFileSync(file, text[8].endsWith("\n") ? text.join("") : text.slice(0, 9).join("") + "\n" + text.slice(9).join(""));
        fs.writeFileSync(removed, [text[8], text[12], text.at(-1)].join(""));
    ' "$FILE" "$HOME/removed"
    cp "$FILE" "$HOME/damaged"
    repair "$FILE" --force
    [ "$status" -eq 0 ]
    [ "$(grep -c . "$FILE")" -eq 37 ]
    node -e '
        const fs = require("fs"), [quarantine, removed, original] = process.argv.slice(1);
        const lines = fs.readFileSync(quarantine, "utf8").trim().split("\n").map((l) => JSON.parse(l)), last = lines.pop();
        const taken = lines.filter((l) => l.kind !== "missing-parent").map((l) => Buffer.from(l.base64, "base64").toString()).join("");
        const plain = (s) => s.replace(/\n/g, "");
        require("assert").equal(plain(taken), plain(fs.readFileSync(removed, "utf8")));
        require("assert").equal(last.lines_are_of.encoding, "utf-8");
        require("assert").equal(last.lines_are_of.joined_records, 37);
    ' "$PENDING"/*.quarantine.jsonl "$HOME/removed"
    rescue --check "$FILE" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "--as-copy of one in another form: a whole session, and the original as it was" {
    conversation "$HOME/whole.jsonl" 10
    write_form pretty | sed "s/\"sessionId\": \"s\"/\"sessionId\": \"$ID\"/" >"$FILE"
    cp "$FILE" "$HOME/damaged"
    repair "$FILE" --force --as-copy --json
    [ "$status" -eq 0 ]
    is_untouched
    new=$(json .new_session_id)
    [ "$(grep -c "\"sessionId\":\"$new\"" "$(json .new_path)")" -eq 40 ]
}

@test "what is no regular file is named, by --check and --repair" {
    local name
    mkfifo "$HOME/fifo.jsonl"
    mkdir "$HOME/folder.jsonl"
    ln -s loop.jsonl "$HOME/loop.jsonl"
    ln -s /dev/zero "$HOME/device.jsonl"
    for name in fifo folder loop device; do
        rescue --check "$HOME/$name.jsonl" --config-dir "$CONFIG_DIR"
        [ "$status" -eq 3 ]
        repair "$HOME/$name.jsonl" --force
        [ "$status" -eq 3 ]
        [[ $stderr == *": open "*": "@(not a regular file|is a directory|too many levels of symbolic links)* ]]
    done
    [ ! -e "$PENDING" ]
}

@test "a link to a file: what it leads to is mended in its place, and the link stays" {
    mkdir "$HOME/elsewhere"
    chmod 640 "$FILE"
    mv "$FILE" "$HOME/elsewhere/"
    ln -s "$HOME/elsewhere/$ID.jsonl" "$HOME/link.jsonl"
    repair "$HOME/link.jsonl" --force
    [ "$status" -eq 0 ]
    [ -L "$HOME/link.jsonl" ]
    [ "$(stat -c %a "$HOME/elsewhere/$ID.jsonl")" = 640 ]
    rescue --check "$HOME/elsewhere/$ID.jsonl" --config-dir "$CONFIG_DIR"
    [ "$status" -eq 0 ]
}

@test "another name of the same file keeps the original, and it is said" {
    ln "$FILE" "$HOME/other.jsonl"
    repair "$FILE" --force
    [ "$status" -eq 0 ]
    [[ $stderr == *"$FILE has other names (hard links), which keep the file as it was"* ]]
    cmp "$HOME/other.jsonl" "$HOME/damaged"
}

@test "a folder that cannot be written: nothing is changed, and the backup stays" {
    [ "$(id -u)" -eq 0 ] || skip "only root has what is taken away here"
    command -v setpriv >/dev/null || skip "no util-linux here"
    local form
    conversation "$HOME/whole.jsonl" 10
    for form in damaged pretty; do
        [ "$form" = damaged ] || write_form "$form" >"$FILE"
        cp "$FILE" "$HOME/damaged"
        chmod 555 "${FILE%/*}"
        rescue_under setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-dac_override,-dac_read_search -- \
            --repair "$FILE" --force --config-dir "$CONFIG_DIR" --pending-dir "$PENDING" --log-dir "$LOG"
        chmod 755 "${FILE%/*}"
        [ "$status" -eq 3 ]
        [[ $stderr == *"create ${FILE%/*}/.session-rescue-repair-$ID.jsonl: permission denied"* ]]
        is_untouched
    done
}

@test "a leftover of an earlier repair is kept also where records are joined" {
    conversation "$HOME/whole.jsonl" 10
    write_form pretty >"$FILE"
    echo leftover >"${FILE%/*}/.session-rescue-repair-$ID.jsonl"
    repair "$ID" --force
    [ "$status" -eq 0 ]
    [ "$(cat "${FILE%/*}/.session-rescue-repair-$ID.jsonl")" = leftover ]
    [[ $stderr == *".session-rescue-repair-$ID.jsonl is left of an earlier repair"* ]]
    [ "$(find "${FILE%/*}" -name '.session-rescue-*' | wc -l)" -eq 1 ]
}

@test "UTF-16 and UTF-8 in one file: no record of either is given up for the other" {
    local utf8=$HOME/utf8 form
    node -e '
        for (let i = 0; i < 10; i++) console.log(JSON.stringify({ parentUuid: i ? "u" + (i - 1) : null, type: "user",
            uuid: "u" + i, sessionId: process.argv[1], cwd: "/tmp/p", timestamp: "2026-01-02T03:00:0" + i + ".000Z",
            message: { role: "user", content: "é " + i } }))' "$ID" >"$utf8"
    for form in little big appended one; do
        case $form in
        little) { printf '\xff\xfe'; head -n 5 "$utf8" | iconv -f UTF-8 -t UTF-16LE; tail -n +6 "$utf8"; } ;;
        big) { printf '\xfe\xff'; head -n 5 "$utf8" | iconv -f UTF-8 -t UTF-16BE; tail -n +6 "$utf8"; } ;;
        appended) { head -n 5 "$utf8"; printf '\xff\xfe'; tail -n +6 "$utf8" | iconv -f UTF-8 -t UTF-16LE; } ;;
        one) { printf '\xff\xfe'; head -n 9 "$utf8" | iconv -f UTF-8 -t UTF-16LE; tail -n 1 "$utf8"; } ;;
        esac >"$FILE"
        cp "$FILE" "$HOME/damaged"
        for how in --dry-run --force; do # the plan is not shown either
            repair "$FILE" "$how"
            [ "$status" -eq 4 ]
            [[ $stderr == *"nothing was changed"* && -z $output ]]
            is_untouched
        done
    done
}
