import { readFileSync } from 'node:fs'

/** The version of this package. The source lies two folders below its package.json, the build three. */
export const version = (): string => {
  for (const path of ['../../package.json', '../../../package.json'])
    try {
      return (JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { version: string }).version
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    }
  throw new Error('package.json is missing beside this installation')
}
