import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { beforeAll, describe, expect, test } from 'vitest'
import { programCommands } from '../support/program-commands.js'

const ROOT = join(import.meta.dirname, '../..')
const RUNBOOKS = join(ROOT, 'docs/runbooks')
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

const PARTS = ['Cause', 'Seen', 'Do', 'Over', 'Held by'] as const
type Drill = Readonly<{ title: string; parts: Readonly<Record<string, string>> }>

/** The drills of a page: a numbered heading, then a list of named parts. */
const drillsIn = (page: string): readonly Drill[] =>
  page
    .split(/^## (?=\d+\. )/m)
    .slice(1)
    .map((section) => {
      const [title = '', ...lines] = (section.split(/^## /m)[0] ?? '').split('\n')
      const parts = lines.flatMap((line) => {
        const [, name, text] = /^- \*\*([^*]+)\*\*: (.+)$/.exec(line) ?? []
        return name === undefined || text === undefined ? [] : [[name, text] as const]
      })
      return { title, parts: Object.fromEntries(parts) }
    })

const drills = drillsIn(textOf('docs/runbooks/drills.md'))
const alerts = new Set(
  [...textOf('deploy/prometheus/streamvane.rules.yaml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name),
)

/** Commands that a text names, each in code of its own: `streamvane rebuild --promote`. */
const commandsIn = (text: string): readonly string[] =>
  [...text.matchAll(/`streamvane ([^`]+)`/g)].map(([, words = '']) => words)

const quoted = (text: string, before: RegExp): readonly string[] =>
  [...text.matchAll(new RegExp(`${before.source}"([^"]+)"`, 'g'))].map(([, words = '']) => words)

describe('the failure drills', () => {
  test('are fifteen, numbered, each with its cause, what is seen, what to do, how it ends and the test that holds it', () => {
    expect(drills.map(({ title }) => Number.parseInt(title, 10))).toEqual(Array.from({ length: 15 }, (_, at) => at + 1))
    for (const { title, parts } of drills) expect(Object.keys(parts), title).toEqual(PARTS)
  })

  test.each(drills.map((drill) => [drill.title, drill] as const))(
    '%s: its test exists under that title',
    (_, { parts }) => {
      const [, path = ''] = /^`([^`]+)`/.exec(parts['Held by'] ?? '') ?? []
      const [title = ''] = quoted(parts['Held by'] ?? '', / /)
      expect(title).not.toBe('')
      expect(textOf(`${path}.test.ts`)).toContain(`'${title}'`)
    },
  )

  test.each(drills.map((drill) => [drill.title, drill] as const))(
    '%s: what is seen is an alert of the rules, or is said to be none',
    (_, { parts }) => {
      const text = Object.values(parts).join(' ')
      const named = [...text.matchAll(/`(Streamvane\w+)`/g)].map(([, name]) => name)
      expect(named.filter((name) => !alerts.has(name))).toEqual([])
      if (named.length === 0) expect(parts['Seen']).toMatch(/^no alert/)
    },
  )

  test('quote lines that the program logs', () => {
    const sources = execFileSync('git', ['ls-files', 'src/app', 'src/log', 'src/http'], { cwd: ROOT, encoding: 'utf8' })
    const program = sources
      .split('\n')
      .filter((file) => file.endsWith('.ts') && existsSync(join(ROOT, file)))
      .map(textOf)
      .join('\n')
    const lines = drills.flatMap(({ parts }) => Object.values(parts).flatMap((text) => quoted(text, /log (?:says )?/)))
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) expect(program.includes(line), line).toBe(true)
  })
})

describe('commands that runbooks name', () => {
  let commands: ReadonlyMap<string, () => Command>
  // All modules of the program are loaded, which takes long where nothing of it was before.
  beforeAll(async () => void (commands = await programCommands()), 120_000)

  /** What is wrong with a command as it is written; `undefined` if it exists with these options. */
  const wrongIn = (words: string): string | undefined => {
    const [name = '', ...rest] = words.split(/\s+/)
    let command = commands.get(name)?.()
    if (command === undefined) return `there is no command ${name}`
    for (const word of rest) {
      const below: Command | undefined = command.commands.find((each) => each.name() === word)
      if (below === undefined) break
      command = below
    }
    if (command.commands.length > 0 && command.registeredArguments.length === 0) return 'it needs a command below it'
    const known = new Set(command.options.flatMap(({ long, short }) => [long, short]))
    return rest.find((word) => word.startsWith('--') && !known.has(word.split('=')[0]))
  }

  test.each(readdirSync(RUNBOOKS).filter((file) => !file.startsWith('Streamvane')))(
    'exist as %s writes them',
    (file) => {
      const wrong = commandsIn(textOf(`docs/runbooks/${file}`)).flatMap((words) => {
        const why = wrongIn(words)
        return why === undefined ? [] : [`${words}: ${why}`]
      })
      expect(wrong).toEqual([])
    },
  )

  test.each(['rebuild --frobnicate', 'frobnicate', 'projections frobnicate'])('%s would be found out', (words) => {
    expect(wrongIn(words)).toBeDefined()
  })
})
