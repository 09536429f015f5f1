import { conversationStream, userStream } from '../../domain/stream-name.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'
import type { TextTableWriter } from './text-table.js'

/** Names of streams, each stored once: those of conversations and users by their id, any other whole. */
const WHOLE = 0
const CONVERSATION = 1
const USER = 2

const ENTITY = /\.(conversation|user)-(.+)$/s

export const writeStreams = (
  to: ByteWriter,
  names: readonly string[],
  tenant: string,
  texts: TextTableWriter,
): void => {
  to.whole(names.length)
  for (const name of names) {
    const id = ENTITY.exec(name)?.[2] ?? ''
    const form = name === conversationStream(tenant, id) ? CONVERSATION : name === userStream(tenant, id) ? USER : WHOLE
    to.byte(form)
    to.whole(texts.placeOf(form === WHOLE ? name : id))
  }
}

/** Reads a table; a name is made when it is asked for first. */
export const readStreams = (
  from: ByteReader,
  tenant: string,
  text: (place: number) => string,
): ((place: number) => string) => {
  const count = from.whole()
  const forms = new Uint8Array(count)
  const places = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    forms[i] = from.byte()
    places[i] = from.whole()
  }
  const names = new Array<string | undefined>(count)
  const nameAt = (place: number): string => {
    const id = text(places[place] as number)
    if (forms[place] === WHOLE) return id
    return forms[place] === CONVERSATION ? conversationStream(tenant, id) : userStream(tenant, id)
  }
  return (place) => (names[place] ??= nameAt(place))
}
