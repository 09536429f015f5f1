import { createHash } from 'node:crypto'
import { recordKey } from '../../domain/row.js'
import { unreachable } from '../../domain/unreachable.js'
import type { SinkRecord } from '../sink.js'

/**
 * The routing key of a record, in words that a binding of a topic exchange matches (docs/sinks/rabbitmq.md):
 *
 *     row                  <family>.<id>.<granularity>                 queue.4e9f….PT15M
 *     interval-complete    interval-complete.<family>.<granularity>    interval-complete.queue.PT15M
 *     generation-complete  generation-complete.<family>                generation-complete.queue
 *
 * `undefined`: the record belongs to a latest state, which a queue does not keep.
 */
export const routingKey = (record: SinkRecord): string | undefined => {
  switch (record.kind) {
    case 'row':
      return `${record.header.family}.${word(recordKey(record.header))}.${record.header.granularity}`
    case 'interval-complete':
      return `interval-complete.${record.marker.family}.${record.marker.granularity}`
    case 'generation-complete':
      return `generation-complete.${record.statement.family}`
    case 'left':
      return undefined
    default:
      return unreachable(record)
  }
}

/**
 * An id as one word: a point would part it, and `*` and `#` mean something in bindings. Letters, digits, `_` and `-` of
 * ASCII stay; every other byte of its UTF-8 is `~` and two hexadecimal digits. No id: `-`. A word of more than
 * `WORD_BYTES_MAX` is `~~` and the first 32 digits of the id's SHA-256 instead: AMQP has 255 bytes for the whole key.
 */
const word = (id: string): string => {
  if (PLAIN.test(id)) return id
  if (id === '') return '-'
  const bytes = Buffer.from(id, 'utf8')
  let text = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    text += KEPT.test(character) ? character : `~${byte.toString(16).padStart(2, '0')}`
  }
  // An id that is `-` itself is told from none.
  if (text === '-') return '~2d'
  if (text.length <= WORD_BYTES_MAX) return text
  return `~~${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`
}

const PLAIN = /^(?!-$)[A-Za-z0-9_-]{1,200}$/
const KEPT = /^[A-Za-z0-9_-]$/
const WORD_BYTES_MAX = 200
