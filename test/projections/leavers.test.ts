import { describe, expect, test } from 'vitest'
import type { ConfigurationAudited, Fact } from '../../src/domain/fact.js'
import type { KpiEvent } from '../../src/domain/kpi-event.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'
import { KpiProjection } from '../../src/projections/kpi-projection.js'
import type { ProjectionState } from '../../src/projections/projection-state.js'
import { at, ticked } from '../support/fact-builders.js'

const audited = (time: string, more: Partial<ConfigurationAudited> = {}): ConfigurationAudited => ({
  type: 'ConfigurationAudited',
  at: at(time),
  service: 'ContactCenter',
  action: 'Delete',
  entityType: 'Queue',
  entityId: 'sales',
  changed: [],
  ...more,
})

/** What a projection says has left, fact by fact; `restartAt`: the fact before which it is made anew from its state. */
const leftAfter = (facts: readonly Fact[], profile: Partial<Profile> = {}, restartAt = -1): readonly string[][] => {
  const of = (state?: ProjectionState) => new KpiProjection('t', { ...defaultProfile, ...profile }, { state })
  let projection = of()
  return facts.map((fact, index) => {
    if (index === restartAt) projection = of(JSON.parse(JSON.stringify(projection.save())) as ProjectionState)
    projection.apply(fact)
    return projection
      .drainEvents()
      .flatMap((event: KpiEvent) => (event.kind === 'left' ? [`${event.left.dimension} ${event.left.id}`] : []))
  })
}

describe('a queue or an agent that was deleted in Genesys leaves', () => {
  test('once, when the interval of its deletion has closed', () => {
    const facts = [ticked('10:00'), audited('10:07'), ticked('10:19'), ticked('10:20'), ticked('10:40')]
    expect(leftAfter(facts)).toEqual([[], [], [], ['queueId sales'], []])
  })

  test('when the longest of its intervals has closed', () => {
    const facts = [ticked('10:00'), audited('10:07'), ticked('10:40'), ticked('11:04'), ticked('11:05')]
    expect(leftAfter(facts, { rollUps: ['PT1H'] })).toEqual([[], [], [], [], ['queueId sales']])
  })

  test('not again if it was published before a crash', () => {
    const projection = new KpiProjection('t', defaultProfile)
    for (const fact of [ticked('10:00'), audited('10:07'), ticked('10:20')]) projection.apply(fact)
    const left = new Set([`queueId sales ${at('10:07')}`])
    projection.wasPublished({ rows: new Map(), markers: new Map(), left })
    expect(projection.drainEvents()).toEqual([])
  })

  test('once, however often its deletion is audited meanwhile', () => {
    const facts = [ticked('10:00'), audited('10:07'), audited('10:08'), ticked('10:20')]
    expect(leftAfter(facts).flat()).toEqual(['queueId sales'])
  })

  test('after a restart in between too', () => {
    const facts = [ticked('10:00'), audited('10:07'), ticked('10:19'), ticked('10:20')]
    for (const restartAt of [2, 3]) expect(leftAfter(facts, {}, restartAt).flat()).toEqual(['queueId sales'])
  })

  test('as a user, which audits spell in two ways', () => {
    for (const entityType of ['User', 'USER']) {
      const deleted = audited('10:07', { entityType, action: 'DELETE', entityId: 'anna' })
      expect(leftAfter([ticked('10:00'), deleted, ticked('10:20')]).flat()).toEqual(['userId anna'])
    }
  })

  test.each<Partial<ConfigurationAudited>>([{ action: 'Update' }, { entityType: 'Flow' }, { entityId: null }])(
    'and no other audit makes anything leave: %j',
    (more) => {
      expect(leftAfter([ticked('10:00'), audited('10:07', more), ticked('10:20')]).flat()).toEqual([])
    },
  )
})
