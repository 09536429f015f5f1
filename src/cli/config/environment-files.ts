import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { UsageError } from '../command/exit.js'

const FOLDER = 'environments'
const ENDINGS = ['.yaml', '.yml', '.json']

/**
 * The files of an environment, laid over `base`. A name stands for a file of the folder `environments` beside the last
 * file of the base, or in the current folder. What has a slash or the ending of a file is a file, or several with commas
 * between them. Throws `UsageError`.
 */
export const environmentFiles = (named: string, base: readonly string[]): readonly string[] => {
  const parts = named.split(',').map((part) => part.trim())
  if (parts.some((part) => part.includes('/') || part.includes('\\') || ENDINGS.some((each) => part.endsWith(each))))
    return [...base, ...parts]
  const folder = join(dirname(base.at(-1) ?? 'streamvane.yaml'), FOLDER)
  const file = ENDINGS.map((ending) => join(folder, named + ending)).find((each) => existsSync(each))
  if (file !== undefined) return [...base, file]
  const known = environmentsIn(folder)
  throw new UsageError(
    `there is no ${join(folder, `${named}.yaml`)}: an environment is a file in ${folder}${known.length > 0 ? ` (there are ${known.join(', ')})` : ''}; or name a file`,
  )
}

const environmentsIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder).flatMap((name) => {
        const ending = ENDINGS.find((each) => name.endsWith(each))
        return ending === undefined ? [] : [name.slice(0, -ending.length)]
      })
    : []
