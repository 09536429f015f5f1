import {
  deadLetterStream,
  generationsStream,
  kpiStream,
  operationsStream,
  rawPrefixes,
} from '../../../domain/stream-name.js'
import type { EventLog, Position, RecordedEvent } from '../../../log/event-log.js'
import { ifThere } from '../../../log/if-there.js'
import { readGenerations } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'

/** Where a reader of a tree goes on: behind the event at `position`, the last of the first `size` leaves. */
export type After = Readonly<{ position: Position | undefined; size: number }>

/**
 * What one tree is over. `raw`: raw events, configuration, clock and the dead letters of the ingress, in the order of
 * the log. `control`: generations and what operators did. `kpi-<generation>`: the KPI stream, where a leaf has the index
 * of its revision.
 */
export type SealedTree = Readonly<{
  name: string
  log: EventLog
  events: (after: After, through: Position) => AsyncIterable<readonly RecordedEvent[]>
}>

export const RAW_TREE = 'raw'
export const CONTROL_TREE = 'control'
export const kpiTree = (generation: string): string => `kpi-${generation}`

/** The trees of what there is now. A part that no process has written yet has none. */
export const treesOf = async (logs: Logs, tenant: string): Promise<readonly SealedTree[]> => {
  const raw = await ifThere(() => logs.raw('reader'))
  const control = await ifThere(() => logs.control('reader'))
  const { all, retired } = control === undefined ? { all: {}, retired: {} } : await readGenerations(control, tenant)
  const generations = Object.keys(all).filter((name) => !Object.hasOwn(retired, name))
  const kpis: SealedTree[] = []
  for (const generation of generations) {
    const log = await ifThere(() => logs.kpi(generation, 'reader'))
    if (log !== undefined) kpis.push(streamTree(kpiTree(generation), log, kpiStream(tenant, generation)))
  }
  return [
    ...(raw === undefined ? [] : [prefixTree(RAW_TREE, raw, [...rawPrefixes(tenant), deadLetterStream(tenant)])]),
    ...(control === undefined
      ? []
      : [prefixTree(CONTROL_TREE, control, [generationsStream(tenant), operationsStream(tenant)])]),
    ...kpis,
  ]
}

export const prefixTree = (name: string, log: EventLog, prefixes: readonly string[]): SealedTree => ({
  name,
  log,
  events: ({ position }, through) => log.readAll({ after: position, through, prefixes }),
})

export const streamTree = (name: string, log: EventLog, stream: string): SealedTree => ({
  name,
  log,
  events: async function* ({ size }, through) {
    for await (const batch of log.readStream(stream, { from: size })) {
      const within = batch.filter(({ position }) => position <= through)
      if (within.length > 0) yield within
      if (within.length < batch.length) return
    }
  },
})
