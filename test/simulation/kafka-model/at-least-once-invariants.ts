import type { Progress } from '../../../src/egress/sink.js'
import type { ModelBroker } from '../../support/kafka-model/broker.js'
import { committedEntries } from '../../support/kafka-model/observer.js'
import type { Entry, ModelPartition } from '../../support/kafka-model/partition.js'
import { rowsById, Violation, type Watcher } from './invariants.js'
import { expected } from './kpi-rows.js'

type Watched = { readonly topic: string; readonly partition: ModelPartition; readFrom: number }

/**
 * The weaker promise of a cluster without transactions, watched from outside of the protocol:
 *
 * 1. Every row is there in the end. A revision first appears after all smaller ones of its key; what comes again has
 *    the bytes that it had.
 * 2. No progress record, and no egress, says more than the topics hold.
 */
export class AtLeastOnceInvariants implements Watcher {
  private readonly rows: readonly Watched[]
  private readonly progress: Watched
  private readonly values = new Map<string, string>()
  private readonly seen = new Map<string, number>()
  committedThrough = -1
  repeats = 0

  constructor(broker: ModelBroker, rowTopics: readonly string[], progressTopic: string) {
    const watched = (topic: string, at: number): Watched => ({
      topic,
      partition: broker.partition(topic, at),
      readFrom: 0,
    })
    this.rows = rowTopics.flatMap((topic) =>
      Array.from({ length: broker.partitionsOf(topic) }, (_, at) => watched(topic, at)),
    )
    this.progress = watched(progressTopic, 0)
  }

  consume(): void {
    // The rows first: a progress record that was appended meanwhile must not be excused by rows that came after it.
    const records = this.news(this.progress)
    for (const watched of this.rows) for (const entry of this.news(watched)) this.row(watched.topic, entry)
    for (const { value } of records) {
      const revision = (JSON.parse(String(value)) as { revision?: number }).revision ?? -1
      this.holds(revision, 'the progress topic')
      this.committedThrough = Math.max(this.committedThrough, revision)
    }
  }

  committed(): void {
    throw new Violation('a transaction was committed on a cluster that has none')
  }

  told({ revision }: Progress): void {
    this.consume()
    this.holds(revision, 'an egress')
  }

  complete(last: number): void {
    this.consume()
    this.holds(last, 'the end')
  }

  private news(watched: Watched): readonly Entry[] {
    const entries = committedEntries(watched.partition, watched.readFrom)
    watched.readFrom = watched.partition.lastStable
    return entries
  }

  private row(topic: string, { headers, value }: Entry): void {
    const id = headers['ce_id'] ?? 'a record without an id'
    if (headers['streamvane-delivery'] !== 'at-least-once')
      throw new Violation(`${id} does not say how it is delivered`)
    const before = this.values.get(id)
    if (before !== undefined) {
      this.repeats += 1
      if (before !== String(value)) throw new Violation(`${id} came again with other bytes`)
      return
    }
    const row = rowsById.get(id)
    if (row === undefined) throw new Violation(`${topic} holds ${id}, which the KPI log does not`)
    const next = this.seen.get(row.key) ?? 0
    if (row.nth !== next)
      throw new Violation(`${id} is row ${row.nth} of its key, and came first where row ${next} is next`)
    this.seen.set(row.key, next + 1)
    this.values.set(id, String(value))
  }

  private holds(revision: number, who: string): void {
    for (const row of expected.slice(0, revision + 1))
      if (row !== undefined && !this.values.has(row.id))
        throw new Violation(`${who} says revision ${revision}, and ${row.id} is not there`)
  }
}
