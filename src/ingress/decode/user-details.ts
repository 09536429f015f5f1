import type { AgentStateEntered } from '../../domain/fact.js'
import { isoInstant, objects, optionalText, text, type Body } from './fields.js'
import { systemPresence, upperSnake } from './spelling.js'

/** Type of the raw events that hold the states of one user as the analytics API returns them. */
export const USER_DETAIL = 'user-detail'

/**
 * Every state that a record of the users details query says a user entered: `primaryPresence[]` and `routingStatus[]`,
 * each with its `startTime`. The same states that the topics of the user state, so one that is known from there changes
 * nothing. Where a state ends is not read: the next one says it, as with the topics. Throws `BadField`.
 */
export const userStates = (record: Body): readonly AgentStateEntered[] => {
  const userId = text(record, 'userId')
  const entered = (kind: AgentStateEntered['kind'], state: string, at: number): AgentStateEntered => ({
    ...{ type: 'AgentStateEntered', userId, kind, state, at },
  })
  return [
    ...objects(record, 'primaryPresence').flatMap((presence) => {
      const at = isoInstant(presence, 'startTime')
      const ofOrganisation = optionalText(presence, 'organizationPresenceId')
      return [
        entered('systemPresence', systemPresence(text(presence, 'systemPresence')), at),
        ...(ofOrganisation === null ? [] : [entered('organizationPresence', ofOrganisation, at)]),
      ]
    }),
    ...objects(record, 'routingStatus').map((status) =>
      entered('routingStatus', upperSnake(text(status, 'routingStatus')), isoInstant(status, 'startTime')),
    ),
  ]
}
