import type { Node, Values } from './tree.js'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The script that a shell reads to complete commands, options and values. */
export const completionScript = (shell: Shell, nodes: readonly Node[]): string =>
  ({ bash: bashScript, zsh: zshScript, fish: fishScript })[shell](nodes)

const LOOK_UP = 'streamvane completion values'

/** A line of `case`: the path so far and the next word that go deeper. */
const deeper = (nodes: readonly Node[]): string =>
  nodes
    .filter(({ path }) => path !== '')
    .map(({ path }) => `"${path}"`)
    .join('|')

const flagCases = (nodes: readonly Node[], act: (values: Values) => string): string =>
  nodes
    .flatMap(({ path, flags }) =>
      flags
        .filter(({ values }) => values.kind !== 'none')
        .map(({ names, values }) => `    ${names.map((name) => `"${path} ${name}"`).join('|')}) ${act(values)} ;;`),
    )
    .join('\n')

const wordsOf = ({ below, flags }: Node): string =>
  [...below.map(({ name }) => name), ...flags.flatMap(({ names }) => names)].join(' ')

const bashScript = (
  nodes: readonly Node[],
): string => `# bash completion of streamvane. In ~/.bashrc: source <(streamvane completion bash)
_streamvane() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= i next
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="\${path:+$path }\${COMP_WORDS[i]}"
    case "$next" in ${deeper(nodes)}) path=$next ;; esac
  done
  case "$path $prev" in
${flagCases(nodes, bashValues)}
  esac
  case "$path" in
${nodes.map((node) => `    "${node.path}") ${bashWords(node)} ;;`).join('\n')}
  esac
}
# Values that may hold blanks: one a line.
_streamvane_values() {
  local value
  while IFS= read -r value; do
    [[ $value == "$2"* ]] && COMPREPLY+=("$(printf '%q' "$value")")
  done < <(${LOOK_UP} "$1" 2>/dev/null)
}
complete -F _streamvane streamvane
`

const bashWords = (node: Node): string =>
  `COMPREPLY=($(compgen -W "${wordsOf(node)}" -- "$cur"))${node.takesFiles ? '; [[ $cur == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))' : ''}`

const bashValues = (values: Values): string => {
  switch (values.kind) {
    case 'choices':
      return `COMPREPLY=($(compgen -W "${values.choices.join(' ')}" -- "$cur")); return`
    case 'dynamic':
      return `_streamvane_values ${values.of} "$cur"; return`
    case 'file':
      return 'COMPREPLY=($(compgen -f -- "$cur")); return'
    case 'folder':
      return 'COMPREPLY=($(compgen -d -- "$cur")); return'
    default:
      return 'return'
  }
}

const zshScript = (nodes: readonly Node[]): string => `#compdef streamvane
# zsh completion of streamvane. In a folder of $fpath: streamvane completion zsh > _streamvane
_streamvane() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} at= next i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    next="\${at:+$at }\${words[i]}"
    case "$next" in (${deeper(nodes)}) at=$next ;; esac
  done
  case "$at $prev" in
${flagCases(nodes, zshValues).replaceAll(/^ {4}/gm, '    (')}
  esac
  case "$at" in
${nodes.map((node) => `    ("${node.path}") found=(${zshWords(node)}); _describe 'streamvane' found${node.takesFiles ? '; _files' : ''} ;;`).join('\n')}
  esac
}
compdef _streamvane streamvane
`

const zshWords = ({ below, flags }: Node): string =>
  [
    ...below.map(({ name, doc }) => `'${name}:${doc}'`),
    ...flags.flatMap(({ names, doc }) => names.map((name) => `'${name}:${doc}'`)),
  ].join(' ')

const zshValues = (values: Values): string => {
  switch (values.kind) {
    case 'choices':
      return `compadd -- ${values.choices.join(' ')}; return`
    case 'dynamic':
      return `compadd -- \${(f)"$(${LOOK_UP} ${values.of} 2>/dev/null)"}; return`
    case 'file':
      return '_files; return'
    case 'folder':
      return '_files -/; return'
    default:
      return 'return'
  }
}

const fishScript = (
  nodes: readonly Node[],
): string => `# fish completion of streamvane: streamvane completion fish > ~/.config/fish/completions/streamvane.fish
function __streamvane_at
  set -l at
  for word in (commandline -opc)[2..]
    set -l next (string join -- ' ' $at $word)
    contains -- "$next" ${nodes
      .filter(({ path }) => path !== '')
      .map(({ path }) => `"${path}"`)
      .join(' ')}; and set at (string split -- ' ' $next)
  end
  set -l joined (string join -- ' ' $at)
  test "$joined" = "$argv"
end
complete -c streamvane -f
${nodes.flatMap(fishLines).join('\n')}
`

const fishLines = ({ path, below, flags, takesFiles }: Node): readonly string[] => {
  const at = `complete -c streamvane -n '__streamvane_at ${path}'`
  return [
    ...below.map(({ name, doc }) => `${at} -a ${name} -d '${doc}'`),
    ...flags.map(({ names, doc, values }) => {
      const named = names
        .map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
        .join(' ')
      return `${at} ${named} -d '${doc}'${fishValues(values)}`
    }),
    ...(takesFiles ? [`${at} -F`] : []),
  ]
}

const fishValues = (values: Values): string => {
  switch (values.kind) {
    case 'none':
      return ''
    case 'choices':
      return ` -x -a '${values.choices.join(' ')}'`
    case 'dynamic':
      return ` -x -a '(${LOOK_UP} ${values.of} 2>/dev/null)'`
    case 'file':
    case 'folder':
      return ' -r -F'
    default:
      return ' -x'
  }
}
