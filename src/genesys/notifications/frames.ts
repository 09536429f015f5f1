/**
 * What a frame of the notification socket is. `alive`: it says that the channel lives (a heartbeat, or the answer to a
 * ping). `closing`: the server closes the socket soon, for maintenance or because its time is over. `ended`: the channel
 * gets nothing any more (its subscriptions were taken over, or its token was revoked). All else is for the log, also
 * what is no JSON: the log says what is wrong with it.
 */
export type Frame =
  | Readonly<{ kind: 'alive' }>
  | Readonly<{ kind: 'closing'; reason: string }>
  | Readonly<{ kind: 'ended'; reason: string }>
  | Readonly<{ kind: 'event'; topicName: string; entityId: string | undefined }>

/** Client and server speak of the channel itself under this name. */
const METADATA = 'channel.metadata'
const CLOSING = 'v2.system.socket_closing'
const ENDED = /^v2\.system\.(no_longer_subscribed|token_revoked)(\.|$)/

/** The text frame that the server answers with a frame of `channel.metadata`. */
export const PING = '{"message":"ping"}'

export const frameOf = (text: string): Frame => {
  const frame = jsonIn(text)
  const topicName = textIn(frame['topicName']) ?? ''
  const body = objectIn(frame['eventBody'])
  if (topicName === METADATA) return { kind: 'alive' }
  if (topicName === CLOSING) return { kind: 'closing', reason: textIn(body['message']) ?? topicName }
  if (ENDED.test(topicName))
    return { kind: 'ended', reason: textIn(body['reason']) ?? textIn(body['message']) ?? topicName }
  return { kind: 'event', topicName, entityId: textIn(body['id']) }
}

type Members = Readonly<Record<string, unknown>>

const objectIn = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : {}

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const jsonIn = (text: string): Members => {
  try {
    return objectIn(JSON.parse(text))
  } catch {
    return {}
  }
}
