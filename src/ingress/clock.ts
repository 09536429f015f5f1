import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../domain/interval.js'
import { clockStream } from '../domain/stream-name.js'
import type { EventLog } from '../log/event-log.js'
import { CLOCK_TICKED } from './decode/decoders.js'
import { ascendingContentId } from '../log/content-id.js'
import { NotIngested } from './not-ingested.js'

/** Appends `ClockTicked`: event time has reached `at`. The same tick is stored once. Throws `NotIngested`. */
export const appendTick = async (log: EventLog, tenant: string, at: EpochMs): Promise<void> => {
  const event = {
    id: ascendingContentId(at, CLOCK_TICKED, tenant, String(at)),
    type: CLOCK_TICKED,
    data: Buffer.from(JSON.stringify({ at })),
    metadata: Buffer.from(JSON.stringify({ tenant, source: 'clock' })),
  }
  const [result] = await log.append([{ stream: clockStream(tenant), expected: 'any', events: [event] }])
  if (result !== undefined && E.isLeft(result)) throw new NotIngested(result.left)
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
