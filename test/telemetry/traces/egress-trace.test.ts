import { SpanStatusCode } from '@opentelemetry/api'
import { expect, test } from 'vitest'
import { appendsOf } from '../../../src/contract/kpi-stream/marks.js'
import type { NewEvent, RecordedEvent } from '../../../src/log/event-log.js'
import { recordedTracing } from './recorded-spans.js'

const traceparent = (n: number): string => `00-${'a'.repeat(31)}${n}-${'b'.repeat(15)}${n}-01`

const row = (): NewEvent => ({ id: '', type: 'Row.queue', data: Buffer.of(1), metadata: Buffer.from('{}') })

/** A stream of two batches of three rows, each with the context of one sampled event: checkpoints at 3 and at 7. */
const stream = (): readonly RecordedEvent[] =>
  [1, 2]
    .flatMap((n) =>
      appendsOf('acme', 'g1', [row(), row(), row()], BigInt(n), undefined, 0, [{ traceparent: traceparent(n) }]),
    )
    .flat()
    .map((event, revision) => ({ ...event, stream: 'acme.kpi-g1', revision, position: BigInt(revision) }))

const followed = () => {
  const { tracing, ended } = recordedTracing()
  const trace = tracing.egress({ name: 'kafka', use: 'kafka' })
  const wrote = (through: number, more: Readonly<{ failure?: string }> = {}): void =>
    trace.wrote({ through, records: 3, beganAt: 1_000, endedAt: 1_010, ...more })
  /** The parent of each span `publish`, and whether it failed. */
  const published = async () =>
    (await ended()).map(({ parentSpanContext, status, attributes }) => [
      parentSpanContext?.spanId.at(-1),
      attributes['streamvane.kpi.revision'],
      status.code === SpanStatusCode.ERROR,
    ])
  return { trace, wrote, published }
}

test('a batch is published once, whether its checkpoint is read before its rows are written', async () => {
  const { trace, wrote, published } = followed()
  trace.read(stream())
  wrote(2)
  wrote(6)
  expect(await published()).toEqual([
    ['1', 2, false],
    ['2', 6, false],
  ])
})

test('or after that', async () => {
  const { trace, wrote, published } = followed()
  trace.read(stream().slice(0, 3))
  wrote(2)
  trace.read(stream().slice(3, 7))
  wrote(6)
  trace.read(stream().slice(7))
  expect(await published()).toEqual([
    ['1', 2, false],
    ['2', 6, false],
  ])
})

test('a batch that needs two writes is in both', async () => {
  const { trace, wrote, published } = followed()
  trace.read(stream().slice(0, 4))
  wrote(1)
  wrote(2)
  expect(await published()).toEqual([
    ['1', 1, false],
    ['1', 2, false],
  ])
})

test('a write of two batches is told in both traces, with a link to the other', async () => {
  const { trace, wrote, published } = followed()
  trace.read(stream())
  wrote(6)
  expect(await published()).toEqual([
    ['1', 6, false],
    ['2', 6, false],
  ])
})

test('a write that failed is told as failed, and again when it is repeated', async () => {
  const { trace, wrote, published } = followed()
  trace.read(stream().slice(0, 4))
  wrote(2, { failure: 'the broker is away' })
  wrote(2)
  expect(await published()).toEqual([
    ['1', 2, true],
    ['1', 2, false],
  ])
})

test('a checkpoint without contexts, as earlier versions wrote all of them, tells nothing', async () => {
  const { trace, wrote, published } = followed()
  const plain = appendsOf('acme', 'g1', [row()], 1n).flat()
  expect(plain.at(-1)?.metadata).toEqual(Buffer.from('{}'))
  trace.read(plain.map((event, revision) => ({ ...event, stream: 's', revision, position: BigInt(revision) })))
  wrote(0)
  expect(await published()).toEqual([])
})
