/**
 * Genesys spells the same concept differently on each of its surfaces. Facts use one spelling: media types,
 * directions and message types as in metric records (`voice`, `inbound`, `webmessaging`), flow types in capitals,
 * disconnect types and states in UPPER_SNAKE. Unknown values are converted to the same spelling.
 */

/** `VOICE`, `voice` → `voice`; absent → `unknown`. */
export const mediaType = (value: string | null): string => value?.toLowerCase() ?? 'unknown'

/** Directions and message types: `INBOUND`, `inbound` → `inbound`; absent stays absent. */
export const lowerCase = (value: string | null): string | null => (value === null ? null : value.toLowerCase())

/** Flow types are one word in every spelling: `inboundcall`, `INBOUNDCALL` → `INBOUNDCALL`; absent → `UNKNOWN`. */
export const flowType = (value: string | null): string => value?.toUpperCase() ?? 'UNKNOWN'

/** Media settings say `call` for `voice`. */
export const mediaTypeOfSettings = (name: string): string => (name === 'call' ? 'voice' : mediaType(name))

/**
 * `consultTransfer` and `transfer.consult` differ by more than case; such words are mapped, all others become
 * UPPER_SNAKE.
 */
export const upperSnake = (value: string): string =>
  value
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .toUpperCase()

const disconnectWords: Readonly<Record<string, string>> = {
  TRANSFER_CONSULT: 'CONSULT_TRANSFER',
  TRANSFER_CONFERENCE: 'CONFERENCE_TRANSFER',
  TRANSFER_FORWARD: 'FORWARD_TRANSFER',
  TRANSFER_NOANSWER: 'NO_ANSWER_TRANSFER',
  TRANSFER_NOTAVAILABLE: 'NOT_AVAILABLE_TRANSFER',
  TRANSFER_DND: 'DND_TRANSFER',
  ENDPOINT_DND: 'DND_ENDPOINT',
}

export const disconnectType = (value: unknown): string => {
  if (typeof value !== 'string' || value === '') return 'UNKNOWN'
  const snake = upperSnake(value)
  return disconnectWords[snake] ?? snake
}

/** `On Queue`, `OnQueue`, `ON_QUEUE`, `on_queue` → `ON_QUEUE`. */
export const systemPresence = (value: string): string =>
  upperSnake(value.toLowerCase() === 'onqueue' ? 'On Queue' : value)
