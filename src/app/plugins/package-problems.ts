import { sinkSettings } from '../config/sinks/egress-sinks.js'
import { ConfigError, type Config } from '../config/schema.js'
import { sourceSettings } from '../config/sources/sources-schema.js'
import { loadPlugin, UnusablePackage, type PackageEntry } from './load-plugin.js'
import { isPackage } from './resolve-package.js'

/**
 * Loads the packages that the configuration names for these stages. Throws `ConfigError` with what is wrong with them, and
 * with their settings.
 */
export const assertPackages = async (config: Config, stages: readonly string[]): Promise<void> => {
  const problems = await packageProblems(config, stages)
  if (problems.length > 0) throw new ConfigError(`packages cannot be used:\n  ${problems.join('\n  ')}`)
}

const packageProblems = async ({ egress, sources }: Config, stages: readonly string[]): Promise<readonly string[]> => {
  const problems: string[] = []
  for (const [kind, entries] of [
    ['sink', stages.includes('egress') ? sinkSettings(egress) : []],
    ['source', stages.includes('ingress') ? sourceSettings(sources) : []],
  ] as const)
    for (const { path, use, settings } of entries) {
      if (!isPackage(use)) continue
      const problem = await problemOf(kind, { path, use, given: settings as PackageEntry['given'] })
      if (problem !== undefined) problems.push(problem)
    }
  return problems
}

const problemOf = async (kind: 'sink' | 'source', entry: PackageEntry): Promise<string | undefined> => {
  try {
    await loadPlugin(kind, entry)
    return undefined
  } catch (cause) {
    if (cause instanceof UnusablePackage) return cause.message
    throw cause
  }
}
