import type { Whole } from '../unusable.js'
import { ChunkedBytes } from './chunked-bytes.js'
import { OversizedRecord } from './oversized-record.js'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const LINE_FEED = 0x0a
/** Some editors begin a file with it; it is not part of the JSON. */
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** The members of answers of the analytics API that hold their records. */
const RECORDS: ReadonlySet<string> = new Set(['conversations', 'userDetails'])
/** After an object that ended, another one begins on the same line. */
const ANOTHER_OBJECT = /\}[\s,]*\{/

/**
 * A record with the bytes it had in the file, and the line on which it begins, from 1. An `oversized` record is longer
 * than allowed: `bytes` are its beginning, the rest is not kept. `whole` tells the size and digest of it, where its end
 * is known.
 */
export type SplitRecord = Readonly<{ bytes: Buffer; line: number; oversized?: true; whole?: Whole | undefined }>

export type SplitterOptions = Readonly<{
  recordBytesMax: number
  /** Reading ends soon after so many records; the caller sees that there are more. */
  recordsMax?: number
  /** Split answers of the analytics API (`{"conversations": […]}`, `{"userDetails": […]}`) into their records. */
  answers?: boolean
}>

/**
 * Where the splitter is:
 *
 * - *between*: among the elements of arrays, or of the document itself; a record begins here
 * - *object*: inside an object that is a record, unless it turns out to be an answer (a member `conversations` or
 *   `userDetails` that is an array): then the splitter leaves it for that array
 * - *stray*: inside a record that is not an object; within an array it ends at the next comma or bracket, otherwise
 *   with its line
 * - *rest*: inside what an answer holds behind its records, of which nothing is kept
 * - *skip*: inside an oversized record, up to the end of its line
 * - *stopped*: behind an oversized record in a document; where the next one begins is not known
 */
type State = 'between' | 'object' | 'stray' | 'rest' | 'skip' | 'stopped'

/**
 * Splits JSON as it is stored in files into records, each with the bytes it had: one object a line, objects one after
 * the other with or without line feeds between them, arrays, pretty-printed documents, and (with `answers`) answers of
 * the analytics API. Only brackets and strings are examined; whether a record is valid JSON shows when it is parsed.
 * Nothing is dropped except what answers hold beside their records. Memory holds one record at a time.
 *
 * A file whose first record is whole on one line is read line by line: a record that does not end on its line is cut
 * there, so that one broken line does not take the following ones with it.
 */
export class RecordSplitter {
  private readonly recordBytesMax: number
  private readonly answers: boolean
  private readonly recordsMax: number
  private state: State = 'between'
  /** Arrays and answers that are open: `a` and `o`. */
  private open = ''
  /** Brackets that are open within the record (or the rest of an answer). */
  private depth = 0
  private readonly input = new ChunkedBytes()
  /** Where the current record begins. */
  private from = 0
  /** In an object at depth 1: a string that comes now is a key; the last key was `conversations` or `userDetails`. */
  private keyNext = false
  private atRecords = false
  /** Line by line, undecided, or as one document. */
  private byLine: boolean | undefined
  /** The record that is skipped. */
  private skipped: OversizedRecord | undefined
  private records: SplitRecord[] = []
  private count = 0
  private recordLine = 1

  constructor({ recordBytesMax, recordsMax = Infinity, answers = false }: SplitterOptions) {
    this.recordBytesMax = recordBytesMax
    this.recordsMax = recordsMax
    this.answers = answers
  }

  /** The records that are complete with these bytes. */
  push(chunk: Uint8Array): readonly SplitRecord[] {
    this.input.add(chunk, this.isWithinRecord ? this.from : this.input.at)
    this.from = 0
    this.read()
    if (this.input.bytes.length - (this.isWithinRecord ? this.from : this.input.at) > this.recordBytesMax) this.giveUp()
    return this.taken()
  }

  /** The records left at the end; `isComplete` says whether every bracket was closed. */
  end(): Readonly<{ records: readonly SplitRecord[]; isComplete: boolean }> {
    const isComplete = ['between', 'stray', 'skip'].includes(this.state) && this.open === ''
    if (this.isWithinRecord) this.cut(this.input.bytes.length)
    this.endSkipped()
    return { records: this.taken(), isComplete }
  }

  private get isWithinRecord(): boolean {
    return this.state === 'object' || this.state === 'stray'
  }

  private taken(): readonly SplitRecord[] {
    const { records } = this
    this.records = []
    return records
  }

  /** The record at hand is longer than allowed. */
  private giveUp(): void {
    const canSkipLine = this.isWithinRecord && this.open === '' && this.byLine !== false
    if (this.isWithinRecord) {
      const record = new OversizedRecord(this.input.bytes.subarray(this.from), this.recordLine)
      if (canSkipLine) this.skipped = record
      else this.keepHead(record)
    }
    this.state = canSkipLine ? 'skip' : 'stopped'
    this.input.at = this.input.bytes.length
    if (!canSkipLine) this.open = '-'
  }

  private keepHead({ head, line }: OversizedRecord, whole?: Whole): void {
    this.records.push({ bytes: head, line, oversized: true, ...(whole && { whole }) })
  }

  private endSkipped(): void {
    if (this.skipped !== undefined) this.keepHead(this.skipped, this.skipped.whole())
    this.skipped = undefined
  }

  private read(): void {
    while (this.input.at < this.input.bytes.length && this.count <= this.recordsMax)
      if (!this.step(this.input.bytes[this.input.at] as number)) return
  }

  /** Reads on from `at`; `false` if that needs more bytes. */
  private step(byte: number): boolean {
    switch (this.state) {
      case 'between':
        return this.between(byte)
      case 'stray':
        return this.stray(byte)
      case 'object':
      case 'rest':
        return this.within(byte)
      case 'skip': {
        const end = Math.min(this.input.nextLine(), this.input.bytes.length)
        this.skipped?.add(this.input.bytes.subarray(this.input.at, end))
        this.input.at = end
        if (end < this.input.bytes.length) {
          this.endSkipped()
          this.state = 'between'
        }
        return true
      }
      case 'stopped':
        this.input.at = this.input.bytes.length
        return true
    }
  }

  private between(byte: number): boolean {
    switch (byte) {
      case OPEN_ARRAY:
        this.open += 'a'
        break
      case CLOSE_ARRAY:
        if (!this.open.endsWith('a')) return this.begin('stray')
        this.open = this.open.slice(0, -1)
        if (this.open.endsWith('o')) {
          this.state = 'rest'
          this.depth = 1
        }
        break
      case OPEN_OBJECT:
        this.depth = 0
        this.begin('object')
        return this.wholeLine() || true
      case COMMA:
      case LINE_FEED:
        break
      case BYTE_ORDER_MARK[0]: {
        const start = this.input.bytes.subarray(this.input.at, this.input.at + BYTE_ORDER_MARK.length)
        if (!BYTE_ORDER_MARK.subarray(0, start.length).equals(start)) return this.begin('stray')
        if (start.length < BYTE_ORDER_MARK.length) return false
        this.input.at += 2
        break
      }
      default:
        if (byte > 0x20) return this.begin('stray')
    }
    this.input.at++
    return true
  }

  private begin(state: 'object' | 'stray'): true {
    this.state = state
    this.from = this.input.at
    this.recordLine = this.input.lineOf(this.from)
    // The first byte belongs to the record, whatever it is; but a string may hold what would end the record.
    if (state === 'stray' && this.input.bytes[this.input.at] !== QUOTE) this.input.at++
    this.keyNext = false
    this.atRecords = false
    return true
  }

  /** Line by line most lines are one object, which the search for line feeds finds without looking at its bytes. */
  private wholeLine(): boolean {
    if (this.byLine !== true || this.open !== '' || this.answers) return false
    const end = this.input.nextLine()
    if (end === Infinity) return false
    const line = trimmedEnd(this.input.bytes.subarray(this.from, end))
    if (line[line.length - 1] !== CLOSE_OBJECT || ANOTHER_OBJECT.test(line.toString('latin1'))) return false
    this.cut(end)
    return true
  }

  private stray(byte: number): boolean {
    if (this.open === '') {
      const end = this.input.nextLine()
      if (end === Infinity) return false
      this.cut(end)
      return true
    }
    if (byte === QUOTE) {
      // A comma in a string ends nothing; a string that does not end on its line is not a string.
      const end = this.input.endOfString()
      if (end === undefined) return false
      this.input.at = end
      return true
    }
    if (byte === COMMA || byte === LINE_FEED || byte === OPEN_OBJECT || byte === OPEN_ARRAY || byte === CLOSE_ARRAY)
      this.cut(this.input.at)
    else this.input.at++
    return true
  }

  private within(byte: number): boolean {
    switch (byte) {
      case QUOTE: {
        const end = this.input.endOfString()
        if (end === undefined) return false
        if (this.keyNext) this.atRecords = RECORDS.has(this.input.bytes.toString('latin1', this.input.at + 1, end - 1))
        this.keyNext = false
        this.input.at = end
        return true
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        if (byte === OPEN_ARRAY && this.depth === 1 && this.answers && this.atRecords && this.state === 'object')
          return this.enterAnswer()
        this.depth++
        this.keyNext = this.depth === 1
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (--this.depth === 0) return this.endRecord()
        break
      case COMMA:
        this.keyNext = this.depth === 1
        this.atRecords = false
        break
      case LINE_FEED:
        if (this.state === 'object' && this.open === '') return this.lineEnds()
        break
    }
    this.input.at++
    return true
  }

  /**
   * A line ends within a record. Line by line the record is cut there. Undecided, it is cut if the next line begins
   * with an object where valid JSON cannot have one: then the file is read line by line, and this line is broken.
   */
  private lineEnds(): boolean {
    if (this.byLine === undefined) {
      if (this.input.at + 1 >= this.input.bytes.length) return false
      let last = this.input.at - 1
      while (last > this.from && (this.input.bytes[last] as number) <= 0x20) last--
      const before = this.input.bytes[last]
      const mayHoldObject = before === COLON || before === OPEN_ARRAY || (before === COMMA && this.depth > 1)
      if (this.input.bytes[this.input.at + 1] === OPEN_OBJECT && !mayHoldObject) this.byLine = true
    }
    if (this.byLine === true) this.cut(this.input.at)
    else this.input.at++
    return true
  }

  private enterAnswer(): true {
    this.open += 'oa'
    this.state = 'between'
    this.input.at++
    return true
  }

  private endRecord(): true {
    this.input.at++
    if (this.state === 'object') {
      // `{}` looks the same in every form.
      if (this.open === '' && this.input.at - this.from > 2)
        this.byLine ??= !this.input.bytes.subarray(this.from, this.input.at).includes(LINE_FEED)
      this.cut(this.input.at)
    } else {
      this.open = this.open.slice(0, -1)
      this.state = 'between'
      if (this.open === '') this.byLine ??= false
    }
    return true
  }

  private cut(to: number): void {
    const bytes = trimmedEnd(this.input.bytes.subarray(this.from, to))
    if (bytes.length > this.recordBytesMax) {
      const record = new OversizedRecord(bytes, this.recordLine)
      this.keepHead(record, record.whole())
    } else this.records.push({ bytes, line: this.recordLine })
    this.count++
    this.state = 'between'
    this.input.at = to
  }
}

/** The records of a document that is in memory; at most one more than `recordsMax`. */
export const recordsOf = (document: Uint8Array, recordsMax = Infinity): readonly Buffer[] => {
  const splitter = new RecordSplitter({ recordBytesMax: Infinity, recordsMax })
  return [...splitter.push(document), ...splitter.end().records].map(({ bytes }) => bytes)
}

const trimmedEnd = (bytes: Buffer): Buffer => {
  let to = bytes.length
  while (to > 0 && (bytes[to - 1] as number) <= 0x20) to--
  return bytes.subarray(0, to)
}
