import { describe, expect, test } from 'vitest'
import { defaultProfile, type Profile } from '../../../src/domain/profile.js'
import { measureIn, type Row } from '../../../src/domain/row.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import type { ProjectionOptions } from '../../../src/projections/projection-options.js'
import { at, emitted, minutes, settings, ticked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'
import { jsonColdStore } from '../../support/json-cold-store.js'
import { rowsIn } from '../../support/kpi-events.js'

const queue = { families: ['queue'] as const }
const abandoned = (ms: number, time: string, id = 'sales') => emitted('tAbandon', ms, time, { queue: id })
const answered = (time: string, id = 'sales') => emitted('tAnswered', 9_000, time, { queue: id })

/** `sales 10:00 corrected(settings) 4: 1 of 2 short, service level 1/2`. */
const saying = (row: Row): string => {
  const [abandons, short] = (['tAbandon', 'tShortAbandon'] as const).map((metric) => measureIn(row, metric)?.count ?? 0)
  const { numerator, denominator } = row.kpis['serviceLevel'] ?? {}
  const reason = row.correction === null ? '' : `(${row.correction})`
  const time = new Date(row.start).toISOString().slice(11, 16)
  return `${row.dimensions[0] ?? ''} ${time} ${row.status}${reason} ${row.revision}: ${short} of ${abandons} short, service level ${numerator}/${denominator}`
}
const says = (rows: readonly Row[], ...lines: readonly string[]): void =>
  expect(rows.map(saying).sort()).toEqual([...lines].sort())

describe('settings of the organisation count for all of history', () => {
  test('restate open rows at once and closed rows at the next tick of the clock, with the reason settings', () => {
    const story = given(queue).facts(
      abandoned(5_000, '10:05'),
      answered('10:05'),
      ticked('10:20'),
      abandoned(5_000, '10:25'),
      answered('10:25'),
    )
    says(
      story.look(),
      'sales 10:00 final 3: 1 of 1 short, service level 1/2',
      'sales 10:15 provisional 2: 1 of 1 short, service level 1/2',
    )
    story.then(settings('09:00', { includeShortAbandons: false }))
    says(story.look(), 'sales 10:15 provisional 3: 1 of 1 short, service level 1/1')
    story.then(ticked('10:20:01'))
    says(story.look(), 'sales 10:00 corrected(settings) 4: 1 of 1 short, service level 1/1')
    story.then(ticked('10:20:02'), ticked('10:40'))
    says(story.look(), 'sales 10:15 final 4: 1 of 1 short, service level 1/1')
  })

  test('do not restate rows whose figures stay the same', () => {
    const story = given(queue).facts(
      abandoned(30_000, '10:05'),
      answered('10:05', 'service'),
      ticked('10:20'),
      answered('10:25', 'service'),
    )
    story.look()
    story
      .then(settings('09:00', { shortAbandonMs: 20_000, includeFlowOuts: true }), ticked('10:21'), ticked('10:22'))
      .emitsNothing()
  })

  test('a late point of a closed row that is not restated yet renders it with the new settings, once', () => {
    const story = given(queue).facts(abandoned(5_000, '10:05'), ticked('10:20'))
    says(story.look(), 'sales 10:00 final 2: 1 of 1 short, service level 0/1')
    story.then(settings('09:00', { shortAbandonMs: 1_000 }), abandoned(500, '10:06'))
    says(story.look(), 'sales 10:00 corrected(late) 3: 1 of 2 short, service level 0/2')
    story.then(ticked('10:21'), ticked('10:22')).emitsNothing()
  })

  test('the reason stays that of the last restatement', () => {
    const story = given(queue).facts(
      abandoned(5_000, '10:05'),
      ticked('10:20'),
      settings('09:00', { shortAbandonMs: 1 }),
      ticked('10:21'),
    )
    says(story.look(), 'sales 10:00 corrected(settings) 3: 0 of 1 short, service level 0/1')
    story.then(abandoned(6_000, '10:06'))
    says(story.look(), 'sales 10:00 corrected(late) 4: 0 of 2 short, service level 0/2')
  })

  test('do not restate families without service levels, nor agent states', () => {
    given({ families: ['agent', 'agent-state'] })
      .facts(emitted('tHandle', 9_000, '10:05', { agent: 'ann' }), ticked('10:20'))
      .emits('agent ann - voice 10:00 final 2: tHandle 9000')
      .then(settings('09:00', { includeFlowOuts: true, shortAbandonMs: 1 }), ticked('10:21'), ticked('10:22'))
      .emitsNothing()
  })
})

describe('when settings take effect', () => {
  const story = () => given(queue).facts(abandoned(5_000, '10:05'), ticked('10:20'))

  test('settings for a future instant wait until the frontier reaches it', () => {
    const waiting = story()
    waiting.look()
    waiting.then(settings('10:30', { shortAbandonMs: 1 }), ticked('10:29:59.999')).emitsNothing()
    waiting.then(ticked('10:30'))
    says(waiting.look(), 'sales 10:00 corrected(settings) 3: 0 of 1 short, service level 0/1')
  })

  test('of several that are due the newest is in force, in whatever order they became known', () => {
    const [older, newer] = [settings('08:00', { shortAbandonMs: 1 }), settings('09:00', { shortAbandonMs: 7_000 })]
    for (const both of [
      [older, newer],
      [newer, older],
    ]) {
      const told = story().then(...both, abandoned(8_000, '10:06'))
      says(told.look(), 'sales 10:00 corrected(late) 3: 1 of 2 short, service level 0/2')
      told.then(ticked('10:21'), ticked('10:22')).emitsNothing()
    }
  })

  test('of two that become due in one tick the newer is in force', () => {
    const told = story().then(settings('10:24', { shortAbandonMs: 1 }), settings('10:22', { includeAbandons: false }))
    told.look()
    told.then(ticked('10:30'))
    says(told.look(), 'sales 10:00 corrected(settings) 3: 0 of 1 short, service level 0/1')
  })

  test('a repeated setting is no change', () => {
    const told = story().then(settings('09:00', { shortAbandonMs: 1 }), ticked('10:21'))
    says(told.look(), 'sales 10:00 corrected(settings) 3: 0 of 1 short, service level 0/1')
    told.then(settings('09:00', { shortAbandonMs: 1 }), ticked('10:22'), ticked('10:23')).emitsNothing()
  })

  test('a setting changed back restates the rows again', () => {
    const told = story().then(
      settings('09:00', { shortAbandonMs: 1 }),
      ticked('10:21'),
      settings('09:30', {}),
      ticked('10:22'),
    )
    says(told.look(), 'sales 10:00 corrected(settings) 4: 1 of 1 short, service level 0/1')
  })

  test('after a second change before the next tick, closed rows are restated by the second alone, and only where figures change', () => {
    const told = story().then(
      settings('09:00', { shortAbandonMs: 1 }),
      settings('09:30', { shortAbandonMs: 2 }),
      ticked('10:21'),
    )
    says(told.look(), 'sales 10:00 corrected(settings) 3: 0 of 1 short, service level 0/1')
    const same = story()
    same.look()
    same
      .then(settings('09:00', { shortAbandonMs: 1 }), settings('09:30', { shortAbandonMs: 6_000 }), ticked('10:21'))
      .emitsNothing()
  })
})

describe('history of more closed rows than one tick restates', () => {
  const QUEUES = 2_100
  const ids = Array.from({ length: QUEUES }, (_, index) => `q${String(index).padStart(4, '0')}`)
  const profile: Profile = { ...defaultProfile, ...queue }
  const short = (rows: readonly Row[]) =>
    rows.map(
      (row) =>
        `${row.dimensions[0] ?? ''} ${row.revision} ${row.correction} ${measureIn(row, 'tShortAbandon')?.count ?? 0}`,
    )

  /** All closed, then restated tick by tick; `between` may exchange the fold for another. */
  const restated = (
    options: ProjectionOptions,
    between: (fold: KpiProjection) => KpiProjection,
  ): readonly (readonly string[])[] => {
    let fold = new KpiProjection('acme', profile, options)
    for (const id of ids) fold.apply(abandoned(5_000, '10:05', id))
    fold.apply(ticked('10:20'))
    fold.drainEvents()
    fold = between(fold)
    const ticks: (readonly string[])[] = []
    const change = {
      1: settings('09:00', { shortAbandonMs: 1 }),
      2: settings('09:30', { shortAbandonMs: 20_000 }),
      4: settings('09:40', { shortAbandonMs: 2 }),
    }
    for (let tick = 1; tick <= 6; tick++) {
      const changed = change[tick as keyof typeof change] as ReturnType<typeof settings> | undefined
      if (changed !== undefined) fold.apply(changed)
      fold.apply(ticked(at('10:20') + tick))
      ticks.push(short(rowsIn(fold.drainEvents())))
      fold = between(fold)
    }
    return ticks
  }

  test('is restated tick by tick in the order of keys; a change in between begins again, and a row skips the versions it missed', () => {
    const ticks = restated({}, (fold) => fold)
    expect(ticks.map((rows) => rows.length)).toEqual([2_000, 2_000, 0, 2_000, 100, 0])
    expect(ticks.map(([first]) => first)).toEqual([
      'q0000 3 settings 0',
      'q0000 4 settings 1',
      undefined, // the last hundred had not come to the first change, and say by the second what they had said
      'q0000 5 settings 0',
      'q2000 3 settings 0',
      undefined,
    ])
  })

  test('is restated identically through snapshots and a cold store, whether the projection goes on or another takes its place', () => {
    const calm = restated({}, (fold) => fold)
    for (const restarts of [false, true]) {
      const coldStore = jsonColdStore()
      const through = restated({ coldStore }, (fold) => {
        const state = fold.save()
        coldStore.put(state.spilled)
        fold.saved()
        return restarts
          ? new KpiProjection('acme', profile, {
              coldStore,
              state: JSON.parse(JSON.stringify({ ...state, spilled: [] })),
            })
          : fold
      })
      expect(through).toEqual(calm)
    }
  })

  test('is restated identically through snapshots without a cold store', () => {
    expect(
      restated({}, (fold) => new KpiProjection('acme', profile, { state: JSON.parse(JSON.stringify(fold.save())) })),
    ).toEqual(restated({}, (fold) => fold))
  })
})

test('settings known from the start are not applied again where they stand in the log: nothing is restated', () => {
  const known = [settings('08:00', { shortAbandonMs: 1 }), settings('09:00', { shortAbandonMs: 7_000 })]
  const story = given(queue, { configuration: known, inHistory: true }).facts(
    abandoned(5_000, '10:05'),
    ticked('10:20'),
  )
  says(story.look(), 'sales 10:00 final 2: 1 of 1 short, service level 0/1')
  story.then(...known, ticked('10:21'), ticked(at('10:22') + minutes(1))).emitsNothing()
})
