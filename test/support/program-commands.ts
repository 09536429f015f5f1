import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'

/** What `main.ts` loads: a command that is added there is found here. */
const CLI = join(import.meta.dirname, '../../src/cli')
const LOADED = /^ {2}'?([\w-]+)'?: async \(\) => \(await import\('([^']+)'\)\)\.(\w+)\((.*)\),?$/gm

export type Make = (argument?: unknown) => Command

/** The commands of the program by name, each made anew when it is asked for. */
export const programCommands = async (): Promise<ReadonlyMap<string, () => Command>> => {
  const found = [...(await readFile(join(CLI, 'main.ts'), 'utf8')).matchAll(LOADED)]
  return new Map(
    await Promise.all(
      found.map(async ([, name = '', file = '', factory = '', argument = '']) => {
        const module = (await import(join(CLI, file.replace(/\.js$/, '.ts')))) as Readonly<Record<string, Make>>
        const given = argument === '' ? [] : argument.startsWith("'") ? [argument.slice(1, -1)] : [{}]
        return [name, () => (module[factory] as Make)(...given)] as const
      }),
    ),
  )
}
