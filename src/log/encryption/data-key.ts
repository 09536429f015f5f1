import { eventKey } from './envelope.js'

/** The key of a stream. */
export type DataKey = Readonly<{ number: number; key: Buffer; sessions: { session: Buffer; key: Buffer }[] }>

const SESSIONS_MAX = 4

/** The key of one session, kept with the data key: nearly all events of a stream are of one or two. */
export const sessionKey = (dataKey: DataKey, session: Buffer): Buffer => {
  for (const known of dataKey.sessions) if (known.session.equals(session)) return known.key
  const key = eventKey(dataKey.key, session)
  if (dataKey.sessions.length === SESSIONS_MAX) dataKey.sessions.shift()
  dataKey.sessions.push({ session: Buffer.from(session), key })
  return key
}
