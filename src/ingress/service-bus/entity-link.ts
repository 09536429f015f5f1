import type { EventContext, Receiver } from 'rhea'
import type { AmqpConnection } from '../../azure/amqp-connection.js'
import { openReceiver, type OpenLink } from '../../azure/open-link.js'
import { HeldMessages } from './held-messages.js'

/** A link to the entity, which gives messages under lock as far as it has credit. */
export type EntityLink = OpenLink<Receiver> & Readonly<{ held: HeldMessages; sessionId: string | undefined }>

const SESSION_FILTER = 'com.microsoft:session-filter'
const SETTLE_SECOND = 1

/**
 * Opens a link in the mode peek-lock: the broker settles a message after us, and confirms what became of it. With
 * `sessionWaitMs` it locks the next session that has messages and nobody reads, and rejects with the condition
 * `com.microsoft:timeout` if there is none within that time.
 */
export const openEntityLink = async (
  connection: AmqpConnection,
  entity: string,
  sessionWaitMs?: number,
): Promise<EntityLink> => {
  const { default: rhea } = await import('rhea')
  const held = new HeldMessages()
  const session =
    sessionWaitMs === undefined
      ? { source: { address: entity } }
      : {
          source: { address: entity, filter: { [SESSION_FILTER]: null } },
          properties: { 'com.microsoft:timeout': rhea.types.wrap_uint(sessionWaitMs) },
        }
  const options = { ...session, rcv_settle_mode: SETTLE_SECOND, autoaccept: false, credit_window: 0 } as const
  const open = await openReceiver(connection, options, (context) => held.add(context))
  open.link.on('settled', (context: EventContext) => held.confirmed(context))
  const locked: unknown = open.link.source.filter?.[SESSION_FILTER]
  return { ...open, held, sessionId: typeof locked === 'string' ? locked : undefined }
}
