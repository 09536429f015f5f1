import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../domain/interval.js'
import { clockStream } from '../domain/stream-name.js'
import { ascendingContentId, contentId } from '../log/content-id.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../log/event-log.js'
import { CLOCK_TAKEN_BACK, CLOCK_TICKED } from './decode/decoders.js'
import { NotIngested } from './not-ingested.js'

/** Appends `ClockTicked`: event time has reached `at`. The same tick is stored once. Throws `NotIngested`. */
export const appendTick = (log: EventLog, tenant: string, at: EpochMs): Promise<void> =>
  append(log, tenant, clockEvent(CLOCK_TICKED, tenant, at, ascendingContentId(at, CLOCK_TICKED, tenant, String(at))))

/**
 * Appends `ClockTakenBack`: the ticks beyond `at` were wrong. `revision` is that of the last event of the clock stream,
 * so that taking back to the same instant once more, after other ticks, is another event. Throws `NotIngested`.
 */
export const appendTakeBack = (log: EventLog, tenant: string, at: EpochMs, revision: number): Promise<void> =>
  append(
    log,
    tenant,
    clockEvent(CLOCK_TAKEN_BACK, tenant, at, contentId(CLOCK_TAKEN_BACK, tenant, String(at), String(revision))),
  )

const clockEvent = (type: string, tenant: string, at: EpochMs, id: string): NewEvent => ({
  id,
  type,
  data: Buffer.from(JSON.stringify({ at })),
  metadata: Buffer.from(JSON.stringify({ tenant, source: 'clock' })),
})

const append = async (log: EventLog, tenant: string, event: NewEvent): Promise<void> => {
  const [result] = await log.append([{ stream: clockStream(tenant), expected: 'any', events: [event] }])
  if (result !== undefined && E.isLeft(result)) throw new NotIngested(result.left)
}

/** An event of the clock stream: a tick, or a take-back to `at`. */
export type ClockEvent = Readonly<{ kind: 'tick' | 'take-back'; at: EpochMs; revision: number; position: Position }>

/** The events of the clock stream, from the first or `from` on, or `backwards` from the last. */
export async function* readClock(
  log: EventLog,
  tenant: string,
  options: Readonly<{ from?: number; backwards?: boolean; max?: number }> = {},
): AsyncIterable<ClockEvent> {
  for await (const batch of log.readStream(clockStream(tenant), options))
    for (const event of batch) {
      const kind = kinds[event.type]
      if (kind !== undefined) yield { kind, at: atOf(event), revision: event.revision, position: event.position }
    }
}

const kinds: Readonly<Record<string, ClockEvent['kind']>> = { [CLOCK_TICKED]: 'tick', [CLOCK_TAKEN_BACK]: 'take-back' }
const atOf = ({ data }: RecordedEvent): EpochMs =>
  (JSON.parse(Buffer.from(data).toString('utf8')) as { at: EpochMs }).at

/** How far the clock of the raw log has come, through a position; `undefined` before the first tick. */
export const frontierIn = async (log: EventLog, tenant: string, through?: Position): Promise<EpochMs | undefined> => {
  for await (const { at, position } of readClock(log, tenant, { backwards: true }))
    if (through === undefined || position <= through) return at
  return undefined
}

/**
 * What the wall clock does now: it ticks, has nothing to do, or cannot tick because two clocks contradict each other.
 */
export type WallTick =
  | Readonly<{ kind: 'tick'; at: EpochMs }>
  | Readonly<{ kind: 'none' }>
  /** `aheadMs`: how far the machine's time lies beyond everything else that tells the time. */
  | Readonly<{ kind: 'held'; at: EpochMs; aheadMs: number }>
  /** `aheadMs`: how far the last tick lies beyond the machine's time. Events are too late until time has caught up. */
  | Readonly<{ kind: 'frontier-ahead'; at: EpochMs; aheadMs: number }>

/**
 * Decides about a tick of the wall clock. A wrong tick cannot be seen by its own value, and makes every later event too
 * late. So it is compared with what else is known of the time: the last tick (`frontier`) and the latest instant of an
 * event (`latest`), which has the clock of Genesys. If the machine's time lies more than `jumpMaxMs` beyond both, the
 * tick is held, until an event is dated near it or the machine's clock is set right. The first tick of a log that
 * knows of no time yet has nothing to be compared with, and is taken.
 */
export const wallTick = (
  now: EpochMs,
  {
    everyMs,
    jumpMaxMs,
    frontier,
    latest,
  }: Readonly<{ everyMs: number; jumpMaxMs: number; frontier: EpochMs | undefined; latest: EpochMs | undefined }>,
): WallTick => {
  const at = Math.floor(now / everyMs) * everyMs
  if (frontier !== undefined && at <= frontier)
    return frontier - at > jumpMaxMs ? { kind: 'frontier-ahead', at, aheadMs: frontier - at } : { kind: 'none' }
  const known = Math.max(frontier ?? -Infinity, latest ?? -Infinity)
  if (known !== -Infinity && at - known > jumpMaxMs) return { kind: 'held', at, aheadMs: at - known }
  return { kind: 'tick', at }
}

/**
 * The clock for data that carries its own time (files, simulations, backfills). It ticks at whole steps of the latest
 * instant seen, and never past `now`: an event dated in the future must not close intervals that are still open.
 */
export class EventTimeClock {
  private readonly everyMs: number
  private last: EpochMs | undefined
  private latest: EpochMs | undefined

  constructor(everyMs: number) {
    this.everyMs = everyMs
  }

  /** The tick that is due after input whose latest instant is `latest`, if any. */
  seen(latest: EpochMs | undefined, now: EpochMs): EpochMs | undefined {
    if (latest === undefined) return undefined
    this.latest = Math.max(this.latest ?? latest, latest)
    const at = Math.floor(Math.min(this.latest, now) / this.everyMs) * this.everyMs
    return this.due(at)
  }

  /** The tick at the end of the input: its very latest instant. */
  end(now: EpochMs): EpochMs | undefined {
    return this.latest === undefined ? undefined : this.due(Math.min(this.latest, now))
  }

  /** The tick given last could not be appended: it is due again. */
  missed(): void {
    this.last = undefined
  }

  private due(at: EpochMs): EpochMs | undefined {
    if (this.last !== undefined && at <= this.last) return undefined
    this.last = at
    return at
  }
}
