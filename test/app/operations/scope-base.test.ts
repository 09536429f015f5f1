import { describe, expect, test } from 'vitest'
import { RebuildRefused } from '../../../src/app/operations/generations/catch-up.js'
import { scopeBase } from '../../../src/app/operations/generations/scope-base.js'
import { PROJECTION_VERSION, type Generation, type Generations } from '../../../src/app/pipeline/generations.js'
import { defaultProfile } from '../../../src/domain/profile.js'
import { appendTakeBack, appendTick } from '../../../src/ingress/clock.js'
import type { EventLog } from '../../../src/log/event-log.js'
import { memoryLog } from '../../../src/log/memory-log.js'
import { BEGIN, take, TENANT } from '../../support/name-log.js'

const live = (more: Partial<Generation> = {}): Generations => ({
  live: 'g1',
  promotions: 0,
  promoted: [],
  retired: {},
  paused: undefined,
  revision: undefined,
  all: {
    g1: {
      name: 'g1',
      projectionVersion: PROJECTION_VERSION,
      profile: defaultProfile,
      historyThrough: null,
      startedAt: '2026-01-01T00:00:00Z',
      ...more,
    },
  },
})

const asked = (raw: EventLog): Parameters<typeof scopeBase>[1] => ({ raw, tenant: TENANT, profile: defaultProfile })

const erasedLog = async (): Promise<EventLog> => {
  const raw = memoryLog()
  const queue = { kind: 'queue', id: '1', name: 'Sales' } as const
  await take(raw, { ...queue, what: 'named' }, 0)
  await take(raw, { ...queue, what: 'erased' }, 1)
  return raw
}

describe('a rebuild of some rows leaves the others to the live generation', () => {
  test('which is named', async () => {
    expect(await scopeBase(live(), asked(memoryLog()))).toBe('g1')
  })

  test('and is refused where none is live', async () => {
    const none = { ...live(), live: undefined }
    await expect(scopeBase(none, asked(memoryLog()))).rejects.toThrow('there is no live generation')
  })

  test('and is refused where an earlier version computed it', async () => {
    const earlier = live({ projectionVersion: PROJECTION_VERSION - 1 })
    await expect(scopeBase(earlier, asked(memoryLog()))).rejects.toThrow(RebuildRefused)
  })

  test('and is refused where its profile closes intervals otherwise', async () => {
    const other = live({ profile: { ...defaultProfile, graceMs: defaultProfile.graceMs + 1 } })
    await expect(scopeBase(other, asked(memoryLog()))).rejects.toThrow('the profile has another graceMs')
  })

  test('and is refused where the clock was taken back since it began, not where that lies in its history', async () => {
    const raw = memoryLog()
    await appendTick(raw, TENANT, BEGIN + 3_600_000)
    await appendTakeBack(raw, TENANT, BEGIN, 0)
    await expect(scopeBase(live(), asked(raw))).rejects.toThrow('the clock was taken back since g1 began')
    expect(await scopeBase(live({ historyThrough: String(await raw.head()) }), asked(raw))).toBe('g1')
  })

  test('and is refused where events were erased since it began, not where that lies in its history', async () => {
    const raw = await erasedLog()
    await expect(scopeBase(live(), asked(raw))).rejects.toThrow('events were erased since g1 began')
    expect(await scopeBase(live({ historyThrough: String(await raw.head()) }), asked(raw))).toBe('g1')
  })
})
