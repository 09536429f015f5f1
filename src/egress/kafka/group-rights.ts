import { kafkaClient } from './connection.js'
import { rawRequests } from './kafkajs-internals.js'
import type { KafkaAddress } from './options.js'
import {
  coordinatorRequest,
  FIND_COORDINATOR_API_KEY,
  FIND_COORDINATOR_VERSION,
  readCoordinatorResponse,
} from './protocol/find-coordinator-v1.js'

/** Kafka's code of GROUP_AUTHORIZATION_FAILED. */
const GROUP_FORBIDDEN = 30

/**
 * Whether a consumer failed because this user may not use its group. kafkajs does not tell: it says that the coordinator
 * of the group was not found, as while one is elected. Asks the broker where the error may mean that.
 */
export const isGroupForbidden = async (cause: unknown, address: KafkaAddress, group: string): Promise<boolean> => {
  if (!(cause instanceof Error) || cause.name !== 'KafkaJSGroupCoordinatorNotFound') return false
  try {
    const raw = await rawRequests(kafkaClient(address), address)
    try {
      const body = coordinatorRequest(group, 'group')
      const request = { apiKey: FIND_COORDINATOR_API_KEY, apiVersion: FIND_COORDINATOR_VERSION, body }
      const answer = await raw.send({ ...request, apiName: 'FindCoordinator' })
      return readCoordinatorResponse(answer).error === GROUP_FORBIDDEN
    } finally {
      await raw.close().catch(() => {})
    }
  } catch {
    return false // the broker is away: whoever asks tries again
  }
}
