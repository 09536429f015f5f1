import type { Progress } from '../../../src/egress/sink.js'
import type { ModelBroker } from '../../support/kafka-model/broker.js'
import { committedEntries } from '../../support/kafka-model/observer.js'
import type { Entry, ModelPartition } from '../../support/kafka-model/partition.js'
import { expected } from './kpi-rows.js'

/** What must never happen; the message says what did. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** What a simulation tells whoever watches it. */
export type Watcher = Readonly<{
  committedThrough: number
  consume: () => void
  committed: (producerId: number) => void
  told: (progress: Progress) => void
  complete: (last: number) => void
}>

type Watched = { readonly topic: string; readonly partition: ModelPartition; readFrom: number }

/**
 * Watches the topics from outside of the protocol, and knows nothing of the sink:
 *
 * 1. A read_committed consumer gets the rows of a key once each, in the order of the KPI log, without a gap.
 * 2. A transaction that is committed holds a progress record, and exactly the rows between the progress that was
 *    committed before and this one.
 * 3. What an egress says it has published is committed.
 */
export class Invariants implements Watcher {
  private readonly broker: ModelBroker
  private readonly progressTopic: string
  private readonly watched: readonly Watched[]
  /** How many rows of a key a consumer has got. */
  private readonly seen = new Map<string, number>()
  /** Through which revision of the KPI stream everything is committed. */
  committedThrough = -1

  constructor(broker: ModelBroker, rowTopics: readonly string[], progressTopic: string) {
    this.broker = broker
    this.progressTopic = progressTopic
    this.watched = rowTopics.flatMap((topic) =>
      Array.from({ length: broker.partitionsOf(topic) }, (_, at) => ({
        topic,
        partition: broker.partition(topic, at),
        readFrom: 0,
      })),
    )
  }

  /** To be called after every step. */
  consume(): void {
    for (const watched of this.watched) {
      const { lastStable } = watched.partition
      if (watched.readFrom >= lastStable) continue
      for (const entry of committedEntries(watched.partition, watched.readFrom)) {
        const id = idOf(entry)
        const row = rowsById.get(id)
        if (row === undefined) throw new Violation(`${watched.topic} holds ${id}, which the KPI log does not`)
        const next = this.seen.get(row.key) ?? 0
        if (row.nth !== next)
          throw new Violation(`a consumer got ${id}, row ${row.nth} of its key, where row ${next} comes next`)
        this.seen.set(row.key, next + 1)
      }
      watched.readFrom = lastStable
    }
  }

  /** To be called when the coordinator has decided to commit a transaction, before its markers are written. */
  committed(producerId: number): void {
    const records = [
      ...this.watched.map(({ partition }) => partition),
      this.broker.partition(this.progressTopic, 0),
    ].flatMap((partition) => openRecords(partition, producerId))
    const progress = records
      .filter(({ headers }) => headers['ce_id'] === undefined)
      .map(({ value }) => revisionIn(value))
    const revision = progress.at(-1)
    if (revision === undefined) throw new Violation('a transaction without a progress record was committed')
    const rows = records.flatMap((entry) => (entry.headers['ce_id'] === undefined ? [] : [idOf(entry)])).sort()
    const wanted = expected
      .slice(this.committedThrough + 1, revision + 1)
      .flatMap((row) => (row === undefined ? [] : [row.id]))
      .sort()
    if (rows.join() !== wanted.join())
      throw new Violation(
        `a transaction moved the progress from ${this.committedThrough} to ${revision} and held ${rows.length} rows ` +
          `(${rows.join(', ')}) where there are ${wanted.length} (${wanted.join(', ')})`,
      )
    this.committedThrough = revision
  }

  /** To be called when an egress says that a batch is published. */
  told({ revision }: Progress): void {
    if (revision > this.committedThrough)
      throw new Violation(`an egress told revision ${revision}, where ${this.committedThrough} is committed`)
  }

  /** To be called at the end: everything through `last` must have arrived, and the progress say so. */
  complete(last: number): void {
    this.consume()
    const wanted = expected.slice(0, last + 1).filter((row) => row !== undefined).length
    const got = [...this.seen.values()].reduce((sum, count) => sum + count, 0)
    if (got !== wanted) throw new Violation(`a consumer got ${got} of ${wanted} rows`)
    const progress = committedEntries(this.broker.partition(this.progressTopic, 0)).at(-1)
    const revision = progress === undefined ? undefined : revisionIn(progress.value)
    if (revision !== this.committedThrough)
      throw new Violation(`the progress topic says ${revision}, where ${this.committedThrough} is committed`)
  }
}

/** The records of a transaction that has no marker yet. */
const openRecords = (partition: ModelPartition, producerId: number): readonly Entry[] => {
  const records: Entry[] = []
  for (const entry of partition.all().toReversed()) {
    if (entry.producerId !== producerId) continue
    if (entry.marker !== undefined) break
    records.push(entry)
  }
  return records.reverse()
}

const idOf = ({ headers }: Entry): string => headers['ce_id'] ?? 'a record without an id'

/** The revision in a progress record; -1 in that of an egress that has published nothing. */
const revisionIn = (value: Buffer | null): number =>
  (JSON.parse(value?.toString('utf8') ?? '{}') as { revision?: number }).revision ?? -1

/** The rows of the KPI log by id: their key, and the how manieth of the key each is. */
export const rowsById: ReadonlyMap<string, Readonly<{ key: string; nth: number }>> = (() => {
  const counts = new Map<string, number>()
  return new Map(
    expected.flatMap((row) => {
      if (row === undefined) return []
      const nth = counts.get(row.key) ?? 0
      counts.set(row.key, nth + 1)
      return [[row.id, { key: row.key, nth }] as const]
    }),
  )
})()
