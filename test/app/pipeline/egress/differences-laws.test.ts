import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RowFilter } from '../../../../src/egress/sink.js'
import { rowCodec } from '../../../../src/contract/row-codec.js'
import { lawRuns, untilMet } from '../../../support/law-runs.js'
import { ConsumerTable } from './consumer-table.js'
import type { generationsLog } from './generations-log.js'
import { afterSteps, anyFilter, anyStep, nameOf } from './promotion-steps.js'

/** The bytes of the rows of the live generation, by row key. */
const bytesOfLive = async (of: Awaited<ReturnType<typeof generationsLog>>, filter: RowFilter) =>
  new Map(
    (await of.latestOfLive(filter)).map((row) => [
      row.key,
      Buffer.from(rowCodec(row.family).encode(row)).toString('base64'),
    ]),
  )

test('where promotions publish differences, a consumer has the bytes of the live generation after any promotions, rollbacks and crashes, each record came once, and each statement that a generation is complete is that of its table', async () => {
  let [unchanged, statements, interrupted] = [0, 0, 0]
  await untilMet(
    () => Math.min(unchanged, statements, interrupted) > 0,
    () =>
      fc.assert(
        fc.asyncProperty(anyFilter, fc.array(anyStep, { minLength: 2, maxLength: 7 }), async (filter, steps) => {
          const { of, to } = await afterSteps(filter, steps, 'differences')
          const names = to.records.map(nameOf)
          expect(names).toEqual([...new Set(names)])
          const table = new ConsumerTable()
          for (const record of to.records)
            if (record.kind === 'row') table.upsert(record)
            else if (record.kind === 'generation-complete') {
              statements += 1
              const { family, rows, digest } = record.statement
              expect({ rows, digest }).toEqual(table.totals(family))
              unchanged += table.generationsOf(family).some((generation) => generation !== record.generation) ? 1 : 0
            }
          expect(table.bytes()).toEqual(await bytesOfLive(of, filter))
          expect(to.progress()?.cutOver).toBeUndefined()
          interrupted += steps.some(({ fates }) => fates.some((fate) => fate !== 'lives')) ? 1 : 0
        }),
        lawRuns(400),
      ),
  )
}, 120_000)

test('where nothing interrupts it, a promotion that publishes differences publishes no row that the consumer has with the same bytes', async () => {
  let rows = 0
  await untilMet(
    () => rows > 0,
    () =>
      fc.assert(
        fc.asyncProperty(anyFilter, fc.array(anyStep, { minLength: 2, maxLength: 7 }), async (filter, steps) => {
          const calm = steps.map((step) => ({ ...step, fates: [] }))
          const { to } = await afterSteps(filter, calm, 'differences')
          const table = new ConsumerTable()
          for (const record of to.records)
            if (record.kind === 'row') {
              rows += 1
              expect(table.upsert(record).isSame).toBe(false)
            }
        }),
        lawRuns(200),
      ),
  )
}, 120_000)
