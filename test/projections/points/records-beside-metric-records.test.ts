import { describe, expect, test } from 'vitest'
import type { MetricEmitted } from '../../../src/domain/fact.js'
import { emitted, recorded, ticked } from '../../support/fact-builders.js'
import { given } from '../../support/given.js'

const both = { points: 'metric-records-and-details' as const, families: ['queue'] as const }
const live = (point: MetricEmitted, session = 'c1/'): MetricEmitted => ({ ...point, session })
const offered = emitted('nOffered', 1, '10:05', { queue: 'sales' })
const answered = emitted('tAnswered', 9_000, '10:16', { queue: 'sales' })
const handled = emitted('tHandle', 60_000, '10:31', { queue: 'sales' })

describe('a conversation record beside metric records', () => {
  test('that says what they said changes no row', () => {
    given(both)
      .facts(live(offered), live(answered))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
      )
      .then(recorded('c1', offered, answered))
      .emitsNothing()
  })

  test('fills in what was missed, and counts nothing twice', () => {
    given(both)
      .facts(live(offered), live(handled))
      .then(recorded('c1', offered, answered, handled))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
        'queue sales voice 10:30 provisional 1: tHandle 60000',
      )
  })

  test('speaks for its conversation up to its last emission; what was emitted later counts beside it', () => {
    given(both)
      .facts(recorded('c1', offered, answered), live(offered), live(answered), live(handled))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
        'queue sales voice 10:30 provisional 1: tHandle 60000',
      )
  })

  test('takes back what it no longer says, as recomputed', () => {
    const [row] = given(both)
      .facts(live(offered), live(emitted('tAnswered', 8_000, '10:06', { queue: 'sales' })), ticked('12:00'))
      .then(recorded('c1', offered, emitted('tAnswered', 9_000, '10:07', { queue: 'sales' })))
      .look()
      .slice(-1)
    expect(row).toMatchObject({ status: 'corrected', correction: 'recomputed' })
  })

  test('that only fills restates closed intervals as late', () => {
    const [row] = given(both)
      .facts(live(offered), ticked('12:00'), recorded('c1', offered, answered))
      .look()
      .slice(-1)
    expect(row).toMatchObject({ status: 'corrected', correction: 'late' })
  })

  test('of another conversation changes nothing of this one', () => {
    given(both).facts(live(offered), recorded('c2', offered)).emits('queue sales voice 10:00 provisional 2: nOffered 2')
  })

  test('metric records that name no conversation count by themselves', () => {
    given(both)
      .facts(offered, recorded('c1', answered))
      .emits(
        'queue sales voice 10:00 provisional 1: nOffered 1',
        'queue sales voice 10:15 provisional 1: tAnswered 9000',
      )
  })

  test('nOverSla of a customer-first callback does not count, whichever of its records comes first', () => {
    const over = live(emitted('nOverSla', 1, '10:06', { queue: 'sales', media: 'callback' }), 'c1/s1')
    const first = live(emitted('tCfcAnswered', 9_000, '10:06', { queue: 'sales', media: 'callback' }), 'c1/s1')
    given(both).facts(over, first).emits('queue sales callback 10:00 provisional 3: tCfcAnswered 9000')
    given(both).facts(first, over).emits('queue sales callback 10:00 provisional 1: tCfcAnswered 9000')
  })
})
