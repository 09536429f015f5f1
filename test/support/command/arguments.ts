import { join } from 'node:path'
import { inject } from 'vitest'

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts')

/**
 * The arguments of node that run `streamvane`: the compiled program where the run has one, else the sources. `main` is
 * the program of another version, in sources.
 */
export const nodeArguments = (main?: string): readonly string[] => {
  const compiled = inject('command')
  return main === undefined && compiled !== undefined ? [compiled] : ['--import', 'tsx', main ?? MAIN]
}
