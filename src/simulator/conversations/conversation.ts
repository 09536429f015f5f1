import type { Centre } from '../centre.js'
import { noReplies, unwritten, type Conversation, type CustomerLeg } from './leg.js'
import type { Direction, MediaType, MessageType } from '../roster/media.js'
import type { Campaign } from '../roster/roster.js'

const customerNames = [
  'A. Moreau',
  'B. Svensson',
  'C. Oyelaran',
  'D. Bianchi',
  'E. Kowalski',
  'F. Nakamura',
  'G. Almeida',
  'H. Schulz',
  'I. Petrov',
  'J. Murphy',
]

/** A new conversation with somebody from outside. */
export const newConversation = (
  centre: Centre,
  about: Readonly<{
    mediaType: MediaType
    messageType: MessageType | null
    direction: Direction
    enterprise: boolean
    campaign?: Campaign | undefined
  }>,
): Conversation => {
  const { ids } = centre
  const number = ids.between(100_000_000, 999_999_999)
  const customer = address(about.mediaType, number)
  const ours =
    about.mediaType === 'voice'
      ? `tel:+4930${ids.between(1_000, 9_999)}`
      : about.mediaType === 'email'
        ? 'care@centre.example'
        : 'centre'
  return {
    id: ids.uuid(),
    originatingDirection: about.direction,
    mediaType: about.mediaType,
    messageType: about.messageType,
    ani: about.direction === 'inbound' ? customer : ours,
    dnis: about.direction === 'inbound' ? ours : customer,
    customerName: ids.pick(customerNames),
    customerParticipantId: ids.uuid(),
    externalContactId: ids.chance(0.3) ? ids.uuid() : null,
    divisionIds: [centre.roster.homeDivisionId],
    enterprise: about.enterprise,
    campaign: about.campaign ?? null,
    beganAt: centre.now,
    queueEntries: 0,
    connects: 0,
    replies: 0,
  }
}

/** A leg of the customer of a conversation, from now on or a little later. */
export const customerLeg = (
  centre: Centre,
  conversation: Conversation,
  about: Readonly<{
    mediaType: MediaType
    direction: Direction
    startedAt?: number
    connectedAt: number | null
    scheduled?: boolean
  }>,
): CustomerLeg => ({
  party: 'customer',
  conversation,
  participantId: conversation.customerParticipantId,
  sessionId: centre.ids.uuid(),
  mediaType: about.mediaType,
  direction: about.direction,
  startedAt: about.startedAt ?? centre.now,
  peerId: null,
  disconnectType: null,
  written: unwritten(),
  connectedAt: about.connectedAt,
  scheduled: about.scheduled ?? false,
  replies: noReplies(),
})

const address = (mediaType: MediaType, number: number): string => {
  if (mediaType === 'email') return `customer${number}@mail.example`
  return mediaType === 'voice' || mediaType === 'callback' ? `tel:+49${number}` : `user-${number}`
}
