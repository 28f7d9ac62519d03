# fish completion of session-rescue(1). What can be typed next is what the program itself says
# (src/app/commands/complete.c).

function __session_rescue_offers
    set -l typed (commandline -opc)
    set -l word (commandline -ct)
    set -l before ''
    if string match -qr -- '^--[^=]+=' "$word"
        set before (string replace -r -- '=.*' '=' "$word")
        set -a typed (string replace -r -- '=.*' '' "$word")
        set word (string replace -r -- '^[^=]*=' '' "$word")
    end
    for i in (seq (count $typed))
        set typed[$i] (string replace -r -- '^~/' "$HOME/" "$typed[$i]")
    end
    for line in ($typed[1] --complete $typed[2..-1] "$word" 2>/dev/null)
        switch $line
            case :directory
                printf '%s\n' "$before"(__fish_complete_directories "$word" '')
            case :file
                printf '%s\n' "$before"(__fish_complete_path "$word" '')
            case :command
                printf '%s\n' "$before"(complete -C "$word")
            case '*'
                printf '%s\n' "$before$line"
        end
    end
end

complete -c session-rescue -f -a '(__session_rescue_offers)'
