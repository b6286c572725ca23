/**
 * For bash and zsh: commands, and the ids of programs. The names of the sockets are read without starting Node, which a key
 * should not wait for.
 */
export function completionOf(commands: readonly string[]): string {
  return `# ambit: source <(npx ambit completion)
[ -n "$ZSH_VERSION" ] && autoload -U +X bashcompinit && bashcompinit
_ambit() {
  local current="\${COMP_WORDS[COMP_CWORD]}" directory file
  COMPREPLY=()
  [ -n "$ZSH_VERSION" ] && setopt localoptions nonomatch
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.join(' ')}" -- "$current"))
  elif [ "$COMP_CWORD" -eq 2 ]; then
    directory="\${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/ambit}"
    for file in "\${directory:-\${TMPDIR:-/tmp}/ambit-$(id -u)}"/*.sock; do
      [ -e "$file" ] || continue
      file="\${file##*/}"
      COMPREPLY+=($(compgen -W "\${file%.sock}" -- "$current"))
    done
  fi
}
complete -F _ambit ambit`;
}
