import type { Position, RecordedEvent } from '../../../log/event-log.js'
import { isErasureNote } from './decode-run.js'
import type { FreshRun, RunDecoder } from './run-decoder.js'
import { SEGMENT_BYTES, SEGMENT_EVENTS } from './segment-writer.js'

/**
 * Gathers raw events into stretches and has them decoded, several at a time where there are threads. Runs come out in
 * the order of the log.
 */
export class DecodingQueue {
  private readonly decoder: RunDecoder
  private readonly isErased: (stream: string) => boolean
  private readonly eventsMax: number
  private readonly decoding: Promise<FreshRun>[] = []
  private gathered: RecordedEvent[] = []
  private bytes = 0
  /** The end of the last stretch that was handed on, and of the events gathered since. */
  private begun: Position | undefined
  private reached: Position | undefined

  /** `eventsMax`: a stretch ends after so many events, if not before. */
  constructor(
    after: Position | undefined,
    decoder: RunDecoder,
    options: Readonly<{ isErased: (stream: string) => boolean; eventsMax: number }>,
  ) {
    this.begun = after
    this.reached = after
    this.decoder = decoder
    this.isErased = options.isErased
    this.eventsMax = Math.min(options.eventsMax, SEGMENT_EVENTS)
  }

  get isEmpty(): boolean {
    return this.gathered.length + this.decoding.length === 0
  }

  /** Events right behind those before. */
  add(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      this.reached = event.position
      if (this.isErased(event.stream)) continue
      if (isErasureNote(event)) this.decode(this.gathered.at(-1)?.position)
      this.gathered.push(event)
      this.bytes += event.data.length + event.metadata.length
      if (isErasureNote(event) || this.gathered.length >= this.eventsMax || this.bytes >= SEGMENT_BYTES) this.decode()
    }
  }

  /** There are no other events through here. */
  reach(position: Position): void {
    this.reached = position
  }

  /** Has the gathered events decoded, however few. */
  decode(through = this.reached): void {
    if (this.gathered.length === 0 || through === undefined) return
    const stretch = { after: this.begun, through, events: this.gathered }
    this.begun = through
    this.gathered = []
    this.bytes = 0
    const run = this.decoder.decode(stretch)
    run.catch(() => undefined) // it is met when its turn comes
    this.decoding.push(run)
  }

  /** The runs in front, until no more than `left` are under way. */
  async *ready(left = this.decoder.depth): AsyncGenerator<FreshRun> {
    while (this.decoding.length > left) yield (await this.decoding.shift()) as FreshRun
  }
}
