import { expect, test } from 'vitest'
import { stageState, type Seen } from '../../../../src/app/operations/status/stage-state.js'
import type { StageHealth } from '../../../../src/app/pipeline/health.js'
import type { Writer } from '../../../../src/log/embedded/lock/writer-of.js'

const NOW = Date.UTC(2026, 0, 5, 12)
const writer: Writer = {
  ...{ owner: 'streamvane run', pid: 7, host: 'h', since: '2026-01-05T11:00:00Z', liveness: 'alive' },
  heardAt: NOW - 1_000,
}
const nothing = { events: 0, isAtLeast: false, since: undefined }
const waiting = { events: 9, isAtLeast: false, since: NOW - 600_000 }
const health: StageHealth = { state: 'running', since: '', troubles: [], alarms: [], behindMs: 0 }

const cases: readonly (readonly [string, Partial<Seen>, string])[] = [
  ['with nothing to do and a living writer it works', { waiting: nothing, writer }, 'working'],
  ['with nothing to do and no process it is idle', { waiting: nothing, isKnowable: true }, 'idle'],
  ['with something to do and a living writer it is behind', { waiting, writer }, 'behind'],
  ['with something to do and no process it is stalled', { waiting, isKnowable: true }, 'stalled'],
  [
    'with something to do and a writer that is gone it is stalled',
    { waiting, writer: { ...writer, liveness: 'gone' }, isKnowable: true },
    'stalled',
  ],
  ['where no process can be seen, ten minutes are too long', { waiting }, 'stalled'],
  ['where no process can be seen, a moment is not too long', { waiting: { ...waiting, since: NOW - 5_000 } }, 'behind'],
  ['a process that is well and has something to do is behind', { waiting, health }, 'behind'],
  [
    'a process in trouble is stalled',
    { health: { ...health, troubles: [{ trouble: 'log-unavailable', since: 'x' }] } },
    'stalled',
  ],
  ['a stage that was refused says so', { health: { ...health, state: 'ended', end: 'refused' } }, 'refused'],
  ['a paused stage is paused', { waiting, health: { ...health, state: 'paused' } }, 'paused'],
]

test.each(cases)('%s', (_, seen, state) => {
  const all = { waiting: undefined, health: undefined, writer: undefined, isKnowable: false, now: NOW, ...seen }
  expect(stageState(all).state).toBe(state)
})

test.each([
  ['the end of the process, where something waited then', NOW - 60_000, NOW - 60_000],
  ['something waits, where the process had gone before', NOW - 900_000, NOW - 600_000],
])('a stage without a process is stalled since %s', (_, heardAt, since) => {
  const gone: Writer = { ...writer, liveness: 'gone', heardAt }
  const seen = stageState({ waiting, health: undefined, writer: gone, isKnowable: true, now: NOW })
  expect(seen).toEqual({ state: 'stalled', says: 'no process works on it', since: new Date(since).toISOString() })
})

test('a stage whose process lives and sends no heartbeat is stalled since the last one, also with nothing to do', () => {
  for (const waits of [waiting, nothing, undefined]) {
    const silentFor = (ms: number) =>
      stageState({
        ...{ waiting: waits, health: undefined, isKnowable: true, now: NOW },
        writer: { ...writer, heardAt: NOW - ms },
      })
    expect(silentFor(20_000).state).not.toBe('stalled')
    expect(silentFor(20_001)).toEqual({
      ...{ state: 'stalled', says: 'its process, pid 7 on h, gives no sign of life' },
      since: new Date(NOW - 20_001).toISOString(),
    })
  }
})
