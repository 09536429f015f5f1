import type { NewEvent, StreamAppend } from '../../../src/log/event-log.js'

export const STREAMS = 3
export const EVENTS_A_CALL = 3

/**
 * The calls of a run are numbered, and their events are derived from the number: a call made again is the same call.
 */
export const callOf = (n: number, bytes: number): StreamAppend => ({
  stream: `crash.${n % STREAMS}`,
  expected: 'any',
  events: Array.from({ length: EVENTS_A_CALL }, (_, part) => eventOf(n, part, bytes)),
})

const eventOf = (n: number, part: number, bytes: number): NewEvent => ({
  id: `${n.toString(16).padStart(8, '0')}-0000-4000-8000-${part.toString(16).padStart(12, '0')}`,
  type: 'Numbered',
  data: Buffer.from(`${n}/${part}/`.padEnd(bytes, '·')),
  metadata: Buffer.from('{}'),
})

export const numberOf = (data: Uint8Array): Readonly<{ n: number; part: number }> => {
  const [n, part] = Buffer.from(data).toString().split('/')
  return { n: Number(n), part: Number(part) }
}
