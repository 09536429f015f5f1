import type { Command, Option } from 'commander'

/** Values that are looked up when they are asked for, by the option or argument that takes them. */
export const dynamicKinds = ['generation', 'queue', 'sink', 'feed'] as const
export type DynamicKind = (typeof dynamicKinds)[number]

/** What an option completes to: a fixed choice, a value that is looked up, a file, nothing known; a flag takes none. */
export type Values =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'choices'; choices: readonly string[] }>
  | Readonly<{ kind: 'dynamic'; of: DynamicKind }>
  | Readonly<{ kind: 'file' | 'folder' | 'unknown' }>

export type Flag = Readonly<{ names: readonly string[]; doc: string; values: Values }>

/** A command by its path (`topics apply`), with what may stand behind it. */
export type Node = Readonly<{
  path: string
  below: readonly Readonly<{ name: string; doc: string }>[]
  flags: readonly Flag[]
  takesFiles: boolean
}>

/** All commands, from the program's tree. */
export const nodesOf = (root: Command): readonly Node[] => {
  const nodes: Node[] = []
  const walk = (command: Command, path: string): void => {
    nodes.push({
      path,
      below: command.commands.map((below) => ({ name: below.name(), doc: firstSentence(below.description()) })),
      flags: [...command.options.map(flagOf), help],
      takesFiles: command.registeredArguments.some((argument) => /file|dir/i.test(argument.name())),
    })
    for (const below of command.commands) walk(below, path === '' ? below.name() : `${path} ${below.name()}`)
  }
  walk(root, '')
  return nodes
}

const help: Flag = { names: ['--help'], doc: 'how it is used', values: { kind: 'none' } }

const flagOf = (option: Option): Flag => ({
  names: [option.long, option.short].filter((name) => name !== undefined && name !== null),
  doc: firstSentence(option.description),
  values: valuesOf(option),
})

const dynamic: Readonly<Record<string, DynamicKind>> = {
  '--generation': 'generation',
  '--queue': 'queue',
  '--sink': 'sink',
  '--feed': 'feed',
}

const valuesOf = (option: Option): Values => {
  if (!option.required && !option.optional) return { kind: 'none' }
  if (option.argChoices !== undefined) return { kind: 'choices', choices: option.argChoices }
  const looked = dynamic[option.long ?? '']
  if (looked !== undefined) return { kind: 'dynamic', of: looked }
  const argument = /[<[]([^>\]]+)/.exec(option.flags)?.[1] ?? ''
  if (/dir|folder/.test(argument)) return { kind: 'folder' }
  return { kind: /file/.test(argument) ? 'file' : 'unknown' }
}

/** Short, without what a shell would read. */
const firstSentence = (text: string): string =>
  (/^[^.;(\n]{1,70}/.exec(text.replaceAll(/['"`$\\[\]:]/g, '')) ?? [''])[0].trim()
