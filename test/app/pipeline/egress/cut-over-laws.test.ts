import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lawRuns, untilMet } from '../../../support/law-runs.js'
import { ConsumerTable } from './consumer-table.js'
import { afterSteps, anyFilter, anyStep, nameOf } from './promotion-steps.js'

test('after any promotions, rollbacks and crashes a consumer has the rows of the live generation, each record came once, and a generation that is said to be complete was', async () => {
  let [withdrawals, statements, interrupted] = [0, 0, 0]
  await untilMet(
    () => Math.min(withdrawals, statements, interrupted) > 0,
    () =>
      fc.assert(
        fc.asyncProperty(anyFilter, fc.array(anyStep, { minLength: 2, maxLength: 7 }), async (filter, steps) => {
          const { of, to } = await afterSteps(filter, steps, 'all')
          const names = to.records.map(nameOf)
          expect(names).toEqual([...new Set(names)])

          const table = new ConsumerTable()
          const complete = new Map<string, number>()
          for (const record of to.records)
            if (record.kind === 'row') {
              const { replaced } = table.upsert(record)
              if (record.withdrawn === true) {
                withdrawals += 1
                expect(replaced).not.toBe(record.generation)
                // Of the promotion under which its rows are published, no statement has come yet.
                expect(complete.get(record.header.family)).not.toBe(record.promotion)
              }
            } else if (record.kind === 'generation-complete') {
              statements += 1
              const { family, rows, digest } = record.statement
              expect({ rows, digest }).toEqual(table.totals(family))
              expect(table.generationsOf(family)).toEqual(rows === 0 ? [] : [record.generation])
              complete.set(family, record.promotion)
            }
          expect(table.rows()).toEqual(await of.rowsOfLive(filter))
          expect(to.progress()?.cutOver).toBeUndefined()
          const promotion = to.progress()?.promotion
          if (to.records.some((record) => record.promotion !== promotion))
            for (const family of table.families()) expect(complete.get(family)).toBe(promotion)
          interrupted += steps.some(({ fates }) => fates.some((fate) => fate !== 'lives')) ? 1 : 0
        }),
        lawRuns(1000),
      ),
  )
}, 120_000)
