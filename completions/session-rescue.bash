# bash completion of session-rescue(1). What can be typed next is what the program itself says
# (src/app/commands/complete.c).

_session_rescue()
{
    local typed=() word offer current=$2
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        # bash has made three words of --name=value
        [ "$word" = = ] || typed+=("$(_session_rescue_unquoted "$word")")
    done
    [ "$current" != = ] || current=
    COMPREPLY=()
    while IFS=$'\t' read -r offer _; do
        case $offer in
        :directory)
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$current")
            ;;
        :file)
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
            ;;
        :command)
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$current")
            ;;
        *) COMPREPLY+=("$offer") ;;
        esac
    done < <("${1/#\~\//$HOME/}" --complete "${typed[@]}" "$(_session_rescue_unquoted "$current")" 2>/dev/null)
}

# As much as a word needs that is completed: quotes and backslashes gone, ~/ written out.
_session_rescue_unquoted()
{
    local word=${1//[\"\'\\]/}
    printf '%s' "${word/#\~\//$HOME/}"
}

complete -F _session_rescue session-rescue
