# What the documents say, taken out of them to be tried. Load after helper.

export MANUAL=doc/session-rescue.1

# The documents for people, the manual page aside.
documents()
{
    printf '%s\n' README.md CHANGELOG.md HACKING.md SECURITY.md doc/*.md tests/e2e/README.md
}

# What stands in the code blocks of a page, fenced or indented.
code_blocks()
{
    awk '/^ *```/ { fenced = !fenced; next } fenced { print } !fenced && /^    / && (before == "" || in_block) { print; in_block = 1 }
        { if (!/^    /) in_block = 0; before = $0 }' "$1"
}

# The command lines of a page: what follows a prompt, `session-rescue --mode ...` in the text, and the
# examples of the manual page. Comments and the & of a job are left out.
commands_of()
{
    case $1 in
    *.1) sed -n 's/^\.Dl \$ //p' "$1" | sed 's/\\(dq/"/g' ;;
    *)
        code_blocks "$1" | sed -nE 's/^ *\$ //p'
        grep -oE '`session-rescue --[^`]*`' "$1" | tr -d '`'
        ;;
    esac | sed -E 's/ +# .*//; s/ *& *$//'
}
