import { intervalStart, type EpochMs } from '../../../domain/interval.js'
import { readClock } from '../../../ingress/clock.js'
import { feeds } from '../../../ingress/decode/decoders.js'
import type { RawEvent } from '../../../ingress/raw-event.js'
import type { EventLog } from '../../../log/event-log.js'
import { tooLate } from '../../../projections/lateness.js'
import { readGenerations, type Generation } from '../../pipeline/generations.js'
import type { Logs } from '../../pipeline/logs/logs.js'
import { ifThere } from '../../../log/if-there.js'

/** The generation that is live; `undefined` before the first projection, when everything counts. */
export const liveGeneration = async (logs: Logs, tenant: string): Promise<Generation | undefined> => {
  const control = await ifThere(() => logs.control('reader'))
  if (control === undefined) return undefined
  const { all, live } = await readGenerations(control, tenant)
  return live === undefined ? undefined : all[live]
}

/** Ticks that may stand behind the furthest one: an import of older files appends ticks of their time. */
const OLDER_TICKS_MAX = 1_000

/**
 * Counts the events of an import that lie behind the late horizon of a generation, as its projector will find when it
 * comes to them: by the ticks that stand before each batch.
 */
export class LateCount {
  readonly generation: Generation
  events = 0
  private readonly raw: EventLog
  private readonly tenant: string
  private frontier: EpochMs | undefined
  /** The revision of the clock stream that comes next; `undefined` until it was read. */
  private next: number | undefined

  constructor(raw: EventLog, tenant: string, generation: Generation) {
    this.raw = raw
    this.tenant = tenant
    this.generation = generation
  }

  /** Reads the ticks that have come: before a batch is stored. */
  async follow(): Promise<void> {
    if (this.next === undefined) await this.begin()
    for await (const { kind, at, revision } of readClock(this.raw, this.tenant, { from: this.next ?? 0 })) {
      this.frontier = kind === 'take-back' ? at : Math.max(this.frontier ?? at, at)
      this.next = revision + 1
    }
  }

  /** Counts a stored event if it is late. */
  readonly count = ({ event, earliest }: RawEvent): void => {
    const { profile } = this.generation
    if (earliest === undefined || this.frontier === undefined || !feeds(event.type, profile.points)) return
    const closedThrough = intervalStart(this.frontier - profile.graceMs, profile.intervalMs)
    if (tooLate(earliest, closedThrough, profile) !== undefined) this.events += 1
  }

  private async begin(): Promise<void> {
    this.next = 0
    const clock = readClock(this.raw, this.tenant, { backwards: true, max: OLDER_TICKS_MAX })
    for await (const { kind, at, revision } of clock) {
      this.next = Math.max(this.next, revision + 1)
      this.frontier = Math.max(this.frontier ?? at, at)
      if (kind === 'take-back') break
    }
  }
}
