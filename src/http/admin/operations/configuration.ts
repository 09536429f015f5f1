import { z } from 'zod'
import { tickClock, takeClockBack } from '../../../app/operations/clock.js'
import {
  allSettings,
  changeConfiguration,
  logStatusOf,
  waitingForRebuild,
  type Configured,
} from '../../../app/operations/imports/import-configuration.js'
import { ifThere } from '../../../log/if-there.js'
import { profileInForce, publishedProfiles, publishProfile } from '../../../app/operations/imports/publish-profile.js'
import { outcomeJson } from '../../../app/operations/profile-test/outcome-json.js'
import { profileTestsIn } from '../../../app/operations/profile-test/read-file.js'
import { hasPassed, runProfileTest, type TestOutcome } from '../../../app/operations/profile-test/run-tests.js'
import { profileSchema } from '../../../app/config/profile/profile-schema.js'
import type { Profile } from '../../../domain/profile.js'
import { readSettings } from '../../../ingress/decode/configuration-objects.js'
import { ProblemError } from '../answers/problem.js'
import { answer, job, list, type Call, type Operation } from '../operation.js'
import { anyObject, at, change, instant, isoOf } from './schemas.js'

const setting = z.looseObject({ type: z.string(), at })

const settingJson = (fact: Configured) =>
  ({ ...JSON.parse(JSON.stringify(fact)), at: isoOf(fact.at) }) as { type: string; at: string }

/** The raw log to write; for a dry run one to read, or none. */
const rawFor = (call: Call, dryRun: boolean) => (dryRun ? ifThere(() => call.logs.raw('reader')) : call.rawWriter())

const listed = list({
  ...{ id: 'listConfiguration', method: 'GET', path: '/configuration', access: 'figures' },
  summary: 'the settings in the log, each with the instant from which it is in force',
  input: z.object({}),
  item: setting,
  run: async function* ({ logs, tenant }) {
    const settings = await allSettings(await logs.raw('reader'), tenant)
    for (const own of settings.values()) for (const fact of own.toSorted((a, b) => a.at - b.at)) yield settingJson(fact)
  },
})

const imported = answer({
  ...{ id: 'importConfiguration', command: 'config import', method: 'POST', path: '/configuration', access: 'change' },
  summary: 'take the configuration of Genesys into the log: queues, presence definitions, organisation settings',
  input: z.object({
    documents: z
      .array(z.object({ name: z.string(), content: z.unknown() }))
      .min(1)
      .describe('answers of the API of Genesys, single objects of them, or organisationSettings; named for messages'),
    effectiveAt: instant.optional().describe('from when on; by default when the object was modified, else now'),
    ...change,
  }),
  output: z.object({
    dryRun: z.boolean(),
    ...{ stored: z.int(), unchanged: z.int() },
    waitingForRebuild: z.int().describe('stored settings in force from before what is counted already'),
    changes: z.array(z.object({ outcome: z.enum(['stored', 'unchanged']), setting })),
  }),
  run: async (call, { documents, effectiveAt, dryRun }) => {
    const { tenant, logs, by } = call
    const now = call.now()
    const read = documents.map(({ name, content }) => ({ name, ...readSettings(content, { effectiveAt, now }) }))
    const errors = read.flatMap(({ name, problems }) => problems.map((message) => ({ at: name, message })))
    if (errors.length > 0)
      throw new ProblemError(
        'not-valid',
        `nothing was stored: ${errors.map((one) => `${one.at}: ${one.message}`).join('; ')}`,
        { errors },
      )
    const raw = await rawFor(call, dryRun)
    const status = await logStatusOf(logs, raw, tenant)
    const source = `admin:${by} ${documents.map(({ name }) => name).join(' ')}`
    const settings = read.flatMap((one) => one.settings)
    const changes = await changeConfiguration(raw, settings, { tenant, source, now, dryRun })
    const stored = changes.filter(({ outcome }) => outcome === 'stored').length
    return {
      ...{ dryRun, stored, unchanged: changes.length - stored },
      waitingForRebuild: waitingForRebuild(changes, status).length,
      changes: changes.map(({ outcome, fact }) => ({ outcome, setting: settingJson(fact) })),
    }
  },
})

const written = (profile: Profile) => ({ ...profile, zone: profile.zone.name }) as unknown as Record<string, unknown>

const shown = answer({
  ...{ id: 'showProfile', method: 'GET', path: '/profile', access: 'figures' },
  summary: 'the KPI profile in force at an instant',
  input: z.object({ at: instant.optional().describe('default: now') }),
  output: z.object({ at, generation: z.string().nullable(), published: z.int(), profile: anyObject }),
  run: async ({ logs, tenant, config, now }, { at: wanted = now() }) => {
    const raw = await ifThere(() => logs.raw('reader'))
    const status = await logStatusOf(logs, raw, tenant)
    const published = raw === undefined ? [] : await publishedProfiles(raw, tenant)
    const profile = written(profileInForce(published, status, config.profile, wanted))
    return { at: isoOf(wanted), generation: status.live?.name ?? null, published: published.length, profile }
  },
})

const published = answer({
  ...{ id: 'publishProfile', command: 'profile publish', method: 'POST', path: '/profile', access: 'change' },
  summary: 'put a KPI profile into force from an instant on',
  input: z.object({
    profile: anyObject.describe('as in a profile file; what it leaves out is as in the default profile'),
    effectiveAt: instant.optional().describe('an edge of the base interval; by default the next one'),
    ...change,
  }),
  output: z.object({
    ...{ dryRun: z.boolean(), outcome: z.enum(['stored', 'unchanged']) },
    ...{ id: z.string(), version: z.int(), effectiveAt: at },
    changes: z.array(z.string()).describe('members that change from then on'),
    waits: z.array(z.string()).describe('members that change in the next generation only'),
    isBefore: z.boolean().describe('it begins before what is counted already: a rebuild applies it there'),
  }),
  run: async (call, { profile, effectiveAt, dryRun }) => {
    const { tenant, logs, by } = call
    const parsed = profileSchema.safeParse(profile)
    if (!parsed.success) {
      const errors = parsed.error.issues.map(({ path, message }) => ({ at: `profile.${path.join('.')}`, message }))
      throw new ProblemError('not-valid', errors.map((one) => `${one.at}: ${one.message}`).join('; '), { errors })
    }
    const raw = await rawFor(call, dryRun)
    const status = await logStatusOf(logs, raw, tenant)
    const { fact, outcome, changes, waits } = await publishProfile(raw, parsed.data, {
      ...{ tenant, source: `admin:${by}`, now: call.now(), dryRun, effectiveAt, status },
    })
    return {
      ...{ dryRun, outcome, id: fact.profile.id, version: fact.profile.version, effectiveAt: isoOf(fact.at) },
      ...{ changes: [...changes], waits: [...waits] },
      isBefore: status.live !== undefined && status.frontier !== undefined && fact.at < status.frontier,
    }
  },
})

const tested = job({
  ...{ id: 'testProfile', command: 'profile test', method: 'POST', path: '/profile/tests', access: 'operations' },
  summary: 'run given events against the rows that are expected of a profile; reads and writes nothing of the log',
  input: z.object({
    content: anyObject.describe('what a file of profile tests holds (docs/profile-tests.md); it refers to no files'),
  }),
  output: z.object({
    ...{ passed: z.int(), failed: z.int() },
    tests: z.array(
      z.looseObject({
        ...{ name: z.string(), passed: z.boolean(), elapsedMs: z.number(), unusable: z.array(z.string()) },
        failures: z.array(z.looseObject({ place: z.string(), kind: z.string(), text: z.array(z.string()) })),
      }),
    ),
  }),
  run: async (call, { content }) => {
    const tests = profileTestsIn(content, 'content', undefined)
    const outcomes: TestOutcome[] = []
    for (const test of tests) {
      outcomes.push(await runProfileTest(test, call.signal))
      call.onProgress({ done: outcomes.length, of: tests.length, unit: 'tests' })
      call.signal.throwIfAborted()
    }
    const passed = outcomes.filter(hasPassed).length
    return { passed, failed: outcomes.length - passed, tests: outcomes.map(outcomeJson) as never }
  },
})

const clockChange = z.object({ dryRun: z.boolean(), from: at.nullable(), to: at })

const ticked = answer({
  ...{ id: 'tickClock', command: 'clock tick', method: 'POST', path: '/clock/tick', access: 'change' },
  summary: 'tick the clock by hand: intervals that ended before close',
  input: z.object({ at: instant.optional().describe('how far time has come; default: now'), ...change }),
  output: clockChange,
  run: async (call, { at: wanted, dryRun }) => {
    const raw = dryRun ? await call.logs.raw('reader') : await call.rawWriter()
    const { jumpMaxMs } = call.config.clock
    const now = call.now()
    const { from, to } = await tickClock(raw, call.tenant, { at: wanted ?? now, now, jumpMaxMs, dryRun })
    return { dryRun, from: from === undefined ? null : isoOf(from), to: isoOf(to) }
  },
})

const takenBack = answer({
  ...{ id: 'takeClockBack', command: 'clock take-back', method: 'POST', path: '/clock/take-back', access: 'change' },
  summary: 'take the clock back after it ticked too far, so that events are no longer too late',
  input: z.object({ to: instant.optional().describe('how far time had really come'), ...change }),
  output: clockChange,
  run: async (call, { to: wanted, dryRun }) => {
    const raw = dryRun ? await call.logs.raw('reader') : await call.rawWriter()
    const { jumpMaxMs } = call.config.clock
    const { from, to } = await takeClockBack(raw, call.tenant, { to: wanted, now: call.now(), jumpMaxMs, dryRun })
    return { dryRun, from: isoOf(from), to: isoOf(to) }
  },
})

export const configurationOperations: readonly Operation[] = [
  ...[listed, imported, shown, published, tested, ticked, takenBack],
]
