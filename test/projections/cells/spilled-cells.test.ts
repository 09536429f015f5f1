import { expect, test } from 'vitest'
import { defaultProfile } from '../../../src/domain/profile.js'
import { KpiProjection } from '../../../src/projections/kpi-projection.js'
import { emitted, ticked } from '../../support/fact-builders.js'
import { lineOf } from '../../support/given.js'
import { jsonColdStore } from '../../support/json-cold-store.js'
import { rowsIn } from '../../support/kpi-events.js'

test('late points with the same dimensions find a closed cell again after each time it left memory', () => {
  const coldStore = jsonColdStore()
  const fold = new KpiProjection('acme', { ...defaultProfile, families: ['queue'] }, { coldStore })
  const spill = (): void => {
    coldStore.put(fold.save().spilled)
    fold.saved()
  }
  const answered = emitted('tAnswered', 1_000, '10:05', { queue: 'sales' })
  fold.apply(answered)
  fold.apply(ticked('12:00'))
  fold.drainEvents()
  spill()
  fold.apply(answered)
  fold.drainEvents()
  spill()
  fold.apply({ ...answered, languageId: 'de' }) // other dimensions, the same cell
  fold.drainEvents()
  spill()
  fold.apply(answered)
  expect(rowsIn(fold.drainEvents()).map(lineOf)).toEqual([
    'queue sales voice 10:00 corrected 5: tAnswered 4x4000 (1000..1000)',
  ])
})
