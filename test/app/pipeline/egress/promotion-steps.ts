import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { expect } from 'vitest'
import { runEgress } from '../../../../src/app/pipeline/egress/egress.js'
import type { PublishMode } from '../../../../src/app/pipeline/generations.js'
import { singleLog } from '../../../../src/app/pipeline/logs/logs.js'
import { hasValue, type Progress, type RowFilter, type Sink, type ValuedRecord } from '../../../../src/egress/sink.js'
import { silent } from '../../../support/pipeline.js'
import { generationsLog, type GenerationChange } from './generations-log.js'

/** What becomes of the process at a write: it goes on, or dies before or after the write has arrived. */
type Fate = 'lives' | 'dies before' | 'dies after'

const destination = () => {
  const records: ValuedRecord[] = []
  let progress: Progress | undefined
  let fates: Fate[] = []
  const sink = (die: () => void): Sink => ({
    name: 'mortal',
    connect: () => () => Promise.resolve(E.right(progress)),
    write: (batch) => () => {
      const fate = fates.shift() ?? 'lives'
      if (fate !== 'dies before') {
        records.push(...batch.records.filter(hasValue))
        progress = batch.progress
      }
      if (fate === 'lives') return Promise.resolve(E.right(undefined))
      die()
      return Promise.resolve(E.left({ tag: 'NotConnected', cause: fate }))
    },
    close: () => Promise.resolve(),
  })
  return { records, sink, progress: () => progress, happens: (next: readonly Fate[]) => (fates = [...next]) }
}

export type Step = Readonly<{
  /** Appended to generations, also to those that are not live. */
  changes: readonly GenerationChange[]
  promoted: number | undefined
  inPeriods: boolean
  batchMax: number
  fates: readonly Fate[]
}>

export const anyStep: fc.Arbitrary<Step> = fc.record({
  changes: fc.array(
    fc.record({
      generation: fc.nat(2),
      row: fc.nat(15),
      close: fc.boolean(),
      isEmpty: fc.nat(5).map((n) => n === 0),
      own: fc.nat(2).map((n) => n === 0),
    }),
    { maxLength: 12 },
  ),
  promoted: fc.option(fc.nat(2), { nil: undefined }),
  inPeriods: fc.boolean(),
  batchMax: fc.integer({ min: 1, max: 5 }),
  fates: fc.array(fc.constantFrom<Fate>('lives', 'lives', 'dies before', 'dies after'), { maxLength: 5 }),
})
export const anyFilter: fc.Arbitrary<RowFilter> = fc.record(
  {
    families: fc.constantFrom(['queue'] as const, ['agent', 'queue'] as const),
    granularities: fc.constant(['PT15M'] as const),
    only: fc.constant('final' as const),
  },
  { requiredKeys: [] },
)

/** Lives of an egress with promotions between them, and a last one that nothing interrupts. */
export const afterSteps = async (filter: RowFilter, steps: readonly Step[], publish: PublishMode) => {
  const of = await generationsLog(3)
  const to = destination()
  const last: Step = { changes: [], promoted: undefined, inPeriods: false, batchMax: 3, fates: [] }
  for (const { changes, promoted, inPeriods, batchMax, fates } of [...steps, last]) {
    await of.append(changes)
    if (promoted !== undefined) await of.promoted(promoted, publish)
    to.happens(fates)
    const dying = new AbortController()
    const end = await runEgress({
      ...{ tenant: 't', logs: singleLog(of.log), sink: to.sink(() => dying.abort()), filter, batchMax, windowMax: 7 },
      ...{ untilCaughtUp: true, signal: dying.signal, logger: silent, now: () => 0 },
      periods: inPeriods ? { due: () => Promise.resolve(), done: () => undefined } : undefined,
    })
    expect(end.kind).toBe(dying.signal.aborted ? 'stopped' : 'caught-up')
  }
  return { of, to }
}

/** Names a record for ever. */
export const nameOf = (record: ValuedRecord): string => {
  const place = `${record.generation} ${record.promotion} ${record.kind}`
  switch (record.kind) {
    case 'row':
      return `${place} ${record.header.key} ${record.header.revision}`
    case 'interval-complete':
      return `${place} ${JSON.stringify(record.marker)}`
    case 'generation-complete':
      return `${place} ${record.statement.family}`
  }
}
