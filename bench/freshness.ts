import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Pool } from 'undici'
import { startPieces } from '../dev/local-kafka/runtime.mjs'
import { consumerPython } from '../dev/python-packages.mjs'
import type { Delivery } from '../src/simulator/delivery/delivery.js'
import { simulate } from '../src/simulator/simulate.js'
import { Consumer } from '../test/bounce/consumer.js'
import type { SeenRow } from '../test/bounce/ledger.js'
import { Resources } from '../test/bounce/resources.js'
import { StageProcess } from '../test/bounce/stage-process.js'
import type { BenchLine } from './bench-line.js'
import { buildCommand, command } from './processes.js'

/** Events a second, and how fresh rows are to be at that rate: p50 and p99, in ms. */
const GOALS = [
  { rate: 1_000, goalMs: 250 },
  { rate: 5_000, goalMs: 1_000 },
] as const
const REQUESTS_PER_SECOND = 50
const WARM_UP_MS = 8_000
const MEASURED_MS = 20_000
/** Rows of the last probes may come as late as this. */
const LAST_ROWS_MS = 5_000
const CONNECTIONS = 8
const START_LIMIT_MS = 60_000

const PROBE_QUEUE = '11111111-2222-4333-8444-555555555555'
const MINUTE_MS = 60_000

/**
 * How old a row is when a foreign read_committed consumer has it: from the moment when the request with its event is
 * sent, so the answer of the ingress is a part of it. One process does all (`streamvane run`), with default settings
 * but for the clock, which follows the simulated events. Every request carries a probe, an event of a queue that has no
 * others: the n-th probe of an interval is in the row of revision n. Empty where no broker or no Python can be had.
 */
export const benchFreshness = async (): Promise<readonly BenchLine[]> => {
  const log = (line: string): void => console.error(line)
  const resources = new Resources()
  try {
    const started = await startPieces({ log })
    if (started.pieces === undefined) return none(started.why)
    const { brokers, registryUrl, stop } = started.pieces
    resources.add(stop)
    if (registryUrl === undefined) return none('there is no schema registry')
    const found = await consumerPython(log)
    if (found.python === undefined) return none(found.why)
    buildCommand()
    const lines: BenchLine[] = []
    for (const { rate, goalMs } of GOALS) {
      const ages = await agesAt(rate, { brokers, registryUrl, python: found.python })
      for (const share of [0.5, 0.99])
        lines.push({
          name: `freshness p${100 * share} at ${rate.toLocaleString('en-US')} events/s`,
          ours: percentile(ages, share),
          ceiling: goalMs,
          unit: 'ms',
          goal: 1,
          lessIsBetter: true,
          note: `beside the goal; ${ages.length} rows, HTTP request to read_committed consumer`,
        })
    }
    return lines
  } finally {
    await resources.end()
  }
}

const none = (why: string): readonly BenchLine[] => {
  console.error(`freshness is not measured: ${why}`)
  return []
}

type Place = Readonly<{ brokers: readonly string[]; registryUrl: string; python: string }>

/** The ages of the rows of all probes of the measured time, in ms. */
const agesAt = async (rate: number, place: Place): Promise<readonly number[]> => {
  const resources = new Resources()
  try {
    const { stages, topic } = await startPipeline(place, resources)
    const probes = new Probes()
    const ledger = { add: (row: SeenRow) => probes.arrived(row) }
    const centre = centreOf(rate)
    const consumer = new Consumer({ ...place, topics: [topic], only: PROBE_QUEUE }, ledger, resources)
    await consumer.untilReady()
    await post(stages.url as string, centre, probes).catch((cause: unknown) => {
      throw new Error(stages.report(String(cause)))
    })
    await pause(LAST_ROWS_MS)
    if (probes.missing > 0) throw new Error(`${probes.missing} of ${probes.ages.length} probes did not come`)
    return probes.ages
  } finally {
    await resources.end()
  }
}

/** Starts `streamvane run` on topics of its own; resolves when its ingress listens. */
const startPipeline = async ({ brokers, registryUrl }: Place, resources: Resources) => {
  const name = `freshness-${Date.now()}`
  const data = mkdtempSync(join(tmpdir(), 'streamvane-freshness-'))
  resources.add(() => rmSync(data, { recursive: true, force: true }))
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    STREAMVANE_DATA: data,
    STREAMVANE_TENANT: name,
    ...Object.fromEntries(
      ['QUEUE', 'AGENT', 'AGENT-STATE'].map((family) => [
        `STREAMVANE_EGRESS__KAFKA__TOPICS__${family}`,
        `${name}-${family.toLowerCase()}`,
      ]),
    ),
    STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${name}-progress`,
    STREAMVANE_EGRESS__KAFKA__REGISTRY__AUTO_REGISTER: 'true',
    KAFKA_BROKERS: brokers.join(','),
    SCHEMA_REGISTRY_URL: registryUrl,
  }
  await promisify(execFile)(process.execPath, [command, 'topics', 'apply'], { env })
  const stages = new StageProcess([command, 'run', '--port', '0', '--clock', 'event-time'], env, resources)
  await stages.must('listen', () => stages.url !== undefined, START_LIMIT_MS)
  return { stages, topic: `${name}-queue` }
}

/**
 * What each request carries besides its probe, drawn beforehand. A large centre, so that intervals do not close much more
 * often than they would.
 */
const centreOf = (rate: number): readonly (readonly Delivery[])[] => {
  const centre = { seed: 5, fromMs: Date.parse('2026-01-05T08:00:00Z'), hours: 24 * 365, queues: 100, agents: 3_000 }
  const events = simulate(centre)[Symbol.iterator]()
  const requests = (REQUESTS_PER_SECOND * (WARM_UP_MS + MEASURED_MS)) / 1_000
  const perRequest = rate / REQUESTS_PER_SECOND - 1
  return Array.from({ length: requests }, () =>
    Array.from({ length: perRequest }, () => events.next().value as Delivery),
  )
}

/** Posts one request after the other at their rate, whether or not the ones before were answered. */
const post = async (url: string, requests: readonly (readonly Delivery[])[], probes: Probes): Promise<void> => {
  const pool = new Pool(url, { connections: CONNECTIONS })
  const beganMs = performance.now()
  const underWay = new Set<Promise<void>>()
  for (const [n, deliveries] of requests.entries()) {
    const dueMs = (n * 1_000) / REQUESTS_PER_SECOND
    await pause(Math.max(0, beganMs + dueMs - performance.now()))
    const probe = probes.next(deliveries.at(-1)?.deliverAtMs ?? 0, dueMs >= WARM_UP_MS)
    const lines = [...deliveries.map(({ line }) => line), probe]
    const sending = pool
      .request({
        path: '/v1/events',
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: lines.join('\n'),
      })
      .then(async ({ statusCode, body }) => {
        const answer = await body.text()
        if (statusCode !== 200) throw new Error(`the ingress answered ${statusCode}: ${answer}`)
      })
    sending.catch(() => undefined) // met below
    underWay.add(sending)
  }
  await Promise.all(underWay)
  await pool.close()
}

type Probe = Readonly<{ sentMs: number; counts: boolean }>

/** Events of one queue, and the rows that they came to. */
class Probes {
  readonly ages: number[] = []
  /** Probes whose row has not arrived. */
  missing = 0
  /** By interval, those that have not arrived, and the revision of the first of them. */
  private readonly waiting = new Map<number, { first: number; probes: Probe[] }>()
  private count = 0

  next(atMs: number, counts: boolean): string {
    const interval = Math.floor(atMs / (15 * MINUTE_MS))
    const waiting = this.waiting.get(interval) ?? { first: 1, probes: [] }
    this.waiting.set(interval, waiting)
    waiting.probes.push({ sentMs: Date.now(), counts })
    if (counts) this.missing += 1
    this.count += 1
    return probeLine(atMs, this.count)
  }

  arrived({ key, revision, arrivedMs }: SeenRow): void {
    if (!key.includes(PROBE_QUEUE)) return
    const waiting = this.waiting.get(Date.parse(key.slice(key.lastIndexOf('/') + 1)) / (15 * MINUTE_MS))
    for (; waiting !== undefined && waiting.first <= revision; waiting.first++) {
      const probe = waiting.probes.shift()
      if (probe === undefined) return // the revision that closes the interval
      if (!probe.counts) continue
      this.ages.push(arrivedMs - probe.sentMs)
      this.missing -= 1
    }
  }
}

const probeLine = (atMs: number, n: number): string => {
  const id = (kind: number): string => `${kind}0000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  const iso = new Date(atMs).toISOString()
  return JSON.stringify({
    version: '0',
    id: id(1),
    'detail-type': 'v2.analytics.conversation.{id}.metrics',
    source: 'aws.partner/genesys.com/cloud/e0745a32-0428-491e-9360-137216ef04ca/streamvane-simulation',
    account: '123456789012',
    time: iso,
    region: 'eu-central-1',
    resources: [],
    detail: {
      eventBody: {
        metric: 'nOffered',
        metricDate: iso,
        value: 1,
        recordId: id(2),
        conversationId: id(3),
        sessionId: id(4),
        purpose: 'acd',
        mediaType: 'voice',
        direction: 'inbound',
        originatingDirection: 'inbound',
        queueId: PROBE_QUEUE,
        divisionIds: ['79401aea-d619-4cbb-b4be-a1566ae9238d'],
      },
      topicName: `v2.analytics.conversation.${id(3)}.metrics`,
      timestamp: iso,
      version: '2',
    },
  })
}

const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN
