import { randomUUID } from 'node:crypto'
import type { Appender, Outcome } from '../append/outcome.js'
import type { NewEvent } from '../../event-log.js'
import { inParts, isReserved, pack, part, PART_OVERHEAD_BYTES, partsStreamOf, whole } from './form.js'
import type { Packed } from './form.js'
import { PART_BYTES_MIN, sizeOf, SizeLimits, totalOf } from './sizes.js'

/** Appends events of any size, as far as the server allows. */
export type LargeAppender = Readonly<{
  append: Appender
  /** Whether such an append takes several calls: what is known of its stream should be up to date before. */
  isLarge: (events: readonly NewEvent[]) => boolean
}>

/**
 * Wraps an appender whose server limits the size of an append. What is larger is packed, and what then is still larger
 * is written in parts before the append itself, which so stays whole: readers see all of its events or none. An append
 * that fails leaves parts that nothing names.
 */
export const largeAppender = (append: Appender, limits = new SizeLimits()): LargeAppender => {
  const isLarge = (events: readonly NewEvent[]): boolean =>
    events.some((event) => sizeOf(event) > limits.plain || isReserved(event)) || totalOf(events) > limits.append

  /** What the server does not take however it is cut. Its limits are asked for anew: they may be others by then. */
  const tooLarge = (stream: string, events: readonly NewEvent[]): Outcome => {
    const reason = `${events.length} events of together ${totalOf(events)} bytes for ${stream} are more than the server takes, also packed and in parts (${limits.append} bytes in one append, ${limits.event} in one event): raise MaxAppendSize or MaxAppendEventSize`
    limits.forget()
    return { tag: 'too-large', reason }
  }

  const writeParts = async (stream: string, packed: Packed): Promise<NewEvent | Outcome> => {
    const size = limits.event - PART_OVERHEAD_BYTES
    if (size < PART_BYTES_MIN) return tooLarge(stream, [whole(packed)])
    const revisions: number[] = []
    for (let from = 0; from < packed.bytes.byteLength; from += size) {
      const data = packed.bytes.subarray(from, from + size)
      const outcome = await attempt(partsStreamOf(stream), 'any', [
        part(packed.id, revisions.length, data, randomUUID()),
      ])
      if (outcome.tag !== 'stored') return outcome
      revisions.push(outcome.revision)
    }
    return inParts(packed, revisions)
  }

  /** The events as they go into one append, or why they do not fit. */
  const fitted = async (stream: string, events: readonly NewEvent[]): Promise<readonly NewEvent[] | Outcome> => {
    const forms = [...events]
    const packed = new Map<number, Packed>()
    const shrink = async (i: number): Promise<Outcome | undefined> => {
      const before = packed.get(i)
      if (before === undefined) {
        const mine = await pack(events[i] as NewEvent)
        packed.set(i, mine)
        forms[i] = whole(mine)
        return undefined
      }
      const head = await writeParts(stream, before)
      if ('tag' in head) return head
      forms[i] = head
      return undefined
    }
    const isInParts = (i: number): boolean => packed.has(i) && forms[i]?.data.byteLength === 0
    for (const [i, event] of events.entries()) {
      if (sizeOf(event) > limits.plain || isReserved(event)) await shrink(i)
      const outcome = sizeOf(forms[i] as NewEvent) > limits.event ? await shrink(i) : undefined
      if (outcome !== undefined) return outcome
    }
    while (totalOf(forms) > limits.append) {
      let largest: number | undefined
      for (const [i, form] of forms.entries())
        if (!isInParts(i) && sizeOf(form) >= PART_BYTES_MIN)
          if (largest === undefined || sizeOf(form) > sizeOf(forms[largest] as NewEvent)) largest = i
      if (largest === undefined) return tooLarge(stream, events)
      const outcome = await shrink(largest)
      if (outcome !== undefined) return outcome
    }
    return forms
  }

  const attempt: Appender = async (stream, last, events) => {
    const outcome = await append(stream, last, events)
    // The next call may reach another server, or one that was configured anew.
    if (outcome.tag === 'unknown') limits.forget()
    if (outcome.tag !== 'exceeds') return outcome
    return limits.refused(events, outcome.max, outcome.of) ? outcome : tooLarge(stream, events)
  }

  const appendLarge: Appender = async (stream, last, events) => {
    const forms = await fitted(stream, events)
    const outcome = 'tag' in forms ? forms : await attempt(stream, last, forms)
    // The limits are smaller now, and end at what is not worth a part.
    return outcome.tag === 'exceeds' ? appendLarge(stream, last, events) : outcome
  }

  return {
    isLarge,
    append: (stream, last, events) => {
      if (isLarge(events)) return appendLarge(stream, last, events)
      // Sent at once: appends go out in the order of the calls.
      return attempt(stream, last, events).then((outcome) =>
        outcome.tag === 'exceeds' ? appendLarge(stream, last, events) : outcome,
      )
    },
  }
}
