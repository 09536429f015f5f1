import { createHash } from 'node:crypto'
import { recordKey } from '../../domain/row.js'
import { recordIdentity, recordNames } from '../record-identity.js'
import { recordJson } from '../record-values.js'
import { isRow, type ValuedRecord } from '../sink.js'

/** What is sent by one request. `id` is its `webhook-id`: the same for the same records, however often it is sent. */
export type Message = Readonly<{ id: string; body: string; records: readonly ValuedRecord[] }>

/**
 * How records are cut into messages. `recordsMax` of 1: each record is a message. Above: every message is a batch, and
 * ends where the next record would lead above `bytesMax` of body; a record that is larger alone goes alone.
 */
export type BatchLimits = Readonly<{ recordsMax: number; bytesMax: number }>

/** The records of one lane as messages, in their order. */
export function* messagesOf(records: readonly ValuedRecord[], limits: BatchLimits): Generator<Message> {
  if (limits.recordsMax === 1) {
    for (const record of records) yield singleMessage(record)
    return
  }
  let batch: ValuedRecord[] = []
  let events: string[] = []
  let bytes = FRAME_BYTES
  for (const record of records) {
    const event = eventText(record)
    const size = Buffer.byteLength(event) + 1
    if (batch.length > 0 && (batch.length >= limits.recordsMax || bytes + size > limits.bytesMax)) {
      yield batchMessage(batch, events)
      ;[batch, events, bytes] = [[], [], FRAME_BYTES]
    }
    batch.push(record)
    events.push(event)
    bytes += size
  }
  if (batch.length > 0) yield batchMessage(batch, events)
}

/** Each record of a batch as a batch of its own: after a refusal, to find the record that is meant. */
export const oneByOne = ({ records }: Message, { recordsMax }: BatchLimits): readonly Message[] =>
  records.map((record) => (recordsMax === 1 ? singleMessage(record) : batchMessage([record], [eventText(record)])))

const singleMessage = (record: ValuedRecord): Message => ({
  id: headerSafe(recordIdentity(record)),
  body: eventText(record),
  records: [record],
})

const batchMessage = (records: readonly ValuedRecord[], events: readonly string[]): Message => {
  const digest = createHash('sha256')
  for (const record of records) digest.update(`${recordIdentity(record)}\n`)
  return {
    id: `batch/${digest.digest('hex').slice(0, BATCH_ID_DIGITS)}`,
    body: `{"type":"${BATCH_TYPE}","data":[${events.join(',')}]}`,
    records,
  }
}

const BATCH_TYPE = 'streamvane.kpi.batch.v1'
const BATCH_ID_DIGITS = 32
const FRAME_BYTES = `{"type":"${BATCH_TYPE}","data":[]}`.length

/**
 * A record as the specification recommends: type, the time that it is about, the data. `id` is the identity of the
 * record, which is the same at every destination; `data` is the value as on a Kafka topic of JSON.
 */
const eventText = (record: ValuedRecord): string => {
  const { type, time } = recordNames(record)
  return JSON.stringify({
    type: `streamvane.kpi.${type}.v1`,
    timestamp: time,
    id: recordIdentity(record),
    ...(isRow(record) && record.replay && { replay: true }),
    data: recordJson(record),
  })
}

/** The specification signs `id.timestamp.body`, and wants no dot in an id. `~` escapes in row keys too. */
const headerSafe = (identity: string): string => identity.replaceAll('.', '~2e')

/**
 * Records as steps that follow each other. Within a step there are lanes, which may be sent at the same time: all rows
 * of a queue, an agent and so on are in one lane, in their order. What states that rows are complete is a step of its
 * own: it comes after them.
 */
export const stepsOf = (
  records: readonly ValuedRecord[],
  lanesMax: number,
): readonly (readonly (readonly ValuedRecord[])[])[] => {
  const steps: ValuedRecord[][][] = []
  let laneOf = new Map<string, number>()
  let isOfRows = false
  for (const record of records) {
    if (!isRow(record)) {
      steps.push([[record]])
      isOfRows = false
      continue
    }
    if (!isOfRows) {
      steps.push([])
      laneOf = new Map()
      isOfRows = true
    }
    const entity = `${record.header.family}/${recordKey(record.header)}`
    const lane = laneOf.get(entity) ?? laneOf.size % lanesMax
    laneOf.set(entity, lane)
    const step = steps.at(-1) as ValuedRecord[][]
    ;(step[lane] ??= []).push(record)
  }
  return steps
}
