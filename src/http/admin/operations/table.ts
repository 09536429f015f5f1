import type { Operation } from '../operation.js'
import { auditTreeOperations } from './audit-trees.js'
import { auditOperations } from './audits.js'
import { configurationOperations } from './configuration.js'
import { deadLetterOperations } from './dead-letters.js'
import { deliveryOperations } from './deliveries.js'
import { figureOperations } from './figures.js'
import { generationOperations } from './generations.js'
import { operatingOperations } from './operating.js'
import { reconciliationOperations } from './reconciliations.js'
import { rowOperations } from './rows.js'
import { statusOperations } from './status.js'

/**
 * Every operation of the admin API. Routes, OpenAPI, roles, the audit log, jobs and the tests that try each role on
 * each tenant come from this table: a use case is one entry.
 */
export const operations: readonly Operation[] = [
  ...rowOperations,
  ...figureOperations,
  ...statusOperations,
  ...operatingOperations,
  ...generationOperations,
  ...auditOperations,
  ...configurationOperations,
  ...deadLetterOperations,
  ...deliveryOperations,
  ...reconciliationOperations,
  ...auditTreeOperations,
]
