import type { EpochMs } from '../../domain/interval.js'
import type { Presence } from '../roster/presence-definitions.js'
import type { AgentLeg, DisconnectType, FlowLeg, Leg, Party } from '../conversations/leg.js'
import type { MediaType } from '../roster/media.js'

/**
 * Each Genesys surface has its own spelling. The simulator uses that of detail events; these functions convert to the
 * others.
 */

const metricDisconnects: Readonly<Record<DisconnectType, string>> = {
  ENDPOINT: 'endpoint',
  CLIENT: 'client',
  SYSTEM: 'system',
  TRANSFER: 'transfer',
  PEER: 'peer',
  TIMEOUT: 'timeout',
  ERROR: 'error',
  CONSULT_TRANSFER: 'consultTransfer',
  CONFERENCE_TRANSFER: 'conferenceTransfer',
  NO_ANSWER_TRANSFER: 'noAnswerTransfer',
  INACTIVITY: 'inactivity',
  UNCALLABLE: 'uncallable',
}

/** As in metric records. */
export const metricDisconnect = (type: DisconnectType): string => metricDisconnects[type]

const presences: Readonly<Record<Presence, string>> = {
  AVAILABLE: 'Available',
  AWAY: 'Away',
  BUSY: 'Busy',
  OFFLINE: 'Offline',
  ON_QUEUE: 'On Queue',
  MEAL: 'Meal',
  TRAINING: 'Training',
  MEETING: 'Meeting',
  BREAK: 'Break',
}

/** As in presence notifications. */
export const presenceName = (presence: Presence): string => presences[presence]

const providers: Readonly<Record<MediaType, string>> = {
  voice: 'Edge',
  callback: 'PureCloud Callback',
  chat: 'PureCloud Webchat v2',
  email: 'PureCloud Email',
  message: 'PureCloud Messaging',
}

export const providerOf = (leg: Leg): string => providers[leg.mediaType]

const isoDay = { day: NaN, text: '' }
const dayMs = 86_400_000
const two = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, '0'))

/**
 * ISO 8601 in UTC with milliseconds, like `Date.toISOString`. The date part is cached, because every line has instants
 * of the same few days.
 */
export const iso = (at: EpochMs): string => {
  const day = Math.floor(at / dayMs)
  if (day !== isoDay.day) {
    isoDay.day = day
    isoDay.text = new Date(day * dayMs).toISOString().slice(0, 11)
  }
  const ms = at - day * dayMs
  const hour = Math.floor(ms / 3_600_000)
  const minute = Math.floor(ms / 60_000) % 60
  const second = Math.floor(ms / 1_000) % 60
  return `${isoDay.text}${two[hour] as string}:${two[minute] as string}:${two[second] as string}.${String(ms % 1_000).padStart(3, '0')}Z`
}

/** The purpose of a party in metric records and conversation details. */
export const purposeOf = (leg: Leg): Party | 'user' | 'external' => {
  if (leg.party === 'agent') return (leg as AgentLeg).queue === null ? 'user' : 'agent'
  return leg.party === 'customer' && leg.conversation.originatingDirection === 'outbound' ? 'external' : leg.party
}

export const flowExit = (leg: FlowLeg): Readonly<{ exitReason: string; transferType?: string }> =>
  leg.exit === 'queue' ? { exitReason: 'TRANSFER', transferType: 'ACD' } : { exitReason: 'DISCONNECT' }
