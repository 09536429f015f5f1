import * as E from 'fp-ts/lib/Either.js'
import { z } from 'zod'
import { sinkSettings, type SinkSettings } from '../../../app/config/sinks/egress-sinks.js'
import { REPLAY } from '../../../app/sinks/sink-kind.js'
import { acceptProgress } from '../../../app/operations/accept-progress.js'
import { areas, type Check } from '../../../app/operations/doctor/check.js'
import { examine } from '../../../app/operations/doctor/doctor.js'
import { replay } from '../../../app/operations/generations/replay.js'
import { readPublications } from '../../../app/operations/publications/read-publications.js'
import { statusOf } from '../../../app/operations/status/status.js'
import { sinkOf } from '../../../app/pipeline/egress/sinks.js'
import { namedKpis } from '../../../domain/named-kpi.js'
import { progressMismatchCodes } from '../../../egress/progress-mismatch.js'
import { failureText } from '../../../egress/sink.js'
import { ProblemError } from '../answers/problem.js'
import { answer, job, list, type Call, type Operation } from '../operation.js'
import { anyObject, at, change, family, flag, generation, instant, range } from './schemas.js'

const status = answer({
  ...{ id: 'showStatus', method: 'GET', path: '/status', access: 'figures' },
  summary: 'stages with lag, generations, log, clock, destinations and disk, in this and in other processes',
  input: z.object({}),
  output: z.looseObject({
    ...{ at, tenant: z.string(), version: z.string(), well: z.boolean(), log: anyObject, clock: anyObject },
    ...{ stages: z.array(anyObject), generations: z.array(anyObject), destinations: z.array(anyObject) },
    ...{ openIntervals: z.int().nullable(), deadLetters: z.int() },
  }),
  run: async ({ config, logs, logger, version, now }) =>
    (await statusOf({ config, logs, logger, version, now })) as never,
})

const examined = job({
  ...{ id: 'examine', command: 'doctor', method: 'POST', path: '/examinations', access: 'operations' },
  summary:
    'look at log, clock, derived files, disk, broker, registry and configuration; each finding with what mends it',
  input: z.object({ only: z.array(z.enum(areas)).optional().describe('only these areas') }),
  output: z.object({
    ...{ failures: z.int(), warnings: z.int() },
    checks: z.array(
      z.object({
        ...{ area: z.enum(areas), what: z.string(), state: z.enum(['ok', 'warning', 'failure']), says: z.string() },
        mend: z.string().optional(),
      }),
    ),
  }),
  run: async ({ config, logs, logger, version, now, signal }, { only }) => {
    const checks: Check[] = []
    for await (const check of examine({ config, logs, logger, version, now }, only)) {
      signal.throwIfAborted()
      checks.push(check)
    }
    const count = (state: string): number => checks.filter((check) => check.state === state).length
    return { failures: count('failure'), warnings: count('warning'), checks }
  },
})

const kpis = list({
  ...{ id: 'listKpis', method: 'GET', path: '/kpis', access: 'figures' },
  summary: 'every figure that rows can carry: formula, unit, source, and whether the configured profile has it on',
  input: z.object({ family: family.optional(), on: flag.describe('only those that the profile has on') }),
  item: z.looseObject({
    ...{ name: z.string(), family, unit: z.string(), formula: z.string(), doc: z.string(), isOn: z.boolean() },
  }),
  run: async function* ({ config }, { family: of, on }) {
    await Promise.resolve()
    for (const kpi of namedKpis(config.profile))
      if ((of === undefined || kpi.family === of) && (!on || kpi.isOn)) yield { ...kpi }
  },
})

const sinkName = z.string().describe('a sink of the configuration')

const replayed = job({
  ...{ id: 'replay', command: 'replay', method: 'POST', path: '/replays', access: 'change' },
  summary: 'publish the latest rows of a range again, marked as replay',
  input: z.object({ family: family.optional(), ...range, sinks: z.array(sinkName).optional(), ...change }),
  output: z.object({ dryRun: z.boolean(), sinks: z.array(z.object({ sink: z.string(), records: z.int() })) }),
  run: async (call, { family: of, from, to, sinks: names, dryRun }) => {
    const sinks: { sink: string; records: number }[] = []
    for (const settings of sinksNamed(call, names)) {
      const records = await replayTo(call, settings, { family: of, from, to }, dryRun)
      sinks.push({ sink: settings.name, records })
      call.signal.throwIfAborted()
    }
    return { dryRun, sinks }
  },
})

const sinksNamed = ({ config }: Call, names: readonly string[] | undefined): readonly SinkSettings[] => {
  const all = sinkSettings(config.egress)
  const unknown = names?.find((name) => !all.some((sink) => sink.name === name))
  if (unknown !== undefined)
    throw new ProblemError(
      'not-valid',
      `sinks: there is no ${unknown}; there are ${all.map(({ name }) => name).join(', ')}`,
    )
  if (all.length === 0) throw new ProblemError('conflict', 'egress.sink is none: there is nowhere to publish to')
  return all.filter(({ name }) => names?.includes(name) ?? true)
}

type Range = Readonly<{
  family: z.output<typeof family> | undefined
  from: number | undefined
  to: number | undefined
}>

const replayTo = async (call: Call, settings: SinkSettings, wanted: Range, dryRun: boolean): Promise<number> => {
  const { config, logs, logger, tenant, signal } = call
  const sink = dryRun ? undefined : await sinkOf(settings, config, logs, logger, REPLAY)
  const published = dryRun ? undefined : await sinkOf(settings, config, logs, logger)
  try {
    return await replay({
      ...{ ...wanted, tenant, logs, data: config.data, sink, published, filter: settings.filter, signal },
      logger,
      batchMax: config.egress.batchMax,
      onProgress: (done, of) => call.onProgress({ done, of, unit: 'records' }),
    })
  } finally {
    await sink?.close()
    await published?.close()
  }
}

const accepted = job({
  ...{ id: 'acceptProgress', command: 'egress accept', method: 'POST', path: '/egress/accept', access: 'change' },
  summary:
    'accept, once, a progress at the destination that does not match; an egress to it must not be running anywhere',
  input: z.object({
    mismatches: z.array(z.enum(progressMismatchCodes)).min(1).describe('what the refusal names'),
    sink: sinkName.optional().describe('which sink, where there are several'),
    takeOver: z.boolean().default(false).describe('also where another instance is seen to publish; that one ends'),
    ...{ ...change, why: z.string().trim().min(1).max(500) },
  }),
  output: z.object({
    ...{ dryRun: z.boolean(), sink: z.string(), generation: z.string() },
    found: z.object({ generation: z.string(), revision: z.int() }).nullable(),
    revision: z.int().describe('the first revision of the KPI stream that is then published'),
    rows: z.int().describe('rows that are then published'),
  }),
  run: async (call, { mismatches: codes, sink: name, takeOver, dryRun }) => {
    const { logs, tenant, logger, signal } = call
    const [settings, ...more] = sinksNamed(call, name === undefined ? undefined : [name])
    if (settings === undefined || more.length > 0)
      throw new ProblemError('not-valid', 'sink: there are several; say which')
    const { config } = call
    const egress = { ...config.egress, acceptProgress: codes, ...(takeOver ? { takeOver: 'always' as const } : {}) }
    const sink = await sinkOf(settings, { ...config, egress }, logs, logger)
    try {
      const found = await acceptProgress({ tenant, logs, sink, filter: settings.filter, codes, dryRun, signal })
      if (E.isLeft(found))
        throw new ProblemError(
          found.left.tag === 'Refused' ? 'conflict' : 'not-available',
          `${settings.name}: ${failureText(found.left)}`,
        )
      const { found: before, generation: of, revision, rows } = found.right
      return {
        ...{ dryRun, sink: settings.name, generation: of, revision, rows },
        found: before === undefined ? null : { generation: before.generation, revision: before.revision },
      }
    } finally {
      await sink.close()
    }
  },
})

const publications = list({
  ...{ id: 'listPublications', method: 'GET', path: '/publications', access: 'operations' },
  summary: 'what was published: events of the KPI log, topics, partitions and offsets, generation and promotion',
  input: z.object({
    ...{ sink: sinkName.optional(), generation: generation.optional() },
    from: instant.optional().describe('what was acknowledged then or later'),
    to: instant.optional().describe('what was acknowledged before'),
  }),
  item: z.looseObject({ type: z.string(), sink: z.string(), generation: z.string(), at }),
  run: async function* (call, { sink, ...filter }) {
    const configured = sinksNamed(call, sink === undefined ? undefined : [sink]).map(({ name }) => name)
    const names = configured.flatMap((name) => [name, name === 'kafka' ? REPLAY : `${name}.${REPLAY}`])
    for await (const each of readPublications(call.logs, call.tenant, names, filter)) yield { ...each }
  },
})

export const operatingOperations: readonly Operation[] = [...[status, examined, kpis, replayed, accepted, publications]]
