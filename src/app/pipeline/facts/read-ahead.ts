import type { EventLog, Position } from '../../../log/event-log.js'
import { SEGMENT_BYTES, SEGMENT_EVENTS, SEGMENT_EVENTS_MIN } from './segment-writer.js'
import type { EncodedRun, RunDecoder } from './run-decoder.js'

/** A stretch of the log, and the run that a thread made of its beginning; `undefined`: it has to be decoded here. */
export type StretchAhead = Readonly<{ through: Position; found: EncodedRun | undefined }>

/**
 * Has threads read and decode an embedded log, behind `after` and through `end`, in stretches of as many positions
 * as a segment has events, several at a time. They come out in the order of the log. What is left at the end is shorter
 * than a stretch.
 */
export async function* readAhead(
  decoder: RunDecoder,
  { folder, keys }: Pick<EventLog, 'folder' | 'keys'>,
  { after, end }: Readonly<{ after: Position | undefined; end: Position }>,
): AsyncGenerator<StretchAhead> {
  const reading: Promise<StretchAhead>[] = []
  let begun = after
  const next = (): boolean => {
    const through = (begun ?? FIRST - 1n) + BigInt(SEGMENT_EVENTS)
    if (folder === undefined || through > end || decoder.depth === 0) return false
    const place = { folder, keys, after: begun, through, bytesMax: SEGMENT_BYTES, eventsMin: SEGMENT_EVENTS_MIN }
    const stretch = decoder.read(place).then((found) => ({ through, found }))
    stretch.catch(() => undefined) // it is met when its turn comes
    reading.push(stretch)
    begun = through
    return true
  }
  for (;;) {
    while (reading.length <= decoder.depth && next());
    const first = reading.shift()
    if (first === undefined) return
    yield await first
  }
}

const FIRST: Position = 0n
