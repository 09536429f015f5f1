const ENTITY = /\.(conversation|user)-(.+)$/s

/** The conversation of a raw stream; `null` for the stream of anything else. */
export const conversationOf = (stream: string): string | null => idIn(stream, 'conversation')

/** The user of a raw stream; `null` for the stream of anything else. */
export const userOf = (stream: string): string | null => idIn(stream, 'user')

const idIn = (stream: string, kind: string): string | null => {
  const [, found, id] = ENTITY.exec(stream) ?? []
  return found === kind && id !== undefined ? id : null
}
