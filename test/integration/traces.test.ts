import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { describeKafka, freshName } from '../support/kafka.js'
import { startTraceCollector, type ReceivedSpan } from '../support/otlp/trace-collector.js'
import { ingressOf, running, scratchFolder, streamvane } from '../support/streamvane.js'

/** A trace that a sender began: its own span is the parent of ours. */
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SENDER = '00f067aa0ba902b7'

/** The kinds of spans by their numbers in OTLP. */
const [INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER] = [1, 2, 3, 4, 5]

/** The way of an event: each span, its kind, and the span within which it lies. */
const WAY = [
  ['POST /v1/events', SERVER, 'the sender'],
  ['append raw events', PRODUCER, 'POST /v1/events'],
  ['process raw events', CONSUMER, 'append raw events'],
  ['decode', INTERNAL, 'process raw events'],
  ['fold', INTERNAL, 'process raw events'],
  ['append rows', PRODUCER, 'process raw events'],
  ['publish kafka', PRODUCER, 'append rows'],
  ['transaction', CLIENT, 'publish kafka'],
] as const

const FROM = Date.parse('2026-01-05T09:00:00Z')
const lines = [...simulate({ seed: 5, fromMs: FROM, hours: 1, queues: 2, agents: 20 })].map(({ line }) => line)

const configured = async (brokers: readonly string[], endpoint: string) => {
  const tenant = freshName('traces')
  const folder = await scratchFolder()
  const config = join(folder, 'streamvane.json')
  const kafka = {
    brokers,
    format: 'json',
    progressTopic: `${tenant}-progress`,
    topics: { consolidated: `${tenant}-rows` },
  }
  const settings = {
    ...{ tenant, data: join(folder, 'data'), health: { port: 0 }, ingress: { port: 0 }, clock: { mode: 'event-time' } },
    ...{ egress: { kafka }, telemetry: { otlp: { endpoint }, traces: { sampleRatio: 0 } } },
  }
  await writeFile(config, JSON.stringify(settings))
  expect(await streamvane(['topics', 'apply', '--config', config])).toMatchObject({ code: 0 })
  return config
}

const send = async (url: string, line: string, headers: Readonly<Record<string, string>> = {}): Promise<void> => {
  const response = await fetch(`${url}/v1/events`, {
    ...{ method: 'POST', body: line },
    headers: { 'content-type': 'application/x-ndjson', ...headers },
  })
  expect(response.status).toBe(200)
}

/** Each span of a trace with its kind and the name of its parent, in the order in which they began. */
const treeOf = (spans: readonly ReceivedSpan[]) => {
  const names = new Map([[SENDER, 'the sender'], ...spans.map(({ spanId, name }) => [spanId, name] as const)])
  return spans.map(({ name, kind, parentId }) => [name, kind, names.get(parentId)] as const)
}

const isWhole = (spans: readonly ReceivedSpan[]): boolean =>
  WAY.every(([name]) => spans.some((span) => span.name === name))

describeKafka('the trace of an event on its way to a real broker', ({ brokers }) => {
  test.each([
    ['one process', [[]]],
    ['a process for each stage', [['ingress'], ['projector'], ['egress']]],
  ] as const)(
    'goes in one tree from the request to the transaction, with %s, and of other events nothing is told',
    async (_, processes) => {
      const collector = await startTraceCollector()
      const config = await configured(brokers, collector.url)
      const started = processes.map((stages) =>
        running(['run', ...stages.flatMap((stage) => ['--only', stage]), '--config', config, '--log-level', 'debug']),
      )
      const url = await ingressOf(started[0]!)
      await send(url, lines.slice(0, 100).join('\n')) // the others come to a projector that follows the log
      await (started[1] ?? started[0]!).said('projector: rows appended')
      await send(url, lines.slice(100, 120).join('\n'), { traceparent: `00-${TRACE}-${SENDER}-00` })
      await send(url, lines.slice(120, 160).join('\n'), {
        traceparent: `00-${TRACE}-${SENDER}-01`,
        tracestate: 'vendor=1',
      })

      const spans = await collector.until(isWhole)
      expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]))
      expect(treeOf(spans).toSorted()).toEqual(WAY.map((each) => [...each]).toSorted())
      for (const span of spans) expect(span.endedAt, span.name).toBeGreaterThanOrEqual(span.beganAt)
      expect(spans.every(({ status }) => status === 0)).toBe(true)
      const of = (name: string) => spans.find((span) => span.name === name)
      expect(of('append raw events')?.attributes).toMatchObject({ 'messaging.batch.message_count': 40 })
      expect(of('publish kafka')?.attributes).toMatchObject({ 'messaging.system': 'kafka' })
      expect(of('transaction')?.events).toEqual(['records acknowledged'])
      expect(new Set(spans.map(({ resource }) => resource['service.instance.id'])).size).toBe(processes.length)
    },
  )
})
