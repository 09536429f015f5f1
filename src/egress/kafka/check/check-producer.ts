import { setTimeout } from 'node:timers/promises'
import type { RawRequests } from '../kafkajs-internals.js'
import {
  coordinatorRequest,
  FIND_COORDINATOR_API_KEY,
  FIND_COORDINATOR_VERSION,
  readCoordinatorResponse,
  type CoordinatorAnswer,
} from '../protocol/find-coordinator-v1.js'
import {
  END_TXN,
  errorIn,
  foreignEndRequest,
  idempotentProducerRequest,
  INIT_PRODUCER_ID,
} from '../protocol/producer-probes.js'
import type { As } from './check-topics.js'
import { grant, type Finding } from './finding.js'

/** Kafka's codes of errors. */
const ERROR = {
  none: 0,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  clusterForbidden: 31,
  unsupportedVersion: 35,
  invalidProducerIdMapping: 49,
  transactionalIdForbidden: 53,
} as const

/** Whether this user gets the id of an idempotent producer. A right to write any topic includes it since Kafka 2.8. */
export const checkIdempotence = async (raw: RawRequests, as: As): Promise<Finding> => {
  const what = 'idempotent producer'
  if ((await raw.versions())[INIT_PRODUCER_ID.apiKey] === undefined)
    return { what, state: 'note', says: 'this broker has none' }
  const error = errorIn(await raw.send({ ...INIT_PRODUCER_ID, body: idempotentProducerRequest() }))
  if (error === ERROR.none) return { what, state: 'ok', says: 'allowed' }
  if (error !== ERROR.clusterForbidden) return { what, state: 'note', says: `the broker answers with error ${error}` }
  const mend = grant(as, 'IdempotentWrite', ['--cluster'])
  return { what, state: 'note', says: `${as.principal} may not be one`, mend }
}

/**
 * Whether this user may publish in transactions of this id. Asks the coordinator to end a transaction of a producer
 * that does not exist, which touches nothing (see `producer-probes.ts`). `ifNot` says how bad it is.
 */
export const checkTransactions = async (
  raw: RawRequests,
  transactionalId: string,
  as: As,
  ifNot: Finding['state'],
): Promise<Finding> => {
  const what = `transactions as ${transactionalId}`
  const lacks = (says: string, mend?: string): Finding => ({ what, state: ifNot, says, ...(mend && { mend }) })
  const forbidden = (operation: string): Finding =>
    lacks(
      `${as.principal} may not ${operation.toLowerCase()} the transactional id`,
      grant(as, operation, ['--transactional-id', transactionalId]),
    )
  if ((await raw.versions())[END_TXN.apiKey] === undefined) return lacks('this broker has no transactions')
  const { error, text, nodeId } = await coordinatorOf(raw, transactionalId)
  // Describing the id comes with the right to write it.
  if (error === ERROR.transactionalIdForbidden) return forbidden('Write')
  if (error !== ERROR.none) return lacks(`this broker has no transactions (${text ?? `error ${error}`})`)
  const answer = errorIn(await raw.send({ ...END_TXN, body: foreignEndRequest(transactionalId) }, nodeId))
  if (answer === ERROR.transactionalIdForbidden) return forbidden('Write')
  return answer === ERROR.invalidProducerIdMapping
    ? { what, state: 'ok', says: 'allowed' }
    : { what, state: 'note', says: `cannot be found out: the coordinator answers with error ${answer}` }
}

const ATTEMPTS_MAX = 20
const PAUSE_MS = 250

/** The first question makes a new cluster create the topic of transactions, which takes a moment. */
export const coordinatorOf = async (raw: RawRequests, transactionalId: string): Promise<CoordinatorAnswer> => {
  const request = { apiKey: FIND_COORDINATOR_API_KEY, apiVersion: FIND_COORDINATOR_VERSION, apiName: 'FindCoordinator' }
  for (let attempt = 1; ; attempt += 1) {
    const answer = readCoordinatorResponse(await raw.send({ ...request, body: coordinatorRequest(transactionalId) }))
    const isComing = answer.error === ERROR.coordinatorNotAvailable || answer.error === ERROR.coordinatorLoading
    if (!isComing || attempt >= ATTEMPTS_MAX) return answer
    await setTimeout(PAUSE_MS)
  }
}
