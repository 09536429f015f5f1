import { describe, expect, test } from 'vitest'
import type { RowFilter } from '../../../../src/egress/sink.js'
import type { GenerationChange } from './generations-log.js'
import { afterSteps, type Step } from './promotion-steps.js'

const calm: Step = { changes: [], promoted: undefined, inPeriods: false, batchMax: 1, fates: [] }
const change = (generation: number, row: number, more: Partial<GenerationChange> = {}): GenerationChange => ({
  generation,
  row,
  ...more,
})
const everything: RowFilter = {}

/** `<promotion> <row key> <revision>` of what was published, in order. */
const published = async (steps: readonly Step[], filter = everything): Promise<readonly string[]> => {
  const { to } = await afterSteps(filter, steps, 'differences')
  return to.records.flatMap((record) =>
    record.kind === 'row' ? [`${record.promotion} ${record.header.dimensions[0]} ${record.header.revision}`] : [],
  )
}

describe('a promotion that publishes differences', () => {
  test('publishes a row whose figures differ, withdraws one that only the generation before has, and leaves the others', async () => {
    const first = { ...calm, changes: [change(0, 0), change(0, 4), change(0, 8)] }
    const second = { ...calm, changes: [change(1, 0), change(1, 4, { own: true })], promoted: 1 }
    expect(await published([first, second])).toEqual(['1 0 1', '1 1 1', '1 2 1', '2 1 1', '2 2 0'])
  })

  test('publishes a row again whose figures are the same in another revision: digests are made of revisions', async () => {
    const first = { ...calm, changes: [change(0, 0)] }
    const second = { ...calm, changes: [change(1, 0), change(1, 0)], promoted: 1 }
    expect(await published([first, second])).toEqual(['1 0 1', '2 0 2'])
  })

  test('does not take a row for published that a period passed over before it was cut short', async () => {
    // Row 0 is passed over for its second revision, and the process dies with the write of row 4.
    const first: Step = {
      ...calm,
      inPeriods: true,
      changes: [change(0, 0), change(0, 4), change(0, 0)],
      fates: ['dies after'],
    }
    const second = { ...calm, changes: [change(1, 0), change(1, 4)], promoted: 1 }
    expect(await published([first, second])).toEqual(['1 1 1', '2 0 1', '2 1 1'])
  })

  test('in the middle of a cut-over publishes all, because the destination holds rows of two generations', async () => {
    const first = { ...calm, changes: [change(0, 0), change(0, 4)] }
    const second: Step = {
      ...calm,
      changes: [change(1, 0, { own: true }), change(1, 4, { own: true })],
      promoted: 1,
      fates: ['dies after'],
    }
    expect(await published([first, second, { ...calm, promoted: 0 }])).toEqual([
      '1 0 1',
      '1 1 1',
      '2 0 1',
      '3 0 1',
      '3 1 1',
    ])
  })
})
