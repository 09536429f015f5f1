import { describe, expect, test } from 'vitest'
import { readTraceContext, traceContextIn, writeTraceContext } from '../../src/log/trace-context.js'
import { metadataOf, receivedAtOf } from '../../src/ingress/metadata.js'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const sampled = { traceId, spanId, sampled: true }
const origin = { tenant: 'acme', source: 'http', receivedAt: Date.parse('2026-01-05T10:00:00.000Z') }

describe('a W3C trace context', () => {
  test('is read from the headers traceparent and tracestate, and written as it was', () => {
    const read = readTraceContext(`00-${traceId}-${spanId}-01`, 'vendor=a1')
    expect(read).toEqual({ ...sampled, state: 'vendor=a1' })
    expect(writeTraceContext(read!)).toEqual({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'vendor=a1' })
    expect(readTraceContext(`00-${traceId}-${spanId}-00`)?.sampled).toBe(false)
  })

  test('of a later version may have more members; of version 00 it may not', () => {
    expect(readTraceContext(`cc-${traceId}-${spanId}-01-what-will-be`)).toEqual(sampled)
    expect(readTraceContext(`00-${traceId}-${spanId}-01-more`)).toBeUndefined()
  })

  test.each([
    ['no header', undefined],
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper-case digits', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a short id', `00-${traceId.slice(1)}-${spanId}-01`],
    ['flags that are no hexadecimal', `00-${traceId}-${spanId}-0g`],
  ])('%s begins a new trace', (_, header) => {
    expect(readTraceContext(header)).toBeUndefined()
  })

  test('a tracestate that is too long, or not printable, is dropped; the traceparent counts', () => {
    for (const state of [`v=${'x'.repeat(511)}`, 'v=\u0007'])
      expect(readTraceContext(`00-${traceId}-${spanId}-01`, state)).toEqual(sampled)
  })
})

describe('the context beside a raw event', () => {
  test('is kept with the instant of receipt where the trace is sampled', () => {
    const metadata = metadataOf({ ...origin, trace: { ...sampled, state: 'vendor="a\\1"' } }, 'v2.users.1.presence')
    expect(traceContextIn(metadata)).toEqual({ ...sampled, state: 'vendor="a\\1"' })
    expect(receivedAtOf(metadata)).toBe(origin.receivedAt)
    expect(JSON.parse(metadata.toString())).toMatchObject({ tenant: 'acme', topic: 'v2.users.1.presence' })
  })

  test('is absent where the trace is not sampled: the metadata is byte for byte that of an event without a trace', () => {
    const without = metadataOf(origin, 'v2.users.1.presence')
    const unsampled = metadataOf({ ...origin, trace: { ...sampled, sampled: false } }, 'v2.users.1.presence')
    expect(unsampled.equals(without)).toBe(true)
    expect(traceContextIn(without)).toBeUndefined()
  })

  test('is not taken from a source or a topic that looks like it', () => {
    const source = `","traceparent":"00-${traceId}-${spanId}-01`
    expect(traceContextIn(metadataOf({ ...origin, source }, source))).toBeUndefined()
  })
})
