import { z } from 'zod'
import { profileSchema } from '../../../app/config/profile/profile-schema.js'
import { chosenGeneration, computedGenerations } from '../../../app/operations/computed.js'
import type { CatchUpOptions } from '../../../app/operations/generations/catch-up.js'
import { derivedKinds, throwAwayDerived } from '../../../app/operations/generations/derived-state.js'
import { projectionStatus, type GenerationStatus } from '../../../app/operations/generations/generation-status.js'
import { planPromotion, promoteGeneration, rollbackTarget } from '../../../app/operations/generations/promotion.js'
import { rebuild } from '../../../app/operations/generations/rebuild.js'
import { planRetirement, retireGeneration } from '../../../app/operations/generations/retire.js'
import { withFacts } from '../../../app/pipeline/facts/open-feed.js'
import { pauseProjection, publishModes, readGenerations, resumeProjection } from '../../../app/pipeline/generations.js'
import type { Logs } from '../../../app/pipeline/logs/logs.js'
import { savedScope } from '../../../app/pipeline/projector/generation-projection.js'
import type { Profile } from '../../../domain/profile.js'
import { notValid, ProblemError } from '../answers/problem.js'
import { answer, job, type Call, type Operation } from '../operation.js'
import { anyObject, at, change, family, generation, position, range } from './schemas.js'
import { dimensions, scopeOf } from './scopes.js'

/** Raw events between two appends, at most: the process that does this takes events in meanwhile. */
const BATCH_MAX = 5_000
/** An EventStoreDB that is away is waited for so long. */
const WAIT_MS = 600_000

const phase = z.enum(['live', 'complete', 'incomplete', 'retired'])
const told = z.object({ at, by: z.string().optional(), why: z.string().optional() })

const generationSchema = z.looseObject({
  ...{ name: z.string(), phase, live: z.boolean(), startedAt: at, projectionVersion: z.int(), profile: anyObject },
  ...{ position: position.nullable(), head: position.nullable(), bytes: z.int() },
  ...{ promoted: told.extend({ publish: z.string() }).nullable(), retired: told.nullable() },
})

const generationJson = ({ generation: { scoped, ...of }, ...status }: GenerationStatus, live: string | undefined) => ({
  ...(scoped === undefined ? {} : { scoped: { base: scoped.base.name, scope: scoped.scope } }),
  ...{ ...of, profile: { ...of.profile, zone: of.profile.zone.name }, live: of.name === live, phase: status.phase },
  ...{ position: status.position ?? null, head: status.head ?? null, bytes: status.bytes },
  ...{ promoted: status.promoted ?? null, retired: status.retired ?? null },
})

const listed = answer({
  ...{ id: 'listGenerations', method: 'GET', path: '/generations', access: 'figures' },
  summary: 'the generations: their profiles, how far each is, which one is live, and whether the projection is paused',
  input: z.object({}),
  output: z.object({
    ...{ live: z.string().nullable(), rollbackTo: z.string().nullable(), paused: told.nullable() },
    generations: z.array(generationSchema),
  }),
  run: async ({ logs, tenant, config }) => {
    const { live, rollbackTo, paused, generations } = await projectionStatus({ logs, tenant, data: config.data })
    return {
      ...{ live: live ?? null, rollbackTo: rollbackTo ?? null, paused: paused ?? null },
      generations: generations.map((each) => generationJson(each, live)),
    }
  },
})

const differences = z.array(
  z.object({ family: z.string(), withdrawn: z.int(), added: z.int(), changed: z.int(), same: z.int() }),
)

/** Work with a log of its own, closed after it. */
const apart = async <T>(call: Call, work: (logs: Logs) => Promise<T>): Promise<T> => {
  const logs = await call.logsApart()
  try {
    return await work(logs)
  } finally {
    await logs.close()
  }
}

/** Work on generations with a log of its own, and progress in positions of the raw log. */
const warming = <T>(call: Call, work: (options: CatchUpOptions, logs: Logs) => Promise<T>): Promise<T> =>
  apart(call, async (logs) => {
    const { tenant, config, logger, now, signal } = call
    const raw = await logs.raw('reader')
    const head = await raw.head()
    return withFacts(config, logger, (facts) =>
      work(
        {
          ...{ tenant, logs, data: config.data, raw, facts, untilCaughtUp: true, waitMs: WAIT_MS },
          batchMax: Math.min(BATCH_MAX, config.projector.batchMax),
          ...{ signal, logger, now },
          onProgress: ({ position: done }) =>
            call.onProgress({
              ...{ done: Number(done), of: head === undefined ? undefined : Number(head), unit: 'positions' },
            }),
        },
        logs,
      ),
    )
  })

const toldBy = ({ by, why }: Call) => ({ by, ...(why === undefined ? {} : { why }) })

const profileIn = (value: unknown, { config }: Call): Profile => {
  if (value === undefined) return config.profile
  const parsed = profileSchema.safeParse(value)
  if (!parsed.success) throw notValid(parsed.error)
  return parsed.data
}

const publish = z.enum(publishModes).default('differences').describe('publish all its rows, or those that differ')
const why = change.why

const rebuilt = job({
  ...{ id: 'rebuild', command: 'rebuild', method: 'POST', path: '/generations', access: 'change' },
  summary: 'compute a new generation from the raw log beside the live one, and compare the two per interval',
  input: z.object({
    profile: anyObject.optional().describe('compute by this profile; by default that of the configuration'),
    resume: z
      .union([z.literal(true), generation])
      .optional()
      .describe('go on with one that was cut short'),
    scope: z
      .object({ families: z.array(family).min(1).optional(), ...range, dimensions })
      .optional()
      .describe('recompute only these rows; the others stay those of the live generation'),
    promote: z.boolean().default(false).describe('make it live when it is complete'),
    ...{ publish, why },
  }),
  output: z.object({
    ...{ generation: z.string(), before: z.string().nullable(), promoted: z.boolean() },
    ...{ intervals: z.int(), different: z.int(), notCompared: z.string().nullable() },
    outside: z
      .looseObject({ rows: z.int(), same: z.int(), moved: z.int() })
      .nullable()
      .describe('of a rebuild in part: the rows out of its scope, and how many have the bytes that they had'),
  }),
  run: (call, { profile, resume, scope, ...wanted }) => {
    if ((profile !== undefined || scope !== undefined) && resume !== undefined)
      throw new ProblemError('not-valid', 'resume: a generation keeps the profile and the scope that it began with')
    const rows = scope === undefined ? undefined : savedScope(scopeOf(scope))
    const chosen = profileIn(profile, call)
    return warming(call, async (options) => {
      const outcome = await rebuild({
        ...{ ...options, profile: chosen, scope: rows, resume, told: toldBy(call) },
        ...{ promote: wanted.promote, publish: wanted.publish },
      })
      return {
        ...{ generation: outcome.generation.name, before: outcome.before ?? null, promoted: outcome.promoted },
        ...{ intervals: outcome.intervals.length, different: outcome.intervals.filter(({ same }) => !same).length },
        notCompared: outcome.notCompared ?? null,
        outside: outcome.outside === undefined ? null : { ...outcome.outside },
      }
    })
  },
})

const switched = z.object({
  ...{ dryRun: z.boolean(), from: z.string().nullable(), to: z.string(), promotion: z.int().nullable(), differences },
})

const switchTo = async (call: Call, name: string, mode: (typeof publishModes)[number], dryRun: boolean) => {
  const { logs, tenant } = call
  const plan = await planPromotion({ logs, tenant }, name)
  const counts = plan.differences.map((each) => ({ ...each }))
  const planned = { dryRun, from: plan.from ?? null, to: name, promotion: null, differences: counts }
  if (dryRun) return planned
  const { promotion } = await warming(call, (options) =>
    promoteGeneration({ ...options, name, publish: mode, told: toldBy(call) }),
  )
  return { ...planned, promotion }
}

const promoted = job({
  ...{ id: 'promoteGeneration', command: 'projections promote', method: 'POST', path: '/generations/{name}/promote' },
  ...{ access: 'change', summary: 'make a generation live as it was computed and compared', output: switched },
  input: z.object({ name: generation, publish, ...change }),
  run: (call, { name, publish: mode, dryRun }) => switchTo(call, name, mode, dryRun),
})

const rolledBack = job({
  ...{ id: 'rollBack', command: 'projections rollback', method: 'POST', path: '/generations/rollback' },
  ...{ access: 'change', summary: 'make the generation live again that was live before', output: switched },
  input: z.object({ name: generation.optional(), publish, ...change }),
  run: async (call, { name, publish: mode, dryRun }) =>
    switchTo(call, await rollbackTarget({ logs: call.logs, tenant: call.tenant }, name), mode, dryRun),
})

const retired = job({
  ...{ id: 'retireGeneration', command: 'projections retire', method: 'POST', path: '/generations/{name}/retire' },
  ...{ access: 'change', summary: 'give up a generation that is not live, and free its disk' },
  input: z.object({
    ...{ name: generation, force: z.boolean().default(false).describe('also what a rollback would need'), ...change },
  }),
  output: z.object({ dryRun: z.boolean(), name: z.string(), bytes: z.int() }),
  run: async (call, { name, force, dryRun }) => {
    const { tenant, config, now } = call
    const { bytes } = await apart(call, (logs) => {
      const options = { logs, tenant, data: config.data, name, force }
      return dryRun ? planRetirement(options) : retireGeneration({ ...options, told: toldBy(call), now })
    })
    if (!dryRun) await call.logs.closeKpi(name)
    return { dryRun, name, bytes }
  },
})

const reset = job({
  ...{ id: 'resetProjection', command: 'projections reset', method: 'POST', path: '/projection/reset' },
  ...{ access: 'change', summary: 'compute the live projection anew by its own profile and make it live' },
  input: z.object({
    derived: z
      .array(z.enum(derivedKinds))
      .min(1)
      .optional()
      .describe('throw away only this, kept beside the log, of the live generation; the next start makes it again'),
    ...{ publish, ...change },
  }),
  output: z.object({
    ...{ dryRun: z.boolean(), from: z.string(), profile: z.string() },
    to: z.string().nullable().describe('the generation that is live now; null where nothing was computed'),
    ...{ intervals: z.int(), different: z.int() },
    thrownAway: z.array(z.object({ kind: z.enum(derivedKinds), bytes: z.int() })),
  }),
  run: async (call, { derived, publish: mode, dryRun }) => {
    const { logs, tenant, config } = call
    const live = chosenGeneration(await computedGenerations(logs, tenant), undefined, tenant)
    const from = { dryRun, from: live.name, profile: live.profile.id, intervals: 0, different: 0 }
    if (derived !== undefined) {
      const { thrownAway } = await apart(call, (own) =>
        throwAwayDerived({ logs: own, tenant, data: config.data, name: live.name, kinds: derived, dryRun }),
      )
      return { ...from, to: null, thrownAway: thrownAway.map((each) => ({ ...each })) }
    }
    if (dryRun) return { ...from, to: null, thrownAway: [] }
    const { generation: made, intervals } = await warming(call, (options) =>
      rebuild({ ...options, profile: live.profile, promote: true, publish: mode, told: toldBy(call) }),
    )
    const different = intervals.filter(({ same }) => !same).length
    return { ...from, to: made.name, intervals: intervals.length, different, thrownAway: [] }
  },
})

const pausing = z.object({ paused: told.nullable(), changed: z.boolean() })

const holding = (name: 'pause' | 'resume', summary: string): Operation =>
  answer({
    ...{ id: `${name}Projection`, command: `projections ${name}`, method: 'POST', path: `/projection/${name}` },
    ...{ access: 'change', summary, input: z.object({ why }), output: pausing },
    run: async (call) => {
      const { logs, tenant, now } = call
      const before = (await computedGenerations(logs, tenant)).paused
      if ((before !== undefined) === (name === 'pause')) return { paused: before ?? null, changed: false }
      const apply = name === 'pause' ? pauseProjection : resumeProjection
      const { paused } = await logs.changingControl(async (control) =>
        apply(control, tenant, await readGenerations(control, tenant), new Date(now()), toldBy(call)),
      )
      return { paused: paused ?? null, changed: true }
    },
  })

const paused = holding('pause', 'hold the projection in every process that runs it, until it is resumed')
const resumed = holding('resume', 'let a paused projection go on where it was')

export const generationOperations: readonly Operation[] = [
  ...[listed, rebuilt, promoted, rolledBack, retired, reset, paused, resumed],
]
