import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
export const NEW_METRIC = 'tOfTheNextVersion'

/**
 * The program of a simulated next version: a copy of the sources whose rows carry one metric more, so that the schemas
 * of most families are others. `isNewProjection`: it counts as another version of the projection, which starts a
 * generation of its own, as a change of the contract should. Returns the path of its main module.
 */
export const nextVersion = async (
  folder: string,
  { isNewProjection }: Readonly<{ isNewProjection: boolean }>,
): Promise<string> => {
  const { edit, main } = await copiedVersion(folder)
  await edit(
    'domain/metric.ts',
    /\n\} as const satisfies Record<string, readonly \[MetricGroup/,
    `\n  ${NEW_METRIC}: ['interaction', 'duration'],$&`,
  )
  await edit(
    'domain/metric-texts.ts',
    /\n\} as const satisfies Record<string, MetricText>/,
    `\n  ${NEW_METRIC}: said('A metric of the next version.', UNDATED, 'S1', 'U'),$&`,
  )
  if (isNewProjection) await edit('app/pipeline/generations.ts', /(PROJECTION_VERSION = )(\d+)/, '$1 1_000 + $2')
  return main
}

/** A copy of the program whose sources can be edited. */
export const copiedVersion = async (
  folder: string,
): Promise<Readonly<{ main: string; edit: (file: string, from: RegExp, to: string) => Promise<void> }>> => {
  await mkdir(folder, { recursive: true })
  for (const part of ['src', 'schemas', 'package.json'])
    await cp(join(ROOT, part), join(folder, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return {
    main: join(folder, 'src/cli/main.ts'),
    edit: async (file, from, to) => {
      const path = join(folder, 'src', file)
      const text = await readFile(path, 'utf8')
      if (!from.test(text)) throw new Error(`${file} is not as expected: ${from}`)
      await writeFile(path, text.replace(from, to))
    },
  }
}
