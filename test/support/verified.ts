import { expect } from 'vitest'
import { verify } from '../../src/app/operations/verify/verify.js'
import type { Generation } from '../../src/app/pipeline/generations.js'
import type { EventLog } from '../../src/log/event-log.js'
import { silent } from './pipeline.js'

/** Fails unless a verification of everything that the generation has published finds no difference. */
export const expectVerified = async (log: EventLog, tenant: string, generation: Generation): Promise<void> => {
  const found = await verify({
    ...{ tenant, generation, raw: log, kpi: log, data: undefined, facts: {}, logger: silent },
    signal: new AbortController().signal,
  })
  expect(found.first).toBeNull()
  expect(found).toMatchObject({ differences: 0, waiting: 0 })
  expect(found.rows).toBeGreaterThan(0)
}
