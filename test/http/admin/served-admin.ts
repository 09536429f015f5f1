import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { adminSchema, type AdminRole } from '../../../src/app/config/admin-schema.js'
import { loadConfig } from '../../../src/app/config/load.js'
import type { Config } from '../../../src/app/config/schema.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import type { StageHandle } from '../../../src/app/pipeline/stage.js'
import { promote, readGenerations, startGeneration } from '../../../src/app/pipeline/generations.js'
import type { FollowedCertificate } from '../../../src/app/tls/followed-certificate.js'
import { signerKeyOf } from '../../../src/audit/note.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { newToken } from '../../../src/http/admin/access/tokens.js'
import type { AdminProcess, Operation } from '../../../src/http/admin/operation.js'
import { startAdminServer, type AdminServer } from '../../../src/http/admin/server.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { simulate } from '../../../src/simulator/simulate.js'
import { project, take, tickTo } from '../../support/pipeline.js'
import { scratchFolder } from '../../support/streamvane.js'

export const FROM = Date.parse('2026-01-05T08:00:00Z')

/** A log with an hour of a contact centre, computed as the live generation `g1`, and one dead letter. */
export const computedLog = async (tenant: string): Promise<EventLog> => {
  const log = memoryLog()
  const lines = [...simulate({ seed: 5, fromMs: FROM, hours: 1, queues: 2, agents: 8 })].map(({ line }) => line)
  await take(log, tenant, [...lines, '{"not": "an event"}'])
  await tickTo(log, tenant, FROM + 3 * 3_600_000)
  const { state } = await startGeneration(
    log,
    tenant,
    await readGenerations(log, tenant),
    defaultProfile,
    undefined,
    new Date(FROM),
  )
  await promote(log, tenant, state, 'g1', new Date(FROM))
  await project({ log, tenant, profile: defaultProfile })
  return log
}

export type TokenOf = Readonly<Record<AdminRole, string>>

export type ServedAdmin = AdminServer &
  Readonly<{
    log: EventLog
    tokens: TokenOf
    /** A call below `/v1/tenants/<tenant>`, or to a path that begins with `/v1`. */
    call: (path: string, options?: CallOptions) => Promise<Response>
  }>

export type CallOptions = Readonly<{
  method?: string
  token?: string | undefined
  body?: unknown
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
}>

export type ServedOptions = Readonly<{
  tenant?: string
  log?: EventLog
  settings?: Readonly<Record<string, unknown>>
  operations?: readonly Operation[]
  stages?: readonly StageHandle[]
  process?: Partial<AdminProcess>
  certificate?: FollowedCertificate | undefined
}>

/** An admin API on a free port with a token of each role for `acme`, closed when the test ends. */
export const servedAdmin = async (options: ServedOptions = {}): Promise<ServedAdmin> => {
  const served = await startedAdmin(options, await scratchFolder())
  onTestFinished(() => served.close())
  return served
}

/** The same, for several tests; who starts it closes it. */
export const startedAdmin = async (options: ServedOptions, data: string): Promise<ServedAdmin> => {
  const { tenant = 'acme', log = memoryLog(), settings = {}, operations, stages = [] } = options
  const made = (['viewer', 'operator', 'auditor'] as const).map((role) => ({ role, ...newToken() }))
  const entries = made.map(({ role, sha256 }) => ({ name: role, roles: [role], tenants: [tenant], sha256 }))
  const keyFile = join(data, 'audit-key')
  await writeFile(keyFile, signerKeyOf('acme.example/streamvane', new Uint8Array(32).fill(7)).text)
  const config: Config = loadConfig({ flags: { tenant, data, audit: { key: { file: keyFile } } } })
  const server = await startAdminServer({
    settings: adminSchema.parse({ port: 0, tokens: entries, ...settings }),
    process: {
      ...{
        config,
        logs: singleLog(log),
        logger: pino({ level: 'silent' }),
        now: Date.now,
        stages: () => stages,
        version: '0.0.0',
      },
      rawWriter: () => Promise.resolve(log),
      logsApart: () => Promise.resolve({ ...singleLog(log), close: () => Promise.resolve() }),
      ...options.process,
    },
    ...(operations === undefined ? {} : { operations }),
    certificate: options.certificate,
  })
  const tokens = Object.fromEntries(made.map(({ role, token }) => [role, token])) as TokenOf
  const call: ServedAdmin['call'] = (path, { method = 'GET', token, body, headers = {}, signal } = {}) =>
    fetch(new URL(path.startsWith('/v1') ? path : `/v1/tenants/${tenant}${path}`, server.url), {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    })
  return { ...server, log, tokens, call }
}

/** The job that an answer names, once it has ended. */
export const endedJob = async (
  served: ServedAdmin,
  answer: Response,
  token: string,
): Promise<Record<string, unknown>> => {
  const { id } = (await answer.json()) as { id: string }
  const events = await served.call(`/v1/jobs/${id}/events`, { token })
  const text = await events.text()
  const [, last = ''] = /event: ended\ndata: (.*)\n/.exec(text) ?? []
  return JSON.parse(last) as Record<string, unknown>
}
