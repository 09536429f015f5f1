import { createHash } from 'node:crypto'
import { tableOf } from '../../contract/flat-columns.js'
import type { FamilyName } from '../../domain/family.js'
import type { Granularity } from '../../domain/granularity.js'
import type { EpochMs } from '../../domain/interval.js'

/** The one object that is replaced; everything else is written once. */
export const MANIFEST_KEY = '_manifest.json'

/** Lists of a day begin so. Engines that read Hive layouts pass by what begins with `_`. */
const LISTS = '_lists'

/** Rows of a family and length that start on a day, in UTC. */
export type Day = Readonly<{ family: FamilyName; granularity: Granularity; start: EpochMs }>

/** Names a day within the manifest and in keys: `queue_metrics/length=PT15M/day=2026-01-05`. */
export const dayName = ({ family, granularity, start }: Day): string =>
  `${tableOf(family)}/length=${granularity}/day=${new Date(start).toISOString().slice(0, 10)}`

/** The list of what a day holds, named by its content. */
export const listKey = (day: string, sha256: string): string => `${LISTS}/${day}/${sha256}.json`

/**
 * The rows of an interval, as one marker counts them. The key says which, and ends with the first digits of the SHA-256:
 * other bytes never have the same key.
 */
export const rowsKey = (interval: Day & Readonly<{ generation: string; number: number }>, sha256: string): string => {
  const start = new Date(interval.start).toISOString().replaceAll(/[:-]|\.\d+/g, '')
  return `${dayName(interval)}/${start}.${interval.generation}.${interval.number}.${sha256.slice(0, 16)}.parquet`
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
