import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import {
  allSettings,
  changeConfiguration,
  inForceAt,
  logStatusOf,
  waitingForRebuild,
  type ChangeOptions,
  type Configured,
} from '../../../src/app/operations/imports/import-configuration.js'
import { startGeneration, promote, readGenerations } from '../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../src/app/pipeline/logs/logs.js'
import {
  NotPublishable,
  profileInForce,
  publishedProfiles,
  publishProfile,
} from '../../../src/app/operations/imports/publish-profile.js'
import { zoneOf } from '../../../src/app/config/profile/zones.js'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { appendTick } from '../../../src/ingress/clock.js'
import { readSettings, type Times } from '../../../src/ingress/decode/configuration-objects.js'
import { decodeRaw } from '../../../src/ingress/decode/decoders.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { allEvents, eventsOf } from '../../ingress/log-content.js'

const at = (time: string): number => Date.parse(`2026-01-${time}Z`)
const now = at('05T12:00:00')
const times: Times = { effectiveAt: undefined, now }
const options: ChangeOptions = { tenant: 'acme', source: 'test', now, dryRun: false }

const queue = (more: Readonly<Record<string, unknown>> = {}) => ({
  id: 'q1',
  name: 'Sales',
  division: { id: 'd1', name: 'Home' },
  dateModified: '2026-01-02T08:00:00.000Z',
  mediaSettings: {
    call: { enableAutoAnswer: false, alertingTimeoutSeconds: 8, serviceLevel: { percentage: 0.8, durationMs: 20_000 } },
    message: { alertingTimeoutSeconds: 30, serviceLevel: { percentage: 0.9, durationMs: 60_000 }, subTypeSettings: {} },
    email: { alertingTimeoutSeconds: 300 },
  },
  acwSettings: { wrapupPrompt: 'MANDATORY_TIMEOUT', timeoutMs: 30_000 },
  ...more,
})
const break_ = {
  id: 'p1',
  type: 'User',
  languageLabels: { de: 'Pause', en_US: 'Short break' },
  systemPresence: 'Break',
  deactivated: false,
  dateModified: '2026-01-01T00:00:00Z',
}
const settingsOf = (json: unknown, given = times): readonly Configured[] => {
  const { settings, problems } = readSettings(json, given)
  expect(problems).toEqual([])
  return settings
}

const sales: Configured = {
  type: 'QueueConfigured',
  queueId: 'q1',
  at: at('02T08:00:00'),
  name: 'Sales',
  serviceLevel: { voice: { durationMs: 20_000, target: 0.8 }, message: { durationMs: 60_000, target: 0.9 } },
  acw: { prompt: 'MANDATORY_TIMEOUT', timeoutMs: 30_000 },
}

describe('settings of Genesys objects', () => {
  test.each<[string, unknown, readonly Partial<Configured>[]]>([
    [
      'a page of queues',
      { entities: [queue(), queue({ id: 'q2' })], pageSize: 25, total: 2 },
      [sales, { ...sales, queueId: 'q2' }],
    ],
    ['pages in an array', [{ entities: [queue()] }, { entities: [] }], [sales]],
    ['a single queue', queue(), [sales]],
    [
      'a queue that says little',
      { id: 'q1', acwSettings: {} },
      [
        {
          type: 'QueueConfigured',
          queueId: 'q1',
          at: now,
          name: null,
          serviceLevel: {},
          acw: { prompt: 'UNKNOWN', timeoutMs: null },
        },
      ],
    ],
    [
      'a target that is not set',
      queue({ mediaSettings: { callback: { serviceLevel: { durationMs: 5_000 } }, chat: null }, acwSettings: null }),
      [{ ...sales, serviceLevel: { callback: { durationMs: 5_000, target: null } }, acw: null }],
    ],
    [
      'presence definitions',
      {
        entities: [
          break_,
          { ...break_, id: 'p2', languageLabels: { fr: 'Pause' }, systemPresence: 'On Queue', deactivated: true },
        ],
      },
      [
        {
          type: 'PresenceDefined',
          presenceId: 'p1',
          at: at('01T00:00:00'),
          systemPresence: 'BREAK',
          name: 'Short break',
          deactivated: false,
        },
        {
          type: 'PresenceDefined',
          presenceId: 'p2',
          at: at('01T00:00:00'),
          systemPresence: 'ON_QUEUE',
          name: 'Pause',
          deactivated: true,
        },
      ],
    ],
    [
      'organisation settings',
      { organisationSettings: { includeFlowOuts: true, shortAbandonMs: 5_000 } },
      [
        {
          type: 'OrgSettingsChanged',
          at: now,
          includeFlowOuts: true,
          includeShortAbandons: null,
          includeAbandons: null,
          shortAbandonMs: 5_000,
        },
      ],
    ],
  ])('%s', (_, json, expected) => {
    expect(settingsOf(json)).toEqual(expected)
  })

  test('a given effective time overrides that of the objects', () => {
    for (const fact of settingsOf([queue(), break_], { ...times, effectiveAt: at('03T00:00:00') }))
      expect(fact.at).toBe(at('03T00:00:00'))
  })

  test('all problems of imported objects are reported, each with its object', () => {
    const { settings, problems } = readSettings(
      {
        entities: [
          queue({ mediaSettings: { call: { serviceLevel: { percentage: 80, durationMs: 20_000 } } } }),
          queue({ mediaSettings: { call: { serviceLevel: { percentage: 0.8 } } } }),
          queue({ dateModified: 'yesterday' }),
          { id: 'x', name: 'A user' },
          7,
          { organisationSettings: { includeFlowOut: true } },
          { ...break_, id: undefined },
        ],
      },
      times,
    )
    expect(settings).toEqual([])
    expect(problems).toEqual([
      expect.stringMatching(/entities\[0\] \(Sales\): percentage is 80; expected a share from 0 to 1/),
      expect.stringMatching(/entities\[1\] \(Sales\): mediaSettings.call.serviceLevel.durationMs is missing/),
      expect.stringMatching(/entities\[2\] \(Sales\): dateModified is "yesterday"/),
      expect.stringMatching(/entities\[3\] \(A user\): it is neither a queue/),
      expect.stringMatching(/entities\[4\] is no object/),
      expect.stringMatching(
        /entities\[5\]: organisationSettings.includeFlowOut is not known; there are includeFlowOuts/,
      ),
      expect.stringMatching(/entities\[6\]: id is missing/),
    ])
  })
})

describe('settings in the log', () => {
  const imported = async (log: EventLog, json: unknown, given = times) =>
    (await changeConfiguration(log, settingsOf(json, given), options)).map(({ outcome }) => outcome)

  test('are stored in the stream of their object and read back unchanged', async () => {
    const log = memoryLog()
    const json = [queue(), break_, { organisationSettings: { includeAbandons: false } }]
    expect(await imported(log, json)).toEqual(['stored', 'stored', 'stored'])
    const events = await allEvents(log)
    expect(events.map(({ stream }) => stream)).toEqual([
      'acme.config-queue-q1',
      'acme.config-presence-p1',
      'acme.config-organisation-settings',
    ])
    expect(events.map(({ type, data }) => decodeRaw(type, data))).toEqual(
      settingsOf(json).map((fact) => E.right([fact])),
    )
    expect([...(await allSettings(log, 'acme')).values()].flat()).toEqual(settingsOf(json))
    expect([...(await allSettings(log, 'acm')).values()]).toEqual([])
  })

  test('are stored once if imported twice, even if other fields of the object changed', async () => {
    const log = memoryLog()
    await imported(log, queue())
    expect(await imported(log, queue())).toEqual(['unchanged'])
    expect(await imported(log, queue({ dateModified: '2026-01-04T00:00:00Z', memberCount: 7 }))).toEqual(['unchanged'])
    expect(await imported(log, [queue(), queue()])).toEqual(['unchanged', 'unchanged'])
    expect(await allEvents(log)).toHaveLength(1)
  })

  test('change from their effective time on; a change back is a change; history is kept', async () => {
    const log = memoryLog()
    const slower = { mediaSettings: { call: { serviceLevel: { percentage: 0.8, durationMs: 30_000 } } } }
    expect(await imported(log, queue())).toEqual(['stored'])
    expect(await imported(log, queue({ ...slower, dateModified: '2026-01-03T00:00:00Z' }))).toEqual(['stored'])
    expect(await imported(log, queue({ dateModified: '2026-01-04T00:00:00Z' }))).toEqual(['stored'])
    // Earlier than all: nothing was in force then.
    expect(await imported(log, queue({ dateModified: '2026-01-01T00:00:00Z' }))).toEqual(['stored'])
    const all = [...(await allSettings(log, 'acme')).values()].flat()
    const durationAt = (instant: string): unknown => {
      const fact = inForceAt(all, at(instant))
      return fact?.type === 'QueueConfigured' ? fact.serviceLevel['voice']?.durationMs : undefined
    }
    expect(['01T00:00:00', '02T23:59:59', '03T00:00:00', '05T00:00:00'].map(durationAt)).toEqual([
      20_000, 20_000, 30_000, 20_000,
    ])
  })

  test('that are changed back for the same instant take effect a millisecond later', async () => {
    const log = memoryLog()
    for (const acwSettings of [queue().acwSettings, null, queue().acwSettings])
      expect(await imported(log, queue({ acwSettings }))).toEqual(['stored'])
    const all = [...(await allSettings(log, 'acme')).values()].flat()
    expect(all).toHaveLength(3)
    expect(inForceAt(all, at('02T08:00:00'))).toMatchObject({ acw: null })
    expect(inForceAt(all, at('02T08:00:01'))).toEqual({ ...sales, at: sales.at + 1 })
    expect(await imported(log, queue(), { ...times, effectiveAt: sales.at + 1 })).toEqual(['unchanged'])
  })

  test('are not stored in a dry run', async () => {
    const log = memoryLog()
    expect(await changeConfiguration(log, settingsOf(queue()), { ...options, dryRun: true })).toMatchObject([
      { outcome: 'stored' },
    ])
    expect(await changeConfiguration(undefined, settingsOf(queue()), { ...options, dryRun: true })).toMatchObject([
      { outcome: 'stored' },
    ])
    expect(await allEvents(log)).toEqual([])
  })

  test('are told from membership events in a queue stream', async () => {
    const log = memoryLog()
    await log.append([
      {
        stream: 'acme.config-queue-q1',
        expected: 'any',
        events: [
          {
            id: '00000000-0000-8000-8000-000000000001',
            type: 'v2.routing.queues.{id}.users',
            data: Buffer.from('{}'),
            metadata: Buffer.from('{}'),
          },
        ],
      },
    ])
    expect(await imported(log, queue())).toEqual(['stored'])
    expect((await allSettings(log, 'acme')).get('acme.config-queue-q1')).toEqual([sales])
  })
})

const projected = async (profile: Profile, frontier: number): Promise<EventLog> => {
  const log = memoryLog()
  const state = await readGenerations(log, 'acme')
  const started = await startGeneration(log, 'acme', state, profile, undefined, new Date(0))
  await promote(log, 'acme', started.state, started.generation.name, new Date(0))
  await appendTick(log, 'acme', frontier)
  return log
}

describe('a rebuild is asked for', () => {
  test('for a setting that takes effect before counted events, and for no other', async () => {
    const log = await projected(defaultProfile, at('03T00:00:00'))
    const status = await logStatusOf(singleLog(log), log, 'acme')
    const facts = settingsOf([
      queue(),
      queue({ id: 'q2', dateModified: '2026-01-03T00:00:00Z' }),
      break_,
      { organisationSettings: { includeAbandons: false, dateModified: '2026-01-01T00:00:00Z' } },
    ])
    const changes = await changeConfiguration(log, facts, options)
    expect(waitingForRebuild(changes, status).map(({ fact }) => fact)).toEqual([sales])
    const again = await changeConfiguration(log, facts, options)
    expect(waitingForRebuild(again, status)).toEqual([])
  })

  test('not before the first projection', async () => {
    const log = memoryLog()
    const status = await logStatusOf(singleLog(log), log, 'acme')
    expect(status).toEqual({ frontier: undefined, live: undefined })
    expect(waitingForRebuild(await changeConfiguration(log, settingsOf(queue()), options), status)).toEqual([])
  })
})

describe('a profile is published', () => {
  const second: Profile = {
    ...defaultProfile,
    version: 2,
    quantiles: ['tAnswered'],
    zone: zoneOf('Europe/Berlin'),
    rollUps: ['P1D'],
  }
  const publish = async (
    log: EventLog,
    profile: Profile,
    more: { effectiveAt?: number; dryRun?: boolean; now?: number } = {},
  ) =>
    publishProfile(log, profile, {
      ...{ tenant: 'acme', source: 'test', now: at('05T12:07:00'), dryRun: false, effectiveAt: undefined, ...more },
      status: await logStatusOf(singleLog(log), log, 'acme'),
    })

  test('from the next interval edge on, and tells changes at that time from changes in the next generation', async () => {
    const log = await projected(defaultProfile, at('05T12:00:00'))
    expect(await publish(log, second)).toEqual({
      fact: { type: 'ProfilePublished', at: at('05T12:15:00'), profile: second },
      outcome: 'stored',
      changes: ['version', 'quantiles'],
      waits: ['rollUps', 'zone'],
    })
    expect(await publishedProfiles(log, 'acme')).toEqual([
      { type: 'ProfilePublished', at: at('05T12:15:00'), profile: second },
    ])
    const [event] = await eventsOf(log, 'acme.config-profile-default')
    expect(decodeRaw(event?.type ?? '', event?.data ?? Buffer.from(''))).toEqual(
      E.right([{ type: 'ProfilePublished', at: at('05T12:15:00'), profile: second }]),
    )
  })

  test('at an interval edge; a time within an interval is refused with both edges', async () => {
    const log = await projected({ ...defaultProfile, intervalMs: 1_800_000 }, at('05T12:00:00'))
    expect((await publish(log, second, { now: at('05T12:30:00') })).fact.at).toBe(at('05T12:30:00'))
    const within = publish(log, { ...second, version: 3 }, { effectiveAt: at('05T12:15:00') })
    await expect(within).rejects.toThrow(NotPublishable)
    await expect(within).rejects.toThrow(/30 minutes begins.*take 2026-01-05T12:00:00.000Z or 2026-01-05T12:30:00.000Z/)
  })

  test('once if published twice, and not in a dry run', async () => {
    const log = await projected(defaultProfile, at('05T12:00:00'))
    expect((await publish(log, second, { dryRun: true })).outcome).toBe('stored')
    expect(await publishedProfiles(log, 'acme')).toEqual([])
    await publish(log, second)
    expect(await publish(log, second, { effectiveAt: at('06T00:00:00') })).toMatchObject({
      outcome: 'unchanged',
      changes: [],
    })
    expect(await publish(log, defaultProfile, { effectiveAt: at('04T00:00:00') })).toMatchObject({
      outcome: 'unchanged',
    })
    expect(await publishedProfiles(log, 'acme')).toHaveLength(1)
  })

  test('not under a version with other content', async () => {
    const log = await projected(defaultProfile, at('05T12:00:00'))
    await expect(publish(log, { ...second, version: 1 })).rejects.toThrow(
      /default version 1 says something else already \(.*quantiles.*raise the version/,
    )
    await publish(log, second)
    await publish(log, { ...second, version: 3, quantiles: [] })
    await expect(publish(log, second)).rejects.toThrow(
      /default version 2 was published for this instant before, and another one since/,
    )
    await expect(publish(log, { ...second, graceMs: 1 })).rejects.toThrow(/default version 2 .*graceMs/)
  })

  test('and is in force from its effective time, with the structure of the live generation', async () => {
    const log = await projected(defaultProfile, at('05T12:00:00'))
    await publish(log, second)
    const status = await logStatusOf(singleLog(log), log, 'acme')
    const published = await publishedProfiles(log, 'acme')
    const inForce = (instant: string): Profile => profileInForce(published, status, defaultProfile, at(instant))
    expect(inForce('05T12:14:59')).toEqual(defaultProfile)
    expect(inForce('05T12:15:00')).toEqual({ ...second, zone: defaultProfile.zone, rollUps: [] })
  })
})
