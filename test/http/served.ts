import { onTestFinished } from 'vitest'
import { Secret } from '../../src/credentials/secret.js'
import { httpSource, type HttpSourceOptions, type RunningHttpSource } from '../../src/http/server.js'
import { deliverTo } from '../../src/ingress/ingest.js'
import type { Deliver } from '../../src/ingress/source.js'
import type { EventLog } from '../../src/log/event-log.js'
import { memoryLog } from '../../src/log/memory-log.js'
import { bodies, bytes, changed, notification } from '../ingress/envelopes.js'

export type Answer = Readonly<{ status: number; headers: Headers; body: Record<string, unknown> }>

export type Served = RunningHttpSource &
  Readonly<{ log: EventLog; post: (body: string | Uint8Array, headers?: Record<string, string>) => Promise<Answer> }>

export type ServedOptions = Partial<Omit<HttpSourceOptions, 'token'>> &
  Readonly<{ log?: EventLog; deliver?: Deliver; token?: string | Secret }>

/** A server on a free port of this machine that stores in `log`, stopped when the test ends. */
export const served = async ({
  log = memoryLog(),
  deliver,
  token,
  ...options
}: ServedOptions = {}): Promise<Served> => {
  const source = httpSource({
    host: '127.0.0.1',
    port: 0,
    health: () => ({ ready: true, stages: {}, log: { kind: 'well' } }),
    ...options,
    ...(token !== undefined && { token: typeof token === 'string' ? Secret.literal(token) : token }),
  })
  const server = await source.start(deliver ?? deliverTo({ log, tenant: 'acme', now: Date.now }))
  onTestFinished(() => server.close())
  const post: Served['post'] = (body, headers = {}) =>
    answerOf(
      fetch(`${server.url}/v1/events`, {
        method: 'POST',
        body: body as Uint8Array<ArrayBuffer> | string,
        headers: { 'content-type': 'application/json', ...headers },
      }),
    )
  return { ...server, log, post }
}

export const answerOf = async (pending: Promise<Response>): Promise<Answer> => {
  const response = await pending
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

const { template, id, body } = bodies.metrics

/** Metric records that differ in their record id, as bytes. */
export const events = (count: number, from = 0): readonly Buffer[] =>
  Array.from({ length: count }, (_, i) =>
    bytes(notification(template, id, changed(body, { recordId: `record-${from + i}` }))),
  )

export const asArray = (raws: readonly Buffer[]): Buffer => Buffer.from(`[${raws.map(String).join(',\n')}]`)
export const asLines = (raws: readonly Buffer[]): Buffer => Buffer.from(raws.map((raw) => `${String(raw)}\n`).join(''))
