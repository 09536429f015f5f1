import { unreachable } from '../../domain/unreachable.js'
import type { ByteReader } from './byte-reader.js'
import type { ByteWriter } from './byte-writer.js'

/** What JSON can say, and every number exactly. */
export type PlainData =
  null | boolean | number | string | readonly PlainData[] | Readonly<{ [name: string]: PlainData }>

const NULL = 0
const FALSE = 1
const TRUE = 2
const NUMBER = 3
const TEXT = 4
/** Text that holds half a surrogate pair, which UTF-8 cannot say. */
const UTF_16 = 5
const ARRAY = 6
const OBJECT = 7

/** Writes a value behind a byte that says what it is. {@link readPlain} reads it. */
export const writePlain = (writer: ByteWriter, data: PlainData): void => {
  switch (typeof data) {
    case 'boolean':
      return writer.byte(data ? TRUE : FALSE)
    case 'number':
      writer.byte(NUMBER)
      return writer.number(data)
    case 'string':
      return writeText(writer, data)
    case 'object':
      return writeObject(writer, data)
    default:
      return unreachable(data)
  }
}

export const readPlain = (reader: ByteReader): PlainData => {
  const tag = reader.byte()
  switch (tag) {
    case NULL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case NUMBER:
      return reader.number()
    case TEXT:
      return reader.text()
    case UTF_16:
      return reader.sized().toString('utf16le')
    case ARRAY: {
      const items = new Array<PlainData>(reader.whole())
      for (let index = 0; index < items.length; index++) items[index] = readPlain(reader)
      return items
    }
    case OBJECT: {
      const entries: (readonly [string, PlainData])[] = []
      for (let left = reader.whole(); left > 0; left--) entries.push([reader.text(), readPlain(reader)])
      return Object.fromEntries(entries)
    }
    default:
      throw new Error(`no plain data begins with byte ${tag}`)
  }
}

const writeText = (writer: ByteWriter, text: string): void => {
  const utf8 = Buffer.from(text)
  const isAscii = utf8.length === text.length
  const isHalved = !isAscii && HALF_A_PAIR.test(text)
  writer.byte(isHalved ? UTF_16 : TEXT)
  writer.sized(isHalved ? Buffer.from(text, 'utf16le') : utf8)
}

const HALF_A_PAIR = /\p{Surrogate}/u

const writeObject = (writer: ByteWriter, data: Exclude<PlainData, boolean | number | string>): void => {
  if (data === null) return writer.byte(NULL)
  if (isArray(data)) {
    writer.byte(ARRAY)
    writer.whole(data.length)
    for (const item of data) writePlain(writer, item)
    return
  }
  const entries = Object.entries(data)
  writer.byte(OBJECT)
  writer.whole(entries.length)
  for (const [name, value] of entries) {
    writer.text(name)
    writePlain(writer, value)
  }
}

const isArray = (data: object): data is readonly PlainData[] => Array.isArray(data)
