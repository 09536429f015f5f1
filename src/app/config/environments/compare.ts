import { isDeepStrictEqual } from 'node:util'
import { Secret } from '../../../credentials/secret.js'
import { isTree, type Tree } from '../layers/layer.js'
import { redacted, written } from '../load.js'
import type { Config } from '../schema.js'
import { consequenceOf, type Consequence } from './consequences.js'

/**
 * A setting that two configurations have otherwise. `path`: levels joined by points, entries of lists by their names
 * (`egress.sinks[kafka].brokers`). `old` or `new` is absent where the setting is. Of a secret the values are `***`.
 */
export type ConfigDifference = Consequence &
  Readonly<{
    path: string
    old?: unknown
    new?: unknown
    /** The values differ in what is not shown: a secret, its reference, or the hidden part of an address. */
    hidden: boolean
  }>

/** The differences of two configurations that `loadForComparison` loaded; those that change figures first. */
export const compareConfigs = (old: Config, now: Config): readonly ConfigDifference[] => {
  const differences = [...differencesOf(sideOf(old), sideOf(now), [])]
  const rank = ({ effect }: ConfigDifference): number => (effect === 'figures' ? 0 : 1)
  return differences.sort((a, b) => rank(a) - rank(b))
}

/** A value as it is and as it is shown. Both have the same form. */
type Side = Readonly<{ full: unknown; shown: unknown }>

const sideOf = (config: Config): Side => ({
  full: JSON.parse(
    JSON.stringify(config, function (this: Tree, key: string, value: unknown) {
      const own = this[key]
      return own instanceof Secret ? own.read() : written(key, value)
    }),
  ),
  shown: redacted(config),
})

/** A level of a path: a key of a mapping, or the name of an entry of a list. */
type Level = Readonly<{ key: string } | { entry: string }>

function* differencesOf(old: Side, now: Side, path: readonly Level[]): Generator<ConfigDifference> {
  if (isDeepStrictEqual(old.full, now.full)) return
  const [before, after] = [membersOf(old), membersOf(now)]
  if (before === undefined || after === undefined || before.kind !== after.kind || !inSameOrder(before, after)) {
    yield difference(old, now, path)
    return
  }
  for (const name of new Set([...before.sides.keys(), ...after.sides.keys()]))
    yield* differencesOf(before.sides.get(name) ?? ABSENT, after.sides.get(name) ?? ABSENT, [
      ...path,
      before.kind === 'mapping' ? { key: name } : { entry: name },
    ])
}

const ABSENT: Side = { full: undefined, shown: undefined }

type Members = Readonly<{ kind: 'mapping' | 'list'; sides: ReadonlyMap<string, Side> }>

/** The members of a mapping by key, and those of a list by name, where each has one. */
const membersOf = ({ full, shown }: Side): Members | undefined => {
  if (isTree(full) && isTree(shown))
    return {
      kind: 'mapping',
      sides: new Map(Object.entries(full).map(([key, value]) => [key, { full: value, shown: shown[key] }])),
    }
  if (!Array.isArray(full) || !Array.isArray(shown)) return undefined
  const named = full.flatMap((entry: unknown, place) =>
    isTree(entry) && typeof entry['name'] === 'string'
      ? [[entry['name'], { full: entry, shown: shown[place] as unknown }] as const]
      : [],
  )
  const sides = new Map(named)
  return sides.size === full.length ? { kind: 'list', sides } : undefined
}

/** Whether what both have is in one order: in the columns of a feed it matters. Keys of a mapping have none. */
const inSameOrder = (before: Members, after: Members): boolean =>
  before.kind === 'mapping' ||
  isDeepStrictEqual(
    [...before.sides.keys()].filter((name) => after.sides.has(name)),
    [...after.sides.keys()].filter((name) => before.sides.has(name)),
  )

const difference = (old: Side, now: Side, path: readonly Level[]): ConfigDifference => ({
  path: path
    .map((level) => ('key' in level ? `.${level.key}` : `[${level.entry}]`))
    .join('')
    .slice(1),
  ...consequenceOf(path.flatMap((level) => ('key' in level ? [level.key] : []))),
  ...(old.shown === undefined ? {} : { old: old.shown }),
  ...(now.shown === undefined ? {} : { new: now.shown }),
  hidden: isDeepStrictEqual(old.shown, now.shown),
})
